/* The thread pool behind fc_runtime: POSIX threads, created lazily, parked on a condition variable when idle.
 *
 * Rules: at most 255 workers beside the caller; a worker blocks every signal except SIGBUS, SIGSEGV, SIGFPE,
 * SIGILL and SIGTRAP; items are handed out by one atomic cursor; the caller counts finished items and never
 * waits for a worker that took none; a second or nested job runs serially on its caller; a child after fork()
 * starts with no workers and creates its own. When a thread cannot be created the job goes on with fewer. */
#ifndef FC_POOL_H
#define FC_POOL_H

#include "fc_runtime.h"

/* Return the process's runtime, set up at the first call to use instruction-set level `cpu` (later calls ignore
 * the argument). Thread-safe. Never fails: no thread is created before the first job that wants one. */
const fc_runtime *fc_pool_runtime(fc_cpu_level cpu);

/* Return how many workers exist now (0 before the first parallel job and in a fresh forked child). */
unsigned fc_pool_workers(void);

#endif
