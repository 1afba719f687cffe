/* fc_pool: every item exactly once, whatever the number of threads; nested, concurrent, stopped and forked jobs. */
#define _GNU_SOURCE /* usleep */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fc_pool.h"

enum { ITEMS_MAX = 5000 };

static atomic_ulong checks;
static const fc_runtime *runtime;

#define CHECK(condition)                                                 \
    do {                                                                 \
        atomic_fetch_add(&checks, 1);                                    \
        if (!(condition)) {                                              \
            printf("line %d: %s\n", __LINE__, #condition);               \
            exit(1);                                                     \
        }                                                                \
    } while (0)

typedef struct tally {
    atomic_int times[ITEMS_MAX];
    atomic_uint worker_max;
    fc_job *job;
    size_t stop_at;
} tally;

static void count_item(void *ctx, size_t item, unsigned worker) {
    tally *t = ctx;
    atomic_fetch_add(&t->times[item], 1);
    unsigned most = atomic_load(&t->worker_max);
    while (worker > most && !atomic_compare_exchange_weak(&t->worker_max, &most, worker)) {}
    if (t->stop_at != 0 && item == t->stop_at) atomic_store(&t->job->stop, true);
    for (volatile int i = 0; i < 200; i++) {}
}

static void run_and_check(size_t items, unsigned threads) {
    tally *t = calloc(1, sizeof *t);
    fc_job job = {.work = count_item, .ctx = t, .items = items, .threads = threads};
    const unsigned took = runtime->run(runtime, &job);
    for (size_t i = 0; i < ITEMS_MAX; i++)
        if (atomic_load(&t->times[i]) != (i < items)) CHECK(false);
    CHECK(atomic_load(&t->worker_max) < (threads ? threads : 1));
    CHECK(items == 0 ? took == 0 : took >= 1 && took <= threads);
    free(t);
}

static void nest(void *ctx, size_t item, unsigned worker) {
    (void)ctx;
    (void)item;
    (void)worker;
    run_and_check(20, 4);
}

static void *concurrent(void *unused) {
    (void)unused;
    for (int i = 0; i < 100; i++) run_and_check(100, 3);
    return NULL;
}

static int stop_now(void *ctx) {
    ++*(int *)ctx;
    return 1;
}

static void slow(void *ctx, size_t item, unsigned worker) {
    (void)item;
    for (int i = 0; i < 100 && !runtime->should_stop(ctx, worker); i++) usleep(1000);
}

int main(void) {
    runtime = fc_pool_runtime(FC_CPU_BASE);
    CHECK(fc_pool_runtime(FC_CPU_V3) == runtime && runtime->cpu == FC_CPU_BASE);
    CHECK(fc_pool_workers() == 0);
    run_and_check(100, 1);
    CHECK(fc_pool_workers() == 0);

    for (unsigned threads = 1; threads <= 8; threads++)
        for (size_t items = 0; items <= 4096; items = items * 2 + 1) run_and_check(items, threads);
    CHECK(fc_pool_workers() == 7);
    for (int i = 0; i < 2000; i++) run_and_check(2 + (size_t)i % 5, 3);

    fc_job nested = {.work = nest, .items = 50, .threads = 4};
    runtime->run(runtime, &nested);

    pthread_t threads[4];
    for (int i = 0; i < 4; i++) CHECK(pthread_create(&threads[i], NULL, concurrent, NULL) == 0);
    for (int i = 0; i < 4; i++) CHECK(pthread_join(threads[i], NULL) == 0);

    tally *t = calloc(1, sizeof *t);
    fc_job stopped = {.work = count_item, .ctx = t, .items = ITEMS_MAX, .threads = 4};
    t->job = &stopped;
    t->stop_at = 700;
    runtime->run(runtime, &stopped);
    size_t done = 0;
    for (size_t i = 0; i < ITEMS_MAX; i++) {
        CHECK(atomic_load(&t->times[i]) <= 1);
        done += (size_t)atomic_load(&t->times[i]);
    }
    CHECK(done >= 701 && done < ITEMS_MAX);
    free(t);

    int polls = 0;
    fc_job polled = {.work = slow, .items = 1000, .threads = 3, .poll = stop_now, .poll_ctx = &polls};
    polled.ctx = &polled;
    runtime->run(runtime, &polled);
    CHECK(polls >= 1 && atomic_load(&polled.stop));

#if !defined(__SANITIZE_THREAD__)
    for (int i = 0; i < 100; i++) {
        const pid_t child = fork();
        if (child == 0) {
            if (fc_pool_workers() != 0) _exit(2);
            run_and_check(300, 4);
            _exit(fc_pool_workers() == 3 ? 0 : 3);
        }
        int status;
        CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
    }
#endif
    printf("%lu checks\n", atomic_load(&checks));
    return 0;
}
