/* Scans and corpora without memory: whichever allocation fails, the call says so or does without, nothing stays behind,
 * and it works when it is tried again. */
#define _GNU_SOURCE
#include "exhausted.h"
#include "fc_corpus.h"
#include "fc_keeping.h"
#include "fc_learning.h"
#include "fc_run.h"
#include "fc_sketches.h"
#include "members.h"

enum { FILES = 3, LINES = 60, BLOCK = 700, MATCHES = FILES * LINES / 3 };

static const char *const KINDS[] = {
    "{\"type\":\"user\",\"timestamp\":\"1970-01-01T00:%02d:%02dZ\",\"sessionId\":\"0123456789\",\"message\":{\"role\":\"user\","
    "\"content\":[{\"type\":\"text\",\"text\":\"a n\\u0065edle \\u00e9\"},{\"type\":\"tool_use\",\"name\":\"Ba\\u0073h\",\"input\":"
    "{\"command\":\"ls \\u0041\"}}]}}\n",
    "{\"type\":\"system\",\"timestamp\":\"1970-01-01T00:%02d:%02dZ\",\"content\":\"straw\"}\n",
    "{\"type\":\"summary\",\"summary\":\"straw %d %d\" broken needle\n",
};

static void make_files(void) {
    char path[40], line[400];
    CHECK(mkdir("tree", 0700) == 0);
    for (int i = 0; i < FILES; i++) {
        sprintf(path, "tree/%d.jsonl", i);
        write_file(path, "", 0);
        for (int j = 0; j < LINES; j++) append_file(path, line, (size_t)sprintf(line, KINDS[j % 3], i, j));
        append_file(path, "{\"no newline\":1", 15);
    }
}

static bool walk(fc_file_list *files) { return fc_file_list_add_path(files, "tree", 4, false) == FC_OK; }

static fc_plan *plan_of(const char *word, bool since) {
    const fc_term terms[] = {{.op = FC_OP_TEXT, .value = (const uint8_t *)word, .len = strlen(word)},
                             {.op = FC_OP_ROLE, .value = (const uint8_t *)"user", .len = 4},
                             {.op = FC_OP_AND, .operands = 2}};
    const fc_plan_options options = {.has_since = since, .since_us = 0};
    fc_plan *plan = NULL;
    const fc_status status = fc_plan_new(terms, 3, &options, &plan);
    CHECK(status == FC_OK ? plan != NULL : status == FC_NO_MEMORY && plan == NULL);
    return plan;
}

static fc_run_options options_of(size_t chunk) {
    return (fc_run_options){.limit = SIZE_MAX, .max_line = 1000, .threads = 1, .timeout_ns = -1, .chunk = chunk,
                            .span = 4096, .block = BLOCK, .use = FC_USE_FACTS | FC_USE_SKETCH};
}

/* True if a run worked; what it then says must be true. Its trail is taken over, if that is wanted. */
static bool run(const fc_file_list *files, const fc_plan *plan, const fc_run_options *options, fc_trail *trail) {
    fc_run_result result;
    const fc_status status = fc_run(runtime, files, plan, options, &result);
    CHECK(status == FC_OK || status == FC_NO_MEMORY);
    if (status != FC_OK) return false;
    CHECK((options->uncounted || result.matches == MATCHES) && result.files_failed == 0);
    CHECK(result.hits_len == (MATCHES < options->limit ? MATCHES : options->limit));
    CHECK(!options->validate_all || result.errors == FILES * LINES / 3);
    if (trail != NULL) {
        CHECK(result.trail.is_lost || result.trail.len == MATCHES);
        *trail = result.trail;
        result.trail = (fc_trail){0};
    }
    fc_run_result_free(&result);
    return true;
}

static fc_run_options wanted;

static bool scans(void) {
    fc_file_list files = {0};
    fc_plan *plan = plan_of("needle", false);
    const bool worked = plan != NULL && walk(&files) && run(&files, plan, &wanted, NULL);
    fc_plan_free(plan);
    fc_file_list_free(&files);
    return worked;
}

