/* The gate's cases of src_c/scan. */
#define _GNU_SOURCE /* mkstemp, futimens */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fc_best.h"
#include "fc_corpus.h"
#include "fc_learning.h"
#include "fc_line_time.h"
#include "fc_match.h"
#include "fc_pool.h"
#include "fc_sieve.h"
#include "fc_sketch.h"
#include "fc_sketches.h"
#include "gate.h"

/* A log of LINES records. Every RARE_EACH'th holds the rare word, half of those in other spelling, every second the
 * common one; every fourth line is from a writer of ASCII. */
enum { LINES = 1024, RARE_EACH = 64, RARE = LINES / RARE_EACH, COMMON = LINES / 2, HITS = 20000 };
enum { WORDS = 60, LINE_MAX = 1200, BLOCK = 1 << 14, BLOCKS = 35 }; /* of the log */

static const char rare_word[] = "zyxquartz", common_word[] = "lantern";
static _Alignas(64) uint8_t log_bytes[LINES * LINE_MAX];
static size_t log_len, starts[LINES + 1];
static fc_cpu_level level;
static const fc_find *find;
static fc_literal rare, common;
static fc_plan *rare_plan, *common_plan;
static fc_structure *structure;
static fc_record record;
static fc_record records[LINES];
static fc_hit hits[HITS];
static const size_t one_rank[1];

static size_t put_head(char *out, size_t number) {
    const int day = (int)(1 + gate_random(28)), minute = (int)gate_random(60), millis = (int)gate_random(1000);
    size_t len = (size_t)sprintf(out, "{\"type\":\"%s\",\"timestamp\":\"2026-03-%02dT10:%02d:00.%03dZ\",",
                                 number % 3 == 0 ? "assistant" : "user", day, minute, millis);
    len += (size_t)sprintf(out + len, "\"sessionId\":\"%08x-0000\",\"uuid\":\"%08x\",\"cwd\":\"/src/app\",",
                           (unsigned)gate_random(1 << 30), (unsigned)number);
    return len + (size_t)sprintf(out + len, "\"gitBranch\":\"main\",\"message\":{\"role\":\"user\",\"content\":\"");
}

static size_t put_line(char *out, size_t number) {
    static const char *const words[] = {"error", "timeout", "request", "the", "and", "server", "\\n", "index",
                                        "\\\"query\\\"", "result", "of", "a", "stream", "value", "field", "process,"};
    static const char plain[] = "caf\xc3\xa9 \xd0\xb4\xd0\xb0 ", ascii[] = "caf\\u00e9 \\u0434\\u0430 ";
    size_t len = put_head(out, number);
    for (size_t i = 0; i < WORDS; i++) len += (size_t)sprintf(out + len, "%s ", words[gate_random(16)]);
    len += (size_t)sprintf(out + len, "%s", number % 4 == 3 ? ascii : plain);
    if (number % 2 == 0) len += (size_t)sprintf(out + len, "%s ", number % 4 == 0 ? "Lantern" : common_word);
    if (number % (2 * RARE_EACH) == 0) len += (size_t)sprintf(out + len, "%s", rare_word);
    else if (number % RARE_EACH == 0) len += (size_t)sprintf(out + len, "ZYXqu\\u0061rtz");
    return len + (size_t)sprintf(out + len, "\"}}\n");
}

static fc_plan *plan_of(const char *word) {
    const fc_term terms[] = {{.op = FC_OP_TEXT, .value = (const uint8_t *)word, .len = strlen(word)},
                             {.op = FC_OP_ROLE, .value = (const uint8_t *)"user", .len = 4},
                             {.op = FC_OP_AND, .operands = 2}};
    const fc_plan_options options = {0};
    fc_plan *plan = NULL;
    gate_need(fc_plan_new(terms, 3, &options, &plan) == FC_OK, "no plan");
    return plan;
}

static void read_line(fc_record *out, size_t number, bool check_all) {
    fc_line_reason reason;
    const size_t len = starts[number + 1] - starts[number] - 1;
    const fc_status status = fc_record_read(structure, log_bytes + starts[number], len, check_all, out, &reason);
    gate_need(status == FC_OK, "no record");
}

static void set_up(fc_cpu_level wanted) {
    level = wanted;
    find = fc_find_for(level);
    for (size_t i = 0; i < LINES; i++) starts[i + 1] = starts[i] + put_line((char *)log_bytes + starts[i], i);
    log_len = starts[LINES];
    fc_literal_init(&rare, (const uint8_t *)rare_word, strlen(rare_word), true);
    fc_literal_init(&common, (const uint8_t *)common_word, strlen(common_word), true);
    rare_plan = plan_of(rare_word);
    common_plan = plan_of(common_word);
    gate_need(fc_structure_new(&structure) == FC_OK && fc_structure_reserve(structure, LINE_MAX) == FC_OK, "no memory");
    record.find = find;
    for (size_t i = 0; i < LINES; i++) {
        records[i].find = find;
        read_line(&records[i], i, false);
    }
    for (size_t i = 0; i < HITS; i++)
        hits[i] = (fc_hit){.offset = i, .has_time = true, .time_us = (int64_t)gate_random(HITS), .raw = log_bytes,
                           .raw_len = 100};
}

