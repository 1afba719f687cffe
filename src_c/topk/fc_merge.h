/* Merge two selections of one stream of elements into the best of both. */
#ifndef FC_MERGE_H
#define FC_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fc_key.h"

/* Elements and where they stand, the best first in fc_select's order. */
typedef struct fc_best_of {
    const void *values;
    const int64_t *indices;
    size_t len;
} fc_best_of;

/* Write the k best of `a` and `b`, the best first, and return how many there are: k, or all if there are fewer. The
 * types are as for fc_select; an index that stands in both is there twice. The output overlaps no input. Pure,
 * thread-safe. O(k). */
size_t fc_merge(fc_dtype dtype, bool half, bool smallest, const fc_best_of *a, const fc_best_of *b, size_t k,
                void *out_values, int64_t *out_indices);

#endif
