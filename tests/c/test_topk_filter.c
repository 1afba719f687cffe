/* fc_filter: every variant finds what element by element comparison finds, for every length and every offset. */
#include "elements.h"
#include "fc_filter.h"

enum { BLOCK_BYTES = 256, OFFSETS = 64 };

static int best_level; /* asked once: on a virtual machine the question takes long */

static bool passes(fc_dtype dtype, bool at_least, const void *element, const void *threshold) {
    /* What is at least as good as the threshold, or equal to it; NaN is neither. */
    if (is_float(dtype)) {
        float x, bar;
        double wide_x, wide_bar;
        memcpy(&x, element, sizeof x);
        memcpy(&bar, threshold, sizeof bar);
        if (dtype == FC_F32) return at_least ? x >= bar : x <= bar;
        memcpy(&wide_x, element, sizeof wide_x);
        memcpy(&wide_bar, threshold, sizeof wide_bar);
        return at_least ? wide_x >= wide_bar : wide_x <= wide_bar;
    }
    return rank_compare(dtype, !at_least, element, threshold) <= 0;
}

/* `elements` and the room for positions end where their memory does. */
static void check_pass(fc_dtype dtype, const uint8_t *elements, size_t count, const void *threshold) {
    const size_t size = fc_dtype_size(dtype);
    uint32_t *want = malloc((count + 1) * sizeof *want);
    uint32_t *got = malloc(count == 0 ? 1 : count * sizeof *got);
    for (int at_least = 0; at_least < 2; at_least++) {
        size_t found = 0;
        for (size_t i = 0; i < count; i++)
            if (passes(dtype, at_least, elements + i * size, threshold)) want[found++] = (uint32_t)i;
        for (int level = FC_CPU_BASE; level <= best_level; level++) {
            const fc_filter *filter = fc_filter_for((fc_cpu_level)level);
            fc_filter_pass *pass = (at_least ? filter->at_least : filter->at_most)[dtype];
            CHECK(pass(elements, count, threshold, got) == found);
            CHECK(memcmp(got, want, found * sizeof *got) == 0);
        }
    }
    free(want);
    free(got);
}

/* A threshold aligned as the elements are, in memory of its own. */
static void *threshold_of(fc_dtype dtype, fill how) {
    void *threshold = malloc(fc_dtype_size(dtype));
    fill_elements(dtype, false, how, 1, threshold);
    return threshold;
}

/* Hide all but a few in elements that do not pass, so that blocks without any are met. */
static void thin_out(fc_dtype dtype, uint8_t *elements, size_t count) {
    const size_t size = fc_dtype_size(dtype);
    for (size_t i = 0; i < count; i++)
        if (random_below(150) != 0) put_number(dtype, false, 0, elements + i * size);
}

static void check_length(fc_dtype dtype, size_t count, size_t offset) {
    const fill fills[] = {FILL_SPECIALS, FILL_SPREAD, FILL_FEW, FILL_BITS};
    const size_t bytes = count * fc_dtype_size(dtype);
    uint8_t *block = malloc(offset + bytes == 0 ? 1 : offset + bytes), *elements = block + offset;
    const fill how = fills[random_below(4)];
    fill_elements(dtype, false, how, count, elements);
    if (random_below(3) == 0) thin_out(dtype, elements, count);
    void *threshold = threshold_of(dtype, random_below(4) == 0 ? FILL_SPECIALS : how);
    check_pass(dtype, elements, count, threshold);
    free(threshold);
    free(block);
}

/* Every special against every special as the threshold, at every place of a block. */
static void check_specials(fc_dtype dtype) {
    uint64_t known[SPECIALS_MAX];
    const size_t kinds = specials(dtype, known), size = fc_dtype_size(dtype);
    const size_t count = BLOCK_BYTES / size * 2 + 3;
    uint8_t *elements = malloc(count * size);
    for (size_t shift = 0; shift < kinds; shift++) {
        for (size_t i = 0; i < count; i++)
            memcpy(elements + i * size, (const uint8_t *)known + (i + shift) % kinds * size, size);
        for (size_t i = 0; i < kinds; i++) {
            void *threshold = exact_copy((const uint8_t *)known + i * size, size);
            check_pass(dtype, elements, count, threshold);
            free(threshold);
        }
    }
    free(elements);
}

/* No NaN, quiet or signalling, at any place of a block hides the one element that passes, wherever that is. */
static void check_beside_nan(fc_dtype dtype) {
    const uint32_t nan_f32[] = {0x7fc00000, 0x7f800001};
    const uint64_t nan_f64[] = {UINT64_C(0x7ff8) << 48, (UINT64_C(0x7ff) << 52) + 1};
    const size_t size = fc_dtype_size(dtype), count = BLOCK_BYTES / size;
    uint8_t *elements = malloc(count * size), *threshold = malloc(size);
    put_number(dtype, false, 1, threshold);
    for (size_t at = 0; at < count * count * 4; at++) {
        const size_t one = at % count, nan = at / count % count, signals = at / (count * count) % 2;
        const int64_t others = at / (count * count) < 2 ? 0 : 2;
        for (size_t i = 0; i < count; i++) put_number(dtype, false, others, elements + i * size);
        put_number(dtype, false, 2 - others, elements + one * size);
        const void *bits = dtype == FC_F32 ? (const void *)&nan_f32[signals] : (const void *)&nan_f64[signals];
        memcpy(elements + nan * size, bits, size);
        check_pass(dtype, elements, count, threshold);
    }
    free(threshold);
    free(elements);
}

int main(void) {
    best_level = (int)fc_cpu_detect();
    for (int t = 0; t < FC_DTYPE_COUNT; t++) {
        const fc_dtype dtype = (fc_dtype)t;
        const size_t size = fc_dtype_size(dtype);
        for (size_t count = 0; count <= (2 * BLOCK_BYTES + 32) / size + 2; count++)
            for (size_t offset = 0; offset < OFFSETS; offset += size) check_length(dtype, count, offset);
        check_length(dtype, 100003, 0);
        check_length(dtype, 100003, size);
        check_specials(dtype);
        if (is_float(dtype)) check_beside_nan(dtype);
    }
    CHECK(fc_filter_for(FC_CPU_V4) != NULL && fc_filter_for(FC_CPU_BASE) != NULL);
    return finish();
}
