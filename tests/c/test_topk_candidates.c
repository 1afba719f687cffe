/* fc_candidates: whatever is offered in whatever stretches, the list cut, merged or sorted is a sort's first k. */
#include "elements.h"
#include "fc_candidates.h"

typedef struct entry {
    uint64_t key, index;
} entry;

static int best_first(const void *a, const void *b) {
    const entry *x = a, *y = b;
    if (x->key != y->key) return x->key > y->key ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static int by_index(const void *a, const void *b) {
    const entry *x = a, *y = b;
    return (x->index > y->index) - (x->index < y->index);
}

/* The k best of the elements with keys from `least` on, the best first or by index; return how many. */
static size_t naive(fc_dtype dtype, bool smallest, const uint8_t *elements, size_t n, size_t k, uint64_t least,
                    bool sorted, entry *out) {
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        const uint64_t key = fc_key_of(dtype, smallest, elements + i * fc_dtype_size(dtype));
        if (key >= least) out[len++] = (entry){key, i};
    }
    qsort(out, len, sizeof *out, best_first);
    if (len > k) len = k;
    if (!sorted) qsort(out, len, sizeof *out, by_index);
    return len;
}

static bool never(void *ctx) {
    ++*(size_t *)ctx;
    return false;
}

static void sort(fc_candidates *list) {
    size_t asked = 0;
    fc_candidates_sort(list, never, &asked);
}

static void check_list(const fc_candidates *list, const entry *want, size_t len) {
    CHECK(list->len == len);
    for (size_t i = 0; i < len; i++)
        if (list->keys[i] != want[i].key || list->indices[i] != want[i].index) CHECK(false);
    CHECK(true);
}

/* Offer elements [first, end), at most `stretch` at a time, every one of them. */
static void offer(fc_candidates *list, const uint8_t *elements, size_t first, size_t end, size_t stretch) {
    const size_t size = fc_dtype_size(list->dtype);
    while (first < end) {
        const size_t most = end - first < stretch ? end - first : stretch, count = 1 + random_below(most);
        uint32_t *positions = malloc(count * sizeof *positions);
        for (size_t i = 0; i < count; i++) positions[i] = (uint32_t)i;
        fc_candidates_offer(list, elements + first * size, positions, count, first);
        CHECK(list->len <= list->room);
        free(positions);
        first += count;
    }
}

/* The bar may rise only as far as it changes nothing. */
static void check_bar(const fc_candidates *list, const entry *want, size_t len, uint64_t least) {
    CHECK(list->raised || list->closed ? len == list->k : list->least == least);
    uint64_t next;
    const bool is_highest = len > 0 && !fc_key_next(list->dtype, list->smallest, want[len - 1].key, &next);
    CHECK(!list->closed || is_highest);
    if (list->raised && !list->closed && !is_highest) CHECK(list->least <= next);
}

static void check_offers(fc_dtype dtype, bool smallest, fill how, size_t n, size_t k, size_t stretch) {
    uint8_t *elements = malloc(n * fc_dtype_size(dtype));
    entry *want = malloc(n * sizeof *want);
    fill_elements(dtype, false, how, n, elements);
    fc_candidates_small *small = malloc(sizeof *small);
    fc_candidates list;
    CHECK(fc_candidates_init(&list, dtype, smallest, k, n, small) == FC_OK);
    CHECK((list.block == NULL) == (list.room <= FC_CANDIDATES_SMALL_ROOM) && list.len == 0 && list.room >= k);
    const uint64_t some = fc_key_of(dtype, smallest, elements + random_below(n) * fc_dtype_size(dtype));
    const uint64_t bars[] = {0, fc_key_lowest(dtype), some};
    for (size_t b = 0; b < 3; b++)
        for (int sorted = 0; sorted < 2; sorted++) {
            fc_candidates_reset(&list, bars[b]);
            offer(&list, elements, 0, n, stretch);
            size_t len = naive(dtype, smallest, elements, n, k, bars[b], true, want);
            check_bar(&list, want, len, bars[b]);
            if (!sorted) qsort(want, len, sizeof *want, by_index);
            if (sorted) sort(&list);
            else fc_candidates_cut(&list);
            check_list(&list, want, len);
        }
    fc_candidates_free(&list);
    free(small);
    free(want);
    free(elements);
}

