/* fc_walk: what a walk over a row keeps, with masks, priors and halves, is what a sort of the row has; its samples and
 * exact keys are as good as they say. */
#include "elements.h"
#include "fc_walk.h"

enum { ROWS = 3 };

typedef struct entry {
    uint64_t key;
    size_t index;
} entry;

static int best_first(const void *a, const void *b) {
    const entry *x = a, *y = b;
    if (x->key != y->key) return x->key > y->key ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static fc_runtime runtime; /* of which a walk that nobody can stop asks for the level alone */

/* The key by which an element of the selection is judged: that of its sum, of a half that of its order. */
static uint64_t key_at(const fc_selection *s, size_t at) {
    const float *const a = s->values, *const b = s->bias;
    const double *const c = s->values, *const d = s->bias;
    const uint16_t *const e = s->values, *const f = s->bias;
    if (s->half) {
        const double x = half_value(e[at]), sum = s->bias == NULL ? x : nearest_half_value(x + half_value(f[at]));
        /* Halves are as many steps from zero as their bits say. */
        int steps = 0;
        for (int bit = 0x4000; bit > 0; bit >>= 1)
            if (steps + bit <= 0x7c00 && half_value((uint16_t)(steps + bit)) <= fabs(sum)) steps += bit;
        const int16_t nan = s->smallest ? INT16_MAX : INT16_MIN;
        const int16_t order = isnan(sum) ? nan : (int16_t)(sum < 0 ? -steps : steps);
        return fc_key_of(FC_I16, s->smallest, &order);
    }
    if (s->bias == NULL)
        return fc_key_of(s->dtype, s->smallest, (const uint8_t *)s->values + at * fc_dtype_size(s->dtype));
    if (s->dtype == FC_F32) {
        const volatile float sum = a[at] + b[at];
        const float x = sum;
        return fc_key_of(FC_F32, s->smallest, &x);
    }
    const double sum = c[at] + d[at];
    return fc_key_of(FC_F64, s->smallest, &sum);
}

/* The eligible elements of a row, the best first, NaN last. */
static size_t naive(const fc_selection *s, size_t row, entry *out) {
    size_t len = 0;
    for (size_t i = 0; i < s->n; i++)
        if (s->where == NULL || s->where[row * s->n + i]) out[len++] = (entry){key_at(s, row * s->n + i), i};
    qsort(out, len, sizeof *out, best_first);
    return len;
}

static fc_selection make(fc_dtype dtype, bool half, bool smallest, fill how, size_t n, size_t k, bool where,
                         bool bias) {
    const size_t bytes = ROWS * n * fc_dtype_size(dtype);
    void *values = malloc(bytes), *priors = NULL;
    uint8_t *mask = NULL;
    fill_elements(dtype, half, how, ROWS * n, values);
    if (bias) {
        priors = malloc(bytes);
        fill_elements(dtype, half, random_below(2) ? FILL_SPREAD : how, ROWS * n, priors);
    }
    if (where) {
        const uint64_t rare = 1 + random_below(9);
        mask = malloc(ROWS * n);
        for (size_t i = 0; i < ROWS * n; i++) mask[i] = random_below(rare) == 0 ? (uint8_t)(1 + random_below(255)) : 0;
    }
    return (fc_selection){.dtype = dtype, .half = half, .smallest = smallest, .values = values, .where = mask,
                          .bias = priors, .rows = ROWS, .n = n, .k = k, .sorted = true};
}

static void free_selection(fc_selection *s) {
    free((void *)(uintptr_t)s->values);
    free((void *)(uintptr_t)s->where);
    free((void *)(uintptr_t)s->bias);
}

static fc_walk *walk_of(const fc_selection *s, fc_candidates_small *small) {
    fc_walk *walk = malloc(sizeof *walk);
    CHECK(fc_walk_init(walk, s, &runtime, NULL, 0, small) == FC_OK);
    return walk;
}

static void free_walk(fc_walk *walk) {
    fc_walk_free(walk);
    free(walk);
}

static void take_in_stretches(fc_walk *walk, size_t n) {
    for (size_t first = 0, count; first < n; first += count) {
        count = 1 + random_below(2 * FC_WALK_CHUNK);
        if (count > n - first) count = n - first;
        fc_walk_take(walk, first, first + count);
    }
}

static void check_kept(fc_walk *walk, const entry *want, size_t len) {
    fc_walk_order(walk);
    CHECK(walk->list.len == len);
    for (size_t i = 0; i < len; i++)
        if (walk->list.keys[i] != want[i].key || walk->list.indices[i] != want[i].index) CHECK(false);
}

static void check_walk(fc_dtype dtype, bool half, bool smallest, fill how, size_t n, size_t k, bool where, bool bias) {
    fc_selection s = make(dtype, half, smallest, how, n, k, where, bias);
    entry *want = malloc(n * sizeof *want);
    fc_candidates_small small;
    fc_walk *walk = walk_of(&s, &small);
    const uint64_t lowest = fc_key_lowest(dtype);
    for (size_t row = 0; row < ROWS; row++) {
        const size_t eligible = naive(&s, row, want);
        size_t numbers = 0; /* that are no NaN; of halves it is in the order */
        while (numbers < eligible && want[numbers].key >= lowest) numbers++;
        fc_walk_row(walk, row, lowest);
        take_in_stretches(walk, n);
        if (numbers < k) {
            CHECK(fc_walk_take_nan(walk) == FC_OK);
            check_kept(walk, want, eligible < k ? eligible : k);
        } else
            check_kept(walk, want, k);
        /* From a key on that an element has. */
        if (numbers > 0) {
            const size_t rank = random_below(numbers);
            size_t above = rank + 1;
            while (above < numbers && want[above].key == want[rank].key) above++;
            fc_walk_row(walk, row, want[rank].key);
            take_in_stretches(walk, n);
            check_kept(walk, want, above < k ? above : k);
        }
        fc_walk_row(walk, row, lowest);
        CHECK(fc_walk_exact(walk) == (k <= numbers ? want[k - 1].key : lowest));
        const uint64_t sampled = fc_walk_sample(walk, 1);
        CHECK(sampled >= lowest && (sampled == lowest || k <= n / 8));
        CHECK(fc_walk_sample(walk, 8) <= sampled);
    }
    free_walk(walk);
    free(want);
    free_selection(&s);
}

/* Of many samples of random rows few miss one of the k best, and they let few others through. */
static void check_samples(fc_dtype dtype, bool half, size_t n, size_t k, bool where) {
    size_t missed = 0, lets_all = 0, reach = 0, rounds = 60;
    entry *want = malloc(n * sizeof *want);
    for (size_t round = 0; round < rounds; round += ROWS) {
        fc_selection s = make(dtype, half, round % 2, FILL_SPREAD, n, k, where, false);
        if (dtype != FC_I16) fill_elements(FC_U32, false, FILL_BITS, ROWS * n, (void *)(uintptr_t)s.values);
        fc_walk *walk = walk_of(&s, NULL);
        for (size_t row = 0; row < ROWS; row++) {
            const size_t eligible = naive(&s, row, want);
            fc_walk_row(walk, row, 0);
            const uint64_t key = fc_walk_sample(walk, 1);
            size_t above = 0;
            while (above < eligible && want[above].key >= key) above++;
            missed += above < k && key > fc_key_lowest(dtype);
            lets_all += key == fc_key_lowest(dtype);
            if (key > fc_key_lowest(dtype)) reach += above;
        }
        free_walk(walk);
        free_selection(&s);
    }
    CHECK(missed <= rounds / 6); /* a miss costs time alone */
    CHECK(lets_all <= rounds / 20);
    CHECK(half || reach / rounds < n / 20 + 4 * k); /* of halves that are equal all are let through */
    free(want);
}

/* The elements may become NaN, and others eligible, between two looks at them: that spoils the answer alone. */
static void check_changed_meanwhile(void) {
    enum { N = 120 };
    double values[N];
    for (size_t k = N - 1; k <= N; k++) {
        const fc_selection s = {.dtype = FC_F64, .values = values, .rows = 1, .n = N, .k = k, .sorted = true};
        for (int i = 0; i < N; i++) values[i] = i == N / 2 || i == N / 3 ? (double)NAN : i;
        fc_walk *walk = walk_of(&s, NULL);
        fc_walk_row(walk, 0, fc_key_lowest(FC_F64));
        fc_walk_take(walk, 0, N);
        CHECK(walk->list.len == N - 2);
        for (int i = 0; i < N; i++) values[i] = (double)NAN;
        CHECK(fc_walk_take_nan(walk) == FC_OK);
        CHECK(walk->list.len <= walk->list.room && walk->list.len <= k);
        fc_walk_order(walk);
        for (size_t i = 0; i < walk->list.len; i++) CHECK(walk->list.indices[i] < N);
        free_walk(walk);
    }
}

static bool stop_third(fc_job *job, unsigned worker) {
    CHECK(worker == 7);
    ++*(int *)job->ctx;
    return *(int *)job->ctx >= 3;
}

/* A job that is to end is asked for it now and then, all the way through a long row. */
static void check_stopped(void) {
    enum { N = 3000000 };
    int asked = 0;
    fc_runtime stopping = runtime;
    fc_job job = {.ctx = &asked};
    stopping.should_stop = stop_third;
    float *values = malloc(N * sizeof *values);
    for (size_t i = 0; i < N; i++) values[i] = i == N - 1 ? (float)NAN : (float)i;
    const fc_selection s = {.dtype = FC_F32, .values = values, .rows = 1, .n = N, .k = N / 2, .sorted = true};
    fc_walk *walk = malloc(sizeof *walk);
    CHECK(fc_walk_init(walk, &s, &stopping, &job, 7, NULL) == FC_OK);
    fc_walk_row(walk, 0, fc_key_lowest(FC_F32));
    fc_walk_take(walk, 0, N);
    CHECK(asked == 3 && walk->list.len < N / 2);
    asked = 0;
    fc_walk_exact(walk);
    CHECK(asked == 3);
    asked = 0;
    CHECK(fc_walk_take_nan(walk) == FC_OK && asked == 3 && isfinite(values[walk->list.indices[walk->list.len - 1]]));
    free_walk(walk);
    free(values);
}

/* A row of NaN gives no key, nor does one of which too little is eligible. */
static void check_poor_samples(void) {
    enum { N = 10000 };
    fc_selection s = make(FC_F32, false, false, FILL_NAN, N, 5, false, false);
    fc_walk *walk = walk_of(&s, NULL);
    fc_walk_row(walk, 0, 0);
    CHECK(fc_walk_sample(walk, 1) == fc_key_lowest(FC_F32) && fc_walk_exact(walk) == fc_key_lowest(FC_F32));
    free_walk(walk);
    free_selection(&s);
    s = make(FC_I32, false, true, FILL_BITS, N, 5, true, false);
    memset((void *)(uintptr_t)s.where, 0, ROWS * N);
    walk = walk_of(&s, NULL);
    fc_walk_row(walk, 1, 0);
    CHECK(fc_walk_sample(walk, 1) == 0 && fc_walk_exact(walk) == 0);
    free_walk(walk);
    free_selection(&s);
}

int main(void) {
    const fc_cpu_level best = fc_cpu_detect();
    for (int level = FC_CPU_BASE; level <= (int)best; level++) {
        runtime.cpu = (fc_cpu_level)level;
        for (int t = 0; t <= FC_DTYPE_COUNT; t++) { /* the last of them: halves */
            const bool half = t == FC_DTYPE_COUNT;
            const fc_dtype dtype = half ? FC_I16 : (fc_dtype)t;
            for (int how = 0; how < FILL_COUNT; how++)
                for (int round = 0; round < 8; round++) {
                    const size_t n = 1 + random_below(round < 6 ? 900 : 20000);
                    const size_t k = round % 4 == 0 ? 1 + random_below(n) : 1 + random_below(n < 30 ? n : 30);
                    const bool where = random_below(2) == 0, bias = (half || is_float(dtype)) && random_below(2) == 0;
                    check_walk(dtype, half, random_below(2), (fill)how, n, k, where, bias);
                }
        }
    }
    for (int where = 0; where < 2; where++) {
        check_samples(FC_U32, false, 50000, 10, where);
        check_samples(FC_I32, false, 50000, 500, where);
        check_samples(FC_I16, true, 20000, 10, where);
    }
    check_poor_samples();
    check_stopped();
    check_changed_meanwhile();
    return finish();
}
