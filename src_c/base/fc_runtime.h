/* The one process-wide runtime of the package: its thread pool, what call sites cost, its mapped files,
 * and the instruction-set level.
 *
 * It lives in fastcore._native.base alone; every other module receives a pointer to it and calls through the
 * table below, so that no second pool can exist in the process. */
#ifndef FC_RUNTIME_H
#define FC_RUNTIME_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fc_cost.h"
#include "fc_cpu.h"

typedef struct fc_job {
    /* Do item `item` (each of 0..items-1 exactly once, handed out in ascending order) as worker `worker`: 0 is the
     * calling thread, the others are seats below `threads`, which different threads may take one after another,
     * never two at once. Never touches Python. In a forked child nobody may be left to release a lock: an item that
     * was told to stop looks at `forked` before it takes one. */
    void (*work)(void *ctx, size_t item, unsigned worker);
    void *ctx;
    size_t items;
    unsigned threads; /* how many may work, the caller included: 1..256 */
    /* Called on the calling thread only, at most every 10 ms while the job runs; nonzero stops the job.
     * May be NULL. */
    int (*poll)(void *poll_ctx);
    void *poll_ctx;
    bool timed; /* helped_cpu_ns is wanted */
    /* Below: owned by the runtime while the job runs. Zero-initialise. */
    atomic_bool stop;
    bool shared; /* other jobs were on the pool meanwhile: alone it would have taken less time */
    bool forked; /* this process was forked while the job ran: its workers are gone, their items half done */
    int64_t next_poll_ns;
    int64_t helped_cpu_ns; /* when timed: processor time of the threads that helped the caller */
} fc_job;

typedef struct fc_runtime fc_runtime;
struct fc_runtime {
    fc_cpu_level cpu;
    /* Run a job to its end: every item done, or, after `stop` was set, every item that was begun done. When it
     * returns no worker is inside the job any more. Returns as how many workers at least one item was done.
     * Thread-safe: jobs that run side by side share the pool's workers evenly, each keeping its caller; from inside
     * an item or a poll of a job of several threads a job runs serially on the caller. Never waits for an idle
     * worker. Safe in a forked child: the pool starts anew there, and a job of several threads that it inherited is
     * stopped and marked `forked`. */
    unsigned (*run)(const fc_runtime *runtime, fc_job *job);
    /* For use inside a long item: true once the job should end. On worker 0 also polls when 10 ms have passed. */
    bool (*should_stop)(fc_job *job, unsigned worker);
    /* Return how many threads, 1..threads, to give to the work; only the time it takes may depend on the answer. */
    unsigned (*choose)(const fc_runtime *runtime, const fc_cost_work *work, unsigned threads);
    /* After work that was chosen for: tell what it took on how many threads. Not after work that was broken off or
     * shared the pool. Both are thread-safe and take about 0.1 us, but for one call in the process, which measures the
     * hand-over (2 to 5 ms). */
    void (*learn)(const fc_runtime *runtime, const fc_cost_work *work, unsigned threads, int64_t took_ns);
    /* Mapped files: fc_map.h and fc_guard.h. */
    const uint8_t *(*map_open)(int fd, size_t len, bool replaces);
    void (*map_close)(const uint8_t *bytes, size_t len);
    void (*map_drop)(const uint8_t *bytes, size_t len);
    bool (*guard_begin)(void);
    void (*guard_end)(bool was_blocked);
    bool (*guard_run)(const void *bytes, size_t len, void (*region)(void *ctx), void *ctx, size_t *out_fault);
};

#endif
