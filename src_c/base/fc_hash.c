#include "fc_hash.h"

#include <string.h>

#define K fc_hash_constants

enum { LANES = 4, BLOCK = 16 * LANES };

const uint64_t fc_hash_constants[12] = {
    0x6a09e667f3bcc908u, 0xbb67ae8584caa73bu, 0x3c6ef372fe94f82bu, 0xa54ff53a5f1d36f1u,
    0x510e527fade682d1u, 0x9b05688c2b3e6c1fu, 0x1f83d9abfb41bd6bu, 0x5be0cd19137e2179u,
    0xcbbb9d5dc1059ed8u, 0x629a292a367cd507u, 0x9159015a3070dd17u, 0x152fecd8f70e5939u,
};

/* Compilers make one load of this. */
static inline uint64_t word(const uint8_t *at) {
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) value |= (uint64_t)at[i] << 8 * i;
    return value;
}

static inline fc_hash absorb(fc_hash state, uint64_t x, uint64_t y) {
    return (fc_hash){.hi = fc_hash_mix(x ^ K[0], y ^ state.hi), .lo = fc_hash_mix(x ^ state.lo, y ^ K[1])};
}

fc_hash fc_hash_bytes(const void *bytes, size_t len) {
    const uint8_t *at = bytes;
    fc_hash lanes[LANES];
    uint8_t last[BLOCK] = {0};
    for (size_t i = 0; i < LANES; i++) lanes[i] = (fc_hash){.hi = K[2 + 2 * i], .lo = K[3 + 2 * i]};
    for (size_t left = len; left != 0; left -= left < BLOCK ? left : BLOCK, at += BLOCK) {
        const uint8_t *block = at;
        if (left < BLOCK) block = memcpy(last, at, left);
        for (size_t i = 0; i < LANES; i++) lanes[i] = absorb(lanes[i], word(block + 16 * i), word(block + 16 * i + 8));
    }
    fc_hash state = {.hi = (uint64_t)len ^ K[10], .lo = (uint64_t)len ^ K[11]};
    for (size_t i = 0; i < LANES; i++) state = absorb(state, lanes[i].hi, lanes[i].lo);
    state = absorb(state, K[2], K[3]);
    return absorb(state, K[4], K[5]);
}
