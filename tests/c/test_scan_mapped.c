/* Mapped files scanned by blocks against the same files read: the same hits, numbers, reports and tails, for blocks and
 * pieces of any size; and what is left of a file that was cut short or written over after it was mapped. */
#define _GNU_SOURCE
#include "fc_mapped.h"

#include "fc_corpus.h"
#include "members.h"

static char text[250000];
static size_t text_len;

static void make_text(void) {
    static const char *const lines[] = {
        "{\"type\":\"summary\",\"summary\":\"a needle\",\"timestamp\":\"2024-01-0%dT00:00:00Z\"}",
        "{\"type\":\"summary\",\"summary\":\"a n\\u0065edle %d\"}", "{\"type\":\"summary\",\"summary\":\"straw %d\"}",
        "needle and no record %d", "", "{\"type\":\"summary\",\"timestamp\":\"2025-01-0%dT00:00:00Z\"}\r"};
    text_len = 0;
    const size_t count = (size_t)random_below(60);
    for (size_t i = 0; i < count; i++) {
        text_len += (size_t)sprintf(text + text_len, lines[random_below(6)], 1 + (int)random_below(9));
        if (random_below(30) == 0) text_len += (size_t)sprintf(text + text_len, "%3000s", "needle");
        if (i + 1 < count || random_below(2)) text[text_len++] = '\n';
    }
    if (random_below(3) == 0) text_len += (size_t)sprintf(text + text_len, "{\"needle");
}

static fc_plan *needle_plan(void) {
    const fc_term needle = {.op = FC_OP_TEXT, .value = (const uint8_t *)"needle", .len = 6};
    const fc_plan_options usual = {0};
    fc_plan *plan;
    CHECK(fc_plan_new(&needle, 1, &usual, &plan) == FC_OK);
    return plan;
}

static fc_run_result scan(const fc_file_list *files, const fc_plan *plan, const fc_run_options *options) {
    fc_run_result result;
    CHECK(fc_run(runtime, files, plan, options, &result) == FC_OK);
    return result;
}

static void check_same(const fc_run_result *a, const fc_run_result *b) {
    CHECK(a->matches == b->matches && a->hits_len == b->hits_len && a->bytes == b->bytes);
    CHECK(a->candidates == b->candidates && a->records == b->records && a->errors == b->errors);
    for (size_t i = 0; i < a->hits_len; i++) {
        const fc_hit *x = &a->hits[i], *y = &b->hits[i];
        CHECK(x->offset == y->offset && x->line == y->line && x->time_us == y->time_us && x->has_time == y->has_time);
        CHECK(x->raw_len == y->raw_len && memcmp(x->raw, y->raw, x->raw_len) == 0);
    }
    CHECK(a->reports_len == b->reports_len && a->tails_len == b->tails_len);
    for (size_t i = 0; i < a->reports_len; i++) {
        CHECK(a->reports[i].offset == b->reports[i].offset && a->reports[i].line == b->reports[i].line);
        CHECK(a->reports[i].kind == b->reports[i].kind && a->reports[i].reason == b->reports[i].reason);
    }
    for (size_t i = 0; i < a->tails_len; i++) CHECK(a->tails[i].offset == b->tails[i].offset);
}

static fc_file_list one_file(const char *path, bool held) {
    fc_file_list files = {0};
    fc_corpus_changes changes;
    CHECK(fc_file_list_add_path(&files, path, strlen(path), false) == FC_OK);
    if (held) CHECK(fc_corpus_hold(runtime, &files, NULL, &changes) == FC_OK);
    return files;
}

static void check_equal(const fc_plan *plan) {
    static const size_t sizes[] = {1, 40, 300, 5000, 1 << 18};
    make_text();
    write_file("m.jsonl", text, text_len);
    fc_file_list read = one_file("m.jsonl", false), held = one_file("m.jsonl", true);
    for (int round = 0; round < 6; round++) {
        const fc_run_options options = {.order = (fc_order)random_below(3), .limit = (size_t)random_below(30),
                                        .max_line = random_below(2) ? 2000 : 1000000, .threads = 2, .timeout_ns = -1,
                                        .chunk = 64, .span = sizes[random_below(5)], .block = sizes[random_below(5)]};
        fc_run_result a = scan(&read, plan, &options), b = scan(&held, plan, &options);
        check_same(&a, &b);
        fc_run_result_free(&a);
        fc_run_result_free(&b);
        fc_corpus_release(&held); /* blocks of another size next time */
        fc_file_list_free(&held);
        held = one_file("m.jsonl", true);
    }
    fc_corpus_release(&held);
    fc_file_list_free(&held);
    fc_file_list_free(&read);
}

