/* Search raw bytes for a literal, for an escape `\uXXXX` of given values, and count newlines, at memory speed.
 *
 * Every variant returns the same offsets and reads nothing outside [bytes, bytes + len). All functions are pure
 * and thread-safe; a literal and an escape set may be shared between threads once built. */
#ifndef FC_FIND_H
#define FC_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fc_cpu.h"

/* Two or three bytes of what is searched for that are tested first: the byte at offset at[i] is bits[i] under mask[i].
 * No other of them stands behind the one at at[0]; they may be the same byte where there are no others. Made by
 * fc_literal_init and fc_escape_set_add. */
typedef struct fc_telling {
    size_t at[3];
    uint8_t mask[3], bits[3];
    bool third; /* test the third too */
} fc_telling;

/* A needle prepared for the search. `bytes` belongs to the caller and must outlive it. */
typedef struct fc_literal {
    const uint8_t *bytes; /* with ignore_case: its ASCII letters are lower-case */
    size_t len;           /* >= 1 */
    bool ignore_case;     /* ASCII letters match either case; all other bytes match themselves */
    fc_telling telling;
} fc_literal;

/* Prepare a literal. With `ignore_case` the letters in `bytes` must be lower-case already. O(len). */
void fc_literal_init(fc_literal *out, const uint8_t *bytes, size_t len, bool ignore_case);

/* How many bits of surprise the byte carries in a typical session log: bigger is rarer. With `ignore_case` for a
 * lower-case letter of either case. */
double fc_literal_bits(uint8_t byte);

enum { FC_ESCAPE_OTHERS_MAX = 64 };

/* UTF-16 code units whose escapes are looked for. */
typedef struct fc_escape_set {
    uint8_t low[32]; /* bit per value below 0x100 */
    uint16_t others[FC_ESCAPE_OTHERS_MAX];
    size_t others_len;
    uint16_t digits[4]; /* bit d: some member has the value d as its nth hex digit */
    fc_telling telling; /* at 4, 3 and 1, or at 1 and 0 */
} fc_escape_set;

/* Add a value to a set; a zeroed struct is the empty set. False, and the set unchanged, when it is full. */
bool fc_escape_set_add(fc_escape_set *set, uint16_t unit);

/* True if the six bytes at `bytes` are a backslash, `u` and four hex digits of either case of a member. */
bool fc_escape_set_match(const fc_escape_set *set, const uint8_t *bytes);

/* The kernels of one instruction-set level. */
typedef struct fc_find {
    /* Return the offset of the first occurrence, `len` if there is none. O(len) on ordinary input. */
    size_t (*literal)(const fc_literal *literal, const uint8_t *bytes, size_t len);
    /* Return the offset of the first backslash that fc_escape_set_match accepts with its six bytes inside `len`,
     * `len` if there is none. Whether the backslash is itself escaped is not looked at. O(len). */
    size_t (*escape)(const fc_escape_set *set, const uint8_t *bytes, size_t len);
    /* Return the lesser of the two, in one pass over what lies before it. The set is not empty. */
    size_t (*either)(const fc_literal *literal, const fc_escape_set *set, const uint8_t *bytes, size_t len);
    /* Return the number of `\n` bytes. O(len). */
    size_t (*newlines)(const uint8_t *bytes, size_t len);
    /* Check the inside of a JSON string: true if behind every backslash that is not itself escaped stands one of
     * `"\/bfnrt` or `u` and four hex digits. *out_escaped is set if there is any backslash. O(len). */
    bool (*escapes)(const uint8_t *bytes, size_t len, bool *out_escaped);
    /* Return how many more brackets open than close outside strings, of bytes that begin outside a string and behind no
     * backslash: `{` and `[` open, `}` and `]` close, whichever belongs to which. A quote behind a backslash that is
     * not itself escaped begins and ends no string, wherever it stands; other bytes are what they are. *out_inside:
     * they end inside a string. O(len). */
    int64_t (*brackets)(const uint8_t *bytes, size_t len, bool *out_inside);
} fc_find;

/* Return the kernels for a level; a level that was not compiled in gives the best below it. */
const fc_find *fc_find_for(fc_cpu_level level);

#endif
