/* Choose what to look for in raw lines so that no line that holds a needle is missed.
 *
 * A probe is a run of the needle's characters, none of which has a short escape in JSON. A line that holds the
 * needle, in whatever legal spelling, holds the run with every character plain, in one of its case variants, or at
 * least one character of the run as an escape \uXXXX. So a line without any of the run's literals and without any
 * escape of its characters cannot match. */
#ifndef FC_PROBE_H
#define FC_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fc_arena.h"
#include "fc_find.h"
#include "fc_status.h"

enum { FC_PROBE_LITERALS_MAX = 16 };

typedef struct fc_probe {
    fc_literal literals[FC_PROBE_LITERALS_MAX]; /* any of them makes a candidate */
    size_t literals_len;                        /* 0: there is no probe */
    fc_escape_set escapes;
    double bits; /* -log2 of the guessed share of lines that hold it: bigger is rarer */
} fc_probe;

/* Choose a probe for a needle of valid UTF-8, folded already if `fold`. The literals' bytes are taken from the
 * arena. literals_len is 0 when no run of the needle can serve. O(len). */
fc_status fc_probe_choose(fc_arena *arena, const uint8_t *needle, size_t len, bool fold, fc_probe *out);

/* The same for the run with the most bits, whatever a search for it costs. */
fc_status fc_probe_choose_widest(fc_arena *arena, const uint8_t *needle, size_t len, bool fold, fc_probe *out);

/* Make `probe` stand for a line that either satisfies; false, and unchanged, if that is too much for one probe. */
bool fc_probe_join(fc_probe *probe, const fc_probe *other);

/* Add the escapes of every case variant of a character; false if the set is full. */
bool fc_probe_add_escapes(fc_escape_set *set, uint32_t code_point, bool fold);

/* Decode one character of valid UTF-8 and return its bytes; 0 at the end. */
size_t fc_probe_decode(const uint8_t *text, size_t len, uint32_t *out_code_point);

#endif
