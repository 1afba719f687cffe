#include "fc_select.h"

#include <stdlib.h>
#include <string.h>

#include "fc_clock.h"
#include "fc_walk.h"

/* What one thread takes at a time: some tens of microseconds. */
enum { PART_BYTES = 256 * 1024 };

typedef struct select_job {
    const fc_selection *selection;
    fc_walk *walks; /* one for each thread */
    unsigned threads;
    size_t part; /* elements, or rows, that are taken at a time */
    fc_job job;
    atomic_int status;
    size_t found;     /* in the last row */
    bool shared_pool; /* other jobs were on the pool meanwhile */
} select_job;

/* Write the row's answer from the list, which holds it. */
static void write_row(const fc_selection *s, const fc_walk *walk, size_t row, size_t *out_found) {
    const fc_candidates *list = &walk->list;
    const size_t size = fc_dtype_size(s->dtype), begin = row * s->k;
    int64_t *indices = s->out_indices + begin;
    uint8_t *values = (uint8_t *)s->out_values + begin * size;
    for (size_t i = 0; i < list->len; i++) indices[i] = (int64_t)list->indices[i];
#define COPY(T)                                                                                              \
    for (size_t i = 0; i < list->len; i++)                                                                   \
        ((T *)(void *)values)[i] = ((const T *)(const void *)walk->values)[list->indices[i]];
    if (size == 8) COPY(uint64_t)
    else if (size == 4) COPY(uint32_t)
    else if (size == 2) COPY(uint16_t)
    else COPY(uint8_t)
#undef COPY
    if (row + 1 == s->rows) *out_found = list->len;
    if (list->len == s->k) return;
    const uint64_t absent = s->half               ? 0x7e00
                            : s->dtype == FC_F32 ? 0x7fc00000
                            : s->dtype == FC_F64 ? UINT64_C(0x7ff8) << 48
                                                 : 0;
    for (size_t i = list->len; i < s->k; i++) {
        indices[i] = -1;
        memcpy(values + i * size, &absent, size); /* little-endian, as all that this is built for */
    }
}

static fc_status finish_row(const fc_selection *s, fc_walk *walk, size_t row, size_t *out_found) {
    if (walk->list.len < s->k) {
        const fc_status status = fc_walk_take_nan(walk);
        if (status != FC_OK) return status;
    }
    fc_walk_order(walk);
    if (walk->job != NULL && atomic_load(&walk->job->stop)) return FC_STOPPED;
    write_row(s, walk, row, out_found);
    return FC_OK;
}

/* Of a k that is large against n most of the time goes into the order, which one thread makes. */
static bool is_exact(const fc_selection *s) { return s->n > FC_WALK_CHUNK && s->k > s->n / 8; }

/* The key to begin with; after a bar that fewer than k reached, the next lower one. */
static uint64_t bar_for(fc_walk *walk, unsigned attempt) {
    enum { SLACK = 8, ATTEMPTS = 3 };
    if (attempt == ATTEMPTS) return fc_key_lowest(walk->selection->dtype);
    if (is_exact(walk->selection)) return fc_walk_exact(walk);
    size_t slack = 1;
    for (unsigned i = 0; i < attempt; i++) slack *= SLACK;
    return fc_walk_sample(walk, slack);
}

/* True if the walk has what its row gives under this bar. */
static bool is_enough(const fc_selection *s, const fc_walk *walk, uint64_t bar) {
    return walk->list.len >= s->k || bar == fc_key_lowest(s->dtype);
}

static fc_status select_row(const fc_selection *s, fc_walk *walk, size_t row, size_t *out_found) {
    fc_walk_row(walk, row, 0);
    for (unsigned attempt = 0;; attempt++) {
        const uint64_t bar = bar_for(walk, attempt);
        fc_candidates_reset(&walk->list, bar);
        fc_walk_take(walk, 0, s->n);
        if (walk->job != NULL && atomic_load(&walk->job->stop)) return FC_STOPPED;
        if (is_enough(s, walk, bar)) return finish_row(s, walk, row, out_found);
    }
}

static void do_rows(void *ctx, size_t item, unsigned worker) {
    select_job *j = ctx;
    const size_t rows = j->selection->rows, begin = item * j->part;
    const size_t end = rows - begin < j->part ? rows : begin + j->part;
    for (size_t row = begin; row < end; row++) {
        const fc_status status = select_row(j->selection, &j->walks[worker], row, &j->found);
        if (status == FC_OK) continue;
        if (status == FC_STOPPED) return; /* `stop` is set, perhaps for another row's failure, which counts */
        atomic_store(&j->status, (int)status);
        atomic_store(&j->job.stop, true);
        return;
    }
}

static void do_part(void *ctx, size_t item, unsigned worker) {
    select_job *j = ctx;
    const size_t n = j->selection->n, begin = item * j->part;
    fc_walk_take(&j->walks[worker], begin, n - begin < j->part ? n : begin + j->part);
}

