/* The gate's cases of src_c/midi.
 *
 * A song of four tracks whose notes interleave and fit no grid, one track with all of them, one whose notes lie on
 * sixteenths, and a file of text and controls. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fc_analysis.h"
#include "fc_chord.h"
#include "fc_digest.h"
#include "fc_gather.h"
#include "fc_groove.h"
#include "fc_order.h"
#include "fc_smf.h"
#include "fc_stats.h"
#include "fc_sweep.h"
#include "fc_tempo.h"
#include "fc_timeline.h"
#include "fc_tonality.h"
#include "gate.h"

enum { TRACKS = 4, NOTES = 500, ALL = TRACKS * NOTES, TEMPOS = 64, MOST = 1 << 16 };

typedef struct file {
    uint8_t bytes[MOST];
    size_t len, track;
} file;

static file song_file, single_file, control_file, grid_file;
static fc_song song, read_before, grid_before;
static fc_timeline timeline, timeline_before, grid_timeline;
static fc_sweep sweep, sweep_before;
static fc_chords chords;
static fc_tempo_room tempo_room;
static fc_analysis_room room;
static fc_gather gather;
static uint64_t ticks[ALL];
static uint32_t space[2 * ALL];

static void put(file *to, const uint8_t *bytes, size_t len) {
    gate_need(to->len + len <= MOST, "the file is too small for its events");
    memcpy(to->bytes + to->len, bytes, len);
    to->len += len;
}

#define PUT(to, ...) put(to, (const uint8_t[]){__VA_ARGS__}, sizeof(const uint8_t[]){__VA_ARGS__})

static void begin(file *to, unsigned tracks) {
    to->len = 0;
    PUT(to, 'M', 'T', 'h', 'd', 0, 0, 0, 6, 0, 1, 0, (uint8_t)tracks, 1, 0xe0);
}

static void begin_track(file *to) {
    PUT(to, 'M', 'T', 'r', 'k', 0, 0, 0, 0);
    to->track = to->len;
}

static void end_track(file *to) {
    PUT(to, 0, 0xff, 0x2f, 0);
    const size_t len = to->len - to->track;
    to->bytes[to->track - 2] = (uint8_t)(len >> 8);
    to->bytes[to->track - 1] = (uint8_t)len;
}

static void put_notes(file *to, unsigned channel, unsigned count) {
    PUT(to, 0, (uint8_t)(0xc0 | channel), 5);
    for (unsigned i = 0; i < count; i++) {
        const uint8_t pitch = (uint8_t)(40 + gate_random(40)), delta = (uint8_t)gate_random(128);
        PUT(to, delta, (uint8_t)(0x90 | channel), pitch, 80, (uint8_t)(0x81 + gate_random(2)), delta, pitch, 0);
    }
}

/* C and F by turns, a bar each. */
static void put_sixteenths(file *to, unsigned count) {
    static const uint8_t arpeggio[] = {48, 52, 55, 60};
    for (unsigned i = 0; i < count; i++) {
        const uint8_t pitch = (uint8_t)(arpeggio[i % 4] + (i / 16 % 2 ? 5 : 0));
        PUT(to, i == 0 ? 0 : 60, 0x90, pitch, 80, 60, 0x80, pitch, 0);
    }
}

