/* fc_block: it holds the bytes of its stretch of the file, each at the file's place within a page. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "fc_block.h"

static unsigned long checks;
static uint64_t state = 88172645463325252u;

static uint64_t rnd(uint64_t below) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 16) % below;
}

/* The byte of the file at a place. */
static uint8_t content(uint64_t at) { return (uint8_t)(at * 2654435761u >> 24); }

static void check(const fc_block *block, uint64_t base, size_t len) {
    checks++;
    bool right = block->base == base && block->len == len;
    if (block->bytes != NULL) right = right && (uintptr_t)block->bytes % 4096 == base % 4096;
    for (size_t i = 0; right && i < len; i++) right = block->bytes[i] == content(base + i);
    if (right) return;
    printf("base %llu, length %zu: got base %llu, length %zu at %p, or other bytes\n", (unsigned long long)base, len,
           (unsigned long long)block->base, block->len, (void *)block->bytes);
    exit(1);
}

static void read_more(fc_block *block, size_t more) {
    if (fc_block_reserve(block, more) != FC_OK) exit(2);
    for (size_t i = 0; i < more; i++) block->bytes[block->len + i] = content(block->base + block->len + i);
    block->len += more;
}

int main(void) {
    fc_block block = {0};
    check(&block, 0, 0);
    fc_block_drop(&block, 0);
    if (fc_block_reserve(&block, SIZE_MAX - 100) != FC_NO_MEMORY) return 3;
    check(&block, 0, 0);
    for (int round = 0; round < 200; round++) {
        const uint64_t start = rnd(2) ? rnd(10000) : rnd(1ull << 40);
        fc_block_start(&block, start);
        check(&block, start, 0);
        uint64_t base = start;
        size_t len = 0;
        for (int step = 0; step < 30; step++) {
            const size_t more = (size_t)rnd(rnd(8) == 0 ? 100000 : 3000);
            read_more(&block, more);
            len += more;
            check(&block, base, len);
            const size_t dropped = rnd(3) == 0 ? len : (size_t)rnd(len + 1);
            fc_block_drop(&block, dropped);
            base += dropped;
            len -= dropped;
            check(&block, base, len);
        }
        if (round % 50 == 49) {
            fc_block_free(&block);
            check(&block, 0, 0);
        }
    }
    fc_block_free(&block);
    printf("%lu checks\n", checks);
    return 0;
}
