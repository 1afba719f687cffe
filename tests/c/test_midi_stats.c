/* fc_stats: a small song of which each number is known, a song without anything, and signatures that change. */
#include "fc_stats.h"

#include <math.h>

#include "midi_song.h"

static const uint8_t bytes[] = "Oh la la@KMIDI KARAOKE FILE";

static fc_stats stats_of(const fc_song *song, double duration) {
    fc_sweep sweep = {0};
    fc_stats stats;
    CHECK(fc_sweep_fill(&sweep, song) == FC_OK);
    fc_stats_of(song, duration, &sweep, bytes, &stats);
    fc_sweep_free(&sweep);
    return stats;
}

static void check_nothing(void) {
    fc_song song = new_song();
    fc_stats s = stats_of(&song, 0);
    CHECK(s.notes == 0 && s.pitched == 0 && isnan(s.density) && isnan(s.velocity_mean) && isnan(s.polyphony_mean));
    CHECK(s.pitch_min == FC_ABSENT && s.pitch_max == FC_ABSENT && s.polyphony_max == 0 && s.monophonic == FC_ABSENT);
    CHECK(s.programs[0] == 0 && s.kits[0] == 0 && s.channels == 0 && s.drums_only == FC_ABSENT && !s.has_lyrics);
    CHECK(s.numerator == FC_ABSENT && s.denominator_exponent == FC_ABSENT && s.time_signature_changes == 0);
    CHECK(s.sharps == FC_SHARPS_ABSENT && s.minor == FC_ABSENT && !s.has_bars && s.bars == 0);
    CHECK(s.controllers[0] == 0 && s.controllers[1] == 0 && !s.has_bends && s.bend_min == 0 && s.bend_max == 0);
    s = stats_of(&song, 3);
    CHECK(s.density == 0);
}

static void check_song(void) {
    fc_song song = new_song();
    add_note(&song, 0, 60, 0, 960);     /* one second */
    add_note(&song, 9, 35, 0, 100000);
    add_note(&song, 2, 72, 480, 960);   /* half a second together */
    add_note(&song, 2, 50, 960, 1440);
    add_note(&song, 2, 40, 2400, 2881); /* one second of silence before it, and in the third half bar's bar */
    song.notes[2].program = 64;
    song.notes[3].program = 127;
    song.notes[1].program = 25;
    song.notes[4].velocity = 14;
    fc_stats s = stats_of(&song, 10);
    CHECK(s.notes == 5 && s.pitched == 4 && s.density == 0.5 && s.velocity_mean == 54);
    CHECK(s.pitch_min == 40 && s.pitch_max == 72 && s.polyphony_max == 2 && s.monophonic == 0);
    const double last = 481.0 / 960;
    CHECK(fabs(s.polyphony_mean - (2 + last) / (1.5 + last)) < 1e-12);
    CHECK(s.programs[0] == 1 && s.programs[1] == (1 | (uint64_t)1 << 63) && s.kits[0] == 1 << 25 && s.kits[1] == 0);
    CHECK(s.channels == (1 | 1 << 2 | 1 << 9) && s.drums_only == 0);
    CHECK(s.has_bars && s.bars == 53); /* the drum ends in the 53rd */
    CHECK(s.numerator == FC_ABSENT);
    song.format = 2;
    song.tracks = 2;
    CHECK(isnan(stats_of(&song, 10).polyphony_mean) && stats_of(&song, 10).polyphony_max == 2);
    song.tracks = 1;
    CHECK(stats_of(&song, 10).polyphony_mean == s.polyphony_mean);
    song.notes[1].end = 481;
    CHECK(stats_of(&song, 10).bars == 2);
    song.notes_len = 1;
    s = stats_of(&song, 10);
    CHECK(s.monophonic == 1 && s.polyphony_mean == 1 && s.bars == 1);
    song.notes[0].channel = 9;
    s = stats_of(&song, 10);
    CHECK(s.monophonic == FC_ABSENT && s.drums_only == 1 && s.pitch_min == FC_ABSENT && isnan(s.polyphony_mean));
    CHECK(s.notes == 1 && s.pitched == 0);
    song.notes[0].end = 0;
    CHECK(stats_of(&song, 10).bars == 1);
    song.tpqn = 0;
    CHECK(!stats_of(&song, 10).has_bars);
}

