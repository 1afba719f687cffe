/* fc_pool: every item exactly once, whatever the number of threads; nested, concurrent, stopped and forked jobs; the
 * workers are shared by jobs that run side by side. */
#define _GNU_SOURCE /* usleep */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fc_pool.h"

enum { ITEMS_MAX = 5000 };

static atomic_ulong checks;
static const fc_runtime *runtime;
static bool is_crowded; /* other threads run jobs, too */

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
    CHECK(!job.shared || is_crowded);
    CHECK(items == 0 ? took == 0 : took >= 1 && took <= threads);
    free(t);
}

/* Endless jobs side by side, until each was helped in several of its workers' turns, or nothing comes of it. */
enum { CROWD_MAX = 3, TURNS = 5, PATIENCE_S = 60 };

typedef struct crowd {
    unsigned jobs, threads;
    atomic_uint next, running;
    atomic_bool at_work[CROWD_MAX][8]; /* by job and seat */
    atomic_uint last;                  /* the job that a worker helped last, and 1 */
    atomic_uint turns[CROWD_MAX];      /* how often workers came to a job from another one */
    time_t began;
} crowd;

typedef struct member {
    crowd *all;
    unsigned number;
    fc_job job;
} member;

static bool had_turns(crowd *c) {
    bool enough = true;
    for (unsigned i = 0; i < c->jobs; i++) enough &= atomic_load(&c->turns[i]) >= TURNS;
    return enough || time(NULL) - c->began > PATIENCE_S;
}

static void help_out(void *ctx, size_t item, unsigned worker) {
    member *m = ctx;
    crowd *c = m->all;
    (void)item;
    CHECK(worker < c->threads);
    CHECK(!atomic_exchange(&c->at_work[m->number][worker], true));
    if (worker != 0 && atomic_load(&c->running) == c->jobs && atomic_exchange(&c->last, m->number + 1) != m->number + 1)
        atomic_fetch_add(&c->turns[m->number], 1);
    usleep(50);
    atomic_store(&c->at_work[m->number][worker], false);
    if (had_turns(c)) atomic_store(&m->job.stop, true);
}

static void *run_in_crowd(void *ctx) {
    crowd *c = ctx;
    member m = {.all = c, .number = atomic_fetch_add(&c->next, 1)};
    m.job = (fc_job){.work = help_out, .ctx = &m, .items = SIZE_MAX, .threads = c->threads, .timed = true};
    atomic_fetch_add(&c->running, 1);
    const unsigned took = runtime->run(runtime, &m.job);
    CHECK(took >= 1 && took <= c->threads && m.job.helped_cpu_ns > 0 && m.job.shared);
    return NULL;
}

static void share_workers(unsigned jobs, unsigned width) {
    crowd c = {.jobs = jobs, .threads = width, .began = time(NULL)};
    pthread_t callers[CROWD_MAX];
    for (unsigned i = 0; i < jobs; i++) CHECK(pthread_create(&callers[i], NULL, run_in_crowd, &c) == 0);
    for (unsigned i = 0; i < jobs; i++) CHECK(pthread_join(callers[i], NULL) == 0);
    for (unsigned i = 0; i < jobs; i++) CHECK(atomic_load(&c.turns[i]) >= TURNS);
}

static void slow(void *ctx, size_t item, unsigned worker) {
    (void)item;
    for (int i = 0; i < 100 && !runtime->should_stop(ctx, worker); i++) usleep(1000);
}

#if !defined(__SANITIZE_THREAD__) && !defined(CANNOT_FORK)
/* A child of a fork has a pool of its own, without workers at first. */
static void fork_and_check(void) {
    const pid_t child = fork();
    if (child == 0) {
        if (fc_pool_workers() != 0) _exit(2);
        run_and_check(300, 4);
        _exit(fc_pool_workers() == 3 ? 0 : 3);
    }
    int status;
    CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
}

/* The job of the thread that forks, from its poll, ends in the child. */
typedef struct forking {
    fc_job job;
    pid_t child;
} forking;

static int fork_once(void *ctx) {
    forking *f = ctx;
    if (f->child < 0) f->child = fork();
    return f->child > 0;
}

static void fork_from_poll(void) {
    forking f = {.child = -1};
    f.job = (fc_job){.work = slow, .ctx = &f.job, .items = 1000, .threads = 3, .poll = fork_once, .poll_ctx = &f};
    runtime->run(runtime, &f.job);
    if (f.child == 0) {
        if (!f.job.forked || !atomic_load(&f.job.stop)) _exit(2);
        run_and_check(300, 4);
        _exit(fc_pool_workers() == 3 ? 0 : 3);
    }
    int status;
    CHECK(!f.job.forked && f.child > 0 && waitpid(f.child, &status, 0) == f.child && status == 0);
}
#endif

#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__) && !defined(CANNOT_FORK)
/* A child of a fork while jobs run side by side has a pool of its own. Not under sanitizers, whose allocators may stay
 * locked there. */
static void *fork_beside(void *unused) {
    (void)unused;
    for (int i = 0; i < 30; i++) fork_and_check();
    return NULL;
}
#endif

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
    is_crowded = true;
    for (int i = 0; i < 4; i++) CHECK(pthread_create(&threads[i], NULL, concurrent, NULL) == 0);
    for (int i = 0; i < 4; i++) CHECK(pthread_join(threads[i], NULL) == 0);

    share_workers(2, 2);
    share_workers(3, 2);
    share_workers(2, 4);
    share_workers(3, 8);
    CHECK(fc_pool_workers() == 7);

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

#if !defined(__SANITIZE_THREAD__) && !defined(CANNOT_FORK)
    for (int i = 0; i < 100; i++) fork_and_check();
    fork_from_poll();
#endif
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__) && !defined(CANNOT_FORK)
    for (int i = 0; i < 3; i++) CHECK(pthread_create(&threads[i], NULL, concurrent, NULL) == 0);
    CHECK(pthread_create(&threads[3], NULL, fork_beside, NULL) == 0);
    for (int i = 0; i < 4; i++) CHECK(pthread_join(threads[i], NULL) == 0);
#endif
    printf("%lu checks\n", atomic_load(&checks));
    return 0;
}
