/* One thread's part of a run: it scans spans of files, judges their lines and keeps the best of them. */
#ifndef FC_WORKER_H
#define FC_WORKER_H

#include <pthread.h>

#include "fc_best.h"
#include "fc_block.h"
#include "fc_floor.h"
#include "fc_line_time.h"
#include "fc_match.h"
#include "fc_outlook.h"
#include "fc_times.h"

/* Lines that begin in [begin, end) of a file. A file's spans stand together, in order. */
typedef struct fc_span {
    size_t file;
    uint64_t begin, end; /* the last span's end is UINT64_MAX: the file may have grown */
    uint64_t newlines;   /* of its lines, when `finished` and the file has more than one span */
    bool finished;
    bool has_first; /* `first` is known; under the lock */
    fc_time_found first;
} fc_span;

typedef struct fc_shared_file {
    size_t first_span, spans;
    bool has_size;
    fc_file_info info;    /* when has_size: as of the walk; in pieces: as of its last opening, under the lock */
    fc_source_mark *mark; /* of a file in pieces: of the piece that was read last, under the lock; else NULL */
    bool has_last; /* `last` is known; under the lock */
    fc_time_found last;
    uint64_t stays;    /* mapped pages behind this place are dropped after they were scanned */
    unsigned reported; /* bit per fc_report_kind, under the lock */
} fc_shared_file;

/* What the threads of a run share. */
typedef struct fc_shared {
    const fc_runtime *runtime;
    const fc_file_list *files;
    const fc_plan *plan;
    const fc_probe *stamps; /* of lines that may hold a time */
    const fc_find *find;
    const fc_run_options *options;
    fc_plan_options bounds;
    bool every_line;     /* the filter passes over no line */
    bool uncounted;      /* bad lines that show a time are not reported */
    bool prunes;         /* lines that show that they are none of the best are not parsed */
    fc_line_time line_time;
    fc_floor floor;
    const fc_outlook *outlook; /* NULL: no block is passed over for what is known of it */
    const size_t *ranks; /* by file: its place in the order of paths */
    fc_span *spans;
    fc_shared_file *states; /* by file */
    fc_job job;
    pthread_mutex_t lock, long_lines;
    atomic_uint_least64_t done_bytes;
    atomic_int status; /* the first failure */
} fc_shared;

/* True if a file of this size is to be cut into pieces. */
bool fc_shared_is_big(const fc_shared *shared, uint64_t size);

/* True if a file is judged from its end: a log grows forwards, and where lines may be left unparsed and the newest are
 * wanted, its older lines then are. */
bool fc_shared_goes_backwards(const fc_shared *shared);

typedef struct fc_worker {
    fc_shared *shared;
    unsigned id; /* its number in the job */
    fc_parser parser;
    fc_scratch scratch;
    fc_times times;
    /* What it found so far. */
    fc_best best;
    fc_first_reports reports;
    fc_tail *tails;
    size_t tails_len, tails_capacity;
    fc_trail trail;
    uint64_t bytes, lines, blank, records, candidates, pruned, matches, errors, files_failed;
    uint64_t blocks, blocks_passed, blocks_idle;
    /* The span being scanned. */
    const fc_span *span;
    uint64_t begin, end; /* the stretch of it whose lines are read; its end may be UINT64_MAX, too */
    bool numbered_later; /* lines get the number 0 */
    bool quiet;    /* the lines are a block's that may be passed over: bad ones are not reported */
    bool has_passed; /* it has passed over a block or more */
    fc_source source;
    fc_block block;
    bool ended_early;  /* its file ended at `ended_at`, before the end that it had when it was opened */
    uint64_t ended_at;
    bool passing;      /* the block begins inside a line that is not to be judged */
    bool gave_up;      /* that line is the span's own, and too long */
    size_t complete;   /* end of the last whole line in the block */
    bool counting;     /* newlines are counted as bytes leave the block */
    bool lost_count;   /* bytes left the block uncounted; then the span begins at 0 */
    size_t counted;    /* newlines before this place in the block are in `newlines` */
    uint64_t newlines;
    /* The last inherited time: it holds for records from `since` up to `until`. */
    bool has_inherited;
    uint64_t since, until;
    bool inherited_known;
    int64_t inherited_us;
} fc_worker;

/* Set up a worker; `shared` outlives it and its options and ranks are set. FC_NO_MEMORY leaves what fc_worker_free
 * takes. */
fc_status fc_worker_init(fc_worker *worker, fc_shared *shared, unsigned id);

/* Scan a span, each once: open its file, read it through a private buffer, judge its lines, and say what befell the
 * file. A whole file that turns out to be big is left alone, its size noted in its state. Failures are reported or,
 * when nothing can go on, set in shared->status and stop the job. One thread at a time may use a worker, different
 * workers run side by side. O(bytes). */
void fc_worker_scan(fc_worker *worker, fc_span *span);

void fc_worker_free(fc_worker *worker);

/* Parts of fc_worker_scan, for the open span. */

/* Read the lines that begin in [begin, end) of the file through the worker's block and judge them. FC_STOPPED when they
 * were not read to their end. */
fc_status fc_worker_scan_lines(fc_worker *worker, uint64_t begin, uint64_t end);

/* Judge one line of the block: [begin, end) without its newline; `next` is where the next line begins. */
fc_status fc_worker_take_line(fc_worker *worker, size_t begin, size_t end, size_t next, bool terminated);

/* True if lines may be left unparsed and this one, at `offset` in the open file, shows that its record is none of the
 * best: outside the bounds of time, below the floor, or behind the hits that the worker holds. Takes no lock,
 * allocates nothing and writes nothing, so that it may run over memory that faults; over memory that changes meanwhile
 * the answer is right for one of its states or for none. O(len). */
bool fc_worker_prunes(const fc_worker *worker, const uint8_t *line, size_t len, uint64_t offset);

/* Give pages of [begin, end) of a mapped file back, but for those that stay. Thread-safe. */
void fc_worker_drop_pages(const fc_shared *shared, size_t file, uint64_t begin, uint64_t end);

/* True once the scan should end. */
bool fc_worker_should_stop(const fc_worker *worker);

#endif
