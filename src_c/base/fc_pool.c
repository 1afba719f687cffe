#define _GNU_SOURCE /* sigset_t, pthread_sigmask */
#include "fc_pool.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "fc_clock.h"
#include "fc_guard.h"
#include "fc_map.h"
#include "fc_sites.h"

enum {
    WORKERS_MAX = 255,
    SPINS = 2000,
    POLL_NS = 10 * 1000 * 1000,
    TURN_NS = 1000 * 1000, /* how long a worker stays in a job, beyond its item, while others may want it */
    STACK_BYTES = 1 << 20
};

/* A job that runs, on its caller's stack. A worker takes a seat under the lock and leaves it under the lock; the caller
 * closes the job to newcomers when the items are handed out and waits only for those inside. */
typedef struct ticket {
    fc_job *job;
    struct ticket *next;
    unsigned seats;  /* of workers, numbered from 1 */
    unsigned inside; /* workers that have one */
    uint64_t turn;   /* when one was taken last; 0: never */
    bool closed;     /* nothing is left for newcomers */
    uint64_t taken[WORKERS_MAX / 64 + 1], used[WORKERS_MAX / 64 + 1]; /* bit per seat: now; for at least one item */
    _Alignas(64) atomic_size_t cursor; /* not under the lock */
} ticket;

static struct pool {
    pthread_mutex_t lock;
    pthread_cond_t wake, left;
    unsigned workers; /* that exist */
    ticket *tickets;  /* the oldest job first, each until the last worker has left it */
    uint64_t turns;
    atomic_uint open;       /* jobs that are not closed */
    atomic_uint generation; /* changes when a job opens: what idle workers spin on */
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER, .left = PTHREAD_COND_INITIALIZER};

static fc_runtime the_runtime;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local bool in_job; /* a worker, or a caller whose job is on the pool */

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

/* True once a worker that came at `since` should look whether another job wants it more. */
static bool turn_is_over(int64_t since) {
    return atomic_load_explicit(&pool.open, memory_order_relaxed) > 1 && fc_clock_ns() - since >= TURN_NS;
}

/* Do items until none is left, or a worker's turn is over: then false. *out_any: at least one was done. */
static bool do_items(ticket *t, unsigned worker, bool *out_any) {
    fc_job *job = t->job;
    const int64_t since = worker == 0 ? 0 : fc_clock_ns();
    *out_any = false;
    while (!should_stop(job, worker)) {
        const size_t item = atomic_fetch_add(&t->cursor, 1);
        if (item >= job->items) break;
        job->work(job->ctx, item, worker);
        *out_any = true;
        if (worker != 0 && turn_is_over(since)) return false;
    }
    return true;
}

/* With the lock held, as are the next four. */
static void close_ticket(ticket *t) {
    if (!t->closed) atomic_fetch_sub(&pool.open, 1);
    t->closed = true;
}

/* The job that an idle worker joins: the one with the fewest workers, of several the one that waits longest; NULL: none
 * has a free seat. */
static ticket *neediest(void) {
    ticket *best = NULL;
    for (ticket *t = pool.tickets; t != NULL; t = t->next) {
        if (t->closed || t->inside == t->seats) continue;
        if (best == NULL || t->inside < best->inside || (t->inside == best->inside && t->turn < best->turn)) best = t;
    }
    return best;
}

static unsigned take_seat(ticket *t) {
    unsigned seat = 1;
    while (t->taken[seat / 64] >> seat % 64 & 1) seat++;
    t->taken[seat / 64] |= (uint64_t)1 << seat % 64;
    t->inside++;
    t->turn = ++pool.turns;
    return seat;
}

static void leave_seat(ticket *t, unsigned seat, bool any) {
    t->taken[seat / 64] &= ~((uint64_t)1 << seat % 64);
    t->used[seat / 64] |= (uint64_t)any << seat % 64;
    if (--t->inside == 0) pthread_cond_broadcast(&pool.left);
}

/* Spin for a while, then sleep, until a job wants a worker. */
static ticket *wait_for_job(void) {
    const unsigned seen = atomic_load(&pool.generation);
    pthread_mutex_unlock(&pool.lock);
    for (int i = 0; i < SPINS && atomic_load_explicit(&pool.generation, memory_order_relaxed) == seen; i++)
#if defined(__x86_64__)
        __builtin_ia32_pause();
#else
        __asm__ volatile("" ::: "memory");
#endif
    pthread_mutex_lock(&pool.lock);
    ticket *t;
    while ((t = neediest()) == NULL) pthread_cond_wait(&pool.wake, &pool.lock);
    return t;
}

