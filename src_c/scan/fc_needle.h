/* A needle: what a text term or a field of a query looks for, and its search in text. */
#ifndef FC_NEEDLE_H
#define FC_NEEDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fc_arena.h"
#include "fc_find.h"
#include "fc_slice.h"
#include "fc_status.h"

typedef struct fc_needle {
    const uint8_t *bytes;
    size_t len;
    fc_literal literal; /* when len != 0 */
    /* Raw text decides for a needle of ASCII without short escapes: a raw match that does not begin inside an escape
     * is a match, and a raw miss is final unless the slice holds one of `escapes` or a variant beyond ASCII. */
    bool raw_decides;
    fc_escape_set escapes;
    size_t rarest; /* the offset of its rarest character, that one alone, and the escapes of that one */
    fc_literal rarest_literal;
    fc_escape_set rarest_escapes;
    fc_literal beyond[2]; /* the variants beyond ASCII of k and s, where the needle holds those */
    size_t beyond_len;
} fc_needle;

/* Make a needle of valid UTF-8, folded if `fold`; its bytes are taken from the arena. FC_NO_MEMORY. O(len). */
fc_status fc_needle_init(fc_needle *out, fc_arena *arena, const uint8_t *value, size_t len, bool fold);

/* Return the offset of the first occurrence in text that was folded if the needle was, `len` if there is none. The
 * needle is not empty. O(len), for a needle of more than 256 bytes on any input. */
size_t fc_needle_find(const fc_needle *needle, const fc_find *find, const uint8_t *text, size_t len);

typedef enum fc_needle_answer {
    FC_NEEDLE_ABSENT,
    FC_NEEDLE_THERE,
    FC_NEEDLE_HIDDEN /* perhaps, in another spelling: the slice must be decoded to know */
} fc_needle_answer;

/* Say whether the needle, for which raw text decides, stands in the slice, whose escapes are legal. O(len). */
fc_needle_answer fc_needle_in_slice(const fc_needle *needle, const fc_find *find, fc_slice slice);

/* True if the needle, for which raw text decides, stands at this place, which is of the slice or elsewhere in its line.
 * O(needle's length). */
bool fc_needle_at(const fc_needle *needle, const fc_find *find, fc_slice slice, const uint8_t *place);

typedef struct fc_range {
    size_t start, end;
} fc_range;

/* Ranges in order; zero-initialise, free(items) at the end. */
typedef struct fc_ranges {
    fc_range *items;
    size_t len, capacity;
} fc_ranges;

/* Append the byte ranges of all occurrences in text that was folded if the needle was, ascending, those that overlap
 * joined. The needle is not empty. FC_NO_MEMORY. O(len + needle's length). */
fc_status fc_needle_ranges(const fc_needle *needle, const fc_find *find, const uint8_t *text, size_t len,
                           fc_ranges *ranges);

#endif
