/* Hash the runs of four bytes that occur in raw text.
 *
 * The bit 0x20 of every byte counts as set, so that the cases of ASCII letters fall together (and so do a few other
 * bytes, which only makes two runs share a slot). Of the runs with a byte of 0x30 to 0x3f in them, the digits and
 * `:;<=>?`, three in four are left out: ids, times and numbers would fill most of the slots. Which ones depends on
 * the four bytes alone. */
#ifndef FC_GRAMS_H
#define FC_GRAMS_H

#include <stddef.h>
#include <stdint.h>

#include "fc_cpu.h"

enum { FC_GRAM_LEN = 4, FC_GRAM_SLOTS = 1 << 16 };

/* Return the slot of a run, 1..FC_GRAM_SLOTS - 1; 0 for a run that is left out. O(1). */
uint16_t fc_gram_slot(const uint8_t gram[FC_GRAM_LEN]);

/* Set marks[slot >> shift] to 1 for the slot of every run in the bytes, overlapping ones too, those left out as well.
 * `marks` has FC_GRAM_SLOTS >> shift bytes, `shift` is at most 15. Reads nothing outside [bytes, bytes + len) and
 * writes nothing else, so that it may run over memory that faults. Every variant sets the same marks. O(len).
 * Thread-safe for marks of one's own. */
typedef void (*fc_grams_mark)(const uint8_t *bytes, size_t len, unsigned shift, uint8_t *marks);

/* Return the variant for a level; a level that was not compiled in gives the best below it. */
fc_grams_mark fc_grams_for(fc_cpu_level level);

#endif