static uint64_t count_literal(const fc_literal *literal) {
    uint64_t count = 0;
    for (size_t at = 0; (at += find->literal(literal, log_bytes + at, log_len - at)) < log_len; at++) count++;
    return count;
}

static uint64_t find_rare(void) { return count_literal(&rare); }
static uint64_t find_common(void) { return count_literal(&common); }

static uint64_t find_escape(void) {
    const fc_escape_set *set = &rare_plan->probe.escapes;
    uint64_t count = 0;
    for (size_t at = 0; (at += find->escape(set, log_bytes + at, log_len - at)) < log_len; at++) count++;
    return count;
}

static uint64_t find_newlines(void) { return find->newlines(log_bytes, log_len); }

static uint64_t find_escapes(void) {
    uint64_t good = 0;
    for (size_t i = 0; i < LINES; i++) {
        bool escaped;
        good += find->escapes(log_bytes + starts[i], starts[i + 1] - starts[i], &escaped);
    }
    return good;
}

static uint64_t sift(const fc_plan *plan) {
    fc_sieve sieve;
    uint64_t lines = 0;
    fc_sieve_start(&sieve, &plan->probe, find, log_bytes, log_len);
    for (size_t at = 0; (at = fc_sieve_next(&sieve, at)) < log_len; lines++)
        at = (size_t)((const uint8_t *)memchr(log_bytes + at, '\n', log_len - at) - log_bytes) + 1;
    return lines;
}

static uint64_t sieve_rare(void) { return sift(rare_plan); }
static uint64_t sieve_common(void) { return sift(common_plan); }

static fc_sketch *sketch_of(size_t begin, size_t end) {
    static fc_sketch_draft draft;
    fc_sketch *sketch;
    fc_sketch_gather(&draft, fc_grams_for(level), find, log_bytes + begin, end - begin);
    gate_need(fc_sketch_new(&draft, &sketch) == FC_OK, "no memory");
    return sketch;
}

static uint64_t sketch_make(void) {
    fc_sketch *sketch = sketch_of(0, log_len);
    const uint64_t nbytes = fc_sketch_nbytes(sketch) - sizeof *sketch;
    free(sketch);
    return nbytes;
}

/* Whether any of the log's last lines can hold the rare word, asked again and again. */
static uint64_t sketch_ask(void) {
    fc_sketch *sketch = sketch_of(starts[LINES - RARE_EACH + 1], log_len);
    uint64_t denied = 0;
    for (size_t i = 0; i < LINES; i++) denied += !fc_plan_may_match_sketch(rare_plan, sketch);
    free(sketch);
    return denied;
}

static uint64_t read_all(bool check_all) {
    uint64_t pieces = 0;
    for (size_t i = 0; i < LINES; i++) {
        read_line(&record, i, check_all);
        pieces += record.pieces.len;
    }
    return pieces;
}

static uint64_t record_read(void) { return read_all(false); }
static uint64_t record_check(void) { return read_all(true); }

static uint64_t match_all(const fc_plan *plan) {
    fc_scratch scratch = {0};
    uint64_t matches = 0;
    for (size_t i = 0; i < LINES; i++) {
        bool matched = false;
        gate_need(fc_match_record(plan, find, &records[i], "log", 3, &scratch, &matched) == FC_OK, "no memory");
        matches += matched;
    }
    fc_scratch_free(&scratch);
    return matches;
}

static uint64_t match_rare(void) { return match_all(rare_plan); }
static uint64_t match_common(void) { return match_all(common_plan); }

static uint64_t best(void) {
    fc_best kept = {.order = {FC_ORDER_NEWEST, one_rank}, .limit = 50};
    for (size_t i = 0; i < HITS; i++)
        if (fc_best_accepts(&kept, &hits[i])) gate_need(fc_best_push(&kept, &hits[i]) == FC_OK, "no memory");
    fc_best_sort(&kept);
    const uint64_t len = kept.len;
    fc_best_free(&kept);
    return len;
}

static uint64_t line_time(void) {
    fc_line_time time;
    uint64_t shown = 0;
    int64_t us;
    fc_line_time_init(&time, find);
    for (size_t i = 0; i < LINES; i++)
        shown += fc_line_time_read(&time, log_bytes + starts[i], starts[i + 1] - starts[i] - 1, &us);
    return shown;
}

static uint64_t run_files(const fc_file_list *files, const fc_plan *plan, bool uncounted, unsigned use) {
    const fc_run_options options = {.limit = 50, .uncounted = uncounted, .max_line = 1 << 20, .threads = 1,
                                    .timeout_ns = -1, .chunk = 1 << 16, .span = 1 << 30, .block = BLOCK, .use = use};
    fc_run_result result;
    gate_need(fc_run(fc_pool_runtime(level), files, plan, &options, &result) == FC_OK, "no result");
    const uint64_t found = uncounted ? result.hits_len : result.matches;
    fc_run_result_free(&result);
    return found;
}

