/* The gate's cases of src_c/topk.
 *
 * Every array is a permutation of 0..N-1, so that the sum of the K best values is known whatever their places. */
#include "fc_filter.h"
#include "fc_merge.h"
#include "fc_pool.h"
#include "fc_select.h"
#include "gate.h"

enum { N = 1 << 16, FEW = 10, MANY = 1000, HALF = N / 2, ROW = 64, ROWS = N / ROW, SMALL = 16, CALLS = 1000 };

#define SUM_OF_BEST(k) ((uint64_t)(k) * (2 * N - (k) - 1) / 2)

static fc_cpu_level level;
/* Aligned, so that no count hangs on where the linker puts them. */
static _Alignas(64) float random_floats[N], ascending[N], descending[N], rows[N], out[N];
static _Alignas(64) double random_doubles[N];
static _Alignas(64) uint8_t random_bytes[N];
static uint32_t positions[N];
static int64_t out_indices[N], even_indices[N], odd_indices[N];
static _Alignas(64) float evens[N], odds[N];

static void shuffle(float *values, size_t count) {
    for (size_t i = count; i > 1; i--) {
        const size_t j = (size_t)gate_random(i);
        const float swapped = values[i - 1];
        values[i - 1] = values[j];
        values[j] = swapped;
    }
}

static void set_up(fc_cpu_level wanted) {
    level = wanted;
    for (size_t i = 0; i < N; i++) {
        random_floats[i] = ascending[i] = descending[N - 1 - i] = (float)i;
        rows[i] = (float)(i % ROW);
    }
    shuffle(random_floats, N);
    for (size_t row = 0; row < ROWS; row++) shuffle(rows + row * ROW, ROW);
    for (size_t i = 0; i < N; i++) {
        random_doubles[i] = random_floats[i];
        random_bytes[i] = (uint8_t)((uint32_t)random_floats[i] % 251);
    }
    for (size_t i = 0; i < HALF; i++) {
        evens[i] = (float)(N - 2 - 2 * i);
        odds[i] = (float)(N - 1 - 2 * i);
        even_indices[i] = (int64_t)evens[i];
        odd_indices[i] = (int64_t)odds[i];
    }
}

static uint64_t filter_float(void) {
    const float threshold = N - MANY;
    return fc_filter_for(level)->at_least[FC_F32](random_floats, N, &threshold, positions);
}

static uint64_t filter_double(void) {
    const double threshold = MANY - 1;
    return fc_filter_for(level)->at_most[FC_F64](random_doubles, N, &threshold, positions);
}

static uint64_t filter_byte(void) {
    const uint8_t threshold = 250;
    return fc_filter_for(level)->at_least[FC_U8](random_bytes, N, &threshold, positions);
}

/* The sum of the values that are found. */
static uint64_t select_of(const float *values, size_t row_count, size_t n, size_t k) {
    const fc_selection selection = {.dtype = FC_F32, .sorted = true, .values = values, .rows = row_count, .n = n,
                                    .k = k, .out_values = out, .out_indices = out_indices, .threads = 1};
    size_t found = 0;
    gate_need(fc_select(fc_pool_runtime(level), &selection, &found) == FC_OK && found == k, "no selection");
    uint64_t sum = 0;
    for (size_t i = 0; i < row_count * k; i++) sum += (uint64_t)out[i];
    return sum;
}

static uint64_t select_random(void) { return select_of(random_floats, 1, N, FEW); }
static uint64_t select_many(void) { return select_of(random_floats, 1, N, MANY); }
static uint64_t select_half(void) { return select_of(random_floats, 1, N, HALF); }
static uint64_t select_ascending(void) { return select_of(ascending, 1, N, MANY); }
static uint64_t select_descending(void) { return select_of(descending, 1, N, MANY); }
static uint64_t select_rows(void) { return select_of(rows, ROWS, ROW, 1); }

static uint64_t select_small(void) {
    uint64_t sum = 0;
    for (size_t i = 0; i < CALLS; i++) sum += select_of(ascending, 1, SMALL, 1);
    return sum;
}

static uint64_t merge(void) {
    const fc_best_of even = {evens, even_indices, MANY}, odd = {odds, odd_indices, MANY};
    const size_t len = fc_merge(FC_F32, false, false, &even, &odd, MANY, out, out_indices);
    uint64_t sum = 0;
    for (size_t i = 0; i < len; i++) sum += (uint64_t)out_indices[i];
    return sum;
}

static const gate_case cases[] = {
    {"filter_float", filter_float, MANY, FC_CPU_V3},
    {"filter_double", filter_double, MANY, FC_CPU_V3},
    {"filter_byte", filter_byte, N / 251, FC_CPU_V3},
    {"select_random", select_random, SUM_OF_BEST(FEW), FC_CPU_V3},
    {"select_many", select_many, SUM_OF_BEST(MANY), FC_CPU_V3},
    {"select_half", select_half, SUM_OF_BEST(HALF), FC_CPU_V3},
    {"select_ascending", select_ascending, SUM_OF_BEST(MANY), FC_CPU_V3},
    {"select_descending", select_descending, SUM_OF_BEST(MANY), FC_CPU_V3},
    {"select_rows", select_rows, (uint64_t)ROWS * (ROW - 1), FC_CPU_V3},
    {"select_small", select_small, CALLS * (SMALL - 1), FC_CPU_BASE},
    {"merge", merge, SUM_OF_BEST(MANY), FC_CPU_BASE},
    {0},
};

const gate_room gate_topk = {"topk", set_up, cases};
