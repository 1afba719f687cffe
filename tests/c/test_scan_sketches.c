/* The sketches of the blocks of mapped files: each block gets its own, scans that use them answer as others do, and a
 * run that is stopped, or files that change under it, leave blocks without. */
#define _GNU_SOURCE
#include "fc_sketches.h"

#include "fc_corpus.h"
#include "fc_run.h"
#include "members.h"

enum { FILES = 40, LINES = 300, BLOCK = 1000 };

static size_t polls, stop_after;

static int count_poll(void *ctx, uint64_t done, uint64_t total) {
    (void)ctx;
    CHECK(done <= total);
    return ++polls > stop_after;
}

static const fc_sketches_options usual = {.threads = 2, .block = BLOCK, .timeout_ns = -1};

static void write_tree(void) {
    static char text[LINES * 100];
    for (int file = 0; file < FILES; file++) {
        char path[32];
        size_t len = 0;
        for (int line = 0; line < LINES; line++) {
            const char *word = file % 10 == 3 && line % 100 == 7 ? "porcelain" : "lantern";
            len += (size_t)sprintf(text + len, "{\"type\":\"summary\",\"summary\":\"%s %d\"}\n", word, line);
        }
        sprintf(path, "tree/%02d.jsonl", file);
        write_file(path, text, len - (file == 5)); /* one without its last newline */
        make_old(path, 1000000000);
    }
}

static fc_file_list hold_tree(void) {
    fc_file_list files = {0};
    fc_corpus_changes changes;
    CHECK(fc_file_list_add_path(&files, "tree", 4, false) == FC_OK);
    CHECK(fc_corpus_hold(runtime, &files, NULL, &changes) == FC_OK && files.len == FILES);
    return files;
}

static void let_go(fc_file_list *files) {
    fc_corpus_release(files);
    fc_file_list_free(files);
}

static fc_run_result scan(const fc_file_list *files, const char *word, unsigned use) {
    const fc_term term = {.op = FC_OP_TEXT, .value = (const uint8_t *)word, .len = strlen(word)};
    const fc_plan_options folded = {0};
    const fc_run_options options = {.limit = SIZE_MAX, .max_line = 1 << 20, .threads = 2, .timeout_ns = -1,
                                    .chunk = 1 << 16, .span = 5000, .block = BLOCK, .use = use};
    fc_plan *plan;
    fc_run_result result;
    CHECK(fc_plan_new(&term, 1, &folded, &plan) == FC_OK);
    CHECK(fc_run(runtime, files, plan, &options, &result) == FC_OK);
    fc_plan_free(plan);
    return result;
}

static void check_scan(const fc_file_list *files, const char *word, size_t matches, uint64_t least_passed) {
    fc_run_result with = scan(files, word, FC_USE_SKETCH), without = scan(files, word, 0);
    CHECK(with.matches == matches && without.matches == matches && with.hits_len == matches);
    for (size_t i = 0; i < matches; i++) {
        const fc_hit *a = &with.hits[i], *b = &without.hits[i];
        CHECK(a->file == b->file && a->offset == b->offset && a->line == b->line && a->line != 0);
    }
    CHECK(with.tails_len == without.tails_len && with.reports_len == without.reports_len);
    CHECK(with.blocks == without.blocks && without.blocks_passed == 0 && with.blocks_passed >= least_passed);
    CHECK(with.blocks_passed + with.blocks_idle == without.blocks_idle);
    CHECK(with.blocks_passed == 0 || with.bytes < without.bytes);
    fc_run_result_free(&with);
    fc_run_result_free(&without);
}

