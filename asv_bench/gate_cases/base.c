/* The gate's cases of src_c/base. */
#include <string.h>

#include "fc_cost.h"
#include "fc_fold.h"
#include "fc_hash.h"
#include "fc_pool.h"
#include "gate.h"

enum { TEXT_LEN = 1 << 18, RUNS = 1000, ITEMS = 10000 };

static _Alignas(64) uint8_t text[TEXT_LEN], folded[3 * TEXT_LEN];

/* Mostly ASCII, as text is, with a word of Greek or German between. */
static void set_up(fc_cpu_level level) {
    static const char *const words[] = {"Stream ", "THREAD ", "process, ", "the ", "Gr\xc3\x96\xc3\x9f",
                                        "\xce\x91\xce\xb2\xce\x93 "};
    size_t len = 0;
    (void)level;
    gate_need(fc_fold_utf8_bound(TEXT_LEN) <= sizeof folded, "the folded text needs more room");
    memset(text, ' ', sizeof text);
    while (len + 16 < TEXT_LEN) {
        const char *const word = words[gate_random(6)];
        memcpy(text + len, word, strlen(word));
        len += strlen(word);
    }
}

static uint64_t fold(void) { return fc_fold_utf8(text, TEXT_LEN, folded); }

static uint64_t hash(void) { return fc_hash_bytes(text, TEXT_LEN).lo != fc_hash_bytes(text, TEXT_LEN - 1).lo; }

/* Decisions for a site whose work takes one microsecond an item, in sizes on both sides of the hand-over. */
static uint64_t cost(void) {
    fc_cost_site site = {0};
    for (size_t i = 0; i < RUNS; i++) {
        const fc_cost_work work = {.name = "gate", .name_len = 4, .items = 1 + i % 200};
        const unsigned threads = fc_cost_choose(&site, &work, 2, 30000, FC_COST_BY_MODEL);
        fc_cost_learn(&site, &work, threads, 30000, (int64_t)work.items * 1000 / threads);
    }
    return site.serial + site.parallel;
}

static void count_item(void *ctx, size_t item, unsigned worker) {
    (void)item;
    (void)worker;
    *(uint64_t *)ctx += 1;
}

static uint64_t pool_serial(void) {
    const fc_runtime *const runtime = fc_pool_runtime(FC_CPU_BASE);
    uint64_t done = 0;
    fc_job job = {.work = count_item, .ctx = &done, .items = ITEMS, .threads = 1};
    runtime->run(runtime, &job);
    return done;
}

static const gate_case cases[] = {
    {"fold", fold, TEXT_LEN, FC_CPU_BASE},
    {"hash", hash, 1, FC_CPU_BASE},
    {"cost", cost, RUNS, FC_CPU_BASE},
    {"pool_serial", pool_serial, ITEMS, FC_CPU_BASE},
    {0},
};

const gate_room gate_base = {"base", set_up, cases};
