/* fc_groove: straight and swung eighths, triplets, free playing, and each reason to say nothing. */
#include "fc_groove.h"

#include <math.h>

#include "midi_song.h"

/* `beats` beats with a start on each, and one `off` ticks behind it. */
static fc_song eighths(unsigned beats, uint64_t first, uint64_t off) {
    fc_song song = new_song();
    for (unsigned beat = 0; beat < beats; beat++) {
        const uint64_t start = first + (uint64_t)beat * TPQN;
        add_note(&song, 0, 60, start, start + 100);
        add_note(&song, 9, 42, start + off, start + off + 1);
    }
    return song;
}

static void check_swing(void) {
    fc_song song = eighths(16, 0, 240);
    CHECK(fc_groove_grid(&song) == 1 && fc_groove_swing(&song) == 1);
    song = eighths(15, 0, 240);
    CHECK(fc_groove_grid(&song) == 1 && isnan(fc_groove_swing(&song)));
    song = eighths(40, 960, 320);
    CHECK(fc_groove_grid(&song) == 1 && fabs(fc_groove_swing(&song) - 2) < 1e-12);
    song = eighths(40, 0, 288);
    CHECK(fc_groove_grid(&song) == 0.5 && fabs(fc_groove_swing(&song) - 1.5) < 1e-12);
    song = eighths(40, 0, 360); /* a dotted rhythm is no swing */
    CHECK(fc_groove_grid(&song) == 1 && isnan(fc_groove_swing(&song)));
    song = eighths(40, 0, 240);
    for (size_t i = 1; i < song.notes_len; i += 4) song.notes[i].start += 80; /* half straight, half swung */
    CHECK(isnan(fc_groove_swing(&song)));
    song = eighths(40, 0, 320);
    for (size_t i = 0; i < 40; i++) song.notes[2 * i].start += 160; /* triplets without their first */
    CHECK(isnan(fc_groove_swing(&song)));
    song = eighths(40, 0, 320);
    for (size_t i = 0; i < 20; i++) song.notes[2 * i].start += 120; /* sixteenths in half of the beats */
    CHECK(fabs(fc_groove_swing(&song) - 2) < 1e-12);
    song.notes[40].start += 120;
    CHECK(isnan(fc_groove_swing(&song)));
}

/* The beat begins at the signature; eighths are no beats in 6/8. */
static void check_signatures(void) {
    fc_song song = eighths(20, 240, 240);
    add_time_signature(&song, 240, 3, 2);
    CHECK(fc_groove_swing(&song) == 1);
    song = eighths(20, 160, 320);
    CHECK(isnan(fc_groove_swing(&song)));
    add_time_signature(&song, 160, 2, 1);
    CHECK(fabs(fc_groove_swing(&song) - 2) < 1e-12 && fc_groove_grid(&song) == 1);
    song.time_signatures[0].denominator_exponent = 3;
    CHECK(isnan(fc_groove_swing(&song)));
    song.time_signatures[0] = (fc_time_signature){.tick = 100, .numerator = 4, .denominator_exponent = 2};
    CHECK(fc_groove_grid(&song) == 1 && isnan(fc_groove_swing(&song))); /* the grid counts from tick 0 */
    song.time_signatures[0] = (fc_time_signature){.tick = 160, .numerator = 6, .denominator_exponent = 3};
    add_time_signature(&song, 160 + 4 * TPQN, 4, 2);
    CHECK(fabs(fc_groove_swing(&song) - 2) < 1e-12);
}

static void check_nothing(void) {
    fc_song song = new_song();
    CHECK(isnan(fc_groove_grid(&song)) && isnan(fc_groove_swing(&song)));
    song = eighths(20, 0, 240);
    song.tpqn = 0;
    song.ticks_per_second = 960;
    CHECK(isnan(fc_groove_grid(&song)) && isnan(fc_groove_swing(&song)));
    song = new_song();
    add_note(&song, 0, 60, (uint64_t)1 << 56, UINT64_MAX);
    CHECK(isnan(fc_groove_grid(&song)));
}

static void check_grid(void) {
    static const unsigned on[] = {0, 3, 4, 6, 8, 9, 12};
    for (unsigned tpqn = 1; tpqn < 1000; tpqn += 1 + tpqn / 8) {
        for (unsigned tick = 0; tick < 2 * tpqn; tick++) {
            fc_song song = new_song();
            song.tpqn = tpqn;
            add_note(&song, 0, 60, (uint64_t)1000 * tpqn + tick, (uint64_t)1000 * tpqn + tick);
            int near = 0;
            for (size_t i = 0; i < sizeof on / sizeof on[0]; i++) {
                near |= abs((int)(12 * (tick % tpqn)) - (int)(on[i] * tpqn)) * 8 <= (int)tpqn;
            }
            CHECK(fc_groove_grid(&song) == near);
        }
    }
}

/* Starts anywhere: an eighth of them is near the grid, and they never swing. */
static void check_free(void) {
    for (int i = 0; i < 50; i++) {
        fc_song song = new_song();
        add_random_notes(&song, 2000, (uint64_t)(i % 2 ? 500 : 4000) * TPQN, 100);
        const double grid = fc_groove_grid(&song);
        CHECK(grid > 0.1 && grid < 0.175 && isnan(fc_groove_swing(&song))); /* 66 of 480 ticks are near */
    }
}

int main(void) {
    check_swing();
    check_signatures();
    check_nothing();
    check_grid();
    check_free();
    return finish();
}
