#include "fc_arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

struct fc_arena_block {
    struct fc_arena_block *next;
    size_t used, size;
    alignas(max_align_t) unsigned char bytes[];
};

enum { BLOCK_SIZE = 4096 };

void *fc_arena_alloc(fc_arena *arena, size_t size) {
    const size_t align = alignof(max_align_t);
    if (size > SIZE_MAX / 2) return NULL;
    size = (size + align - 1) / align * align;
    struct fc_arena_block *block = arena->blocks;
    if (block == NULL || block->size - block->used < size) {
        const size_t wanted = size > BLOCK_SIZE ? size : BLOCK_SIZE;
        block = calloc(1, sizeof *block + wanted);
        if (block == NULL) return NULL;
        block->size = wanted;
        block->next = arena->blocks;
        arena->blocks = block;
    }
    void *taken = block->bytes + block->used;
    block->used += size;
    return taken;
}

void fc_arena_free(fc_arena *arena) {
    for (struct fc_arena_block *block = arena->blocks, *next; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    *arena = (fc_arena){0};
}
