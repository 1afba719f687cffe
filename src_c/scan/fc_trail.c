#include "fc_trail.h"

#include <stdlib.h>

static void lose(fc_trail *trail) {
    fc_trail_free(trail);
    trail->is_lost = true;
}

void fc_trail_push(fc_trail *trail, uint64_t file, uint64_t offset, uint64_t len) {
    if (trail->is_lost) return;
    if (trail->len == FC_TRAIL_MAX || file > UINT32_MAX || len > UINT32_MAX) {
        lose(trail);
        return;
    }
    if (trail->len == trail->capacity) {
        const size_t capacity = trail->capacity ? trail->capacity * 2 : 64;
        fc_trail_line *lines = realloc(trail->lines, capacity * sizeof *lines);
        if (lines == NULL) {
            lose(trail);
            return;
        }
        trail->lines = lines;
        trail->capacity = capacity;
    }
    trail->lines[trail->len++] = (fc_trail_line){.offset = offset, .file = (uint32_t)file, .len = (uint32_t)len};
}

void fc_trail_merge(fc_trail *trail, fc_trail *other) {
    if (other->is_lost) lose(trail);
    for (size_t i = 0; i < other->len; i++)
        fc_trail_push(trail, other->lines[i].file, other->lines[i].offset, other->lines[i].len);
    fc_trail_free(other);
}

static int by_place(const void *a, const void *b) {
    const fc_trail_line *x = a, *y = b;
    if (x->file != y->file) return x->file < y->file ? -1 : 1;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

void fc_trail_sort(fc_trail *trail) {
    if (trail->len != 0) qsort(trail->lines, trail->len, sizeof *trail->lines, by_place);
}

size_t fc_trail_at(const fc_trail *trail, uint64_t file, uint64_t offset) {
    size_t low = 0, high = trail->len;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const fc_trail_line *line = &trail->lines[middle];
        if (line->file < file || (line->file == file && line->offset < offset)) low = middle + 1;
        else high = middle;
    }
    return low;
}

void fc_trail_free(fc_trail *trail) {
    free(trail->lines);
    *trail = (fc_trail){0};
}