static void check_signatures(void) {
    fc_song song = new_song();
    song.end_tick = 10000;
    add_time_signature(&song, 0, 1, 2);
    add_time_signature(&song, 480, 4, 2);
    add_time_signature(&song, 4480, 4, 2); /* the same again */
    add_time_signature(&song, 5000, 3, 3); /* two on one tick */
    add_time_signature(&song, 5000, 6, 3);
    fc_stats s = stats_of(&song, 1);
    CHECK(s.numerator == 6 && s.denominator_exponent == 3 && s.time_signature_changes == 2);
    song.end_tick = 9519; /* now 4/4 holds for a tick more */
    s = stats_of(&song, 1);
    CHECK(s.numerator == 4 && s.denominator_exponent == 2);
    song.end_tick = 9520; /* as long: the first */
    CHECK(stats_of(&song, 1).numerator == 4);
    song.end_tick = 0; /* none holds for any time */
    song.time_signatures_len = 1;
    CHECK(stats_of(&song, 1).numerator == 1 && stats_of(&song, 1).time_signature_changes == 0);
    for (int sharps = -7; sharps <= 7; sharps++) {
        song.key_signatures_len = 2;
        song.key_signatures[0] = (fc_key_signature){.tick = 0, .sharps = (int8_t)-sharps, .minor = true};
        song.key_signatures[1] = (fc_key_signature){.tick = 0, .sharps = (int8_t)sharps, .minor = sharps % 2 == 0};
        s = stats_of(&song, 1);
        CHECK(s.sharps == sharps && s.minor == (sharps % 2 == 0) && s.key_signature_changes == 0);
    }
}

static void add_text(fc_song *song, uint8_t kind, size_t offset, size_t len) {
    song->texts[song->texts_len++] = (fc_text){.kind = kind, .offset = offset, .len = len};
}

static void check_texts(void) {
    fc_song song = new_song();
    add_text(&song, 5, 0, 0);
    add_text(&song, 1, 0, 8);
    add_text(&song, 3, 8, 19);
    add_text(&song, 1, 8, 18);
    CHECK(!stats_of(&song, 1).has_lyrics);
    add_text(&song, 1, 8, 19);
    CHECK(stats_of(&song, 1).has_lyrics);
    song.texts_len = 1;
    add_text(&song, 5, 0, 2);
    CHECK(stats_of(&song, 1).has_lyrics);
}

static void check_controls(void) {
    fc_song song = new_song();
    song.controls_len = 5;
    song.controls[0] = (fc_control){.kind = FC_CONTROL_CHANGE, .number = 7, .value = 100};
    song.controls[1] = (fc_control){.kind = FC_CONTROL_CHANGE, .number = 127, .value = 0};
    song.controls[2] = (fc_control){.kind = FC_CONTROL_PROGRAM, .number = 30};
    song.controls[3] = (fc_control){.kind = FC_CONTROL_BEND, .value = -5};
    song.controls[4] = (fc_control){.kind = FC_CONTROL_BEND, .value = -8192};
    const fc_stats s = stats_of(&song, 1);
    CHECK(s.controllers[0] == 1 << 7 && s.controllers[1] == (uint64_t)1 << 63);
    CHECK(s.has_bends && s.bend_min == -8192 && s.bend_max == -5);
    CHECK(s.programs[0] == 0); /* no note was played with it */
}

int main(void) {
    check_nothing();
    check_song();
    check_signatures();
    check_texts();
    check_controls();
    return finish();
}
