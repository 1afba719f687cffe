/* Hash bytes to 64 bits, well mixed: to notice that they changed, not against an adversary. */
#ifndef FC_HASH_H
#define FC_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Return the hash of the bytes and of `seed`; the same on every machine. Pure, thread-safe. O(len). */
uint64_t fc_hash(const uint8_t *bytes, size_t len, uint64_t seed);

#endif
