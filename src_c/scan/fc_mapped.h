/* Scan a mapped file: its blocks are searched where they lie, under the guard, and only the lines that must be judged
 * are copied into the worker's private memory. What has changed under the scan is read as any other file is. */
#ifndef FC_MAPPED_H
#define FC_MAPPED_H

#include "fc_worker.h"

/* Scan the lines of the worker's span, whose source is a mapped member and which begins and ends at blocks; a filter
 * is in force, or facts are. Lines get the number 0: fc_numbers_fill finds them later. Failures are reported as by
 * fc_worker_scan_lines. FC_STOPPED when it was not scanned to its end. Between guard_begin and guard_end. O(bytes). */
fc_status fc_mapped_scan(fc_worker *worker);

/* True if nothing of such a span need be looked at, its file included: what is known of its blocks denies each of
 * them, and no line stands behind them. Then it counts as scanned. The member may be NULL. O(blocks). */
bool fc_mapped_passes(fc_worker *worker, const fc_span *span, fc_member *member);

#endif
