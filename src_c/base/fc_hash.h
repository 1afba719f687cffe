/* Hash bytes to 128 bits, by 64 x 64 -> 128 multiplications: for telling contents apart, not against forgery.
 *
 * The same on every machine and in every version. K[0..11] are the first 64 bits behind the point of the square roots
 * of the primes 2..37; mix is fc_hash_mix. A state is a pair (a, b); absorbing a pair of 64-bit words (x, y) makes of
 * it (mix(x ^ K[0], y ^ a), mix(x ^ b, y ^ K[1])).
 *
 * The bytes, zeros behind them up to a multiple of 64, are read as little-endian words. Lane i of 4 starts as
 * (K[2 + 2i], K[3 + 2i]) and absorbs words 2i and 2i + 1 of every 64 bytes. The result starts as
 * (length ^ K[10], length ^ K[11]), absorbs the lanes 0..3, then (K[2], K[3]) and (K[4], K[5]). All functions are pure
 * and thread-safe. */
#ifndef FC_HASH_H
#define FC_HASH_H

#include <stddef.h>
#include <stdint.h>

typedef struct fc_hash {
    uint64_t hi, lo; /* a and b of the result */
} fc_hash;

/* No type of C11, but of gcc and clang on every 64-bit machine. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
typedef unsigned __int128 fc_u128;
#pragma GCC diagnostic pop

/* K of the above. */
extern const uint64_t fc_hash_constants[12];

/* Return the hash of `len` bytes; `bytes` may be NULL where len is 0. O(len), about a cycle for 6 bytes. */
fc_hash fc_hash_bytes(const void *bytes, size_t len);

/* Return the exclusive or of both halves of a * b. It is 0 where one of them is. */
static inline uint64_t fc_hash_mix(uint64_t a, uint64_t b) {
    const fc_u128 product = (fc_u128)a * b;
    return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

#endif
