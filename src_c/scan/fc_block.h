/* The bytes of a file that a reader holds: a stretch that grows at its end and is dropped from its front.
 *
 * A byte lies at the same place within a page in memory as in the file. The kernel's copy then always runs at full
 * speed: to a place 1 to 31 bytes behind the source's place within a page it takes 1.6 to 4 times as long on AMD's
 * Zen 4, which looked like a slow first scan. */
#ifndef FC_BLOCK_H
#define FC_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "fc_buffer.h"

/* A zeroed struct is an empty block at the beginning of a file. Not thread-safe. */
typedef struct fc_block {
    uint8_t *bytes; /* NULL until room was made */
    size_t len;
    uint64_t base; /* place in the file of the first byte */
    fc_buffer storage;
} fc_block;

/* Forget the bytes and begin anew at a place in the file; the memory is kept. O(1). */
void fc_block_start(fc_block *block, uint64_t base);

/* Make room for `more` bytes behind the last one; `bytes` may move. FC_NO_MEMORY leaves the block as it was. */
fc_status fc_block_reserve(fc_block *block, size_t more);

/* Drop the first `size` bytes, at most `len`; the others move. O(len - size). */
void fc_block_drop(fc_block *block, size_t size);

void fc_block_free(fc_block *block);

#endif
