/* The floor of a scan: the time that a record must reach to be among the best, as far as its workers know by now.
 *
 * A worker that holds `limit` hits knows that the last of them is the least that any other hit must beat; the best of
 * these times holds for all workers. How high the floor stands at a moment depends on the threads; that nothing above
 * it or on it is lost does not. */
#ifndef FC_FLOOR_H
#define FC_FLOOR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "fc_run.h"

typedef struct fc_floor {
    fc_order order;            /* newest or oldest */
    atomic_int_least64_t rank; /* of the time, ascending towards the best */
} fc_floor;

/* Start with a floor below every time. */
void fc_floor_init(fc_floor *floor, fc_order order);

/* Raise the floor to the time of a hit, if that is better: `limit` hits are at least as good. Thread-safe. O(1). */
void fc_floor_raise(fc_floor *floor, int64_t time_us);

/* True if the floor was raised. Thread-safe. O(1). */
bool fc_floor_is_known(const fc_floor *floor);

/* True if nothing of this time can be among the best, whatever its path and offset; a time on the floor can. Once true
 * it stays so. Thread-safe. O(1). */
bool fc_floor_excludes(const fc_floor *floor, int64_t time_us);

#endif
