#include "fc_tempo.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_TICKS = 8, MULTIPLES = 5 /* 1, 2, 3, 4, 6 */, COUNTED_TPQN = 4096 };

static const double LEAST_R = 0.3, LEAST_SIGMAS = 3, PLAIN_R = 0.95, TWO_PI = 6.283185307179586;
static const double LONGEST_S = 1.5, LEAST_WEIGHT = 0.02;

static const char *const names[FC_TEMPO_SOURCE_COUNT] = {"none", "written", "default", "onsets", "local"};

const char *fc_tempo_source_name(fc_tempo_source source) {
    return (unsigned)source < FC_TEMPO_SOURCE_COUNT ? names[source] : NULL;
}

void fc_tempo_room_free(fc_tempo_room *room) {
    fc_estimate_room_free(&room->estimate);
    fc_buffer_free(&room->notes);
    fc_buffer_free(&room->phases);
    fc_buffer_free(&room->tempi);
    room->has_comb = false;
}

/* How often each phase, a tick's rest by tpqn, occurs among the distinct ticks; notes are in order by tick. */
static size_t count_phases(const fc_song *song, uint32_t *counts) {
    size_t ticks = 0;
    uint64_t tick = 0, phase = 0;
    for (size_t i = 0; i < song->notes_len; i++) {
        const uint64_t on = song->notes[i].start, step = on - tick;
        if (i > 0 && step == 0) continue;
        phase += step < song->tpqn ? step : step % song->tpqn;
        if (phase >= song->tpqn) phase -= song->tpqn;
        tick = on;
        counts[phase]++;
        ticks++;
    }
    return ticks;
}

typedef struct turn { /* a complex number */
    double re, im;
} turn;

