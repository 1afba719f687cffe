#include "fc_floor.h"

/* The complement turns the order of all integers round. */
static int64_t rank_of(const fc_floor *floor, int64_t time_us) {
    return floor->order == FC_ORDER_OLDEST ? ~time_us : time_us;
}

void fc_floor_init(fc_floor *floor, fc_order order) {
    floor->order = order;
    atomic_init(&floor->rank, INT64_MIN);
}

void fc_floor_raise(fc_floor *floor, int64_t time_us) {
    const int64_t wanted = rank_of(floor, time_us);
    int_least64_t now = atomic_load_explicit(&floor->rank, memory_order_relaxed);
    while (now < wanted && !atomic_compare_exchange_weak_explicit(&floor->rank, &now, wanted, memory_order_relaxed,
                                                                  memory_order_relaxed)) {
    }
}

bool fc_floor_is_known(const fc_floor *floor) {
    return atomic_load_explicit(&floor->rank, memory_order_relaxed) != INT64_MIN;
}

bool fc_floor_excludes(const fc_floor *floor, int64_t time_us) {
    return rank_of(floor, time_us) < atomic_load_explicit(&floor->rank, memory_order_relaxed);
}
