/* fc_select: the first k of a sort of each row, to the bit, on every level and number of threads. */
#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(__clang__)
#define CAN_LIMIT_MEMORY 1 /* sanitizers need much of it */
#include <sys/resource.h>
#else
#define CAN_LIMIT_MEMORY 0
#endif

#include "elements.h"
#include "fc_pool.h"
#include "fc_select.h"

enum { PART_BYTES = 256 * 1024 };

typedef struct entry {
    uint8_t comparable[8];
    size_t index;
} entry;

static fc_dtype order_dtype;
static bool order_smallest;

static int best_first(const void *a, const void *b) {
    const entry *x = a, *y = b;
    const int order = rank_compare(order_dtype, order_smallest, x->comparable, y->comparable);
    return order != 0 ? order : (x->index > y->index) - (x->index < y->index);
}

static int by_index(const void *a, const void *b) {
    const entry *x = a, *y = b;
    return (x->index > y->index) - (x->index < y->index);
}

/* What an element is ranked by: its sum with its bias, of halves as a double. */
static void comparable(const fc_selection *s, size_t at, uint8_t *out) {
    const size_t size = fc_dtype_size(s->dtype);
    const float *const a = s->values, *const b = s->bias;
    const double *const c = s->values, *const d = s->bias;
    const uint16_t *const e = s->values, *const f = s->bias;
    memcpy(out, (const uint8_t *)s->values + at * size, size);
    if (s->half) {
        const double x = half_value(e[at]), sum = s->bias == NULL ? x : nearest_half_value(x + half_value(f[at]));
        memcpy(out, &sum, sizeof sum);
    } else if (s->bias != NULL && s->dtype == FC_F32) {
        const volatile float sum = a[at] + b[at];
        const float x = sum;
        memcpy(out, &x, sizeof x);
    } else if (s->bias != NULL) {
        const double sum = c[at] + d[at];
        memcpy(out, &sum, sizeof sum);
    }
}

/* The answer's arrays, in memory that ends where they do. */
typedef struct answer {
    uint8_t *values;
    int64_t *indices;
    size_t values_len, indices_len; /* in bytes */
    size_t found;
} answer;

/* Room that is told to the selection. */
static answer room_for_answer(fc_selection *s) {
    answer a = {.values_len = s->rows * s->k * fc_dtype_size(s->dtype), .indices_len = s->rows * s->k * 8, .found = 42};
    a.values = malloc(a.values_len == 0 ? 1 : a.values_len);
    a.indices = malloc(a.indices_len == 0 ? 1 : a.indices_len);
    memset(a.values, 0xee, a.values_len);
    memset(a.indices, 0xee, a.indices_len);
    s->out_values = a.values;
    s->out_indices = a.indices;
    return a;
}

static void free_answer(answer *a) {
    free(a->values);
    free(a->indices);
}

static bool is_same(const answer *a, const answer *b) {
    return a->found == b->found && memcmp(a->indices, b->indices, a->indices_len) == 0 &&
           memcmp(a->values, b->values, a->values_len) == 0;
}

static answer naive(fc_selection *s) {
    const size_t size = fc_dtype_size(s->dtype);
    answer a = room_for_answer(s);
    entry *entries = malloc((s->n + 1) * sizeof *entries);
    const uint16_t nan16 = 0x7e00;
    const float nan32 = NAN;
    const double nan64 = (double)NAN;
    const uint64_t zero = 0;
    const void *const absent = s->half ? (const void *)&nan16 : s->dtype == FC_F32 ? (const void *)&nan32
                               : s->dtype == FC_F64 ? (const void *)&nan64 : (const void *)&zero;
    order_dtype = s->half ? FC_F64 : s->dtype;
    order_smallest = s->smallest;
    a.found = 0;
    for (size_t row = 0; row < s->rows && s->k > 0; row++) {
        size_t len = 0;
        for (size_t i = 0; i < s->n; i++) {
            if (s->where != NULL && s->where[row * s->n + i] == 0) continue;
            entries[len].index = i;
            comparable(s, row * s->n + i, entries[len++].comparable);
        }
        qsort(entries, len, sizeof *entries, best_first);
        if (len > s->k) len = s->k;
        if (!s->sorted) qsort(entries, len, sizeof *entries, by_index);
        for (size_t i = 0; i < s->k; i++) {
            const uint8_t *from = absent;
            if (i < len) from = (const uint8_t *)s->values + (row * s->n + entries[i].index) * size;
            memcpy(a.values + (row * s->k + i) * size, from, size);
            a.indices[row * s->k + i] = i < len ? (int64_t)entries[i].index : -1;
        }
        a.found = len;
    }
    free(entries);
    return a;
}

/* A runtime that gives as many threads as are wanted; what it is told is counted. */
static unsigned chosen, asked, learned;
static size_t items_said;