static void set_up(fc_cpu_level level) {
    (void)level;
    begin(&song_file, TRACKS);
    for (unsigned t = 0; t < TRACKS; t++) {
        begin_track(&song_file);
        for (unsigned i = 0; t == 0 && i < TEMPOS; i++) PUT(&song_file, 127, 0xff, 0x51, 3, 7, (uint8_t)(i + 1), 0);
        put_notes(&song_file, t, NOTES);
        end_track(&song_file);
    }
    begin(&single_file, 1);
    begin_track(&single_file);
    put_notes(&single_file, 0, ALL);
    end_track(&single_file);
    begin(&control_file, 1);
    begin_track(&control_file);
    for (unsigned i = 0; i < ALL; i++) PUT(&control_file, 1, 0xb0, 7, (uint8_t)(i & 127), 1, 0xff, 5, 2, 'l', 'a');
    end_track(&control_file);
    for (size_t i = 0; i < ALL; i++) ticks[i] = gate_random(1 << 18);
    size_t offset;
    gate_need(fc_smf_read(&read_before, song_file.bytes, song_file.len, &offset) == FC_SMF_OK, "no song");
    gate_need(fc_timeline_read(&timeline_before, &read_before) == FC_OK, "no timeline");
    gate_need(fc_sweep_fill(&sweep_before, &read_before) == FC_OK, "no sweep");
    begin(&grid_file, 1);
    begin_track(&grid_file);
    PUT(&grid_file, 0, 0xff, 0x51, 3, 9, 0x27, 0xc0); /* 100 beats a minute */
    put_sixteenths(&grid_file, ALL);
    end_track(&grid_file);
    gate_need(fc_smf_read(&grid_before, grid_file.bytes, grid_file.len, &offset) == FC_SMF_OK, "no song");
    gate_need(fc_timeline_read(&grid_timeline, &grid_before) == FC_OK, "no timeline");
}

static void read_file(const file *from) {
    size_t offset;
    gate_need(fc_smf_read(&song, from->bytes, from->len, &offset) == FC_SMF_OK && !song.damaged, "no song");
}

static uint64_t read_song(void) {
    read_file(&song_file);
    return song.notes_len;
}

static uint64_t read_single(void) {
    read_file(&single_file);
    return song.notes_len;
}

static uint64_t read_controls(void) {
    read_file(&control_file);
    return song.controls_len + song.texts_len;
}

static uint64_t time_song(void) {
    read_file(&song_file);
    gate_need(fc_timeline_read(&timeline, &song) == FC_OK, "no timeline");
    return timeline.segments_len;
}

/* Whether the written tempo is taken; these notes lie on no grid, so their onsets tell. */
static uint64_t tempo(void) {
    fc_tempo_result result = {0};
    time_song();
    gate_need(fc_tempo_tell(&song, &timeline, FC_TEMPO_AUTO, &tempo_room, &result) == FC_OK, "no memory");
    return result.source == FC_TEMPO_WRITTEN;
}

static uint64_t order(void) {
    const uint32_t *found = fc_order_by_tick(ticks, sizeof *ticks, ALL, 1 << 18, space);
    uint64_t inversions = 0;
    for (size_t i = 1; i < ALL; i++) inversions += ticks[found[i - 1]] > ticks[found[i]];
    return inversions;
}

static uint64_t sweep_song(void) {
    gate_need(fc_sweep_fill(&sweep, &read_before) == FC_OK, "no sweep");
    return sweep.len;
}

static uint64_t stats_of_song(void) {
    fc_stats stats;
    fc_stats_of(&read_before, timeline_before.duration, &sweep_before, song_file.bytes, &stats);
    gate_need(stats.polyphony_max > 1 && stats.programs[0] == 1 << 5, "other notes");
    return stats.pitched;
}

static fc_tempo_result tempo_of(const fc_song *of, const fc_timeline *its, fc_tempo_source source) {
    fc_tempo_result result;
    gate_need(fc_tempo_tell(of, its, FC_TEMPO_AUTO, &tempo_room, &result) == FC_OK, "no memory");
    gate_need(result.source == source, "another source");
    return result;
}

static uint64_t tempo_written(void) {
    return (uint64_t)(tempo_of(&grid_before, &grid_timeline, FC_TEMPO_WRITTEN).bpm + 0.5);
}

/* Notes that begin anywhere have some tempo. */
static uint64_t tempo_onsets(void) {
    return tempo_of(&read_before, &timeline_before, FC_TEMPO_LOCAL).bpm > 0;
}

static uint64_t key_of_song(void) {
    fc_tonality found;
    fc_tonality_of(&read_before, FC_PITCHED_SECONDS, FC_ALBRECHT_SHANAHAN, &found);
    return found.key != FC_KEY_NONE && found.key != found.second;
}

