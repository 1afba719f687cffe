/* What a plan says of a record, and where its needles stand in a text. */
#ifndef FC_MATCH_H
#define FC_MATCH_H

#include "fc_buffer.h"
#include "fc_plan.h"
#include "fc_record.h"

/* What matching needs from record to record; one a thread. Zero-initialise. */
typedef struct fc_scratch {
    const uint8_t *hint; /* a place in the record's line where the filter saw something; NULL: none */
    fc_buffer text, folded;
    bool has_text; /* they hold the current record's whole text */
} fc_scratch;
void fc_scratch_free(fc_scratch *scratch);

/* Say whether a record that was read matches. `path` is the file's path, for `project`. FC_NO_MEMORY. */
fc_status fc_match_record(const fc_plan *plan, const fc_find *find, const fc_record *record, const char *path,
                          size_t path_len, fc_scratch *scratch, bool *out_match);

/* Find every needle that is not under NOT in `text` (valid UTF-8): ranges in characters, ascending, overlapping ones
 * merged. *out_ranges is malloc'ed, NULL when there are none. FC_NO_MEMORY. O(needles x length) on ordinary input. */
fc_status fc_match_spans(const fc_plan *plan, const fc_find *find, const uint8_t *text, size_t len,
                         fc_range **out_ranges, size_t *out_count);

#endif
