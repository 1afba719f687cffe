#define _GNU_SOURCE /* nanosleep */
#include "fc_sites.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "fc_clock.h"

enum { BUCKETS = 2048, NONE = FC_SITES_MAX, ROUNDS = 5, PARK_NS = 300000, MEET_NS = 500000, OFTEN = 4 };

/* Outside of these, what the hand-over really costs makes no difference: it is not measured for such work. */
static const double SMALL_NS = 4000, LARGE_NS = 4e6;
static const int64_t ASSUMED_NS = 50000;

typedef uint16_t place; /* in rows; NONE: no row */

/* Rows in use are in a chain of their bucket, and in one list from the most to the least recently used. */
static struct sites {
    pthread_mutex_t lock;
    fc_sites_row rows[FC_SITES_MAX];
    place next_in_bucket[FC_SITES_MAX], newer[FC_SITES_MAX], older[FC_SITES_MAX];
    place buckets[BUCKETS]; /* one more than the place of the first; 0: empty */
    place newest, oldest;
    size_t len;
} sites = {.lock = PTHREAD_MUTEX_INITIALIZER, .newest = NONE, .oldest = NONE};

static atomic_int_least64_t threshold = FC_COST_BY_MODEL;
static atomic_int_least64_t handover; /* 0: not measured */
static atomic_bool measuring;

static size_t bucket_of(const char *name, size_t len) { /* FNV-1a */
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < len; i++) hash = (hash ^ (uint8_t)name[i]) * 1099511628211u;
    return (size_t)((hash ^ hash >> 32) % BUCKETS);
}

static void unlink_row(place row) {
    const place newer = sites.newer[row], older = sites.older[row];
    if (newer == NONE) sites.newest = older;
    else sites.older[newer] = older;
    if (older == NONE) sites.oldest = newer;
    else sites.newer[older] = newer;
}

static void put_first(place row) {
    sites.newer[row] = NONE;
    sites.older[row] = sites.newest;
    if (sites.newest == NONE) sites.oldest = row;
    else sites.newer[sites.newest] = row;
    sites.newest = row;
}

static void leave_bucket(place row) {
    place *link = &sites.buckets[bucket_of(sites.rows[row].name, sites.rows[row].name_len)];
    while (*link != row + 1) link = &sites.next_in_bucket[*link - 1];
    *link = sites.next_in_bucket[row];
}

/* A row for a new site, that of the least recently used one when all are taken. */
static place take_row(void) {
    if (sites.len < FC_SITES_MAX) return (place)sites.len++;
    const place row = sites.oldest;
    unlink_row(row);
    leave_bucket(row);
    return row;
}

/* Find the row of a name; NONE. With the lock held. */
static place find(const char *name, size_t len, size_t bucket) {
    for (place at = sites.buckets[bucket]; at != 0; at = sites.next_in_bucket[at - 1]) {
        const fc_sites_row *row = &sites.rows[at - 1];
        if (row->name_len == len && memcmp(row->name, name, len) == 0) return (place)(at - 1);
    }
    return NONE;
}

static void ending_of(const fc_cost_work *work, const char **out_name, size_t *out_len) {
    const size_t skipped = work->name_len > FC_SITES_NAME_MAX ? work->name_len - FC_SITES_NAME_MAX : 0;
    *out_name = work->name + skipped;
    *out_len = work->name_len - skipped;
}

/* The site of the work, made if there is none, now the most recently used. With the lock held. */
static fc_cost_site *site_of(const fc_cost_work *work) {
    const char *name;
    size_t len;
    ending_of(work, &name, &len);
    const size_t bucket = bucket_of(name, len);
    place row = find(name, len, bucket);
    if (row == NONE) {
        row = take_row();
        fc_sites_row *made = &sites.rows[row];
        memset(made, 0, sizeof *made);
        memcpy(made->name, name, len);
        made->name_len = len;
        sites.next_in_bucket[row] = sites.buckets[bucket];
        sites.buckets[bucket] = (place)(row + 1);
        put_first(row);
    } else if (row != sites.newest) {
        unlink_row(row);
        put_first(row);
    }
    return &sites.rows[row].site;
}

