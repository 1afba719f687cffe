/* One thread's way through a row of an array: it reads stretches from the front to the back and keeps the candidates.
 */
#ifndef FC_WALK_H
#define FC_WALK_H

#include <stddef.h>
#include <stdint.h>

#include "fc_candidates.h"
#include "fc_filter.h"
#include "fc_select.h"

enum { FC_WALK_CHUNK = 8192 };

typedef struct fc_walk {
    const fc_selection *selection;
    const fc_filter *filter;
    const fc_runtime *runtime;
    fc_job *job; /* NULL: nobody can stop it */
    unsigned worker;
    const uint8_t *values, *bias, *where; /* of the row; bias and where may be NULL */
    fc_candidates list;
    uint32_t positions[FC_WALK_CHUNK];
    uint64_t lanes[FC_WALK_CHUNK], more_lanes[FC_WALK_CHUNK]; /* elements made ready for comparison */
} fc_walk;

/* Begin. `small` as for fc_candidates_init. A job whose worker this is may stop it: what it has kept is of no use then,
 * and whoever called looks at the job. FC_NO_MEMORY. */
fc_status fc_walk_init(fc_walk *walk, const fc_selection *selection, const fc_runtime *runtime, fc_job *job,
                       unsigned worker, fc_candidates_small *small);

void fc_walk_free(fc_walk *walk);

/* Go to a row, with an empty list that lets keys from `least` on in. */
void fc_walk_row(fc_walk *walk, size_t row, uint64_t least);

/* Take the elements [first, end) of the row, whose indices are above all that were taken before. NaN is left out. */
void fc_walk_take(fc_walk *walk, size_t first, size_t end);

/* Cut the list to its k best, the best first or in order by index, as is wanted. */
void fc_walk_order(fc_walk *walk);

/* Fill a list that got fewer than k of all other elements with the first NaN of the row. O(n). FC_NO_MEMORY. */
fc_status fc_walk_take_nan(fc_walk *walk);

/* Return a key that the k best of the row hardly miss and few others reach, from a look at a few elements all over the
 * row; where that does not pay, the lowest key. `slack`, 1 or more, lets about so many times as many reach it, after a
 * key that was missed. O((k * n)^(1/3)). */
uint64_t fc_walk_sample(fc_walk *walk, size_t slack);

/* Return the key of the kth best of the row, or the lowest key if there are fewer that are no NaN: for a k that is
 * large against n. O(n * bytes of an element). */
uint64_t fc_walk_exact(fc_walk *walk);

#endif
