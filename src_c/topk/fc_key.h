/* Elements of arrays as unsigned keys in which the larger one always ranks first.
 *
 * A key has the element's order in its low bits: for `smallest` it is reversed, every NaN has key 0 (after all other
 * numbers in both directions), -0.0 has the key of 0.0. No other float has key 0. All functions are pure and
 * thread-safe. */
#ifndef FC_KEY_H
#define FC_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Native byte order. A half is held as an integer of the same order, see fc_half_order. */
typedef enum fc_dtype {
    FC_I8 = 0, FC_U8, FC_I16, FC_U16, FC_I32, FC_U32, FC_I64, FC_U64, FC_F32, FC_F64, FC_DTYPE_COUNT
} fc_dtype;

/* Return the bytes of one element. */
size_t fc_dtype_size(fc_dtype dtype);

/* Write the keys of elements[positions[i]] to keys[i], i < count. O(count). */
void fc_key_gather(fc_dtype dtype, bool smallest, const void *elements, const uint32_t *positions, size_t count,
                   uint64_t *keys);

/* Return the key of one element. */
uint64_t fc_key_of(fc_dtype dtype, bool smallest, const void *element);

/* Write the element that has this key, 0.0 for both zeros. With key 0 a float is some NaN. */
void fc_key_element(fc_dtype dtype, bool smallest, uint64_t key, void *out_element);

/* Return the lowest key of an element that is no NaN. */
uint64_t fc_key_lowest(fc_dtype dtype);

/* Write the next higher key that an element can have; false where `key` is the highest. */
bool fc_key_next(fc_dtype dtype, bool smallest, uint64_t key, uint64_t *out_next);

/* Write each half (IEEE 754 binary16 bits) as an integer of the same order: the zeros are 0, NaN is the last in the
 * wanted direction, INT16_MIN or with `smallest` INT16_MAX, which no other half becomes. O(count). */
void fc_half_order(const uint16_t *halves, size_t count, bool smallest, int16_t *out);

/* Return the sum of two halves, rounded to the nearest, ties to even, as NumPy adds them: through single precision. */
uint16_t fc_half_add(uint16_t a, uint16_t b);

#endif
