#include "fc_hash.h"

#include <string.h>

typedef __uint128_t wide;

/* Odd numbers without a pattern. */
static const uint64_t first = 0x9e3779b97f4a7c15u, second = 0xd1b54a32d192ed03u, third = 0x8cb92ba72f3d8dd7u;

static uint64_t load(const uint8_t *bytes, size_t len) {
    uint8_t word[8] = {0};
    if (len != 0) memcpy(word, bytes, len);
    uint64_t value;
    memcpy(&value, word, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap64(value);
#endif
    return value;
}

/* Both halves of a product depend on every bit of both numbers. */
static uint64_t mix(uint64_t a, uint64_t b) {
    const wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t fc_hash(const uint8_t *bytes, size_t len, uint64_t seed) {
    uint64_t hash = mix(seed ^ first, (uint64_t)len ^ second);
    for (; len >= 16; bytes += 16, len -= 16) hash = mix(load(bytes, 8) ^ first, load(bytes + 8, 8) ^ hash) + third;
    const size_t head = len < 8 ? len : 8;
    hash = mix(load(bytes, head) ^ second, load(bytes + head, len - head) ^ hash);
    return mix(hash ^ third, first);
}
