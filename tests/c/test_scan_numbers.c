/* Line numbers found afterwards against newlines counted one by one, with and without counts that are known; of a file
 * that was cut short, those that are still there, also where it was shorter still for a moment. */
#define _GNU_SOURCE
#include "fc_numbers.h"

#include "fc_corpus.h"
#include "members.h"

enum { FILES = 3, LEN = 30000, HITS = 20 };

static char text[FILES][LEN];

static uint64_t number_of(int file, uint64_t offset) {
    uint64_t line = 1;
    for (uint64_t i = 0; i < offset; i++) line += text[file][i] == '\n';
    return line;
}

static int calls_before; /* of guard_run, until the first file is cut */
static size_t least, then;

/* Cut the first file while a stretch is counted and write it again, the first `then` bytes or all and more. */
static bool cut_meanwhile(const void *bytes, size_t len, void (*region)(void *ctx), void *ctx, size_t *out_fault) {
    if (calls_before-- != 0) return runtime->guard_run(bytes, len, region, ctx, out_fault);
    CHECK(truncate("0.jsonl", (off_t)least) == 0);
    const bool whole = runtime->guard_run(bytes, len, region, ctx, out_fault);
    write_file("0.jsonl", text[0], then);
    if (then == LEN) append_file("0.jsonl", "more\n", 5);
    return whole;
}

static void check(const fc_runtime *used, const fc_file_list *files, size_t block, unsigned threads, size_t left,
                  bool has_doubts) {
    const fc_run_options options = {.block = block};
    fc_shared_file states[FILES + 1] = {0}; /* nothing stays */
    fc_shared shared = {.runtime = used, .files = files, .options = &options, .find = fc_find_for(runtime->cpu),
                        .states = states};
    fc_hit hits[HITS];
    fc_report reports[HITS];
    for (int i = 0; i < HITS; i++) {
        hits[i] = (fc_hit){.file = (size_t)random_below(FILES + 1), .offset = random_below(LEN)};
        reports[i] = (fc_report){.file = (size_t)random_below(FILES + 1), .offset = random_below(LEN),
                                 .kind = random_below(4) == 0 ? FC_REPORT_CHANGED : FC_REPORT_LINE};
        if (random_below(5) == 0) hits[i].line = 77;
    }
    CHECK(fc_numbers_fill(&shared, hits, HITS, reports, HITS, threads) == FC_OK);
    for (int i = 0; i < HITS; i++) {
        const bool is_read = hits[i].file < FILES; /* the last one is in memory */
        if (hits[i].line != 77) {
            const uint64_t number = is_read ? number_of((int)hits[i].file, hits[i].offset) : 0;
            CHECK(hits[i].line == number || (hits[i].line == 0 && (hits[i].offset > left || has_doubts)));
        }
        if (reports[i].kind == FC_REPORT_CHANGED || reports[i].file == FILES) {
            CHECK(reports[i].line == 0);
        } else {
            const uint64_t number = number_of((int)reports[i].file, reports[i].offset);
            CHECK(reports[i].line == number || (reports[i].line == 0 && (reports[i].offset > left || has_doubts)));
        }
    }
    CHECK(fc_numbers_fill(&shared, NULL, 0, NULL, 0, threads) == FC_OK);
}

int main(void) {
    runtime = fc_pool_runtime(fc_cpu_detect());
    static const size_t sizes[] = {1, 100, 5000, 1 << 18};
    for (int round = 0; round < 200; round++) {
        fc_file_list files = {0};
        fc_corpus_changes changes;
        char path[32];
        for (int f = 0; f < FILES; f++) {
            const uint64_t rarity = 1 + random_below(300);
            for (int i = 0; i < LEN; i++) text[f][i] = random_below(rarity) == 0 ? '\n' : 'x';
            sprintf(path, "%d.jsonl", f);
            write_file(path, text[f], LEN);
            CHECK(fc_file_list_add_path(&files, path, strlen(path), false) == FC_OK);
        }
        CHECK(fc_file_list_add_memory(&files, "m", 1, (const uint8_t *)text[0], LEN) == FC_OK);
        CHECK(fc_corpus_hold(runtime, &files, NULL, &changes) == FC_OK);
        const size_t block = sizes[random_below(4)];
        for (int i = 0; i < 3; i++) check(runtime, &files, block, 1 + (unsigned)random_below(2), LEN, false);
        fc_runtime cutting = *runtime;
        cutting.guard_run = cut_meanwhile;
        calls_before = (int)random_below(30);
        then = random_below(2) ? LEN : 1 + (size_t)random_below(LEN);
        least = (size_t)random_below(then);
        check(&cutting, &files, block, 1, then, then == LEN);
        if (calls_before >= 0) then = LEN; /* it was not cut */
        check(runtime, &files, block, 1, then, false); /* nothing wrong was remembered */
        const size_t left = (size_t)random_below(then);
        CHECK(truncate("0.jsonl", (off_t)left) == 0);
        for (int i = 0; i < 3; i++) check(runtime, &files, block, 1 + (unsigned)random_below(2), left, false);
        fc_corpus_release(&files);
        fc_file_list_free(&files);
    }
    return finish();
}
