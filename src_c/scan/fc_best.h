/* The best hits and the first reports of a scan, kept in bounded heaps that merge. */
#ifndef FC_BEST_H
#define FC_BEST_H

#include "fc_run.h"

/* What orders two hits: the files' ranks by path, and the order asked for. */
typedef struct fc_best_order {
    fc_order order;
    const size_t *ranks; /* by file: its place in ascending byte order of the paths, then of naming */
} fc_best_order;

/* Negative if `a` comes before `b`; 0 only for the same line. */
int fc_best_compare(const fc_best_order *order, const fc_hit *a, const fc_hit *b);

/* At most `limit` hits, the last of them on top. Zero-initialise, then set order and limit. Not thread-safe. */
typedef struct fc_best {
    fc_best_order order;
    size_t limit;
    fc_hit *items;
    size_t len, capacity;
} fc_best;

/* True if the hit would be kept. `raw` and `line` are not looked at. O(1). */
bool fc_best_accepts(const fc_best *best, const fc_hit *hit);

/* Return the last of `limit` hits, which those accepted from now on come before; NULL while there is room. O(1). */
const fc_hit *fc_best_last(const fc_best *best);

/* Keep a hit that is accepted, with a copy of its line. O(log limit + raw_len). FC_NO_MEMORY keeps what was there. */
fc_status fc_best_push(fc_best *best, const fc_hit *hit);

/* Move every hit of `other` that is accepted into `best`; `other` is left empty. */
fc_status fc_best_merge(fc_best *best, fc_best *other);

/* Put the hits in order; nothing may be pushed afterwards. O(n log n). */
void fc_best_sort(fc_best *best);
void fc_best_free(fc_best *best);

/* FC_REPORTS_MAX reports: what concerns a whole file goes before every line, else the first by (path, offset). So a
 * file that failed is not lost among a thousand bad lines. Zero-initialise, then set ranks. Not thread-safe. */
typedef struct fc_first_reports {
    const size_t *ranks;
    fc_report *items;
    size_t len, capacity;
} fc_first_reports;

/* True if the report would be kept; only kind, file and offset are looked at. O(1). */
bool fc_first_reports_accept(const fc_first_reports *reports, const fc_report *report);

/* Keep a report that is accepted. O(log FC_REPORTS_MAX). */
fc_status fc_first_reports_push(fc_first_reports *reports, const fc_report *report);

/* Put what was kept in order, by (path, offset); nothing may be pushed afterwards. */
void fc_first_reports_sort(fc_first_reports *reports);
void fc_first_reports_free(fc_first_reports *reports);

#endif