typedef struct meeting {
    atomic_uint arrived;
    int64_t start;
    int64_t met_after; /* written by the last to arrive; 0: they did not meet */
} meeting;

/* Wait, but not for long, until both items are being done: then a second thread is at work. */
static void meet(void *ctx, size_t item, unsigned worker) {
    meeting *m = ctx;
    (void)item;
    (void)worker;
    if (atomic_fetch_add(&m->arrived, 1) == 1) {
        const int64_t after = fc_clock_ns() - m->start;
        if (after < MEET_NS) m->met_after = after;
        return;
    }
    while (atomic_load(&m->arrived) < 2 && fc_clock_ns() - m->start < MEET_NS) {}
}

/* The least of some rounds in which the pool's threads had gone to sleep before: noise only adds. On a processor that
 * others use too, or while the pool is busy, the two may never meet: then it is as assumed. */
static int64_t measure(const fc_runtime *runtime) {
    int64_t best = 0;
    for (int i = 0; i <= ROUNDS; i++) {
        meeting m = {.start = fc_clock_ns()};
        fc_job job = {.work = meet, .ctx = &m, .items = 2, .threads = 2};
        runtime->run(runtime, &job);
        /* The first round creates the thread. */
        if (i > 0 && m.met_after > 0 && (best == 0 || m.met_after < best)) best = m.met_after;
        const struct timespec pause = {.tv_nsec = PARK_NS};
        if (i < ROUNDS) nanosleep(&pause, NULL);
    }
    return best == 0 ? ASSUMED_NS : best;
}

static int64_t handover_for(const fc_runtime *runtime, const fc_cost_work *work, unsigned threads, double serial) {
    if (work->handover_ns > 0) return work->handover_ns;
    const int64_t known = atomic_load_explicit(&handover, memory_order_relaxed);
    if (known != 0) return known;
    if (threads < 2 || work->items < 2 || serial < SMALL_NS || serial > LARGE_NS) return ASSUMED_NS;
    if (atomic_exchange(&measuring, true)) return ASSUMED_NS;
    atomic_store(&handover, measure(runtime));
    return atomic_load(&handover);
}

double fc_sites_serial_ns(const fc_cost_work *work) {
    const char *name;
    size_t len;
    ending_of(work, &name, &len);
    static const fc_cost_site none;
    pthread_mutex_lock(&sites.lock);
    const place row = find(name, len, bucket_of(name, len));
    const double serial = fc_cost_serial_ns(row == NONE ? &none : &sites.rows[row].site, work);
    pthread_mutex_unlock(&sites.lock);
    return serial;
}

/* What the work is expected to take, for a site that has decided often enough to be worth a measurement; else 0. */
static double often_ns(const fc_cost_work *work) {
    const char *name;
    size_t len;
    ending_of(work, &name, &len);
    pthread_mutex_lock(&sites.lock);
    const place row = find(name, len, bucket_of(name, len));
    const fc_cost_site *site = row == NONE ? NULL : &sites.rows[row].site;
    const bool often = site != NULL && site->serial + site->parallel >= OFTEN;
    const double serial = often ? fc_cost_serial_ns(site, work) : 0;
    pthread_mutex_unlock(&sites.lock);
    return serial;
}

static int64_t known_handover(const fc_runtime *runtime, const fc_cost_work *work, unsigned threads) {
    const bool is_known = work->handover_ns > 0 || atomic_load_explicit(&handover, memory_order_relaxed) != 0;
    return handover_for(runtime, work, threads, is_known ? 0 : often_ns(work));
}

