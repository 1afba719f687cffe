/* Learn what is not known yet of the blocks of mapped files, on the pool. */
#ifndef FC_LEARNING_H
#define FC_LEARNING_H

#include "fc_names.h"
#include "fc_runtime.h"
#include "fc_member.h"

typedef struct fc_learning_options {
    bool names;   /* the names too, which takes several times as long; else the facts alone */
    size_t block; /* how big a block is at least, >= 1 */
    unsigned threads;
    uint64_t max_mapped; /* as for fc_run */
    /* Called on the calling thread, at most every 10 ms while blocks are read; nonzero stops. May be NULL. */
    int (*poll)(void *ctx, uint64_t done_bytes, uint64_t total_bytes);
    void *poll_ctx;
} fc_learning_options;

typedef struct fc_learning_result {
    uint64_t bytes; /* of the blocks that were read */
    size_t blocks;  /* of which something was learnt */
    unsigned threads;
} fc_learning_result;

/* Learn the facts, and the names if wanted, of every block of every mapped member of the list, and put them where they
 * belong. A block that cannot be read, or is longer than FC_FACTS_LEN_MAX, stays unknown. FC_STOPPED: poll asked to
 * stop, what was learnt by then stays; FC_FORKED as fc_run; FC_NO_MEMORY. Thread-safe: two may learn the same side by
 * side. O(bytes of the blocks of which something is unknown). */
fc_status fc_learning_run(const fc_runtime *runtime, const fc_file_list *files, const fc_learning_options *options,
                          fc_learning_result *out);

/* Return the work of learning for the runtime's model of costs. */
fc_cost_work fc_learning_work(size_t blocks, uint64_t bytes, bool names);

#endif
