/* fc_arena: pieces are zeroed, aligned, apart from each other, and given back together. */
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fc_arena.h"

static unsigned long checks;

static void check(int condition, const char *what, size_t size) {
    checks++;
    if (condition) return;
    printf("%s, size %zu\n", what, size);
    exit(1);
}

int main(void) {
    fc_arena arena = {0};
    unsigned char *before = NULL;
    size_t before_size = 0;
    for (size_t round = 0; round < 3; round++) {
        for (size_t size = 0; size < 10000; size = size * 5 / 4 + 1) {
            unsigned char *piece = fc_arena_alloc(&arena, size);
            check(piece != NULL && (uintptr_t)piece % alignof(max_align_t) == 0, "alignment", size);
            for (size_t i = 0; i < size; i++)
                if (piece[i] != 0) check(0, "not zeroed", size);
            memset(piece, 0xa5, size);
            for (size_t i = 0; i < before_size; i++)
                if (before[i] != 0xa5) check(0, "overlap", size);
            before = piece;
            before_size = size;
        }
        fc_arena_free(&arena);
        check(arena.blocks == NULL, "free", 0);
        before_size = 0;
    }
    check(fc_arena_alloc(&arena, SIZE_MAX) == NULL, "too much", SIZE_MAX);
    fc_arena_free(&arena);
    printf("%lu checks\n", checks);
    return 0;
}
