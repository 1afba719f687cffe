/* Tell the time of a record from its raw line, unparsed, where it is sure to be the record's own. */
#ifndef FC_LINE_TIME_H
#define FC_LINE_TIME_H

#include "fc_find.h"

/* What is looked for; immutable once made, may be shared between threads. */
typedef struct fc_line_time {
    const fc_find *find;
    fc_literal key;
    fc_escape_set letters; /* of the key, which may be spelled with escapes */
} fc_line_time;

void fc_line_time_init(fc_line_time *out, const fc_find *find);

/* Read the time off a line without its end and without a byte order mark. True and *out_us only if the line, should it
 * be a record, has exactly this time of its own: one `"timestamp"` stands in it, its brackets show that this is a
 * member of the outermost object, the value is a string of RFC 3339 as fc_time_parse reads it, without an escape, and
 * nothing in the line could be the key in another spelling. False, and nothing written, for every other line, also
 * where its record has a time. Of a line that is no record the answer means nothing. Reads only [line, line + len).
 * Pure, thread-safe. O(len). */
bool fc_line_time_read(const fc_line_time *time, const uint8_t *line, size_t len, int64_t *out_us);

#endif