static void check_made(void) {
    fc_file_list files = hold_tree();
    bool whole = false;
    check_scan(&files, "porcelain", 12, 0);
    CHECK(fc_sketches_make(runtime, &files, &usual, &whole) == FC_OK && whole);
    fc_corpus_size size = fc_corpus_measure(&files);
    CHECK(size.sketches == size.blocks && size.blocks > FILES * 10);
    CHECK(size.sketch_memory == size.blocks * (sizeof(fc_sketch) + 64));
    for (size_t i = 0; i < files.len; i++) {
        uint64_t newlines = 0, more;
        const fc_blocks *blocks = atomic_load(&files.entries[i].member->blocks);
        for (size_t j = 0; j < blocks->len; j++) {
            CHECK(fc_extent_newlines(blocks->items[j], &more));
            newlines += more;
        }
        CHECK(newlines == LINES || newlines == LINES - 1);
    }
    check_scan(&files, "porcelain", 12, size.blocks / 2);
    check_scan(&files, "ziggurat", 0, size.blocks * 9 / 10);
    check_scan(&files, "lantern", (size_t)FILES * LINES - 12, 0);

    /* Again there is nothing to do; what has grown gets what it lacks, and keeps what it has. */
    const fc_sketch *kept = fc_extent_sketch(atomic_load(&files.entries[0].member->blocks)->items[0]);
    append_file("tree/00.jsonl", "{\"type\":\"summary\",\"summary\":\"ziggurat\"}\n", 40);
    fc_file_list grown = {0};
    fc_corpus_changes changes;
    CHECK(fc_file_list_add_path(&grown, "tree", 4, false) == FC_OK);
    CHECK(fc_corpus_hold(runtime, &grown, &files, &changes) == FC_OK && changes.grown == 1);
    CHECK(fc_sketches_make(runtime, &grown, &usual, &whole) == FC_OK && whole);
    CHECK(fc_extent_sketch(atomic_load(&grown.entries[0].member->blocks)->items[0]) == kept);
    size = fc_corpus_measure(&grown);
    CHECK(size.sketches == size.blocks);
    check_scan(&grown, "ziggurat", 1, size.blocks * 9 / 10);
    let_go(&files);
    let_go(&grown);
    write_tree();
}

static void check_stops(void) {
    fc_file_list files = hold_tree();
    bool whole = true;
    fc_sketches_options options = usual;
    options.timeout_ns = 0;
    CHECK(fc_sketches_make(runtime, &files, &options, &whole) == FC_OK && !whole);
    const fc_corpus_size timed_out = fc_corpus_measure(&files);
    CHECK(timed_out.sketches < timed_out.blocks);
    check_scan(&files, "porcelain", 12, 0);

    options = usual;
    options.poll = count_poll;
    stop_after = polls = 0;
    whole = true;
    CHECK(fc_sketches_make(runtime, &files, &options, &whole) == FC_STOPPED && whole && polls > 0);
    check_scan(&files, "porcelain", 12, 0);
    polls = 0;
    stop_after = SIZE_MAX;
    CHECK(fc_sketches_make(runtime, &files, &options, &whole) == FC_OK && whole && polls > 0);
    const fc_corpus_size all = fc_corpus_measure(&files);
    CHECK(all.sketches == all.blocks);

    options.threads = 0;
    CHECK(fc_sketches_make(runtime, &files, &options, &whole) == FC_BAD_VALUE);
    options.threads = 257;
    CHECK(fc_sketches_make(runtime, &files, &options, &whole) == FC_BAD_VALUE);
    options = usual;
    options.block = 0;
    CHECK(fc_sketches_make(runtime, &files, &options, &whole) == FC_BAD_VALUE);
    let_go(&files);
    const fc_file_list none = {0};
    CHECK(fc_sketches_make(runtime, &none, &usual, &whole) == FC_OK && whole);
}

static size_t sketches_of(const fc_file_entry *entry) {
    const fc_blocks *blocks = atomic_load(&entry->member->blocks);
    size_t count = 0;
    for (size_t i = 0; blocks != NULL && i < blocks->len; i++) {
        const bool is_sketched = fc_extent_sketch(blocks->items[i]) != NULL;
        CHECK(!is_sketched || fc_extent_hash(blocks->items[i]) != 0);
        count += is_sketched;
    }
    return count;
}

/* The page in which a file ends now reads as zeros behind the end, the pages behind it fault: neither makes a sketch. */
static void check_changed(void) {
    fc_file_list files = hold_tree();
    fc_run_result cut_into_blocks = scan(&files, "porcelain", 0);
    fc_run_result_free(&cut_into_blocks);
    CHECK(truncate("tree/03.jsonl", 5000) == 0);
    write_file("tree/13.jsonl", "overwritten\n", 12);
    bool whole = false;
    CHECK(fc_sketches_make(runtime, &files, &usual, &whole) == FC_OK && whole);
    for (size_t i = 0; i < files.len; i++) {
        const char *path = files.entries[i].path;
        const bool changed = strstr(path, "/03.") != NULL || strstr(path, "/13.") != NULL;
        CHECK((sketches_of(&files.entries[i]) == 0) == changed);
    }
    let_go(&files);
}

int main(void) {
    runtime = fc_pool_runtime(fc_cpu_detect());
    CHECK(mkdir("tree", 0700) == 0);
    write_tree();
    check_made();
    check_stops();
    check_changed();
    return finish();
}