unsigned fc_sites_choose(const fc_runtime *runtime, const fc_cost_work *work, unsigned threads) {
    const int64_t handover_ns = known_handover(runtime, work, threads);
    pthread_mutex_lock(&sites.lock);
    const unsigned chosen = fc_cost_choose(site_of(work), work, threads, handover_ns,
                                           atomic_load_explicit(&threshold, memory_order_relaxed));
    pthread_mutex_unlock(&sites.lock);
    return chosen;
}

int64_t fc_sites_begin_serial(const fc_runtime *runtime, const fc_cost_work *work) {
    const int64_t handover_ns = known_handover(runtime, work, 2);
    const int64_t limit = atomic_load_explicit(&threshold, memory_order_relaxed);
    pthread_mutex_lock(&sites.lock);
    fc_cost_site *site = site_of(work);
    const bool serial = work->items == 0 || (fc_cost_serial_ns(site, work) > 0 &&
                                             fc_cost_would_choose(site, work, 2, handover_ns, limit) == 1);
    if (serial) fc_cost_choose(site, work, 2, handover_ns, limit);
    pthread_mutex_unlock(&sites.lock);
    return serial ? fc_clock_ns() : 0;
}

void fc_sites_end_serial(const fc_runtime *runtime, const fc_cost_work *work, int64_t began_ns) {
    if (work->items != 0) fc_sites_learn(runtime, work, 1, fc_clock_ns() - began_ns);
}

unsigned fc_sites_would_choose(const fc_runtime *runtime, const fc_cost_work *work, unsigned threads) {
    const int64_t handover_ns = known_handover(runtime, work, threads);
    static const fc_cost_site none;
    const char *name;
    size_t len;
    ending_of(work, &name, &len);
    pthread_mutex_lock(&sites.lock);
    const place row = find(name, len, bucket_of(name, len));
    const unsigned chosen = fc_cost_would_choose(row == NONE ? &none : &sites.rows[row].site, work, threads,
                                                 handover_ns, atomic_load_explicit(&threshold, memory_order_relaxed));
    pthread_mutex_unlock(&sites.lock);
    return chosen;
}

void fc_sites_learn(const fc_runtime *runtime, const fc_cost_work *work, unsigned threads, int64_t took_ns) {
    (void)runtime;
    const int64_t own = atomic_load_explicit(&handover, memory_order_relaxed);
    const int64_t handover_ns = work->handover_ns > 0 ? work->handover_ns : own > 0 ? own : ASSUMED_NS;
    pthread_mutex_lock(&sites.lock);
    fc_cost_learn(site_of(work), work, threads, handover_ns, took_ns);
    pthread_mutex_unlock(&sites.lock);
}

void fc_sites_set_threshold(int64_t threshold_ns) { atomic_store(&threshold, threshold_ns); }

int64_t fc_sites_handover_ns(void) { return atomic_load(&handover); }

size_t fc_sites_list(fc_sites_row *out_rows, size_t most) {
    size_t count = 0;
    pthread_mutex_lock(&sites.lock);
    for (place row = sites.newest; row != NONE && count < most; row = sites.older[row])
        out_rows[count++] = sites.rows[row];
    pthread_mutex_unlock(&sites.lock);
    return count;
}

void fc_sites_clear(void) {
    pthread_mutex_lock(&sites.lock);
    memset(sites.buckets, 0, sizeof sites.buckets);
    sites.newest = sites.oldest = NONE;
    sites.len = 0;
    pthread_mutex_unlock(&sites.lock);
}

/* The table is whole in a child because nobody is at it while the process forks. */
static void lock_table(void) { pthread_mutex_lock(&sites.lock); }

static void unlock_table(void) { pthread_mutex_unlock(&sites.lock); }

static void in_child(void) {
    pthread_mutex_unlock(&sites.lock);
    atomic_store(&measuring, atomic_load(&handover) != 0); /* who measured may be gone */
}

void fc_sites_set_up(void) { pthread_atfork(lock_table, unlock_table, in_child); }
