/* Unicode simple case folding (CaseFolding.txt, statuses C and S, of Unicode 15.0): one code point to one.
 *
 * So k, K and U+212A KELVIN SIGN fold alike, sharp s is not ss, dotted I (U+0130) and dotless i (U+0131) fold to
 * themselves, nothing is normalised. The table is made by fold_table.py beside this file and committed. */
#ifndef FC_FOLD_H
#define FC_FOLD_H

#include <stddef.h>
#include <stdint.h>

enum { FC_FOLD_ORBIT_MAX = 4 };

/* Return the simple case folding of a code point; any value outside the table returns itself. O(1). */
uint32_t fc_fold(uint32_t code_point);

/* Write every code point that folds like `code_point` (itself included) in ascending order and return how many:
 * 1..FC_FOLD_ORBIT_MAX. */
size_t fc_fold_orbit(uint32_t code_point, uint32_t out_orbit[FC_FOLD_ORBIT_MAX]);

/* Fold valid UTF-8 into `out`, which must hold fc_fold_utf8_bound(len) bytes, and return the bytes written.
 * Folding may shorten (U+212A to k) or lengthen (U+023A to U+2C65) a character. O(len). */
size_t fc_fold_utf8(const uint8_t *text, size_t len, uint8_t *out);
size_t fc_fold_utf8_bound(size_t len);

#endif