static void *worker_main(void *unused) {
    (void)unused;
    in_job = true;
    pthread_mutex_lock(&pool.lock);
    for (;;) {
        ticket *t = neediest();
        if (t == NULL) t = wait_for_job();
        const unsigned seat = take_seat(t);
        pthread_mutex_unlock(&pool.lock);
        const int64_t cpu_before = t->job->timed ? fc_clock_cpu_ns() : 0;
        bool any;
        const bool ended = do_items(t, seat, &any);
        const int64_t cpu_ns = t->job->timed ? fc_clock_cpu_ns() - cpu_before : 0;
        pthread_mutex_lock(&pool.lock);
        t->job->helped_cpu_ns += cpu_ns;
        if (ended) close_ticket(t);
        leave_seat(t, seat, any);
    }
    return NULL;
}

/* Create workers up to `count`. Fewer are there when the system refuses. */
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

static void wait_for_workers(const ticket *t) {
    while (t->inside != 0) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += POLL_NS;
        if (until.tv_nsec >= 1000000000) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000;
        }
        pthread_cond_timedwait(&pool.left, &pool.lock, &until);
        pthread_mutex_unlock(&pool.lock);
        poll_when_due(t->job);
        pthread_mutex_lock(&pool.lock);
    }
}

static void open_ticket(ticket *t) {
    pthread_mutex_lock(&pool.lock);
    create_workers(t->seats);
    ticket **end = &pool.tickets;
    for (; *end != NULL; end = &(*end)->next) (*end)->job->shared = t->job->shared = true;
    *end = t;
    atomic_fetch_add(&pool.open, 1);
    atomic_fetch_add(&pool.generation, 1);
    pthread_cond_broadcast(&pool.wake);
    pthread_mutex_unlock(&pool.lock);
}

/* Returns how many seats did at least one item. */
static unsigned end_ticket(ticket *t) {
    pthread_mutex_lock(&pool.lock);
    close_ticket(t);
    wait_for_workers(t);
    ticket **at = &pool.tickets;
    while (*at != NULL && *at != t) at = &(*at)->next;
    if (*at != NULL) *at = t->next; /* else this is a forked child, whose list is its own */
    pthread_mutex_unlock(&pool.lock);
    unsigned used = 0;
    for (unsigned seat = 1; seat <= t->seats; seat++) used += t->used[seat / 64] >> seat % 64 & 1;
    return used;
}

static unsigned run(const fc_runtime *runtime, fc_job *job) {
    (void)runtime;
    job->next_poll_ns = fc_clock_ns() + POLL_NS;
    unsigned helpers = job->threads == 0 ? 0 : job->threads - 1;
    if (helpers > WORKERS_MAX) helpers = WORKERS_MAX;
    if (helpers >= job->items) helpers = job->items == 0 ? 0 : (unsigned)(job->items - 1);
    if (helpers == 0 || in_job) return run_serially(job);
    ticket t = {.job = job, .seats = helpers};
    in_job = true;
    open_ticket(&t);
    bool any;
    do_items(&t, 0, &any);
    const unsigned used = end_ticket(&t);
    in_job = false;
    return used + any;
}

/* The list is whole in a child because nobody is at it while the process forks. */
static void lock_pool(void) { pthread_mutex_lock(&pool.lock); }

static void unlock_pool(void) { pthread_mutex_unlock(&pool.lock); }

/* Only the forking thread lives on in a child: its pool has no workers and no job. */
static void in_child(void) {
    pthread_mutex_init(&pool.lock, NULL);
    pthread_cond_init(&pool.wake, NULL);
    pthread_cond_init(&pool.left, NULL);
    for (ticket *t = pool.tickets; t != NULL; t = t->next) { /* the forking thread's, from its poll, or of others */
        atomic_store(&t->job->stop, true);
        t->job->forked = true;
        t->closed = true;
        t->inside = 0;
    }
    pool.workers = 0;
    pool.tickets = NULL;
    atomic_store(&pool.open, 0);
    in_job = false;
}

static fc_cpu_level first_level;

static void set_up(void) {
    the_runtime = (fc_runtime){.cpu = first_level, .run = run, .should_stop = should_stop,
                               .choose = fc_sites_choose, .learn = fc_sites_learn, .map_open = fc_map_open,
                               .map_close = fc_map_close, .map_drop = fc_map_drop, .guard_begin = fc_guard_begin,
                               .guard_end = fc_guard_end, .guard_run = fc_guard_run};
    pthread_atfork(lock_pool, unlock_pool, in_child);
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
