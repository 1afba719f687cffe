/* Scan files for the records that match a plan and keep the best of them.
 *
 * Files are cut into spans; a span owns the lines that begin in it. Workers take spans one by one, read them through
 * private buffers, parse the lines that the filter lets through and keep a bounded heap each; the heaps merge into
 * one total order, so that no result depends on how the spans fell to the threads. */
#ifndef FC_RUN_H
#define FC_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fc_file.h"
#include "fc_plan.h"
#include "fc_runtime.h"
#include "fc_structure.h"
#include "fc_trail.h"

typedef enum fc_order {
    FC_ORDER_NEWEST = 0, /* time descending, then path, then offset; records without a time last */
    FC_ORDER_OLDEST,     /* time ascending, then path, then offset; records without a time last */
    FC_ORDER_FILE        /* path, then offset */
} fc_order;

typedef struct fc_run_options {
    fc_order order;
    size_t limit; /* SIZE_MAX: all; 0: only count */
    bool validate_all;
    /* In an order of time, without validate_all: matches need not all be found. A line whose raw bytes show that its
     * record is none of the best may be left unparsed, and a bad line that shows a time is not reported, so that
     * neither hits nor reports depend on what was left; `matches`, `records` and `candidates` do. */
    bool uncounted;
    bool no_prune; /* when uncounted: parse such lines all the same */
    /* Every match is in one of these lines, or in a line that belongs to no block; sorted. NULL: not known. */
    const fc_trail *only;
    bool keep_trail; /* the result's trail is wanted; not when uncounted */
    uint64_t max_mapped; /* pages behind the first so many bytes of the list are given back; 0: none are */
    bool stop_on_os_error;
    size_t max_line; /* >= 1, at most FC_STRUCTURE_LEN_MAX counts: longer lines are errors, their bytes are not kept */
    unsigned threads;
    int64_t timeout_ns; /* negative: none */
    size_t chunk;       /* bytes read at a time, >= 1 */
    size_t span;        /* bigger files are cut into pieces of about this size at most, >= 1 */
    size_t block;       /* of mapped files: how big a block is at least; 0: FC_BLOCKS_SIZE */
    unsigned use;       /* bits of FC_USE_*: what blocks may be asked */
    /* Called on the calling thread before files are read, at most every 10 ms meanwhile, and once at the end of a whole
     * scan with the two equal; nonzero stops the scan. May be NULL. */
    int (*poll)(void *ctx, uint64_t done_bytes, uint64_t total_bytes);
    void *poll_ctx;
    bool poll_total; /* poll wants total_bytes; else it may be less than the files hold */
} fc_run_options;

typedef struct fc_hit {
    size_t file;     /* index into the list's entries */
    uint64_t offset; /* of the line */
    uint64_t line;   /* from 1; 0 when the scan stopped before the lines above were counted */
    int64_t time_us; /* when has_time: the record's own or inherited time */
    bool has_time;
    uint8_t *raw; /* the line without its end and without a byte order mark */
    size_t raw_len;
} fc_hit;

typedef enum fc_report_kind {
    FC_REPORT_LINE,      /* a line that is no record: `reason` is an fc_line_reason */
    FC_REPORT_OS,        /* `reason` is an errno, 0: no regular file */
    FC_REPORT_TRUNCATED, /* the file became shorter: it ended at `offset` when that was seen */
    FC_REPORT_CHANGED    /* the file was overwritten or replaced while it was read */
} fc_report_kind;

enum { FC_REPORTS_MAX = 1000, FC_EXCERPT_MAX = 120 };

typedef struct fc_report {
    size_t file;
    fc_report_kind kind;
    int reason;
    uint64_t offset, line; /* line as in fc_hit, 0 for reports about a whole file */
    uint8_t excerpt[FC_EXCERPT_MAX];
    size_t excerpt_len;
} fc_report;

typedef struct fc_tail {
    size_t file;
    uint64_t offset;
} fc_tail;

typedef struct fc_run_result {
    fc_hit *hits; /* in order */
    size_t hits_len;
    fc_report *reports; /* FC_REPORTS_MAX at most, whole files before lines, in order by (path, offset) */
    size_t reports_len;
    fc_tail *tails; /* by path */
    size_t tails_len;
    uint64_t bytes, lines, blank, records, candidates, matches, errors, files_failed;
    uint64_t pruned; /* candidates that were left unparsed, or unreported, because of the time that they show */
    fc_trail trail; /* when asked for: of all matches, sorted; lost, if it is not whole */
    /* Of mapped files: blocks that were come by, those that a sketch let pass by unseen, those in which no line had to
     * be judged. All 0 when every line was. */
    uint64_t blocks, blocks_passed, blocks_idle;
    bool counted; /* the filter passed over no line: lines and blank are known */
    bool timed_out;
    unsigned threads;
    int64_t scan_ns, merge_ns;
    int64_t cpu_ns; /* sum of the threads that scanned */
} fc_run_result;

/* Return the work of a scan for the runtime's model of costs: `parts` that threads can take one by one, so many files
 * and so many bytes of them, as far as is known. A file's opening counts as some bytes too. `every_line`: none is
 * passed over unparsed, another site. */
fc_cost_work fc_run_work(size_t parts, size_t files, uint64_t bytes, bool every_line);

/* Scan every entry of the list. The list and the plan must not change meanwhile. FC_STOPPED: poll asked to stop;
 * FC_FORKED: in a child that was forked while threads scanned, which has no answer; FC_NO_MEMORY; otherwise FC_OK, also
 * when files failed (reports). Thread-safe. O(bytes). */
fc_status fc_run(const fc_runtime *runtime, const fc_file_list *files, const fc_plan *plan,
                 const fc_run_options *options, fc_run_result *out);

void fc_run_result_free(fc_run_result *result);

#endif