/* A file that is cut after it was mapped gives what a scan of the cut file gives, and a report. */
static void check_cut(const fc_plan *plan) {
    make_text();
    while (text_len < 5000) text_len += (size_t)sprintf(text + text_len, "{\"type\":\"summary\",\"summary\":\"needle\"}\n");
    write_file("m.jsonl", text, text_len);
    fc_file_list held = one_file("m.jsonl", true);
    const fc_run_options options = {.order = FC_ORDER_FILE, .limit = SIZE_MAX, .max_line = 1000000, .threads = 1,
                                    .timeout_ns = -1, .chunk = 64, .span = SIZE_MAX, .block = 200};
    if (random_below(2)) { /* cut into blocks already */
        fc_run_result before = scan(&held, plan, &options);
        fc_run_result_free(&before);
    }
    const size_t left = (size_t)random_below(text_len);
    CHECK(truncate("m.jsonl", (off_t)left) == 0);
    fc_file_list read = one_file("m.jsonl", false);
    fc_run_result a = scan(&read, plan, &options), b = scan(&held, plan, &options);
    CHECK(b.reports_len == a.reports_len + 1 || b.reports_len == a.reports_len + 2); /* the line that was cut may be one */
    size_t told = 0;
    for (size_t i = 0; i < b.reports_len; i++) told += b.reports[i].kind == FC_REPORT_TRUNCATED && b.reports[i].offset == left;
    CHECK(told == 1);
    CHECK(b.hits_len == a.hits_len);
    for (size_t i = 0; i < a.hits_len; i++) CHECK(a.hits[i].offset == b.hits[i].offset && a.hits[i].line == b.hits[i].line);
    fc_run_result_free(&a);
    fc_run_result_free(&b);
    fc_file_list_free(&read);
    fc_corpus_release(&held);
    fc_file_list_free(&held);
}

/* A file that is written over after it was mapped: any record of the new text, each line whole, and a report. */
static void check_overwritten(const fc_plan *plan) {
    make_text();
    const size_t len = text_len;
    write_file("m.jsonl", text, len);
    make_old("m.jsonl", 1000000000);
    fc_file_list held = one_file("m.jsonl", true);
    const fc_run_options options = {.order = FC_ORDER_FILE, .limit = SIZE_MAX, .max_line = 1000000, .threads = 1,
                                    .timeout_ns = -1, .chunk = 64, .span = SIZE_MAX, .block = 200};
    fc_run_result before = scan(&held, plan, &options);
    fc_run_result_free(&before);
    do make_text();
    while (text_len < len);
    const int fd = open("m.jsonl", O_WRONLY);
    CHECK(fd >= 0 && write(fd, text, len) == (ssize_t)len && close(fd) == 0);
    fc_run_result after = scan(&held, plan, &options);
    size_t told = 0;
    for (size_t i = 0; i < after.reports_len; i++) told += after.reports[i].kind == FC_REPORT_CHANGED;
    CHECK(told == (len != 0));
    for (size_t i = 0; i < after.hits_len; i++) {
        const fc_hit *hit = &after.hits[i];
        CHECK(hit->offset + hit->raw_len <= len && memcmp(text + hit->offset, hit->raw, hit->raw_len) == 0);
    }
    fc_run_result_free(&after);
    fc_corpus_release(&held);
    fc_file_list_free(&held);
}

int main(void) {
    runtime = fc_pool_runtime(fc_cpu_detect());
    fc_plan *plan = needle_plan();
    for (int round = 0; round < 300; round++) {
        check_equal(plan);
        check_cut(plan);
        check_overwritten(plan);
    }
    fc_plan_free(plan);
    return finish();
}
