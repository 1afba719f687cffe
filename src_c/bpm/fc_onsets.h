/* Estimate the tempo of notes from when they begin.
 *
 * The notes in order by time, equal ones as they come, fall into bins of 10 ms, counted from the first note, rounded to
 * the nearest; weights in a bin add up. Every two bins less than 512 apart add the product of their weights to the lag
 * between them, in order by the earlier, then by the later bin; the earlier says in which block of 2 s. fc_estimate
 * tells the tempo from these. Only the first 300 s count.
 *
 * There is no tempo where fewer than 8 bins have a note, where they all lie within less than 2 s, or where a time or
 * weight is NaN or infinite. */
#ifndef FC_ONSETS_H
#define FC_ONSETS_H

#include <stddef.h>

#include "fc_buffer.h"
#include "fc_comb.h"
#include "fc_estimate.h"
#include "fc_status.h"

#define FC_ONSETS_RATE 100.0

/* Memory that is kept from call to call: at most 0.8 MB, FC_ONSETS_BIN bytes a note up to 30,001, and 24 bytes a note
 * where they are not in order. A zeroed struct is empty. Not thread-safe. */
typedef struct fc_onsets_room {
    fc_buffer bins, blocks, windows, sorted;
    void *lent; /* by the caller, `lent_size` bytes, aligned for doubles: taken for the bins where they are enough */
    size_t lent_size;
} fc_onsets_room;

enum { FC_ONSETS_BIN = 16 };

void fc_onsets_room_free(fc_onsets_room *room);

/* Estimate. `times` are seconds in any order, `weights` as many, >= 0; NULL: each is 1. `comb` is of FC_ONSETS_RATE.
 * FC_NO_MEMORY; FC_BAD_VALUE for a weight below 0. O(n), n log n where they are not in order, and at most 15 million
 * pairs of bins. */
fc_status fc_onsets_tell(const fc_comb *comb, const double *times, const double *weights, size_t len,
                         fc_onsets_room *room, fc_estimate *out);

#endif
