/* Bars and half bars of a song, from its time signatures.
 *
 * A signature begins a bar at its tick, and cuts the bar before it short; of several on one tick the last holds.
 * Before the first one 4/4 holds. A bar lasts 4 * numerator / denominator quarter notes, which may be no whole
 * number of ticks: half bar k begins floor(k * length) ticks behind its signature. Ticks from FC_METER_MAX on count
 * as FC_METER_MAX. A song in seconds (SMPTE division) has no bars. Nothing is allocated; not thread-safe for one
 * fc_meter. */
#ifndef FC_METER_H
#define FC_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fc_song.h"

#define FC_METER_MAX ((uint64_t)1 << 56)

/* A stretch of one signature. */
typedef struct fc_meter {
    const fc_song *song;
    size_t next;           /* the first of the song's signatures that begins behind this stretch */
    uint64_t start, end;   /* ticks, end excluded; of the last stretch FC_METER_MAX + 1 */
    uint64_t step;         /* a half bar lasts step / 2^shift ticks */
    unsigned shift;        /* the denominator's exponent */
    unsigned numerator;
} fc_meter;

/* Go to the first stretch, which begins at tick 0; false where the song has no bars. */
bool fc_meter_first(fc_meter *meter, const fc_song *song);

/* Go to the next stretch; false behind the last. */
bool fc_meter_next(fc_meter *meter);

/* Go to the stretch of `tick`, which is not before the present one and at most FC_METER_MAX. O(signatures passed). */
void fc_meter_seek(fc_meter *meter, uint64_t tick);

/* Return which half bar of the stretch, from 0, holds `tick` of the stretch: the last that begins at or before it. */
uint64_t fc_meter_half(const fc_meter *meter, uint64_t tick);

/* Return the tick at which half bar `half` of the stretch begins; it may lie behind the end of the stretch. */
uint64_t fc_meter_half_start(const fc_meter *meter, uint64_t half);

/* Return how many bars begin before `tick`, at most FC_METER_MAX; those of less than a tick count too. 0 where the song
 * has none. O(signatures). */
uint64_t fc_meter_bars(const fc_song *song, uint64_t tick);

#endif
