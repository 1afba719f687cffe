/* fc_outlook: blocks are excluded by bounds, by the floor and by names, and only if nothing in them is unknown. */
#define _GNU_SOURCE
#include "fc_outlook.h"

#include "fc_corpus.h"
#include "fc_learning.h"
#include "members.h"

static fc_file_list files;

/* Ten records of the seconds 0 to 90, each a block; behind them perhaps a line without newline. */
static void hold(bool tail) {
    char line[128];
    fc_corpus_changes changes;
    fc_corpus_release(&files);
    fc_file_list_free(&files);
    files = (fc_file_list){0};
    write_file("o.jsonl", "", 0);
    for (int i = 0; i < 10; i++) {
        const int len = sprintf(line, "{\"type\":\"t%d\",\"timestamp\":\"1970-01-01T00:%02d:%02dZ\"}\n", i % 2, i / 6, i % 6 * 10);
        append_file("o.jsonl", line, (size_t)len);
    }
    if (tail) append_file("o.jsonl", "{}", 2);
    CHECK(fc_file_list_add_memory(&files, "m", 1, (const uint8_t *)"{}\n", 3) == FC_OK);
    CHECK(fc_file_list_add_path(&files, "o.jsonl", 7, false) == FC_OK);
    CHECK(fc_corpus_hold(runtime, &files, NULL, &changes) == FC_OK && changes.added == 1);
}

static void learn(bool names) {
    const fc_learning_options options = {.names = names, .block = 1, .threads = 1};
    fc_learning_result result;
    CHECK(fc_learning_run(runtime, &files, &options, &result) == FC_OK && result.blocks == 10);
}

static const fc_blocks *blocks(void) { return atomic_load(&files.entries[1].member->blocks); }

static fc_plan *plan_of(const char *type, bool has_since, int64_t since_us) {
    const fc_term term = {.op = FC_OP_TYPE, .value = (const uint8_t *)type, .len = type != NULL ? strlen(type) : 0};
    const fc_plan_options options = {.has_since = has_since, .since_us = since_us};
    fc_plan *plan;
    CHECK(fc_plan_new(&term, type != NULL, &options, &plan) == FC_OK);
    return plan;
}

static void check_bounds(bool tail) {
    for (int second = -5; second < 100; second += 5) {
        hold(tail);
        learn(false);
        fc_plan *plan = plan_of(NULL, true, (int64_t)second * 1000000);
        fc_outlook outlook;
        CHECK(fc_outlook_init(&outlook, &files, plan, 1000, NULL) == FC_OK);
        for (size_t i = 0; i < 10; i++) {
            CHECK(fc_outlook_excludes(&outlook, 1, i) == ((int)i * 10 < second));
            CHECK(!fc_outlook_is_bounded(&outlook, 1, i));
        }
        fc_outlook_free(&outlook);
        /* The shortest line is as long as this: blocks that may hold a longer one are never excluded. */
        CHECK(fc_outlook_init(&outlook, &files, plan, 20, NULL) == FC_OK);
        for (size_t i = 0; i < 10; i++) CHECK(!fc_outlook_excludes(&outlook, 1, i));
        fc_outlook_free(&outlook);
        fc_plan_free(plan);
    }
}

static void check_floor(fc_order order, bool tail) {
    hold(tail);
    learn(false);
    fc_plan *plan = plan_of("t1", false, 0);
    fc_floor floor;
    fc_outlook outlook;
    fc_floor_init(&floor, order);
    CHECK(fc_outlook_init(&outlook, &files, plan, 1000, &floor) == FC_OK);
    CHECK(fc_outlook_rank(&outlook, 0, 0, UINT64_MAX) == INT64_MAX);
    CHECK((fc_outlook_rank(&outlook, 1, 0, UINT64_MAX) == INT64_MAX) == tail);
    int64_t before = order == FC_ORDER_NEWEST ? INT64_MIN : INT64_MAX;
    for (size_t i = 0; i < 10; i++) {
        const fc_extent *block = blocks()->items[i];
        const int64_t rank = fc_outlook_rank(&outlook, 1, block->begin, block->end);
        CHECK(order == FC_ORDER_NEWEST ? rank > before : rank < before);
        CHECK(fc_outlook_rank(&outlook, 1, 0, block->end) == (order == FC_ORDER_NEWEST || i == 0 ? rank : fc_outlook_rank(&outlook, 1, 0, 1)));
        CHECK(!fc_outlook_excludes(&outlook, 1, i) && fc_outlook_is_bounded(&outlook, 1, i));
        before = rank;
    }
    fc_floor_raise(&floor, 50 * 1000000);
    for (size_t i = 0; i < 10; i++)
        CHECK(fc_outlook_excludes(&outlook, 1, i) == (order == FC_ORDER_NEWEST ? i < 5 : i > 5)); /* a tie is not */
    fc_outlook_free(&outlook);
    fc_plan_free(plan);
}

static void check_names(void) {
    hold(false);
    fc_plan *plan = plan_of("t1", false, 0);
    fc_outlook outlook;
    for (int round = 0; round < 3; round++) {
        CHECK(fc_outlook_init(&outlook, &files, plan, 1000, NULL) == FC_OK);
        for (size_t i = 0; round != 0 && i < 10; i++) CHECK(fc_outlook_excludes(&outlook, 1, i) == (round == 2 && i % 2 == 0));
        fc_outlook_free(&outlook);
        if (round < 2) learn(round == 1);
    }
    fc_plan_free(plan);
}

int main(void) {
    runtime = fc_pool_runtime(fc_cpu_detect());
    for (int tail = 0; tail < 2; tail++) {
        check_bounds(tail);
        check_floor(FC_ORDER_NEWEST, tail);
        check_floor(FC_ORDER_OLDEST, tail);
    }
    check_names();
    fc_corpus_release(&files);
    fc_file_list_free(&files);
    return finish();
}
