#include "fc_order.h"

#include <stdbool.h>
#include <string.h>

#define UNROLLED static inline __attribute__((always_inline))

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };

/* A radix sort, least significant digit first, two digits at a time so that their counts take one pass. */
typedef struct sort {
    const char *records;
    ptrdiff_t stride;
    size_t len;
    unsigned width; /* bits of a digit */
    uint32_t places[2][DIGITS];
} sort;

static inline uint64_t tick_of(const char *record) {
    uint64_t tick;
    memcpy(&tick, record, sizeof tick);
    return tick;
}

static unsigned bits_of(uint64_t value) {
    unsigned bits = 0;
    for (; value != 0; value >>= 1) bits++;
    return bits;
}

/* Whether each tick is at least the one before. In files of several tracks the end of the first one tells. */
static bool is_ordered(const char *record, ptrdiff_t stride, size_t len) {
    uint64_t last = 0;
    for (; len != 0; len--, record += stride) {
        const uint64_t tick = tick_of(record);
        if (tick < last) return false;
        last = tick;
    }
    return true;
}

/* Count the two digits from bit `shift` on, which is mostly the constant 0. */
UNROLLED void count(sort *s, unsigned shift) {
    const unsigned width = s->width, high = shift + width < 64 ? shift + width : 63;
    const uint64_t mask = ((uint64_t)1 << width) - 1;
    const char *record = s->records;
    const ptrdiff_t stride = s->stride;
    memset(s->places[0], 0, (mask + 1) * sizeof s->places[0][0]);
    memset(s->places[1], 0, (mask + 1) * sizeof s->places[1][0]);
    for (size_t left = s->len; left != 0; left--, record += stride) {
        const uint64_t tick = tick_of(record);
        s->places[0][tick >> shift & mask]++;
        s->places[1][tick >> high & mask]++;
    }
}

/* Move the indices to the order of the digit from bit `shift` on; `from` NULL is the order as the records lie. Return
 * which of the two holds the order then: the same if all have the same digit. */
UNROLLED uint32_t *move(const sort *s, unsigned shift, uint32_t *places, uint32_t *from, uint32_t *to) {
    const uint64_t mask = ((uint64_t)1 << s->width) - 1;
    const char *const records = s->records;
    const ptrdiff_t stride = s->stride;
    if (places[tick_of(records) >> shift & mask] == s->len) return from;
    uint32_t before = 0;
    for (size_t digit = 0; digit <= mask; digit++) {
        const uint32_t count = places[digit];
        places[digit] = before;
        before += count;
    }
    if (from == NULL) {
        const char *record = records;
        for (size_t i = 0; i < s->len; i++, record += stride)
            to[places[tick_of(record) >> shift & mask]++] = (uint32_t)i;
        return to;
    }
    for (size_t i = 0; i < s->len; i++) {
        const uint32_t at = from[i];
        to[places[tick_of(records + (ptrdiff_t)at * stride) >> shift & mask]++] = at;
    }
    return to;
}

const uint32_t *fc_order_by_tick(const void *records, ptrdiff_t stride, size_t len, uint64_t largest, uint32_t *space) {
    if (is_ordered(records, stride, len)) return NULL;
    const unsigned bits = bits_of(largest) + (largest == 0), digits = (bits + DIGIT_BITS - 1) / DIGIT_BITS;
    sort s; /* the counts are not to be cleared twice */
    s.records = records;
    s.stride = stride;
    s.len = len;
    s.width = (bits + digits - 1) / digits;
    count(&s, 0);
    uint32_t *order = move(&s, 0, s.places[0], NULL, space);
    for (unsigned digit = 1; digit < digits; digit++) {
        if (digit % 2 == 0) count(&s, digit * s.width);
        order = move(&s, digit * s.width, s.places[digit % 2], order, order == space ? space + len : space);
    }
    return order;
}
