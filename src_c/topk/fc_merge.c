#include "fc_merge.h"

#include <string.h>

static uint64_t key_at(fc_dtype dtype, bool half, bool smallest, const fc_best_of *from, size_t i) {
    const uint8_t *element = (const uint8_t *)from->values + i * fc_dtype_size(dtype);
    int16_t ordered;
    if (!half) return fc_key_of(dtype, smallest, element);
    fc_half_order((const uint16_t *)(const void *)element, 1, smallest, &ordered);
    return fc_key_of(FC_I16, smallest, &ordered);
}

size_t fc_merge(fc_dtype dtype, bool half, bool smallest, const fc_best_of *a, const fc_best_of *b, size_t k,
                void *out_values, int64_t *out_indices) {
    const size_t size = fc_dtype_size(dtype);
    size_t i = 0, j = 0, len = 0;
    for (; len < k && (i < a->len || j < b->len); len++) {
        bool first = j == b->len;
        if (i < a->len && j < b->len) {
            const uint64_t x = key_at(dtype, half, smallest, a, i), y = key_at(dtype, half, smallest, b, j);
            first = x != y ? x > y : a->indices[i] <= b->indices[j];
        }
        const fc_best_of *from = first ? a : b;
        const size_t at = first ? i++ : j++;
        memcpy((uint8_t *)out_values + len * size, (const uint8_t *)from->values + at * size, size);
        out_indices[len] = from->indices[at];
    }
    return len;
}
