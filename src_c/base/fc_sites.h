/* The call sites of the process: what each one's runs took, and what the pool's hand-over costs on this machine.
 *
 * Part of the one runtime, linked into fastcore._native.base alone; kernels reach fc_sites_choose and fc_sites_learn
 * through fc_runtime. At most FC_SITES_MAX sites are kept, the least recently used gives way. Thread-safe: one lock,
 * held for a look-up and some arithmetic (about 0.1 us a call); no allocation. A forked child keeps what is known. */
#ifndef FC_SITES_H
#define FC_SITES_H

#include "fc_runtime.h"

enum { FC_SITES_MAX = 1024, FC_SITES_NAME_MAX = 160 };

typedef struct fc_sites_row {
    char name[FC_SITES_NAME_MAX];
    size_t name_len;
    fc_cost_site site;
} fc_sites_row;

/* Prepare for forks; call it once, before the first of the others. */
void fc_sites_set_up(void);

/* Return how many threads, 1..threads, to give to the work, and count the decision. Of longer names than
 * FC_SITES_NAME_MAX the last so many bytes count. The first call that it makes a difference to, at a site that
 * has decided a few times, measures the hand-over of the runtime's pool, in 2 to 5 ms; before it, it is assumed. Never
 * waits for another that measures. */
unsigned fc_sites_choose(const fc_runtime *runtime, const fc_cost_work *work, unsigned threads);

/* Return the same and change nothing. */
unsigned fc_sites_would_choose(const fc_runtime *runtime, const fc_cost_work *work, unsigned threads);

/* Begin work that not even a second thread is worth, at a site with experience, or of no items: count the decision and
 * return the time by a monotonic clock, > 0. Otherwise change nothing and return 0. */
int64_t fc_sites_begin_serial(const fc_runtime *runtime, const fc_cost_work *work);

/* End work that fc_sites_begin_serial began at `began_ns`: learn what it took, unless it had no items. */
void fc_sites_end_serial(const fc_runtime *runtime, const fc_cost_work *work, int64_t began_ns);

/* Return how long the work is expected to take on one thread; 0: no idea. */
double fc_sites_serial_ns(const fc_cost_work *work);

/* Learn that the work took `took_ns` on `threads` threads. */
void fc_sites_learn(const fc_runtime *runtime, const fc_cost_work *work, unsigned threads, int64_t took_ns);

/* Set the threshold of fc_cost_would_choose for all sites: FC_COST_BY_MODEL, which it is at first, or >= 0. */
void fc_sites_set_threshold(int64_t threshold_ns);

/* Return the measured hand-over of the runtime's pool; 0: not measured yet. */
int64_t fc_sites_handover_ns(void);

/* Copy up to `most` sites to out_rows, the most recently used first; return how many there were to copy. */
size_t fc_sites_list(fc_sites_row *out_rows, size_t most);

/* Forget every site. */
void fc_sites_clear(void);

#endif