/* How many chords do not begin where the one before ends. */
static uint64_t chords_of_song(void) {
    gate_need(fc_chords_fill(&chords, &read_before, &sweep_before) == FC_OK && chords.len > 1, "no chords");
    uint64_t gaps = chords.items[0].start != 0;
    for (size_t i = 1; i < chords.len; i++) gaps += chords.items[i].start != chords.items[i - 1].end;
    return gaps;
}

static uint64_t groove_of_song(void) {
    const double grid = fc_groove_grid(&read_before);
    gate_need(isnan(fc_groove_swing(&read_before)), "it swings");
    return grid > 0.05 && grid < 0.25; /* starts anywhere */
}

static uint64_t digest_of_song(void) {
    fc_digest digest;
    fc_digest_of(&read_before, &digest);
    return digest.present && digest.notes != digest.shape;
}

/* All parts of a song whose written tempo is trusted. */
static uint64_t analyse_trusted(void) {
    const fc_analysis_options all = {.parts = FC_PARTS_ALL};
    fc_analysis told;
    fc_analysis_of(&room, grid_file.bytes, grid_file.len, &all, &told);
    gate_need(told.code == FC_SMF_OK && told.tempo.source == FC_TEMPO_WRITTEN && told.chords > 1, "another song");
    gate_need(told.digest.present && told.grid > 0.99, "another song");
    return told.stats.notes;
}

/* All parts, by the onsets and by the written tempo. */
static uint64_t analyse_song(void) {
    fc_analysis_options options = {.parts = FC_PARTS_ALL};
    fc_analysis found;
    fc_analysis_of(&room, song_file.bytes, song_file.len, &options, &found);
    gate_need(found.code == FC_SMF_OK && found.tempo.bpm > 0, "no tempo");
    options.tempo = FC_TEMPO_AS_WRITTEN;
    fc_analysis_of(&room, song_file.bytes, song_file.len, &options, &found);
    gate_need(found.tempo.source == FC_TEMPO_WRITTEN, "no written tempo");
    return found.stats.notes;
}

/* The lyrics of the file of text and controls, as one text, laid out. */
static uint64_t gather_texts(void) {
    fc_gather_row row = {0};
    fc_gathered found;
    uint64_t texts = 0;
    gather.bytes[FC_GATHER_LYRICS].len = gather.lengths[FC_GATHER_LYRICS].len = 0;
    read_file(&control_file);
    gate_need(fc_gather_add(&gather, &song, control_file.bytes, &row) == FC_OK, "not gathered");
    for (int c = 0; c < FC_GATHER_COLUMNS; c++) {
        gate_need(fc_gather_column_of(&row, 1, (fc_gather_column)c, &found) == FC_OK, "not laid out");
        texts += found.texts;
        fc_gathered_free(&found);
    }
    return texts;
}

static const gate_case cases[] = {
    {"read_song", read_song, ALL, FC_CPU_BASE},
    {"read_single", read_single, ALL, FC_CPU_BASE},
    {"read_controls", read_controls, 2 * ALL, FC_CPU_BASE},
    {"time_song", time_song, TEMPOS + 1, FC_CPU_BASE},
    {"tempo", tempo, 0, FC_CPU_BASE},
    {"order", order, 0, FC_CPU_BASE},
    {"sweep", sweep_song, ALL, FC_CPU_BASE},
    {"stats", stats_of_song, ALL, FC_CPU_BASE},
    {"tempo_written", tempo_written, 100, FC_CPU_BASE},
    {"tempo_onsets", tempo_onsets, 1, FC_CPU_BASE},
    {"key", key_of_song, 1, FC_CPU_BASE},
    {"chords", chords_of_song, 0, FC_CPU_BASE},
    {"groove", groove_of_song, 1, FC_CPU_BASE},
    {"digest", digest_of_song, 1, FC_CPU_BASE},
    {"analyse_trusted", analyse_trusted, ALL, FC_CPU_BASE},
    {"analyse", analyse_song, ALL, FC_CPU_BASE},
    {"gather", gather_texts, 1, FC_CPU_BASE},
    {0},
};

const gate_room gate_midi = {"midi", set_up, cases};
