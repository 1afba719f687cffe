/* fc_learning: every block of a mapped file is learnt once, on any number of threads; what cannot be read stays
 * unknown; poll stops it. */
#define _GNU_SOURCE
#include "fc_learning.h"

#include "fc_corpus.h"
#include "members.h"

enum { FILES = 9, LINES = 400 };

static fc_file_list files;

static void make_tree(void) {
    char path[32], line[128];
    if (mkdir("tree", 0700) != 0) CHECK(errno == EEXIST);
    for (int i = 0; i < FILES; i++) {
        sprintf(path, "tree/%d.jsonl", i);
        write_file(path, "", 0);
        for (int j = 0; j < (i + 1) * LINES / FILES; j++) {
            const int len = sprintf(line, "{\"type\":\"t%d\",\"timestamp\":\"1970-01-01T00:%02d:%02dZ\"}\n", j % 3, i, j % 60);
            append_file(path, line, (size_t)len);
        }
        append_file(path, "{\"no newline\":1}", 16);
    }
}

static void hold(void) {
    fc_corpus_changes changes;
    fc_corpus_release(&files);
    fc_file_list_free(&files);
    files = (fc_file_list){0};
    CHECK(fc_file_list_add_path(&files, "tree", 4, false) == FC_OK);
    CHECK(fc_file_list_add_memory(&files, "m", 1, (const uint8_t *)"{}\n", 3) == FC_OK);
    CHECK(fc_corpus_hold(runtime, &files, NULL, &changes) == FC_OK && changes.added == FILES);
}

static size_t known(bool names) {
    const fc_corpus_size size = fc_corpus_measure(&files);
    return names ? size.names : size.facts;
}

static fc_status learn(bool names, unsigned threads, int (*poll)(void *, uint64_t, uint64_t), fc_learning_result *out) {
    const fc_learning_options options = {.names = names, .block = 100, .threads = threads, .poll = poll};
    return fc_learning_run(runtime, &files, &options, out);
}

static void check_all(unsigned threads) {
    hold();
    fc_learning_result result;
    CHECK(learn(false, threads, NULL, &result) == FC_OK && result.threads >= 1);
    const size_t blocks = fc_corpus_measure(&files).blocks;
    CHECK(blocks > 200 && known(false) == blocks && known(true) == 0 && result.blocks == blocks);
    CHECK(result.bytes == fc_corpus_measure(&files).bytes - 16 * FILES);
    CHECK(learn(false, threads, NULL, &result) == FC_OK && result.blocks == 0 && result.bytes == 0);
    CHECK(learn(true, threads, NULL, &result) == FC_OK && result.blocks == blocks && known(true) == blocks);
    for (size_t i = 0; i < FILES; i++) {
        const fc_blocks *cut = atomic_load(&files.entries[i].member->blocks);
        for (size_t j = 0; j < cut->len; j++) {
            const fc_facts *facts = fc_extent_facts(cut->items[j]);
            uint64_t newlines;
            CHECK(facts->has_own && !facts->ends_untimed && facts->first_us / 60000000 == (int64_t)i);
            CHECK(fc_extent_newlines(cut->items[j], &newlines) && newlines == facts->newlines);
            const fc_extent *block = cut->items[j];
            const uint8_t *bytes = files.entries[i].member->bytes + block->begin;
            CHECK(fc_extent_hash(block) == fc_extent_hash_of(bytes, (size_t)(block->end - block->begin)));
        }
    }
}

/* A file that was cut short since gives what is still there. */
static void check_cut(void) {
    hold();
    CHECK(truncate("tree/8.jsonl", 1000) == 0);
    fc_learning_result result;
    CHECK(learn(true, 1, NULL, &result) == FC_OK);
    CHECK(known(false) == known(true) && result.blocks == known(true));
    make_tree();
}

static int stop_at_once(void *ctx, uint64_t done, uint64_t total) {
    (void)ctx;
    CHECK(done <= total);
    return 1;
}

static int stop_later(void *ctx, uint64_t done, uint64_t total) {
    (void)ctx;
    (void)total;
    return done != 0;
}

static int never_stop(void *ctx, uint64_t done, uint64_t total) {
    (void)ctx;
    return done > total;
}

static void check_poll(void) {
    fc_learning_result result;
    hold();
    CHECK(learn(true, 1, stop_at_once, &result) == FC_STOPPED && known(true) == 0);
    const fc_status status = learn(true, 2, stop_later, &result); /* it may be done before anyone asks */
    CHECK(status == FC_STOPPED || known(true) == fc_corpus_measure(&files).blocks);
    CHECK(learn(true, 2, never_stop, &result) == FC_OK && known(true) == fc_corpus_measure(&files).blocks);
}

static void check_work(void) {
    const fc_cost_work facts = fc_learning_work(3, 1000, false), all = fc_learning_work(3, 1000, true);
    CHECK(facts.items == 3 && facts.bytes == 1000 && facts.guess_ns > 0 && all.guess_ns > facts.guess_ns);
    CHECK(facts.name_len != all.name_len && fc_learning_work(1, UINT64_MAX, true).guess_ns > 0);
}

int main(void) {
    runtime = fc_pool_runtime(fc_cpu_detect());
    make_tree();
    check_all(1);
    check_all(4);
    check_cut();
    check_poll();
    check_work();
    fc_corpus_release(&files);
    fc_file_list_free(&files);
    return finish();
}
