/* Make the sketches of the blocks of mapped files, several blocks at a time. */
#ifndef FC_SKETCHES_H
#define FC_SKETCHES_H

#include "fc_file.h"
#include "fc_member.h"
#include "fc_runtime.h"

typedef struct fc_sketches_options {
    unsigned threads;    /* at most so many, 1..256 */
    size_t block;        /* how big a block is at least */
    uint64_t max_mapped; /* as for fc_run */
    int64_t timeout_ns;  /* negative: none */
    /* Called on the calling thread, at most every 10 ms, and once at the end of a whole run with the two equal; nonzero
     * stops the run. May be NULL. */
    int (*poll)(void *ctx, uint64_t done_bytes, uint64_t total_bytes);
    void *poll_ctx;
} fc_sketches_options;

/* Make a sketch of every block that has none of every mapped file in the list, and remember how many newlines the
 * block holds. A block that cannot be read any more, or whose file was cut short or written over since it was mapped,
 * stays without one. *out_whole: it was not the time that ended it. Sketches that were made before a stop stay.
 * Thread-safe, also beside scans of the same files. FC_STOPPED when the poll said so, FC_FORKED, FC_NO_MEMORY.
 * O(bytes without a sketch), and O(blocks). */
fc_status fc_sketches_make(const fc_runtime *runtime, const fc_file_list *files, const fc_sketches_options *options,
                           bool *out_whole);

#endif
