/* fc_floor: it rises towards the best and never sinks, whoever raises it. */
#include <pthread.h>

#include "check.h"
#include "fc_floor.h"

enum { RAISES = 20000, THREADS = 4 };

static fc_floor shared_floor;

static void check_order(fc_order order) {
    fc_floor floor;
    fc_floor_init(&floor, order);
    const int64_t better = order == FC_ORDER_NEWEST ? 1 : -1;
    CHECK(!fc_floor_is_known(&floor) && !fc_floor_excludes(&floor, 0) && !fc_floor_excludes(&floor, -INT64_MAX));
    fc_floor_raise(&floor, -5);
    CHECK(fc_floor_is_known(&floor) && !fc_floor_excludes(&floor, -5));
    CHECK(fc_floor_excludes(&floor, -5 - better) && !fc_floor_excludes(&floor, -5 + better));
    fc_floor_raise(&floor, -5 - better);
    CHECK(!fc_floor_excludes(&floor, -5) && fc_floor_excludes(&floor, -5 - better));
    fc_floor_raise(&floor, -5 + better);
    CHECK(fc_floor_excludes(&floor, -5) && !fc_floor_excludes(&floor, -5 + better));
}

static void *raise_many(void *seed) {
    uint64_t state = *(const uint64_t *)seed;
    for (int i = 0; i < RAISES; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        const int64_t time = (int64_t)(state >> 40);
        fc_floor_raise(&shared_floor, time);
        if (fc_floor_excludes(&shared_floor, time)) continue;
        *(int64_t *)seed = time; /* it was the best for a moment */
    }
    return NULL;
}

static void check_threads(void) {
    pthread_t threads[THREADS];
    uint64_t seeds[THREADS];
    fc_floor_init(&shared_floor, FC_ORDER_NEWEST);
    for (uint64_t i = 0; i < THREADS; i++) {
        seeds[i] = i + 1;
        CHECK(pthread_create(&threads[i], NULL, raise_many, &seeds[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    int64_t best = 0;
    for (int i = 0; i < THREADS; i++) best = (int64_t)seeds[i] > best ? (int64_t)seeds[i] : best;
    CHECK(!fc_floor_excludes(&shared_floor, best) && fc_floor_excludes(&shared_floor, best - 1));
}

int main(void) {
    check_order(FC_ORDER_NEWEST);
    check_order(FC_ORDER_OLDEST);
    check_threads();
    return finish();
}
