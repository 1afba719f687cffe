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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fc_buffer.h"
#include "fc_comb.h"
#include "fc_estimate.h"
#include "fc_status.h"

#define FC_ONSETS_RATE 100.0
#define FC_ONSETS_SECONDS 300.0

enum { FC_ONSETS_BINS = 30001 }; /* at most */

typedef struct fc_onsets_bin {
    double weight;
    uint32_t at;
} fc_onsets_bin;

/* Bins that are being filled; zero-initialise all but `items`, which has room for one of each note, at most
 * FC_ONSETS_BINS. */
typedef struct fc_onsets_bins {
    fc_onsets_bin *items;
    size_t len;
    double first; /* when the first note begins */
} fc_onsets_bins;

/* Add a note that does not begin before the last one; false once it is too late to count, as all later ones are. */
static inline bool fc_onsets_add(fc_onsets_bins *bins, double time, double weight) {
    if (bins->len == 0) bins->first = time;
    const double since = time - bins->first;
    if (!(since < FC_ONSETS_SECONDS)) return false;
    const uint32_t at = (uint32_t)(FC_ONSETS_RATE * since + 0.5);
    if (bins->len == 0 || bins->items[bins->len - 1].at != at) bins->items[bins->len++] = (fc_onsets_bin){0, at};
    bins->items[bins->len - 1].weight += weight;
    return true;
}

/* Estimate from bins that are filled. `comb` is of FC_ONSETS_RATE. FC_NO_MEMORY. At most 15 million pairs of bins,
 * twice. Thread-safe for different rooms. */
fc_status fc_onsets_tell_bins(const fc_comb *comb, const fc_onsets_bins *bins, fc_estimate_room *room,
                              fc_estimate *out);

/* Memory that is kept from call to call: that of fc_estimate_room, 16 bytes for each bin, and 24 bytes a note where
 * they are not in order. A zeroed struct is empty. Not thread-safe. */
typedef struct fc_onsets_room {
    fc_buffer bins, sorted;
    fc_estimate_room estimate;
} fc_onsets_room;

void fc_onsets_room_free(fc_onsets_room *room);

/* Fill bins and estimate. `times` are seconds in any order, `weights` as many, >= 0; NULL: each is 1. FC_NO_MEMORY;
 * FC_BAD_VALUE for a weight below 0. O(n), n log n where they are not in order, and what fc_onsets_tell_bins takes. */
fc_status fc_onsets_tell(const fc_comb *comb, const double *times, const double *weights, size_t len,
                         fc_onsets_room *room, fc_estimate *out);

#endif
