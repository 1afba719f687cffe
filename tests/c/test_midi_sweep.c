/* fc_sweep: against a count of all pairs; over every length; ticks of all sizes. */
#include "fc_meter.h"
#include "fc_sweep.h"
#include "midi_song.h"

static size_t most_of_pairs(const fc_song *song) {
    size_t most = 0;
    for (size_t i = 0; i < song->notes_len; i++) {
        const fc_note *at = &song->notes[i];
        size_t sounding = 0;
        for (size_t j = 0; j < song->notes_len; j++) {
            const fc_note *note = &song->notes[j];
            sounding += note->channel != DRUM_CHANNEL && note->start <= at->start && at->start < note->end;
        }
        most = sounding > most ? sounding : most;
    }
    return most;
}

static void check_song(fc_sweep *sweep, const fc_song *song) {
    size_t pitched = 0;
    CHECK(fc_sweep_fill(sweep, song) == FC_OK);
    uint64_t sum = 0;
    for (size_t i = 0; i < song->notes_len; i++) {
        const fc_note *note = &song->notes[i];
        if (note->channel == DRUM_CHANNEL || note->start == note->end) continue;
        CHECK(FC_SWEEP_TICK(sweep->starts[pitched]) == note->start);
        CHECK(FC_SWEEP_PITCH(sweep->starts[pitched]) == note->pitch);
        sum += note->end * 3 + note->pitch;
        pitched++;
    }
    CHECK(sweep->len == pitched);
    for (size_t i = 0; i < pitched; i++) {
        CHECK(i == 0 || FC_SWEEP_TICK(sweep->ends[i - 1]) <= FC_SWEEP_TICK(sweep->ends[i]));
        sum -= FC_SWEEP_TICK(sweep->ends[i]) * 3 + FC_SWEEP_PITCH(sweep->ends[i]);
    }
    CHECK(sum == 0);
    CHECK(fc_sweep_polyphony(sweep) == most_of_pairs(song));
}

/* Notes that end on a tick do not sound with those that begin on it; drums and notes of no length never sound. */
static void check_borders(void) {
    fc_sweep sweep = {0};
    fc_song song = new_song();
    check_song(&sweep, &song);
    CHECK(fc_sweep_polyphony(&sweep) == 0);
    add_note(&song, 0, 60, 0, 10);
    add_note(&song, 9, 60, 0, 100);
    add_note(&song, 0, 60, 5, 5);
    add_note(&song, 1, 64, 10, 20);
    check_song(&sweep, &song);
    CHECK(fc_sweep_polyphony(&sweep) == 1);
    add_note(&song, 1, 64, 19, 19 + FC_METER_MAX);
    CHECK(fc_sweep_fill(&sweep, &song) == FC_OK && fc_sweep_polyphony(&sweep) == 2);
    CHECK(FC_SWEEP_TICK(sweep.ends[2]) == FC_METER_MAX);
    add_note(&song, 1, 64, FC_METER_MAX, 2 * FC_METER_MAX);
    CHECK(fc_sweep_fill(&sweep, &song) == FC_OK && sweep.len == 3);
    fc_sweep_free(&sweep);
    CHECK(sweep.starts == NULL && sweep.room == 0);
}

int main(void) {
    fc_sweep sweep = {0};
    check_borders();
    for (size_t count = 0; count < 300; count++) {
        fc_song song = new_song();
        const uint64_t ticks = (uint64_t)1 << (4 + count % 50);
        add_random_notes(&song, count, ticks, count % 3 == 0 ? ticks : 1 + ticks / 30);
        check_song(&sweep, &song);
    }
    fc_sweep_free(&sweep);
    return finish();
}
