/* The structural index of one line of JSON, made by simdjson's first stage.
 *
 * Stage one checks the whole line for valid UTF-8, closed strings and raw control characters inside strings, and
 * yields the place of every `{ } [ ] : ,`, of every opening quote and of the first byte of every other scalar,
 * all outside strings. It picks its own instruction set at run time. */
#ifndef FC_STRUCTURE_H
#define FC_STRUCTURE_H

#include <stddef.h>
#include <stdint.h>

#include "fc_status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Places are 32 bits wide. */
#define FC_STRUCTURE_LEN_MAX ((size_t)UINT32_MAX - 64)

typedef struct fc_structure fc_structure;

/* Why a line is no record. */
typedef enum fc_line_reason {
    FC_LINE_OK = 0,
    FC_LINE_UTF8,          /* not valid UTF-8 */
    FC_LINE_CONTROL,       /* a raw control character inside a string */
    FC_LINE_UNCLOSED,      /* a string or bracket is not closed */
    FC_LINE_NO_OBJECT,     /* the line does not begin with an object */
    FC_LINE_TRAILING,      /* something follows the object */
    FC_LINE_GRAMMAR,       /* a comma, colon, key or bracket is not where it should be */
    FC_LINE_SCALAR,        /* a number or literal that JSON does not know */
    FC_LINE_ESCAPE,        /* a bad backslash escape in a string */
    FC_LINE_DEPTH,         /* more than 1,024 levels */
    FC_LINE_BOM,           /* a byte order mark that is not at the start of the file */
    FC_LINE_TOO_LONG,      /* longer than max_line */
    FC_LINE_REASON_COUNT
} fc_line_reason;

/* Create an indexer with no capacity. Not thread-safe: one a thread. */
fc_status fc_structure_new(fc_structure **out);
void fc_structure_free(fc_structure *structure);

/* Make the indexer able to take lines of `len` bytes (FC_BAD_VALUE above FC_STRUCTURE_LEN_MAX); about four bytes of
 * memory a byte. */
fc_status fc_structure_reserve(fc_structure *structure, size_t len);

/* Give the memory back. */
void fc_structure_shrink(fc_structure *structure);

/* Index a line of 1..capacity bytes; reads exactly [line, line + len). On FC_OK *out_index holds *out_count
 * ascending offsets followed by one entry `len`; it belongs to the indexer and lives until its next call.
 * FC_BAD_LINE sets *out_reason. O(len). */
fc_status fc_structure_index(fc_structure *structure, const uint8_t *line, size_t len, const uint32_t **out_index,
                             size_t *out_count, fc_line_reason *out_reason);

#ifdef __cplusplus
}
#endif

#endif
