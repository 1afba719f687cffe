#include "fc_block.h"

#include <string.h>

enum { PAGE = 4096 };

/* Where the first byte belongs in the storage. */
static uint8_t *place(const fc_block *block) {
    const uintptr_t start = (uintptr_t)block->storage.data;
    return block->storage.data + ((PAGE - start % PAGE) % PAGE + (size_t)(block->base % PAGE));
}

static void settle(fc_block *block, const uint8_t *from) {
    uint8_t *to = place(block);
    if (block->len != 0 && to != from) memmove(to, from, block->len);
    block->bytes = to;
}

void fc_block_start(fc_block *block, uint64_t base) {
    block->base = base;
    block->len = 0;
    if (block->bytes != NULL) settle(block, block->bytes);
}

fc_status fc_block_reserve(fc_block *block, size_t more) {
    const size_t around = 2 * PAGE; /* the page's rest, and the place within a page */
    if (more > SIZE_MAX - around - block->len) return FC_NO_MEMORY;
    const size_t wanted = block->len + more + around, old = block->storage.capacity;
    const size_t at = block->bytes == NULL ? 0 : (size_t)(block->bytes - block->storage.data);
    const fc_status status = fc_buffer_reserve(&block->storage, wanted);
    if (status != FC_OK || block->storage.capacity == old) return status;
    settle(block, block->storage.data + at);
    return FC_OK;
}

void fc_block_drop(fc_block *block, size_t size) {
    if (size == 0) return;
    block->len -= size;
    block->base += size;
    settle(block, block->bytes + size);
}

void fc_block_free(fc_block *block) {
    fc_buffer_free(&block->storage);
    *block = (fc_block){0};
}
