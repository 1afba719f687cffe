#include "fc_order.h"

#include <stdbool.h>
#include <string.h>

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };

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

/* One pass of a radix sort, least significant digit first; `from` NULL is the order as it lies. False if all have the
 * same digit. */
static bool pass(const char *records, ptrdiff_t stride, size_t len, unsigned shift, unsigned bits, const uint32_t *from,
                 uint32_t *to) {
    uint32_t places[DIGITS];
    const uint64_t mask = ((uint64_t)1 << bits) - 1;
    memset(places, 0, (mask + 1) * sizeof *places);
    const char *record = records;
    for (size_t i = 0; i < len; i++, record += stride) places[(tick_of(record) >> shift) & mask]++;
    if (places[(tick_of(records) >> shift) & mask] == len) return false;
    uint32_t before = 0;
    for (size_t digit = 0; digit <= mask; digit++) {
        const uint32_t count = places[digit];
        places[digit] = before;
        before += count;
    }
    if (from == NULL) {
        record = records;
        for (size_t i = 0; i < len; i++, record += stride)
            to[places[(tick_of(record) >> shift) & mask]++] = (uint32_t)i;
        return true;
    }
    for (size_t i = 0; i < len; i++) {
        const uint32_t at = from[i];
        to[places[(tick_of(records + (ptrdiff_t)at * stride) >> shift) & mask]++] = at;
    }
    return true;
}

const uint32_t *fc_order_by_tick(const void *records, ptrdiff_t stride, size_t len, uint32_t *space) {
    uint64_t largest = 0;
    bool ordered = true;
    const char *record = records;
    for (size_t i = 0; i < len; i++, record += stride) {
        const uint64_t tick = tick_of(record);
        ordered &= tick >= largest;
        largest = tick > largest ? tick : largest;
    }
    if (ordered) return NULL;
    const unsigned bits = bits_of(largest), passes = (bits + DIGIT_BITS - 1) / DIGIT_BITS;
    const unsigned width = (bits + passes - 1) / passes;
    const uint32_t *from = NULL;
    uint32_t *to = space;
    for (unsigned shift = 0; shift < bits; shift += width) {
        if (!pass(records, stride, len, shift, width, from, to)) continue;
        from = to;
        to = to == space ? space + len : space;
    }
    return from;
}
