/* Find the line numbers that a scan of mapped files has left open, by counting newlines.
 *
 * A block's count is remembered in it, so that the next hit in the file costs one block at most. */
#ifndef FC_NUMBERS_H
#define FC_NUMBERS_H

#include "fc_worker.h"

/* Fill in the line of every hit and of every report about a line that has none (0) and lies in a mapped file. It stays
 * 0 where the file was cut short before it, or written over. On up to `threads` threads. FC_NO_MEMORY. O(bytes not
 * counted before), of a file that was cut or has grown since O(its bytes). */
fc_status fc_numbers_fill(fc_shared *shared, fc_hit *hits, size_t hits_len, fc_report *reports, size_t reports_len,
                          unsigned threads);

#endif
