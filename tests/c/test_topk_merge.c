/* fc_merge: the first k of a sort of both, for every type. */
#include "elements.h"
#include "fc_merge.h"

enum { MOST = 40 };

static fc_dtype order_dtype;
static bool order_smallest;

/* An element, made comparable: a half as the double of its value. */
typedef struct entry {
    uint8_t comparable[8], element[8];
    int64_t index;
    int second; /* of the second input */
} entry;

static int by_order(const void *a, const void *b) {
    const entry *x = a, *y = b;
    const int order = rank_compare(order_dtype, order_smallest, x->comparable, y->comparable);
    if (order != 0) return order;
    if (x->index != y->index) return x->index < y->index ? -1 : 1;
    return x->second - y->second;
}

/* Draw a selection, the best first: indices are distinct, but may stand in another one too. */
static size_t draw(fc_dtype dtype, bool half, fill how, int second, entry *out) {
    const size_t size = fc_dtype_size(dtype), len = random_below(MOST + 1);
    uint64_t elements[MOST];
    fill_elements(dtype, half, how, len, elements);
    int64_t index = (int64_t)random_below(5) + (random_below(9) == 0 ? INT64_MAX - 1000 : 0);
    for (size_t i = 0; i < len; i++) {
        memset(&out[i], 0, sizeof out[i]);
        memcpy(out[i].element, (const uint8_t *)elements + i * size, size);
        memcpy(out[i].comparable, out[i].element, size);
        if (half) {
            uint16_t bits;
            memcpy(&bits, out[i].element, sizeof bits);
            const double value = half_value(bits);
            memcpy(out[i].comparable, &value, sizeof value);
        }
        out[i].index = index;
        out[i].second = second;
        index += 1 + (int64_t)random_below(3);
    }
    qsort(out, len, sizeof *out, by_order);
    return len;
}

/* The arrays of a selection, in memory that ends where they do. */
static fc_best_of arrays_of(const entry *entries, size_t len, size_t size) {
    uint8_t *values = malloc(len == 0 ? 1 : len * size);
    int64_t *indices = malloc(len == 0 ? 1 : len * sizeof *indices);
    for (size_t i = 0; i < len; i++) {
        memcpy(values + i * size, entries[i].element, size);
        indices[i] = entries[i].index;
    }
    return (fc_best_of){values, indices, len};
}

static void check_merge(fc_dtype dtype, bool half, bool smallest, fill how) {
    const size_t size = fc_dtype_size(dtype);
    entry all[2 * MOST], second[MOST];
    order_dtype = half ? FC_F64 : dtype;
    order_smallest = smallest;
    const size_t a_len = draw(dtype, half, how, 0, all), b_len = draw(dtype, half, how, 1, second);
    const fc_best_of a = arrays_of(all, a_len, size), b = arrays_of(second, b_len, size);
    memcpy(all + a_len, second, b_len * sizeof *second);
    qsort(all, a_len + b_len, sizeof *all, by_order);
    const size_t ks[] = {0, 1, a_len, a_len + b_len, a_len + b_len + 3, random_below(2 * MOST)};
    for (size_t i = 0; i < 6; i++) {
        const size_t k = ks[i], len = k < a_len + b_len ? k : a_len + b_len;
        uint8_t *values = malloc(len == 0 ? 1 : len * size);
        int64_t *indices = malloc(len == 0 ? 1 : len * sizeof *indices);
        CHECK(fc_merge(dtype, half, smallest, &a, &b, k, values, indices) == len);
        for (size_t j = 0; j < len; j++)
            CHECK(indices[j] == all[j].index && memcmp(values + j * size, all[j].element, size) == 0);
        free(values);
        free(indices);
    }
    free((void *)(uintptr_t)a.values);
    free((void *)(uintptr_t)a.indices);
    free((void *)(uintptr_t)b.values);
    free((void *)(uintptr_t)b.indices);
}

int main(void) {
    for (int t = 0; t <= FC_DTYPE_COUNT; t++) { /* the last of them: halves */
        const bool half = t == FC_DTYPE_COUNT;
        for (int smallest = 0; smallest < 2; smallest++)
            for (int how = 0; how < FILL_COUNT; how++)
                for (int round = 0; round < 60; round++)
                    check_merge(half ? FC_I16 : (fc_dtype)t, half, smallest, (fill)how);
    }
    return finish();
}