static fc_status run(const fc_runtime *runtime, select_job *j, void (*work)(void *, size_t, unsigned), size_t count) {
    const fc_selection *s = j->selection;
    j->job = (fc_job){.work = work, .ctx = j, .items = (count - 1) / j->part + 1, .threads = j->threads,
                      .poll = s->poll, .poll_ctx = s->poll_ctx};
    runtime->run(runtime, &j->job);
    j->shared_pool |= j->job.shared;
    if (j->job.forked) return FC_FORKED;
    const fc_status status = (fc_status)atomic_load(&j->status);
    return status == FC_OK && atomic_load(&j->job.stop) ? FC_STOPPED : status;
}

/* All threads take parts of one row. */
static fc_status run_row(const fc_runtime *runtime, select_job *j, size_t row) {
    const fc_selection *s = j->selection;
    fc_walk *first = &j->walks[0];
    fc_walk_row(first, row, 0);
    for (unsigned attempt = 0;; attempt++) {
        const uint64_t bar = bar_for(first, attempt);
        for (unsigned i = 0; i < j->threads; i++) fc_walk_row(&j->walks[i], row, bar);
        const fc_status status = run(runtime, j, do_part, s->n);
        if (status != FC_OK) return status;
        for (unsigned i = 1; i < j->threads; i++) fc_candidates_merge(&first->list, &j->walks[i].list);
        if (is_enough(s, first, bar)) return finish_row(s, first, row, &j->found);
    }
}

static fc_status run_rows(const fc_runtime *runtime, select_job *j) {
    const fc_selection *s = j->selection;
    const size_t per_part = PART_BYTES / fc_dtype_size(s->dtype);
    if (s->rows >= j->threads) {
        j->part = s->n < per_part ? per_part / s->n : 1;
        return run(runtime, j, do_rows, s->rows);
    }
    fc_status status = FC_OK;
    j->part = per_part;
    for (size_t row = 0; row < s->rows && status == FC_OK; row++) status = run_row(runtime, j, row);
    return status;
}

static fc_status select_on_pool(const fc_runtime *runtime, const fc_selection *s, unsigned threads,
                                bool *out_shared, size_t *out_found) {
    select_job j = {.selection = s, .threads = threads, .job = {.poll = s->poll, .poll_ctx = s->poll_ctx}};
    j.walks = malloc(j.threads * sizeof *j.walks);
    *out_shared = false;
    if (j.walks == NULL) return FC_NO_MEMORY;
    fc_status status = FC_OK;
    unsigned made = 0;
    for (; made < j.threads && status == FC_OK; made += status == FC_OK)
        status = fc_walk_init(&j.walks[made], s, runtime, &j.job, made, NULL);
    if (status == FC_OK) status = run_rows(runtime, &j);
    for (unsigned i = 0; i < made; i++) fc_walk_free(&j.walks[i]);
    free(j.walks);
    *out_shared = j.shared_pool;
    if (status == FC_OK) *out_found = j.found;
    return status;
}

fc_cost_work fc_select_work(size_t size, size_t elements, bool prepared) {
    static const char *const plain[] = {"top_k, 1 byte", "top_k, 2 bytes", "top_k, 4 bytes", "top_k, 8 bytes"};
    static const char *const readied[] = {"top_k, 1 byte, prepared", "top_k, 2 bytes, prepared",
                                          "top_k, 4 bytes, prepared", "top_k, 8 bytes, prepared"};
    const size_t at = size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : 3, bytes = elements * size;
    const char *name = prepared ? readied[at] : plain[at];
    return (fc_cost_work){.name = name, .name_len = strlen(name), .items = bytes / PART_BYTES + 1, .bytes = bytes,
                          .guess_ns = (int64_t)(bytes / (prepared ? 4 : 40))};
}

static fc_status select_on_stack(const fc_runtime *runtime, const fc_selection *s, size_t *out_found) {
    fc_candidates_small small;
    fc_walk walk;
    size_t found = 0;
    fc_status status = fc_walk_init(&walk, s, runtime, NULL, 0, &small);
    if (status != FC_OK) return status;
    for (size_t row = 0; row < s->rows && status == FC_OK; row++) status = select_row(s, &walk, row, &found);
    fc_walk_free(&walk);
    if (status == FC_OK) *out_found = found;
    return status;
}

fc_status fc_select(const fc_runtime *runtime, const fc_selection *selection, size_t *out_found) {
    if (selection->rows == 0 || selection->k == 0) {
        *out_found = 0;
        return FC_OK;
    }
    if (selection->threads == 1 && selection->poll == NULL) return select_on_stack(runtime, selection, out_found);
    bool shared;
    if (selection->threads == 1 || is_exact(selection))
        return select_on_pool(runtime, selection, 1, &shared, out_found);
    const bool prepared = selection->half || selection->bias != NULL || selection->where != NULL;
    const size_t elements = selection->rows * selection->n;
    const fc_cost_work work = fc_select_work(fc_dtype_size(selection->dtype), elements, prepared);
    const unsigned threads = runtime->choose(runtime, &work, selection->threads);
    const int64_t began = fc_clock_ns();
    const fc_status status = select_on_pool(runtime, selection, threads, &shared, out_found);
    if (status == FC_OK && !shared) runtime->learn(runtime, &work, threads, fc_clock_ns() - began);
    return status;
}