static void check_merge(fc_dtype dtype, bool smallest, fill how, size_t n, size_t k, size_t lists, size_t stretch) {
    uint8_t *elements = malloc(n * fc_dtype_size(dtype));
    entry *want = malloc(n * sizeof *want);
    fc_candidates list[4];
    fill_elements(dtype, false, how, n, elements);
    for (size_t i = 0; i < lists; i++) CHECK(fc_candidates_init(&list[i], dtype, smallest, k, n, NULL) == FC_OK);
    for (int sorted = 0; sorted < 2; sorted++) {
        for (size_t i = 0; i < lists; i++) fc_candidates_reset(&list[i], 0);
        for (size_t first = 0; first < n; first += stretch)
            offer(&list[random_below(lists)], elements, first, n - first < stretch ? n : first + stretch, stretch);
        for (size_t i = 1; i < lists; i++) fc_candidates_merge(&list[0], &list[i]);
        const size_t len = naive(dtype, smallest, elements, n, k, 0, sorted, want);
        if (sorted) sort(&list[0]);
        check_list(&list[0], want, len);
    }
    for (size_t i = 0; i < lists; i++) fc_candidates_free(&list[i]);
    free(want);
    free(elements);
}

/* 64-bit keys as elements, of a kind that the ways to sort tell apart. */
static uint64_t odd_key(int kind, size_t i, size_t n) {
    switch (kind) {
    case 0: return random_below(UINT64_MAX);
    case 1: return 12345;                                            /* all equal */
    case 2: return random_below(2) << 63 | random_below(1000);       /* two crowds */
    case 3: return UINT64_C(0xabcdef) << 40 | random_below(256);     /* differ in the lowest byte */
    case 4: return random_below(256) << 56 | 77;                     /* differ in the highest */
    case 5: return UINT64_MAX >> random_below(65) % 64;              /* each digit tells few apart */
    case 6: return i < n / 2 ? 0 : UINT64_MAX;
    case 7: return i;
    case 8: return n - i;
    case 9: return i == 0 ? UINT64_MAX : random_below(50);           /* one far from all others */
    case 10: return (uint64_t)1 << 63 >> (i < 64 ? i : 63);
    default: return (i * 2654435769u) % n;                           /* all different, in disorder */
    }
}

enum { KINDS = 12 };

static void check_sort(int kind, size_t n, size_t k) {
    uint64_t *elements = malloc(n * sizeof *elements);
    entry *want = malloc(n * sizeof *want);
    fc_candidates list;
    for (size_t i = 0; i < n; i++) elements[i] = odd_key(kind, i, n);
    CHECK(fc_candidates_init(&list, FC_U64, false, k, n, NULL) == FC_OK);
    offer(&list, (const uint8_t *)elements, 0, n, n);
    sort(&list);
    const size_t len = naive(FC_U64, false, (const uint8_t *)elements, n, k, 0, true, want);
    check_list(&list, want, len);
    fc_candidates_free(&list);
    free(want);
    free(elements);
}

static int larger_first(const void *a, const void *b) {
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x < y) - (x > y);
}

static void check_kth(int kind, size_t len) {
    uint64_t *keys = malloc(len * sizeof *keys), *spare = malloc(len * sizeof *spare), *sorted;
    for (size_t i = 0; i < len; i++) keys[i] = odd_key(kind, i, len);
    sorted = (uint64_t *)(void *)exact_copy(keys, len * sizeof *keys);
    uint64_t *before = (uint64_t *)(void *)exact_copy(keys, len * sizeof *keys);
    qsort(sorted, len, sizeof *sorted, larger_first);
    const size_t ranks[] = {1, 2, 15, 16, 17, 18, len / 3, len / 2, len - 1, len, 1 + random_below(len)};
    for (size_t i = 0; i < sizeof ranks / sizeof *ranks; i++)
        if (ranks[i] >= 1 && ranks[i] <= len)
            CHECK(fc_candidates_kth(keys, len, ranks[i], spare) == sorted[ranks[i] - 1]);
    CHECK(memcmp(keys, before, len * sizeof *keys) == 0);
    free(before);
    free(sorted);
    free(spare);
    free(keys);
}

static bool stop_at_third(void *ctx) { return ++*(size_t *)ctx == 3; }