static uint64_t run_all(const fc_plan *plan, bool uncounted) {
    fc_file_list files = {0};
    gate_need(fc_file_list_add_memory(&files, "log", 3, log_bytes, log_len) == FC_OK, "no memory");
    const uint64_t found = run_files(&files, plan, uncounted, 0);
    fc_file_list_free(&files);
    return found;
}

static uint64_t run_rare(void) { return run_all(rare_plan, false); }
static uint64_t run_common(void) { return run_all(common_plan, false); }
static uint64_t run_uncounted(void) { return run_all(common_plan, true); }

/* The log as a mapped file, whose name is gone when this returns; its time is long past. */
static fc_file_list map_log(void) {
    char path[] = "gate-log-XXXXXX";
    const struct timespec past[2] = {{1000000000, 0}, {1000000000, 0}};
    const int fd = mkstemp(path);
    fc_file_list files = {0};
    fc_corpus_changes changes;
    gate_need(fd >= 0 && write(fd, log_bytes, log_len) == (ssize_t)log_len && futimens(fd, past) == 0, "no file");
    gate_need(fc_file_list_add_path(&files, path, strlen(path), false) == FC_OK, "no memory");
    gate_need(fc_corpus_hold(fc_pool_runtime(level), &files, NULL, &changes) == FC_OK, "no memory");
    gate_need(files.len == 1 && files.entries[0].member->bytes != NULL, "the log is not mapped");
    gate_need(close(fd) == 0 && unlink(path) == 0, "no file");
    return files;
}

static void learn(const fc_file_list *files) {
    const fc_learning_options options = {.names = true, .block = BLOCK, .threads = 1};
    fc_learning_result result;
    gate_need(fc_learning_run(fc_pool_runtime(level), files, &options, &result) == FC_OK, "nothing is learnt");
}

static void sketch(const fc_file_list *files) {
    const fc_sketches_options options = {.threads = 1, .block = BLOCK, .timeout_ns = -1};
    bool whole;
    gate_need(fc_sketches_make(fc_pool_runtime(level), files, &options, &whole) == FC_OK && whole, "no sketches");
}

/* The log, mapped when it is first asked for, with what `prepare` (NULL: nothing) makes of its blocks. */
static const fc_file_list *mapped(fc_file_list *files, void (*prepare)(const fc_file_list *)) {
    if (files->len == 0) {
        *files = map_log();
        if (prepare != NULL) prepare(files);
    }
    return files;
}

static uint64_t map_rare(void) {
    static fc_file_list files;
    return run_files(mapped(&files, NULL), rare_plan, false, 0);
}

static uint64_t map_facts(void) {
    static fc_file_list files;
    return run_files(mapped(&files, learn), common_plan, true, FC_USE_FACTS);
}

static uint64_t map_sketch(void) {
    static fc_file_list files;
    return run_files(mapped(&files, sketch), rare_plan, false, FC_USE_SKETCH);
}

/* Mapping the log anew and learning all of its blocks. */
static uint64_t learn_facts(void) {
    fc_file_list files = map_log();
    learn(&files);
    const uint64_t known = fc_corpus_measure(&files).facts;
    fc_corpus_release(&files);
    fc_file_list_free(&files);
    return known;
}

static const gate_case cases[] = {
    {"find_rare", find_rare, RARE / 2, FC_CPU_V3},
    {"find_common", find_common, COMMON, FC_CPU_V3},
    {"find_escape", find_escape, RARE / 2, FC_CPU_V3},
    {"find_newlines", find_newlines, LINES, FC_CPU_V3},
    {"find_escapes", find_escapes, LINES, FC_CPU_V3},
    {"sieve_rare", sieve_rare, RARE, FC_CPU_V3},
    {"sieve_common", sieve_common, COMMON, FC_CPU_V3},
    {"sketch_make", sketch_make, FC_GRAM_SLOTS / 8, FC_CPU_V3},
    {"sketch_ask", sketch_ask, LINES, FC_CPU_V3},
    {"record_read", record_read, LINES, FC_CPU_V3},
    {"record_check", record_check, LINES, FC_CPU_V3},
    {"match_rare", match_rare, RARE, FC_CPU_V3},
    {"match_common", match_common, COMMON, FC_CPU_V3},
    {"best", best, 50, FC_CPU_BASE},
    {"run_rare", run_rare, RARE, FC_CPU_V3},
    /* The others hold an escape of a letter of the key. */
    {"line_time", line_time, LINES - RARE / 2, FC_CPU_V3},
    {"run_common", run_common, COMMON, FC_CPU_V3},
    {"run_uncounted", run_uncounted, 50, FC_CPU_V3},
    {"map_rare", map_rare, RARE, FC_CPU_V3},
    {"map_facts", map_facts, 50, FC_CPU_V3},
    {"map_sketch", map_sketch, RARE, FC_CPU_V3},
    {"learn_facts", learn_facts, BLOCKS, FC_CPU_V3},
    {0},
};

const gate_room gate_scan = {"scan", set_up, cases};
