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

/* The lowest pitch that is not drums; 0 where all are. */
static unsigned lowest_pitch(const fc_song *song) {
    unsigned lowest = 128;
    for (size_t i = 0; i < song->notes_len; i++) {
        const unsigned pitch = song->notes[i].pitch + (song->notes[i].channel == DRUMS ? 128u : 0u);
        lowest = pitch < lowest ? pitch : lowest;
    }
    return lowest & 127;
}

void fc_digest_of(const fc_song *song, fc_digest *out) {
    const grid g = grid_of(song);
    const unsigned lowest = lowest_pitch(song);
    uint64_t notes = 0, shape = 0;
    *out = (fc_digest){0};
    if (song->notes_len == 0) return;
    for (size_t i = 0; i < song->notes_len; i++) {
        const fc_note *note = &song->notes[i];
        const uint64_t start = place_on(&g, note->start), duration = place_on(&g, note->end) - start;
        const uint64_t when = fc_hash_mix(start ^ K[0], duration ^ K[1]) ^ K[2];
        const bool drums = note->channel == DRUMS;
        const uint64_t pitch = drums ? note->pitch + 128u : note->pitch;
        notes += fc_hash_mix(when, pitch ^ K[3]);
        shape += fc_hash_mix(when, (drums ? pitch : pitch - lowest) ^ K[3]);
    }
    out->present = true;
    out->notes = fc_hash_mix(notes ^ K[4], (uint64_t)song->notes_len ^ K[5]);
    out->shape = fc_hash_mix(shape ^ K[4], (uint64_t)song->notes_len ^ K[5]);
}
