/* One line of a session log as a record: its fields and the pieces of its text, by the rules of the log format.
 *
 * The line is indexed by fc_structure and walked once; nothing is copied: the slices of a record point into
 * the line. */
#ifndef FC_RECORD_H
#define FC_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fc_buffer.h"
#include "fc_find.h"
#include "fc_slice.h"
#include "fc_structure.h"

enum { FC_RECORD_LEVELS_MAX = 1024 };

typedef struct fc_record {
    fc_slice type, message_role, session, uuid, cwd, branch, model;
    fc_slices tools;  /* names of the tool_use blocks, in order */
    fc_slices pieces; /* the text, to be joined with one newline */
    bool is_error, is_human, has_time;
    int64_t time_us; /* its own time, when has_time */
    fc_buffer scratch, ends; /* memory that is kept from record to record */
    const fc_find *find; /* kernels to use; NULL: those of the base level */
} fc_record;

/* Read a record. `line` has no line end and no byte order mark; the byte at line[len] must be readable and none of
 * `{}[]:,"`. With `check_all` every value is visited: strings unescaped, numbers and literals checked, levels
 * counted everywhere; without it only the members that the walk reads, and what is stepped over is accepted as long
 * as its brackets balance. `record` is reused from call to call (zero-initialise it once, fc_record_free at the
 * end). FC_BAD_LINE sets *out_reason; FC_NO_MEMORY. O(len). The structure's capacity must be at least len. */
fc_status fc_record_read(fc_structure *structure, const uint8_t *line, size_t len, bool check_all,
                         fc_record *record, fc_line_reason *out_reason);
void fc_record_free(fc_record *record);

/* True if the line holds only spaces, tabs and carriage returns. */
bool fc_record_blank(const uint8_t *line, size_t len);

/* Return the record's role: that of its message, else its type. */
fc_slice fc_record_role(const fc_record *record);

/* Append the record's text: its pieces decoded and joined with newlines. */
fc_status fc_record_text(const fc_record *record, fc_buffer *out);

/* Return a short English name of the reason; static storage. */
const char *fc_line_reason_name(fc_line_reason reason);

#endif
