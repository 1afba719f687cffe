/* Memory that is taken in small pieces and given back all at once. */
#ifndef FC_ARENA_H
#define FC_ARENA_H

#include <stddef.h>

/* A zeroed struct is an empty arena. Not thread-safe. */
typedef struct fc_arena {
    struct fc_arena_block *blocks;
} fc_arena;

/* Return `size` bytes, zeroed and aligned for any type, or NULL when there is no memory. Amortised O(size). */
void *fc_arena_alloc(fc_arena *arena, size_t size);

/* Give everything back and zero the struct. */
void fc_arena_free(fc_arena *arena);

#endif
