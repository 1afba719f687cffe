#define _GNU_SOURCE /* sigset_t, pthread_sigmask */
#include "fc_pool.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "fc_clock.h"
#include "fc_guard.h"
#include "fc_map.h"
#include "fc_sites.h"

enum { WORKERS_MAX = 255, SPINS = 2000, POLL_NS = 10 * 1000 * 1000, STACK_BYTES = 1 << 20 };

/* One job at a time. A worker joins it under the lock, by number, and leaves it under the lock; the caller closes
 * the job to newcomers when the items are handed out and waits only for those inside. */
static struct pool {
    pthread_mutex_t lock;
    pthread_cond_t wake, left;
    unsigned workers;  /* that exist */
    unsigned wanted;   /* workers that may still join the open job */
    unsigned inside;   /* workers inside the job */
    unsigned next_id;  /* the id of the next one to join, from 1 */
    unsigned took;     /* threads that did at least one item */
    fc_job *open;      /* the job that workers may join; NULL when there is none */
    fc_job *running;   /* from its opening until the last worker has left it */
    bool busy;         /* some caller runs a job on the pool */
    atomic_size_t cursor;
    atomic_uint generation; /* changes when a job opens: what idle workers spin on */
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER, .left = PTHREAD_COND_INITIALIZER};

static fc_runtime the_runtime;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local bool in_worker;

static void poll_when_due(fc_job *job) {
    if (job->poll == NULL) return;
    const int64_t now = fc_clock_ns();
    if (now < job->next_poll_ns) return;
    if (job->poll(job->poll_ctx) != 0) atomic_store(&job->stop, true);
    job->next_poll_ns = fc_clock_ns() + POLL_NS;
}

static bool should_stop(fc_job *job, unsigned worker) {
    if (worker == 0) poll_when_due(job);
    return atomic_load_explicit(&job->stop, memory_order_relaxed);
}

/* Do items until none is left; true if at least one was done. */
static bool do_items(fc_job *job, unsigned worker) {
    bool any = false;
    while (!should_stop(job, worker)) {
        const size_t item = atomic_fetch_add(&pool.cursor, 1);
        if (item >= job->items) break;
        job->work(job->ctx, item, worker);
        any = true;
    }
    return any;
}

static void *worker_main(void *unused) {
    (void)unused;
    in_worker = true;
    pthread_mutex_lock(&pool.lock);
    for (;;) {
        if (pool.open == NULL || pool.wanted == 0) {
            const unsigned seen = atomic_load(&pool.generation);
            pthread_mutex_unlock(&pool.lock);
            for (int i = 0; i < SPINS && atomic_load_explicit(&pool.generation, memory_order_relaxed) == seen; i++)
#if defined(__x86_64__)
                __builtin_ia32_pause();
#else
                __asm__ volatile("" ::: "memory");
#endif
            pthread_mutex_lock(&pool.lock);
            while (pool.open == NULL || pool.wanted == 0) pthread_cond_wait(&pool.wake, &pool.lock);
        }
        fc_job *job = pool.open;
        const unsigned id = pool.next_id++;
        pool.wanted--;
        pool.inside++;
        pthread_mutex_unlock(&pool.lock);
        const bool any = do_items(job, id);
        pthread_mutex_lock(&pool.lock);
        pool.took += any;
        pool.wanted = 0; /* nothing is left for newcomers */
        if (--pool.inside == 0) pthread_cond_signal(&pool.left);
    }
    return NULL;
}

/* Create workers up to `count`; with the lock held. Fewer are there when the system refuses. */
static void create_workers(unsigned count) {
    sigset_t blocked, before;
    sigfillset(&blocked);
    const int faults[] = {SIGBUS, SIGSEGV, SIGFPE, SIGILL, SIGTRAP};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) sigdelset(&blocked, faults[i]);
    pthread_attr_t attr;
    if (pthread_attr_init(&attr) != 0) return;
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    pthread_t thread;
    while (pool.workers < count && pthread_create(&thread, &attr, worker_main, NULL) == 0) pool.workers++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
}

static unsigned run_serially(fc_job *job) {
    bool any = false;
    for (size_t item = 0; item < job->items && !should_stop(job, 0); item++) {
        job->work(job->ctx, item, 0);
        any = true;
    }
    return any;
}

static void wait_for_workers(fc_job *job) {
    while (pool.inside != 0) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += POLL_NS;
        if (until.tv_nsec >= 1000000000) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000;
        }
        pthread_cond_timedwait(&pool.left, &pool.lock, &until);
        pthread_mutex_unlock(&pool.lock);
        poll_when_due(job);
        pthread_mutex_lock(&pool.lock);
    }
}

static unsigned run(const fc_runtime *runtime, fc_job *job) {
    (void)runtime;
    job->next_poll_ns = fc_clock_ns() + POLL_NS;
    unsigned helpers = job->threads == 0 ? 0 : job->threads - 1;
    if (helpers > WORKERS_MAX) helpers = WORKERS_MAX;
    if (helpers >= job->items) helpers = job->items == 0 ? 0 : (unsigned)(job->items - 1);
    if (helpers == 0 || in_worker) return run_serially(job);
    pthread_mutex_lock(&pool.lock);
    if (pool.busy) {
        pthread_mutex_unlock(&pool.lock);
        return run_serially(job);
    }
    pool.busy = true;
    create_workers(helpers);
    atomic_store(&pool.cursor, 0);
    pool.took = 0;
    pool.next_id = 1;
    pool.wanted = helpers;
    pool.open = pool.running = job;
    atomic_fetch_add(&pool.generation, 1);
    pthread_cond_broadcast(&pool.wake);
    pthread_mutex_unlock(&pool.lock);

    const bool any = do_items(job, 0);

    pthread_mutex_lock(&pool.lock);
    pool.open = NULL;
    pool.wanted = 0;
    wait_for_workers(job);
    const unsigned took = pool.took + any;
    pool.running = NULL;
    pool.busy = false;
    pthread_mutex_unlock(&pool.lock);
    return took;
}

/* Only the forking thread lives on in a child: its pool has no workers and no job. */
static void in_child(void) {
    pthread_mutex_init(&pool.lock, NULL);
    pthread_cond_init(&pool.wake, NULL);
    pthread_cond_init(&pool.left, NULL);
    if (pool.running != NULL) { /* by the forking thread itself, from its poll, or by another that is gone too */
        atomic_store(&pool.running->stop, true);
        pool.running->forked = true;
    }
    pool.workers = pool.wanted = pool.inside = 0;
    pool.open = pool.running = NULL;
    pool.busy = false;
    in_worker = false;
}

static fc_cpu_level first_level;

static void set_up(void) {
    the_runtime = (fc_runtime){.cpu = first_level, .run = run, .should_stop = should_stop,
                               .choose = fc_sites_choose, .learn = fc_sites_learn, .map_open = fc_map_open,
                               .map_close = fc_map_close, .map_drop = fc_map_drop, .guard_begin = fc_guard_begin,
                               .guard_end = fc_guard_end, .guard_run = fc_guard_run};
    pthread_atfork(NULL, NULL, in_child);
    fc_sites_set_up();
}

const fc_runtime *fc_pool_runtime(fc_cpu_level cpu) {
    static pthread_mutex_t setting = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&setting);
    if (the_runtime.run == NULL) first_level = cpu;
    pthread_once(&once, set_up);
    pthread_mutex_unlock(&setting);
    return &the_runtime;
}

unsigned fc_pool_workers(void) {
    pthread_mutex_lock(&pool.lock);
    const unsigned workers = pool.workers;
    pthread_mutex_unlock(&pool.lock);
    return workers;
}