static turn product(turn a, turn b) { return (turn){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; }

static double longest(const turn sums[MULTIPLES]) {
    double most = 0;
    for (int k = 0; k < MULTIPLES; k++) most = fmax(most, sqrt(sums[k].re * sums[k].re + sums[k].im * sums[k].im));
    return most;
}

static inline void add_turns(turn sums[MULTIPLES], uint64_t phase, uint32_t tpqn, uint32_t count) {
    const double angle = TWO_PI * (double)phase / (double)tpqn;
    const turn once = {cos(angle), sin(angle)}, twice = product(once, once), thrice = product(twice, once);
    const turn turns[MULTIPLES] = {once, twice, thrice, product(twice, twice), product(thrice, thrice)};
    for (int k = 0; k < MULTIPLES; k++) {
        sums[k].re += count * turns[k].re;
        sums[k].im += count * turns[k].im;
    }
}

static double coherence_of(const uint32_t *counts, uint32_t tpqn, size_t ticks) {
    turn sums[MULTIPLES] = {{0, 0}};
    for (uint32_t phase = 0; phase < tpqn; phase++)
        if (counts[phase] != 0) add_turns(sums, phase, tpqn, counts[phase]);
    return longest(sums) / (double)ticks;
}

/* The same without counts, for which there would be too many phases. */
static double look_at_each(const fc_song *song, size_t *out_ticks) {
    turn sums[MULTIPLES] = {{0, 0}};
    size_t ticks = 0;
    for (size_t i = 0; i < song->notes_len; i++) {
        const uint64_t on = song->notes[i].start;
        if (i > 0 && on == song->notes[i - 1].start) continue;
        add_turns(sums, on % song->tpqn, song->tpqn, 1);
        ticks++;
    }
    *out_ticks = ticks;
    return longest(sums) / (double)ticks;
}

/* Count the distinct ticks and, where there is a grid, how coherent they are. */
static fc_status look_at_grid(const fc_song *song, fc_tempo_room *room, size_t *out_ticks, double *out_coherence) {
    *out_ticks = 0;
    *out_coherence = -1;
    if (song->tpqn == 0 || song->notes_len == 0) return FC_OK;
    if (song->tpqn > COUNTED_TPQN) {
        *out_coherence = look_at_each(song, out_ticks);
        return FC_OK;
    }
    const fc_status status = fc_buffer_reserve(&room->phases, song->tpqn * sizeof(uint32_t));
    if (status != FC_OK) return status;
    uint32_t *counts = (uint32_t *)(void *)room->phases.data;
    memset(counts, 0, song->tpqn * sizeof *counts);
    *out_ticks = count_phases(song, counts);
    *out_coherence = coherence_of(counts, song->tpqn, *out_ticks);
    return FC_OK;
}

static bool is_trusted(double coherence, size_t ticks) {
    return ticks >= LEAST_TICKS &&
           (coherence > PLAIN_R || (coherence > LEAST_R && coherence * sqrt((double)ticks) > LEAST_SIGMAS));
}

typedef struct held { /* a tempo, and for how long */
    double bpm, seconds;
} held;

static int by_bpm(const void *a, const void *b) {
    const held *x = a, *y = b;
    return (x->bpm > y->bpm) - (x->bpm < y->bpm);
}

/* The lowest tempo that, with those below it, holds for this share of the time. */
static double held_for(const held *tempi, size_t len, double seconds) {
    double sum = 0;
    for (size_t i = 0; i + 1 < len; i++) {
        sum += tempi[i].seconds;
        if (sum >= seconds) return tempi[i].bpm;
    }
    return tempi[len - 1].bpm;
}

static double end_of(const fc_song *song, const fc_timeline *timeline, size_t i) {
    const fc_segment *segment = &timeline->segments[i];
    if (i + 1 < timeline->segments_len && segment[1].track == segment->track) return segment[1].seconds;
    if (song->format != 2) return timeline->duration;
    return fc_timeline_seconds(timeline, segment->track, song->track_ends[segment->track]);
}

static fc_status map_stability(const fc_song *song, const fc_timeline *timeline, fc_buffer *room, double *out) {
    *out = 0;
    if (timeline->segments_len == 1) return FC_OK;
    const fc_status status = fc_buffer_reserve(room, timeline->segments_len * sizeof(held));
    if (status != FC_OK) return status;
    held *tempi = (held *)(void *)room->data;
    double all = 0;
    for (size_t i = 0; i < timeline->segments_len; i++) {
        const fc_segment *segment = &timeline->segments[i];
        tempi[i] = (held){60e6 / segment->us_per_quarter, fmax(end_of(song, timeline, i) - segment->seconds, 0)};
        all += tempi[i].seconds;
    }
    qsort(tempi, timeline->segments_len, sizeof *tempi, by_bpm);
    const double low = held_for(tempi, timeline->segments_len, 0.25 * all);
    const double middle = held_for(tempi, timeline->segments_len, 0.5 * all);
    *out = (held_for(tempi, timeline->segments_len, 0.75 * all) - low) / middle;
    return FC_OK;
}

static fc_status take_written(const fc_song *song, const fc_timeline *timeline, fc_tempo_room *room,
                              fc_tempo_result *r) {
    r->source = song->tempos_len > 0 ? FC_TEMPO_WRITTEN : FC_TEMPO_DEFAULT;
    r->bpm = timeline->bpm;
    r->confidence = fmax(r->coherence, 0);
    return map_stability(song, timeline, &room->tempi, &r->stability);
}

typedef struct place { /* of a note in time */
    double seconds;
    uint64_t note;
} place;

static int by_time(const void *a, const void *b) {
    const place *x = a, *y = b;
    if (x->seconds != y->seconds) return x->seconds < y->seconds ? -1 : 1;
    return x->note < y->note ? -1 : 1;
}

/* Notes lie in order of their ticks, in format 2 maybe not of their times. */
static bool is_ordered(const fc_song *song) {
    bool ordered = true;
    for (size_t i = 1; song->format == 2 && i < song->notes_len; i++)
        ordered &= song->notes[i - 1].start_s <= song->notes[i].start_s;
    return ordered;
}

static void order_by_time(const fc_song *song, place *places) {
    for (size_t i = 0; i < song->notes_len; i++) places[i] = (place){song->notes[i].start_s, i};
    qsort(places, song->notes_len, sizeof *places, by_time);
}

static double weight_of(const fc_note *note) {
    const double lasts = note->end_s - note->start_s;
    return sqrt(note->velocity / 127.0) * sqrt(lasts < LONGEST_S ? lasts : LONGEST_S) + LEAST_WEIGHT;
}

/* Fill the bins with all notes; with `places`, in that order. */
static fc_onsets_bins bins_of(const fc_song *song, const place *places, void *items) {
    fc_onsets_bins bins = {.items = items};
    for (size_t i = 0; i < song->notes_len; i++) {
        const fc_note *note = &song->notes[places != NULL ? places[i].note : i];
        if (!fc_onsets_add(&bins, note->start_s, weight_of(note))) break;
    }
    return bins;
}

enum { ROW = 512 * sizeof(double) };

_Static_assert(FC_TEMPO_ROWS == FC_ESTIMATE_ROWS * ROW, "as the header says");

/* Lend the estimate what is left behind the bins, or else the rows for this. */
static void lend_rows(fc_tempo_room *room, const fc_onsets_bins *bins, bool is_lent) {
    uint8_t *const behind = (uint8_t *)(void *)(bins->items + bins->len);
    const size_t left = is_lent ? (size_t)((uint8_t *)room->lent + room->lent_size - behind) / ROW : 0;
    const bool is_enough = left >= FC_ESTIMATE_ROWS;
    room->estimate.lent = is_enough ? (double *)(void *)behind : room->lent_rows;
    room->estimate.lent_rows = is_enough ? left : FC_ESTIMATE_ROWS;
}

static fc_status take_onsets(const fc_song *song, fc_tempo_room *room, fc_tempo_result *r) {
    const size_t len = song->notes_len;
    const bool ordered = is_ordered(song);
    const size_t order_bytes = ordered ? 0 : len * sizeof(place);
    const size_t bytes = order_bytes + (len < FC_ONSETS_BINS ? len : FC_ONSETS_BINS) * sizeof(fc_onsets_bin);
    const bool is_lent = bytes <= room->lent_size;
    fc_status status = is_lent ? FC_OK : fc_buffer_reserve(&room->notes, bytes);
    if (status != FC_OK) return status;
    place *places = is_lent ? room->lent : (void *)room->notes.data;
    if (!ordered) order_by_time(song, places);
    const fc_onsets_bins bins = bins_of(song, ordered ? NULL : places, (uint8_t *)(void *)places + order_bytes);
    if (!room->has_comb) fc_comb_init(&room->comb, FC_ONSETS_RATE, &fc_comb_general);
    room->has_comb = true;
    lend_rows(room, &bins, is_lent);
    fc_estimate e;
    status = fc_onsets_tell_bins(&room->comb, &bins, &room->estimate, &e);
    if (status != FC_OK || e.source == FC_ESTIMATE_NONE) return status;
    r->source = e.source == FC_ESTIMATE_LOCAL ? FC_TEMPO_LOCAL : FC_TEMPO_ONSETS;
    r->bpm = e.bpm;
    r->confidence = e.confidence;
    r->stability = e.stability;
    r->alternatives_len = e.alternatives_len;
    memcpy(r->alternatives, e.alternatives, sizeof r->alternatives);
    return FC_OK;
}

fc_status fc_tempo_tell(const fc_song *song, const fc_timeline *timeline, fc_tempo_choice choice, fc_tempo_room *room,
                        fc_tempo_result *out) {
    fc_tempo_result r = {.coherence = -1, .stability = -1};
    size_t ticks = LEAST_TICKS;
    fc_status status = FC_OK;
    const bool written = timeline->has_tempo && song->tempos_len > 0;
    if (written) {
        r.initial = timeline->bpm_initial;
        r.min = timeline->bpm_min;
        r.max = timeline->bpm_max;
        r.changes = timeline->changes;
    }
    if (choice != FC_TEMPO_FROM_ONSETS) status = look_at_grid(song, room, &ticks, &r.coherence);
    if (status != FC_OK) return status;
    if (choice == FC_TEMPO_AS_WRITTEN ? written : choice == FC_TEMPO_AUTO && is_trusted(r.coherence, ticks))
        status = take_written(song, timeline, room, &r);
    else if (choice != FC_TEMPO_AS_WRITTEN)
        status = take_onsets(song, room, &r);
    if (status == FC_OK) *out = r;
    return status;
}
