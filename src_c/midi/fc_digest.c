#include "fc_digest.h"

#include <math.h>

#include "fc_hash.h"
#include "fc_meter.h"

enum { DRUMS = 9, GRID = 48 };

#define K fc_hash_constants

/* Division by 2 * tpqn as a multiplication: inverse = ceil(2^64 / divisor) gives the exact quotient of any number below
 * 2^64 / divisor. */
typedef struct grid {
    uint64_t tpqn, divisor, inverse, exact_below;
    double per_tick; /* under SMPTE division */
} grid;

static grid grid_of(const fc_song *song) {
    if (song->tpqn == 0) return (grid){.per_tick = 2 * GRID / song->ticks_per_second};
    const uint64_t divisor = (uint64_t)2 * song->tpqn, whole = UINT64_MAX / divisor;
    return (grid){.tpqn = song->tpqn, .divisor = divisor, .inverse = whole + 1, .exact_below = whole};
}

static inline uint64_t place_on(const grid *g, uint64_t tick) {
    const uint64_t ticks = tick < FC_METER_MAX ? tick : FC_METER_MAX;
    if (g->tpqn == 0) return (uint64_t)floor((double)ticks * g->per_tick + 0.5);
    const uint64_t number = 2 * GRID * ticks + g->tpqn;
    if (number >= g->exact_below) return number / g->divisor;
    return (uint64_t)((fc_u128)number * g->inverse >> 64);
}

/* Whether place_on is the multiplication alone for every tick up to `most`. */
static bool is_plain(const grid *g, uint64_t most) {
    return g->tpqn != 0 && most < FC_METER_MAX && 2 * GRID * most + g->tpqn < g->exact_below;
}

static inline uint64_t plain_place_on(const grid *g, uint64_t tick) {
    return (uint64_t)((fc_u128)(2 * GRID * tick + g->tpqn) * g->inverse >> 64);
}

/* What one look at the notes finds. */
typedef struct bounds {
    unsigned lowest; /* pitch that is not drums; 0 where all are */
    uint64_t end;    /* no tick is above it */
} bounds;

static bounds bounds_of(const fc_song *song) {
    unsigned lowest = 128;
    uint64_t end = 0;
    for (size_t i = 0; i < song->notes_len; i++) {
        const fc_note *note = &song->notes[i];
        const unsigned pitch = note->pitch | (note->channel == DRUMS ? 128u : 0u);
        lowest = pitch < lowest ? pitch : lowest;
        end |= note->end;
    }
    return (bounds){lowest & 127, end};
}

typedef struct sums {
    uint64_t notes, shape;
} sums;

static inline __attribute__((always_inline)) sums sum_up(const fc_song *song, grid g, unsigned lowest, bool plain) {
    sums s = {0};
    for (size_t i = 0; i < song->notes_len; i++) {
        const fc_note *note = &song->notes[i];
        const uint64_t start = plain ? plain_place_on(&g, note->start) : place_on(&g, note->start);
        const uint64_t end = plain ? plain_place_on(&g, note->end) : place_on(&g, note->end);
        const uint64_t when = fc_hash_mix(start ^ K[0], (end - start) ^ K[1]) ^ K[2];
        const uint64_t drums = note->channel == DRUMS, pitch = note->pitch | drums << 7;
        s.notes += fc_hash_mix(when, pitch ^ K[3]);
        s.shape += fc_hash_mix(when, (pitch - (lowest & (drums - 1))) ^ K[3]);
    }
    return s;
}

void fc_digest_of(const fc_song *song, fc_digest *out) {
    const grid g = grid_of(song);
    const bounds b = bounds_of(song);
    *out = (fc_digest){0};
    if (song->notes_len == 0) return;
    const sums s = is_plain(&g, b.end) ? sum_up(song, g, b.lowest, true) : sum_up(song, g, b.lowest, false);
    out->present = true;
    out->notes = fc_hash_mix(s.notes ^ K[4], (uint64_t)song->notes_len ^ K[5]);
    out->shape = fc_hash_mix(s.shape ^ K[4], (uint64_t)song->notes_len ^ K[5]);
}
