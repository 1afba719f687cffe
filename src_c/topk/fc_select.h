/* Select the k largest or smallest elements of each row of an array.
 *
 * The order is total: the better value first, NaN after all others in both directions, -0.0 equal to 0.0, and of equals
 * the one with the lowest index. So the answer is the same on every instruction set and number of threads. */
#ifndef FC_SELECT_H
#define FC_SELECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fc_key.h"
#include "fc_runtime.h"
#include "fc_status.h"

typedef struct fc_selection {
    fc_dtype dtype;       /* for halves FC_I16 */
    bool half;            /* the elements are IEEE 754 binary16 */
    bool smallest;
    bool sorted;          /* the best first, else in order by index */
    const void *values;   /* rows * n elements, a row after the other, aligned to their size */
    const uint8_t *where; /* as many bytes, zero: not eligible; NULL: all are */
    const void *bias;     /* as many elements, added before they are compared, floats only; NULL: none */
    size_t rows, n, k;    /* k <= n */
    /* For each row k elements of `values` and their indices in the row. Where fewer are eligible, the rest has index
     * -1 and the value NaN, for integers 0. */
    void *out_values;
    int64_t *out_indices;
    unsigned threads; /* at most, >= 1; the runtime's model of costs says how many */
    /* Called on the calling thread about every 10 ms; nonzero stops. May be NULL. */
    int (*poll)(void *ctx);
    void *poll_ctx;
} fc_selection;

/* Return the work of a selection for the runtime's model of costs: of so many elements of so many bytes each, made
 * ready for comparison first (halves, bias, where) or not, each kind a site. */
fc_cost_work fc_select_work(size_t size, size_t elements, bool prepared);

/* Select. *out_found is how many there are in the last row (0 without a row). The arrays must not overlap; the input
 * may be changed meanwhile, which spoils the answer and nothing else. FC_NO_MEMORY; FC_STOPPED: poll asked to stop;
 * FC_FORKED: in a child that was forked while threads were at it. Thread-safe. O(rows * n) where k is small against n,
 * and O(k * bytes of an element) for the sorting; memory O(threads * k). */
fc_status fc_select(const fc_runtime *runtime, const fc_selection *selection, size_t *out_found);

#endif