static bool lists(void) {
    fc_file_list files = {0};
    bool worked = walk(&files) && fc_file_list_add_path(&files, "nothing there", 13, false) == FC_OK;
    worked = worked && fc_file_list_add_memory(&files, "m", 1, (const uint8_t *)"{}", 2) == FC_OK;
    worked = worked && fc_file_list_add_file(&files, "name", 4, "tree/0.jsonl") == FC_OK;
    CHECK(!worked || (files.len == FILES + 2 && files.errors_len == 1));
    fc_file_list_free(&files);
    return worked;
}

static bool hold(fc_file_list *files, const fc_file_list *before) {
    fc_corpus_changes changes;
    if (!walk(files)) return false;
    const fc_status status = fc_corpus_hold(runtime, files, before, &changes);
    CHECK(status == FC_OK || status == FC_NO_MEMORY);
    if (status != FC_OK) return false;
    CHECK(changes.added == (before == NULL ? FILES : 0));
    for (size_t i = 0; i < files->len; i++) files->entries[i].member->racy = false; /* as if changed long ago */
    return true;
}

static void let_go(fc_file_list *files) {
    fc_corpus_release(files);
    fc_file_list_free(files);
}

static bool learns(const fc_file_list *files) {
    const fc_learning_options learning = {.names = true, .block = BLOCK, .threads = 1};
    const fc_sketches_options sketching = {.threads = 1, .block = BLOCK, .timeout_ns = -1};
    fc_learning_result result;
    bool whole;
    return fc_learning_run(runtime, files, &learning, &result) == FC_OK &&
           fc_sketches_make(runtime, files, &sketching, &whole) == FC_OK && whole;
}

/* All that a corpus does: it learns, asks twice, the second time in the lines of the first, and is renewed. */
static bool corpus(void) {
    fc_file_list files = {0}, renewed = {0};
    fc_trail trail = {0};
    fc_plan *plan = plan_of("needle", true), *longer = plan_of("a needle", true);
    fc_run_options options = options_of(300);
    options.keep_trail = true;
    bool worked = plan != NULL && longer != NULL && hold(&files, NULL) && learns(&files);
    worked = worked && run(&files, plan, &options, &trail);
    options.only = trail.is_lost ? NULL : &trail;
    worked = worked && run(&files, longer, &options, NULL);
    options.only = NULL;
    worked = worked && hold(&renewed, &files) && run(&renewed, plan, &options, NULL);
    fc_trail_free(&trail);
    let_go(&renewed);
    let_go(&files);
    fc_plan_free(longer);
    fc_plan_free(plan);
    return worked;
}

/* What is known of a corpus goes into bytes, and out of them into another. */
static bool keeps(void) {
    fc_file_list files = {0}, other = {0};
    fc_buffer kept = {0};
    bool known = false;
    bool worked = hold(&files, NULL) && learns(&files) && fc_keeping_save(&files, NULL, 0, &kept) == FC_OK;
    worked = worked && hold(&other, NULL);
    worked = worked && fc_keeping_load(&other, kept.data, kept.len, BLOCK, &known) == FC_OK;
    /* A file that cannot be cut into blocks for want of memory stays unknown. */
    const size_t facts = fc_corpus_measure(&files).facts, taken = fc_corpus_measure(&other).facts;
    CHECK(!worked || (known && (has_failed ? taken <= facts : taken == facts)));
    fc_buffer_free(&kept);
    let_go(&other);
    let_go(&files);
    return worked;
}

int main(void) {
    runtime = fc_pool_runtime(fc_cpu_detect());
    make_files();
    CHECK(exhaust(lists) > FILES);
    for (int kind = 0; kind < 8; kind++) {
        wanted = options_of(kind & 1 ? 100 : 1 << 16);
        wanted.order = kind & 2 ? FC_ORDER_NEWEST : FC_ORDER_FILE;
        wanted.limit = kind & 2 ? 5 : SIZE_MAX;
        wanted.validate_all = kind & 4;
        wanted.uncounted = kind == 2;
        CHECK(exhaust(scans) > 10);
    }
    CHECK(exhaust(corpus) > 20);
    CHECK(exhaust(keeps) > 20);
    return finish();
}
