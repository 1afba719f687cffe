/* fc_key: keys order as their elements do, over all small types and all halves, and at the edges of the others. */
#include "elements.h"

enum { MIXED = 300 };

/* Specials and random bits. */
static void mixed(fc_dtype dtype, uint8_t *out) {
    const size_t size = fc_dtype_size(dtype), count = specials(dtype, out);
    fill_elements(dtype, false, FILL_BITS, MIXED - count, out + count * size);
}

static void check_order(fc_dtype dtype, bool smallest) {
    static uint64_t memory[MIXED];
    uint8_t *elements = (uint8_t *)memory;
    const size_t size = fc_dtype_size(dtype);
    mixed(dtype, elements);
    for (size_t i = 0; i < MIXED; i++)
        for (size_t j = 0; j < MIXED; j++) {
            const uint8_t *a = elements + i * size, *b = elements + j * size;
            const uint64_t x = fc_key_of(dtype, smallest, a), y = fc_key_of(dtype, smallest, b);
            CHECK((x < y) - (x > y) == rank_compare(dtype, smallest, a, b));
        }
}

static void check_element(fc_dtype dtype, bool smallest) {
    static uint64_t memory[MIXED];
    const uint8_t *elements = (const uint8_t *)memory;
    const size_t size = fc_dtype_size(dtype);
    const uint64_t zero = 0;
    mixed(dtype, (uint8_t *)memory);
    for (size_t i = 0; i < MIXED; i++) {
        const uint8_t *element = elements + i * size;
        uint8_t *back = malloc(size);
        const uint64_t key = fc_key_of(dtype, smallest, element);
        fc_key_element(dtype, smallest, key, back);
        CHECK(rank_compare(dtype, smallest, element, back) == 0);
        CHECK(fc_key_of(dtype, smallest, back) == key);
        if (is_float(dtype) && key == 0) { /* some NaN */
            const double value = dtype == FC_F32 ? *(const float *)(void *)back : *(const double *)(void *)back;
            CHECK(isnan(value));
        } else if (rank_compare(dtype, smallest, element, &zero) == 0)
            CHECK(memcmp(back, &zero, size) == 0);
        else
            CHECK(memcmp(back, element, size) == 0);
        free(back);
    }
}

static void check_gather(fc_dtype dtype, bool smallest) {
    static uint64_t memory[MIXED];
    uint32_t positions[MIXED];
    uint64_t keys[MIXED + 1];
    const size_t size = fc_dtype_size(dtype);
    mixed(dtype, (uint8_t *)memory);
    for (size_t count = 0; count <= MIXED; count += 1 + count / 2) {
        for (size_t i = 0; i < count; i++) positions[i] = (uint32_t)random_below(MIXED);
        keys[count] = 42;
        fc_key_gather(dtype, smallest, memory, positions, count, keys);
        for (size_t i = 0; i < count; i++)
            CHECK(keys[i] == fc_key_of(dtype, smallest, (const uint8_t *)memory + positions[i] * size));
        CHECK(keys[count] == 42);
    }
}

/* Small integers: the keys of all, in order, are 0, 1, 2, ... and each one's successor is the next. */
static void check_all_small(fc_dtype dtype, bool smallest) {
    const size_t size = fc_dtype_size(dtype);
    const int64_t most = size == 1 ? 256 : 65536, low = dtype == FC_I8 || dtype == FC_I16 ? -most / 2 : 0;
    for (int64_t i = 0; i < most; i++) {
        const int64_t number = smallest ? low + most - 1 - i : low + i;
        uint64_t next = 42;
        CHECK(fc_key_of(dtype, smallest, &number) == (uint64_t)i); /* the low bytes of `number` are the element */
        CHECK(fc_key_next(dtype, smallest, (uint64_t)i, &next) == (i + 1 < most));
        CHECK(next == (i + 1 < most ? (uint64_t)i + 1 : 42));
    }
    CHECK(fc_key_lowest(dtype) == 0);
}

static void check_next_large(fc_dtype dtype, bool smallest) {
    const uint64_t top = UINT64_MAX >> (64 - 8 * fc_dtype_size(dtype));
    const uint64_t keys[] = {0, 1, top / 2 - 1, top / 2, top / 2 + 1, top - 1};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        uint64_t next;
        CHECK(fc_key_next(dtype, smallest, keys[i], &next) && next == keys[i] + 1);
    }
    uint64_t next = 42;
    CHECK(!fc_key_next(dtype, smallest, top, &next) && next == 42);
    CHECK(fc_key_lowest(dtype) == 0);
}

/* The successor of a float's key is the key of the next float; of NaN, that of the worst infinity. */
static void check_next_float(fc_dtype dtype, bool smallest, const void *element) {
    const uint64_t key = fc_key_of(dtype, smallest, element);
    const double best = smallest ? -(double)INFINITY : (double)INFINITY;
    float f32;
    double f64;
    uint64_t next = 42;
    memcpy(&f32, element, sizeof f32);
    if (dtype == FC_F64) memcpy(&f64, element, sizeof f64);
    else f64 = f32;
    const bool found = fc_key_next(dtype, smallest, key, &next);
    CHECK(found == !(f64 == best));
    if (!found) {
        CHECK(next == 42);
        return;
    }
    f32 = isnan(f32) ? (float)-best : nextafterf(f32, (float)best);
    f64 = isnan(f64) ? -best : nextafter(f64, best);
    CHECK(next == fc_key_of(dtype, smallest, dtype == FC_F32 ? (const void *)&f32 : (const void *)&f64));
    CHECK(next > key);
}

