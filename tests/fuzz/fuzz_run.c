/* A whole file, cut in two ways: no crash, every line judged exactly once, and the same answer however it is cut. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fc_run.h"

static unsigned run_in_order(const fc_runtime *runtime, fc_job *job) {
    (void)runtime;
    for (size_t item = 0; item < job->items; item++) job->work(job->ctx, item, 0);
    return 1;
}

static bool never_stop(fc_job *job, unsigned worker) {
    (void)job;
    (void)worker;
    return false;
}

static unsigned choose_all(const fc_runtime *runtime, const fc_cost_work *work, unsigned threads) {
    (void)runtime;
    (void)work;
    return threads;
}

static void learn_nothing(const fc_runtime *runtime, const fc_cost_work *work, unsigned threads, int64_t took_ns) {
    (void)runtime;
    (void)work;
    (void)threads;
    (void)took_ns;
}

static void scan(fc_cpu_level level, const fc_file_list *files, const fc_plan *plan, bool validate_all, size_t chunk,
                 size_t span, fc_run_result *out) {
    const fc_runtime runtime = {.cpu = level, .run = run_in_order, .should_stop = never_stop,
                                .choose = choose_all, .learn = learn_nothing};
    const fc_run_options options = {.order = (fc_order)(chunk % 3), .limit = 3, .validate_all = validate_all,
                                    .max_line = 300, .threads = 1, .timeout_ns = -1, .chunk = chunk, .span = span};
    if (fc_run(&runtime, files, plan, &options, out) != FC_OK) abort();
}

static bool same_hits(const fc_run_result *a, const fc_run_result *b) {
    if (a->matches != b->matches || a->hits_len != b->hits_len || a->tails_len != b->tails_len) return false;
    for (size_t i = 0; i < a->hits_len; i++) {
        const fc_hit *x = &a->hits[i], *y = &b->hits[i];
        if (x->offset != y->offset || x->line != y->line || x->has_time != y->has_time || x->raw_len != y->raw_len) return false;
        if (x->has_time && x->time_us != y->time_us) return false;
        if (x->raw_len != 0 && memcmp(x->raw, y->raw, x->raw_len) != 0) return false;
    }
    return a->tails_len == 0 || memcmp(a->tails, b->tails, a->tails_len * sizeof *a->tails) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const needles[] = {"a", "Hello", "k\xc3\xa9", "\n"};
    if (size < 3) return 0;
    const fc_term term = {.op = FC_OP_TEXT, .value = (const uint8_t *)needles[data[0] & 3], .len = strlen(needles[data[0] & 3])};
    const fc_plan_options options = {.case_sensitive = data[0] >> 2 & 1};
    const fc_cpu_level level = (fc_cpu_level)(data[1] % FC_CPU_COUNT);
    const size_t chunk = 3 + 3 * (size_t)(data[1] >> 2), span = 1 + (size_t)data[2];
    fc_plan *plan;
    if (fc_plan_new(&term, 1, &options, &plan) != FC_OK) abort();
    fc_file_list files = {0};
    uint8_t *copy = malloc(size);
    memcpy(copy, data + 3, size - 3);
    if (fc_file_list_add_memory(&files, "f", 1, copy, size - 3) != FC_OK) abort();

    fc_run_result whole, cut, usual;
    scan(level, &files, plan, true, 3 * 4096, SIZE_MAX, &whole);
    scan(level, &files, plan, true, chunk, span, &cut);
    if (!same_hits(&whole, &cut) || whole.lines != cut.lines || whole.errors != cut.errors) abort();
    if (whole.lines != whole.records + whole.errors + whole.blank + whole.tails_len) abort();
    /* The usual reading accepts what the strict one does, and more. */
    scan(level, &files, plan, false, chunk, span, &usual);
    if (usual.matches < whole.matches) abort();
    fc_run_result_free(&whole);
    fc_run_result_free(&cut);
    fc_run_result_free(&usual);
    fc_file_list_free(&files);
    fc_plan_free(plan);
    free(copy);
    return 0;
}
