/* Analyse many files, on several threads where that pays. */
#ifndef FC_BATCH_H
#define FC_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fc_analysis.h"
#include "fc_gather.h"
#include "fc_runtime.h"
#include "fc_status.h"

typedef struct fc_batch_row {
    bool opened;      /* it is a regular file, and was read; else analysis is zero */
    int number;       /* errno where not; 0: no regular file */
    uint64_t size;    /* bytes that were read */
    int64_t mtime_ns; /* since 1970-01-01 UTC, as it was opened */
    fc_analysis analysis;
} fc_batch_row;

typedef struct fc_batch {
    const char *const *paths; /* `count` of them, NUL-terminated */
    size_t count;
    fc_analysis_options options;
    fc_batch_row *rows;                       /* `count` of them, in order of the paths */
    fc_gathered texts[FC_GATHER_COLUMNS];     /* on FC_OK and with FC_PART_TEXTS; free each with fc_gathered_free */
    unsigned threads;                         /* at most, 1..256 */
    /* Called on the calling thread about every 10 ms, and at the end with the two equal; nonzero stops. May be NULL. */
    int (*poll)(void *ctx, uint64_t done, uint64_t total);
    void *poll_ctx;
} fc_batch;

enum { FC_BATCH_KEPT = 1 << 20 };

/* Return the work of analysing so many files for the runtime's model of costs. Few columns take another time than all
 * do: another site. */
fc_cost_work fc_batch_work(size_t count, bool is_all);

/* Analyse each. A file that cannot be read, or holds no song, is a row like others. FC_STOPPED: poll asked to stop;
 * FC_FORKED: in a child that was forked while threads were at it; FC_NO_MEMORY: no memory to begin or to end with.
 * Memory: that of fc_analysis for each thread, given back after a file of more than FC_BATCH_KEPT bytes, and the texts.
 * What is told does not depend on threads. Thread-safe. */
fc_status fc_batch_run(const fc_runtime *runtime, fc_batch *batch);

#endif