static void check_next_floats(fc_dtype dtype, bool smallest) {
    uint64_t special[SPECIALS_MAX];
    const size_t count = specials(dtype, special), size = fc_dtype_size(dtype);
    for (size_t i = 0; i < count; i++) check_next_float(dtype, smallest, (const uint8_t *)special + i * size);
    for (int i = 0; i < 200000; i++) {
        uint64_t bits;
        fill_elements(dtype, false, FILL_BITS, 1, &bits);
        check_next_float(dtype, smallest, &bits);
    }
    const double worst = smallest ? (double)INFINITY : -(double)INFINITY;
    const float worst_float = (float)worst;
    CHECK(fc_key_lowest(dtype) ==
          fc_key_of(dtype, smallest, dtype == FC_F32 ? (const void *)&worst_float : (const void *)&worst));
}

static void check_half_order(bool smallest) {
    static uint16_t halves[65536];
    static int16_t ordered[65536];
    for (size_t i = 0; i < 65536; i++) halves[i] = (uint16_t)i;
    fc_half_order(halves, 65536, smallest, ordered);
    int before = -40000;
    double value = -(double)INFINITY;
    for (int size = 0x7c00; size >= 0; size--) { /* from minus infinity to minus zero */
        const uint16_t half = (uint16_t)(0x8000 | size);
        CHECK(ordered[half] > before && half_value(half) >= value);
        before = ordered[half];
        value = half_value(half);
    }
    CHECK(ordered[0x8000] == 0 && ordered[0] == 0);
    for (int half = 1; half <= 0x7c00; half++) {
        CHECK(ordered[half] > before && half_value((uint16_t)half) > value);
        before = ordered[half];
        value = half_value((uint16_t)half);
    }
    const int16_t nan = smallest ? INT16_MAX : INT16_MIN;
    for (int half = 0; half < 65536; half++) CHECK((ordered[half] == nan) == isnan(half_value((uint16_t)half)));
    /* In place, and no further than asked. */
    fc_half_order(halves, 65535, smallest, (int16_t *)halves);
    CHECK(memcmp(halves, ordered, 65535 * sizeof *halves) == 0 && halves[65535] == 65535);
}

static void check_sum(uint16_t a, uint16_t b) {
    const uint16_t sum = fc_half_add(a, b);
    const double got = half_value(sum), exact = half_value(a) + half_value(b), want = nearest_half_value(exact);
    CHECK(isnan(want) ? isnan(got) : got == want && signbit(got) == signbit(want));
}

static void check_half_add(void) {
    const uint16_t edges[] = {0,      1,      2,      3,      0x1ff,  0x200,  0x3fe,  0x3ff,  0x400,  0x401, 0x7ff,
                              0x800,  0x1400, 0x2bff, 0x2c00, 0x2c01, 0x3bff, 0x3c00, 0x3c01, 0x4bff, 0x4c00,
                              0x4c01, 0x77ff, 0x7800, 0x7bfe, 0x7bff, 0x7c00, 0x7c01, 0x7e00, 0x7fff, 0x4fff, 0x5000};
    for (size_t i = 0; i < 2 * sizeof edges / sizeof *edges; i++) {
        const uint16_t edge = edges[i / 2] | (uint16_t)(i % 2 << 15);
        for (int half = 0; half < 65536; half++) check_sum((uint16_t)half, edge);
    }
    for (int i = 0; i < 1000000; i++) check_sum((uint16_t)random_below(65536), (uint16_t)random_below(65536));
    /* Overflow is decided at 65,520, half-way to what would come after the largest half. */
    CHECK(fc_half_add(0x7bff, 0x4bff) == 0x7bff && fc_half_add(0x7bff, 0x4c00) == 0x7c00);
    CHECK(fc_half_add(0x7c00, 0xfc00) != 0x7c00 && isnan(half_value(fc_half_add(0x7c00, 0xfc00))));
    CHECK(fc_half_add(0x8000, 0x8000) == 0x8000 && fc_half_add(0x3c00, 0xbc00) == 0);
}

int main(void) {
    const size_t sizes[] = {1, 1, 2, 2, 4, 4, 8, 8, 4, 8};
    for (int t = 0; t < FC_DTYPE_COUNT; t++) {
        const fc_dtype dtype = (fc_dtype)t;
        CHECK(fc_dtype_size(dtype) == sizes[t]);
        for (int smallest = 0; smallest < 2; smallest++) {
            check_order(dtype, smallest);
            check_element(dtype, smallest);
            check_gather(dtype, smallest);
            if (is_float(dtype)) check_next_floats(dtype, smallest);
            else if (sizes[t] <= 2) check_all_small(dtype, smallest);
            else check_next_large(dtype, smallest);
        }
    }
    check_half_order(false);
    check_half_order(true);
    check_half_add();
    return finish();
}