/* A sort that is told to stop leaves the k best, in any order. */
static void check_stopped_sort(void) {
    enum { N = 3000, K = 2000 };
    uint64_t elements[N];
    entry want[N], got[K];
    fc_candidates list;
    for (size_t i = 0; i < N; i++) elements[i] = random_below(UINT64_MAX) >> random_below(60);
    CHECK(fc_candidates_init(&list, FC_U64, false, K, N, NULL) == FC_OK);
    offer(&list, (const uint8_t *)elements, 0, N, N);
    size_t asked = 0;
    fc_candidates_sort(&list, stop_at_third, &asked);
    CHECK(asked == 3 && list.len == K);
    for (size_t i = 0; i < K; i++) got[i] = (entry){list.keys[i], list.indices[i]};
    CHECK(naive(FC_U64, false, (const uint8_t *)elements, N, K, 0, true, want) == K);
    CHECK(memcmp(got, want, sizeof got) != 0);
    qsort(got, K, sizeof *got, best_first);
    CHECK(memcmp(got, want, sizeof got) == 0);
    fc_candidates_free(&list);
}

/* Once k of the highest key are in, nothing is. */
static void check_closed(void) {
    const uint8_t elements[] = {255, 3, 255, 255, 255};
    const uint32_t positions[] = {0, 1, 2, 3, 4};
    fc_candidates_small small;
    fc_candidates list;
    CHECK(fc_candidates_init(&list, FC_U8, false, 2, 100, &small) == FC_OK);
    fc_candidates_reset(&list, 255);
    fc_candidates_offer(&list, elements, positions, 2, 0);
    CHECK(list.len == 1 && !list.closed && !list.raised);
    fc_candidates_offer(&list, elements, positions + 2, 1, 0);
    CHECK(list.len == 2 && list.closed);
    fc_candidates_offer(&list, elements, positions + 3, 2, 0);
    CHECK(list.len == 2 && list.indices[0] == 0 && list.indices[1] == 2);
    fc_candidates_reset(&list, 0);
    CHECK(list.len == 0 && !list.closed && !list.raised);
    fc_candidates_free(&list);
}

/* Sizes of which the bytes cannot be counted. No object is larger than SIZE_MAX / 2. */
static void check_no_memory(void) {
    const size_t many[] = {SIZE_MAX / 32, SIZE_MAX / 32 + 1, SIZE_MAX / 8, SIZE_MAX / 2};
    fc_candidates list;
    for (size_t i = 0; i < sizeof many / sizeof *many; i++)
        CHECK(fc_candidates_init(&list, FC_U8, false, many[i], many[i], NULL) == FC_NO_MEMORY);
    CHECK(fc_candidates_init(&list, FC_U8, false, SIZE_MAX / 16, SIZE_MAX / 2, NULL) == FC_NO_MEMORY);
}

int main(void) {
    const fc_dtype dtypes[] = {FC_U8, FC_I16, FC_U64, FC_F32, FC_F64};
    for (size_t d = 0; d < 5; d++)
        for (int smallest = 0; smallest < 2; smallest++)
            for (int how = 0; how < FILL_COUNT; how++)
                for (int round = 0; round < 12; round++) {
                    const size_t n = 1 + random_below(round < 6 ? 300 : 3000), stretch = 1 + random_below(600);
                    const size_t k = round % 3 == 0 ? 1 + random_below(n) : 1 + random_below(n < 40 ? n : 40);
                    check_offers(dtypes[d], smallest, (fill)how, n, round == 11 ? n : k, stretch);
                    check_merge(dtypes[d], smallest, (fill)how, n, round == 11 ? n : k, 2 + random_below(3), stretch);
                }
    /* From k = 21,846 on the list has room for less than four times as much, from 65,537 on for twice. */
    const size_t large[] = {21845, 21846, 30000, 65535, 65536, 70000};
    for (size_t i = 0; i < 6; i++) {
        const fill how = i % 2 == 0 ? FILL_BITS : FILL_ASCENDING;
        check_offers(FC_F64, false, how, 230000, large[i], 4096);
        check_merge(FC_U64, true, how, 230000, large[i], 3, 20000);
        check_merge(FC_I16, true, how, large[i] + large[i] / 2, large[i], 2, 4096);
    }
    for (int kind = 0; kind < KINDS; kind++) {
        for (size_t n = 1; n <= 400; n += 1 + n / 5)
            for (size_t k = 1; k <= n; k += 1 + k / 4) check_sort(kind, n, k);
        check_sort(kind, 5000, 1200);
        check_sort(kind, 5000, 5000);
        check_sort(kind, 100000, 90000);
        for (size_t len = 1; len <= 3000; len += 1 + len / 9) check_kth(kind, len);
        check_kth(kind, 100000);
    }
    check_closed();
    check_stopped_sort();
    check_no_memory();
    return finish();
}
