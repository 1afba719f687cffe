/* Find the elements of a stretch of an array that pass a threshold, at memory speed where few do.
 *
 * Every variant writes the same positions and reads nothing outside the elements. Pure, thread-safe. */
#ifndef FC_FILTER_H
#define FC_FILTER_H

#include <stddef.h>
#include <stdint.h>

#include "fc_cpu.h"
#include "fc_key.h"

/* Write the positions of the elements that pass, ascending, and return how many. `positions` has room for `count`,
 * which is below 2^32. No NaN passes, nor anything a NaN threshold; -0.0 equals 0.0. O(count). */
typedef size_t fc_filter_pass(const void *elements, size_t count, const void *threshold, uint32_t *positions);

/* The kernels of one instruction-set level. */
typedef struct fc_filter {
    fc_filter_pass *at_least[FC_DTYPE_COUNT]; /* element >= threshold */
    fc_filter_pass *at_most[FC_DTYPE_COUNT];  /* element <= threshold */
} fc_filter;

/* Return the kernels for a level; a level that was not compiled in gives the best below it. */
const fc_filter *fc_filter_for(fc_cpu_level level);

#endif