static unsigned choose(const fc_runtime *runtime, const fc_cost_work *work, unsigned threads) {
    (void)runtime;
    asked++;
    items_said = work->items;
    chosen = threads;
    return threads;
}

static void learn(const fc_runtime *runtime, const fc_cost_work *work, unsigned threads, int64_t took_ns) {
    (void)runtime;
    learned += threads == chosen && took_ns >= 0 && work->items == items_said;
}

static fc_runtime eager;
static int best_level;

static int stop_never(void *ctx) {
    ++*(int *)ctx;
    return 0;
}

static void check_on(const fc_runtime *runtime, fc_selection *s, unsigned threads, const answer *want) {
    int polls = 0;
    answer got = room_for_answer(s);
    s->threads = threads;
    s->poll = random_below(2) ? stop_never : NULL;
    s->poll_ctx = &polls;
    const unsigned asked_before = asked, learned_before = learned;
    CHECK(fc_select(runtime, s, &got.found) == FC_OK);
    CHECK(is_same(&got, want));
    CHECK(asked - asked_before == learned - learned_before);
    free_answer(&got);
}

/* Every level on one thread; on one of them several threads, and the process's own runtime. */
static void check_selection(fc_selection *s) {
    answer want = naive(s);
    for (int level = FC_CPU_BASE; level <= best_level; level++) {
        eager.cpu = (fc_cpu_level)level;
        check_on(&eager, s, 1, &want);
    }
    eager.cpu = (fc_cpu_level)random_below((uint64_t)best_level + 1);
    check_on(&eager, s, 2, &want);
    check_on(&eager, s, 5, &want);
    check_on(fc_pool_runtime(FC_CPU_BASE), s, 2, &want);
    free_answer(&want);
}

static void check_array(fc_dtype dtype, bool half, fill how, size_t rows, size_t n, size_t k, bool where, bool bias) {
    const size_t bytes = rows * n * fc_dtype_size(dtype);
    void *values = malloc(bytes == 0 ? 1 : bytes), *priors = malloc(bytes == 0 ? 1 : bytes);
    uint8_t *mask = malloc(rows * n == 0 ? 1 : rows * n);
    const uint64_t rare = 1 + random_below(random_below(3) == 0 ? n + 1 : 3);
    fill_elements(dtype, half, how, rows * n, values);
    if (bias) fill_elements(dtype, half, random_below(2) ? FILL_SPREAD : FILL_SPECIALS, rows * n, priors);
    for (size_t i = 0; i < rows * n; i++) mask[i] = random_below(rare) == 0 ? (uint8_t)(1 + random_below(255)) : 0;
    fc_selection s = {.dtype = dtype, .half = half, .values = values, .where = where ? mask : NULL,
                      .bias = bias ? priors : NULL, .rows = rows, .n = n, .k = k};
    for (int way = 0; way < 4; way++) {
        s.smallest = way & 1;
        s.sorted = way >> 1;
        if (bytes < PART_BYTES || way == (int)random_below(4) || way == 3) check_selection(&s);
    }
    free(values);
    free(priors);
    free(mask);
}

static void check_small(fc_dtype dtype, bool half) {
    const bool can_be_biased = half || is_float(dtype);
    for (int how = 0; how < FILL_COUNT; how++)
        for (int round = 0; round < 14; round++) {
            const size_t n = random_below(round < 10 ? 200 : 3000), rows = random_below(round < 10 ? 8 : 3);
            const size_t ks[] = {n, 0, n < 1 ? n : 1, n < 20 ? n : 20, random_below(n + 1)};
            const bool bias = can_be_biased && random_below(2);
            check_array(dtype, half, (fill)how, rows, n, ks[round % 5], random_below(2), bias);
        }
}

/* Of several parts, so that threads have something to share; k small, in the middle, and beyond an eighth of n. */
static void check_large(fc_dtype dtype, bool half, fill how, bool where, bool bias) {
    const size_t size = fc_dtype_size(dtype), n = (3 * PART_BYTES + PART_BYTES / 2) / size + 3;
    const size_t ks[] = {1, 10, n / 100, n / 9, n / 3};
    check_array(dtype, half, how, 1, n, ks[random_below(5)], where, bias);
    check_array(dtype, half, how, 3, n / 2, ks[random_below(3)], where, bias); /* fewer rows than threads, and more */
    check_array(dtype, half, how, 300, n / 150, 1 + random_below(9), where, bias);
}

static int stop_third(void *ctx) { return ++*(int *)ctx == 3; }

/* A runtime for which it is always time to poll, on one thread. */
static bool poll_always(fc_job *job, unsigned worker) {
    CHECK(worker == 0);
    if (job->poll(job->poll_ctx) != 0) atomic_store(&job->stop, true);
    return atomic_load(&job->stop);
}

static unsigned run_polling(const fc_runtime *runtime, fc_job *job) {
    for (size_t item = 0; item < job->items && !runtime->should_stop(job, 0); item++) job->work(job->ctx, item, 0);
    return 1;
}

