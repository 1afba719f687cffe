/* Choose between one thread and several for a piece of work, from what earlier runs at the same call site took.
 *
 * The model of a site, all of it here, without clocks and without shared state, so that it can be tested as a function:
 *
 *   serial(work)      = bytes * ns_per_byte where both are known, else items * ns_per_item, else the caller's guess
 *   parallel(work, n) = handover + serial / (1 + gain * (n - 1))
 *
 * ns_per_item and ns_per_byte are moving averages of serial runs (a quarter of each new one). A single run that took
 * over four times as long as expected counts for nothing, the second in a row replaces the average: the first is mostly
 * the machine's doing, the second is another kind of work. One that took less than a quarter replaces it at once. With
 * another kind of work threads are tried soon. What n threads did in time t after a hand-over cannot have been more
 * work than n * t, which corrects an average that is too high; nor can it have been less than the processor time that
 * they spent, where that is known, which corrects one that is too low, as of a site whose work differs from call to call.
 *
 * `gain`, at most 1, says how much a further thread adds, below 0 how much it hinders; it is a moving average too, and
 * GAIN_HOPED until a parallel run has been seen. Two parallel runs in a row without gain, as of a Python function under
 * the interpreter's lock, send the site back to serial; it tries again after 8 serial runs that might have gained, then
 * after 16, 32, ...: up to 64 where a try costs next to nothing (as when every processor is taken, and the caller does
 * all the work itself), else as many as keep what tries cost below a 500th of the time, at most 4,096.
 *
 * Only the number of threads depends on any of this. O(1) each. Not thread-safe: fc_sites holds a lock. */
#ifndef FC_COST_H
#define FC_COST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Work at a call site. The first `name_len` bytes of `name` tell sites apart; they need not end in a NUL. */
typedef struct fc_cost_work {
    const char *name;
    size_t name_len;
    size_t items;        /* parts that can run side by side */
    uint64_t bytes;      /* 0: unknown */
    int64_t guess_ns;    /* what it may take on one thread, for a site without experience; 0: no idea */
    int64_t handover_ns; /* of the pool that will run it; 0: of the runtime's own */
    int64_t cpu_ns;      /* when learning: the processor time that all threads together spent on it; 0: unknown */
} fc_cost_work;

/* What is known of one call site. Zero-initialise. Times are in ns. */
typedef struct fc_cost_site {
    double ns_per_item, ns_per_byte; /* 0: not known */
    double gain;                     /* when `tried` */
    bool tried;                      /* a parallel run was judged */
    unsigned poor;                   /* parallel runs without gain, in a row, counted up to 2 */
    unsigned slow;                   /* serial runs in a row that took over four times as long, 0 or 1 */
    uint32_t waited, wait;           /* serial runs since the last try, and how many there have to be */
    uint64_t serial, parallel;       /* decisions */
    uint64_t measured;               /* runs that had a prediction, of which the following are sums */
    double predicted_ns, measured_ns;
    double error; /* moving average of |predicted - measured| / measured */
} fc_cost_site;

enum { FC_COST_BY_MODEL = -1 };

/* Return how long the work is expected to take on one thread; 0: no idea. */
double fc_cost_serial_ns(const fc_cost_site *site, const fc_cost_work *work);

/* Return how long it is expected to take on `threads` (>= 1) after a hand-over of `handover_ns`; 0: no idea. */
double fc_cost_parallel_ns(const fc_cost_site *site, const fc_cost_work *work, unsigned threads, int64_t handover_ns);

/* Return how many threads to use, 1..threads, and change nothing: what fc_cost_choose would say.
 * `threads` (0 counts as 1) is how many may be used; no more than there are items, nor so many that each has less to do
 * than a hand-over takes, are chosen. `threshold_ns` FC_COST_BY_MODEL: as the model has it; 0: always as many as there
 * are items for; else: one for work that is expected to take less, and for work of which nothing is known. */
unsigned fc_cost_would_choose(const fc_cost_site *site, const fc_cost_work *work, unsigned threads,
                              int64_t handover_ns, int64_t threshold_ns);

/* The same, and count the decision. */
unsigned fc_cost_choose(fc_cost_site *site, const fc_cost_work *work, unsigned threads, int64_t handover_ns,
                        int64_t threshold_ns);

/* Learn that the work took `took_ns` (below 1 counts as 1) on `threads` threads (0 counts as 1). Work that was broken
 * off is not to be learned from, unless `work` says how much of it was done. */
void fc_cost_learn(fc_cost_site *site, const fc_cost_work *work, unsigned threads, int64_t handover_ns,
                   int64_t took_ns);

#endif
