/* The thread pool behind fc_runtime: POSIX threads, created lazily, parked on a condition variable when idle.
 *
 * Rules: at most 255 workers beside the caller; a worker blocks every signal except SIGBUS, SIGSEGV, SIGFPE,
 * SIGILL and SIGTRAP; a job's items are handed out by one atomic cursor; the caller waits only for workers that are
 * inside its job; a nested job runs serially on its caller; a child after fork() starts with no workers and creates its
 * own. When a thread cannot be created the job goes on with fewer.
 *
 * Jobs side by side: there are no more workers than the widest job wants, so that these and a caller each are all that
 * runs. A free worker joins the job with the fewest workers, of several the one that waited longest; while there are
 * several jobs it looks again after the item that ends its turn of 1 ms. So two jobs of equal width get as much of the
 * workers' time each, however long their items are. */
#ifndef FC_POOL_H
#define FC_POOL_H

#include "fc_runtime.h"

/* Return the process's runtime, set up at the first call to use instruction-set level `cpu` (later calls ignore
 * the argument). Thread-safe. Never fails: no thread is created before the first job that wants one. */
const fc_runtime *fc_pool_runtime(fc_cpu_level cpu);

/* Return how many workers exist now (0 before the first parallel job and in a fresh forked child). */
unsigned fc_pool_workers(void);

#endif