/* A poll that wants an end to it gets it, however the elements lie in rows, and nothing is learned then. */
static void check_stop(size_t rows, size_t n, size_t k, unsigned threads) {
    int polls = 0;
    uint16_t *values = malloc(rows * n * sizeof *values);
    fill_elements(FC_U16, false, FILL_BITS, rows * n, values);
    fc_selection s = {.dtype = FC_U16, .values = values, .rows = rows, .n = n, .k = k, .sorted = true,
                      .threads = threads, .poll = stop_third, .poll_ctx = &polls};
    answer a = room_for_answer(&s);
    fc_runtime runtime = eager;
    runtime.run = run_polling;
    runtime.should_stop = poll_always;
    const unsigned learned_before = learned;
    CHECK(fc_select(&runtime, &s, &a.found) == FC_STOPPED);
    CHECK(polls >= 3 && a.found == 42 && learned == learned_before);
    /* About once for every part of the elements, not rarer. */
    polls = 0;
    s.poll = stop_never;
    CHECK(fc_select(&runtime, &s, &a.found) == FC_OK && a.found == k);
    CHECK((size_t)polls >= rows * n * sizeof *values / PART_BYTES);
    free_answer(&a);
    free(values);
}

#if CAN_LIMIT_MEMORY
static void limit_memory(rlim_t bytes) {
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_AS, &limit) == 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
}

/* The first row finds no memory; the second, as if another thread were at it, that the job is to stop. */
static unsigned run_out_of_memory(const fc_runtime *runtime, fc_job *job) {
    (void)runtime;
    limit_memory(0);
    job->work(job->ctx, 0, 0);
    CHECK(atomic_load(&job->stop));
    job->work(job->ctx, 1, 1);
    limit_memory(RLIM_INFINITY);
    return 2;
}

static bool is_stopped(fc_job *job, unsigned worker) {
    (void)worker;
    return atomic_load(&job->stop);
}

/* What stopped it is told, not that it was stopped. */
static void check_no_memory(void) {
    const size_t n = 600000;
    float *values = malloc(2 * n * sizeof *values);
    fill_elements(FC_F32, false, FILL_NAN, n, values);
    fill_elements(FC_F32, false, FILL_BITS, n, values + n);
    fc_selection s = {.dtype = FC_F32, .values = values, .rows = 2, .n = n, .k = n / 9, .threads = 2};
    answer a = room_for_answer(&s);
    fc_runtime runtime = eager;
    runtime.run = run_out_of_memory;
    runtime.should_stop = is_stopped;
    CHECK(fc_select(&runtime, &s, &a.found) == FC_NO_MEMORY && a.found == 42);
    free_answer(&a);
    free(values);
}
#endif

static void check_nothing(void) {
    size_t found = 42;
    const fc_selection none = {.dtype = FC_F32, .rows = 0, .n = 5, .k = 5, .threads = 1};
    CHECK(fc_select(&eager, &none, &found) == FC_OK && found == 0);
    found = 42;
    const fc_selection empty = {.dtype = FC_F32, .rows = 5, .n = 0, .k = 0, .threads = 3};
    CHECK(fc_select(&eager, &empty, &found) == FC_OK && found == 0);
}

int main(void) {
    best_level = (int)fc_cpu_detect();
    eager = *fc_pool_runtime(FC_CPU_BASE);
    eager.choose = choose;
    eager.learn = learn;
    check_nothing();
    for (int t = 0; t <= FC_DTYPE_COUNT; t++) { /* the last of them: halves */
        const bool half = t == FC_DTYPE_COUNT;
        const fc_dtype dtype = half ? FC_I16 : (fc_dtype)t;
        check_small(dtype, half);
    }
    for (int how = 0; how < FILL_COUNT; how++) {
        check_large(FC_F64, false, (fill)how, how % 2 == 0, how % 3 == 0);
        check_large(FC_U64, false, (fill)how, how % 2 == 1, false);
    }
    check_large(FC_F32, false, FILL_SPECIALS, true, true);
    check_large(FC_I8, false, FILL_BITS, false, false);
    check_large(FC_I16, true, FILL_BITS, false, true);
    CHECK(asked > 100 && fc_pool_workers() == 4);
#if CAN_LIMIT_MEMORY
    check_no_memory();
#endif
    for (unsigned threads = 1; threads <= 2; threads++) {
        const size_t part = PART_BYTES / sizeof(uint16_t);
        check_stop(1, 9 * part / 2, 10, threads);
        check_stop(2, 9 * part / 2, 10, threads);
        check_stop(2, 4 * part, part, threads);
        check_stop(1, 4 * part, 3 * part, threads); /* k is beyond an eighth of n */
        check_stop(5 * part / 300, 300, 10, threads);
    }
    return finish();
}
