/* fc_best: what a bounded heap keeps, alone or merged from parts, is the head of the sorted whole, in every order. */
#include "check.h"
#include "fc_best.h"

enum { HITS = 300, FILES = 7 };

static const size_t ranks[FILES] = {3, 0, 6, 1, 5, 2, 4};
static fc_hit hits[HITS];
static fc_best_order order;

static int sorted(const void *a, const void *b) { return fc_best_compare(&order, a, b); }

/* Few times and files, so that ties are the rule; no two hits are the same line. */
static void make_hits(size_t count) {
    static uint8_t raw[] = "0123456789";
    for (size_t i = 0; i < count; i++) {
        hits[i] = (fc_hit){.file = (size_t)random_below(FILES), .offset = i * 100, .line = i + 1,
                           .has_time = random_below(4) != 0, .time_us = (int64_t)random_below(5) - 2};
        hits[i].raw = raw;
        hits[i].raw_len = (size_t)random_below(sizeof raw);
    }
    for (size_t i = count; i > 1; i--) {
        const size_t j = (size_t)random_below(i);
        const fc_hit swapped = hits[i - 1];
        hits[i - 1] = hits[j];
        hits[j] = swapped;
    }
}

static void offer(fc_best *best, const fc_hit *hit) {
    if (fc_best_accepts(best, hit)) CHECK(fc_best_push(best, hit) == FC_OK);
    CHECK(best->len <= best->limit);
    const fc_hit *last = fc_best_last(best);
    CHECK((last != NULL) == (best->len == best->limit && best->limit != 0));
    for (size_t i = 0; last != NULL && i < best->len; i++) CHECK(fc_best_compare(&order, &best->items[i], last) <= 0);
}

static void check_against_sorting(fc_order wanted, size_t limit, size_t count, size_t parts) {
    fc_best best[4] = {0};
    order = (fc_best_order){wanted, ranks};
    make_hits(count);
    for (size_t i = 0; i < parts; i++) best[i] = (fc_best){.order = order, .limit = limit};
    for (size_t i = 0; i < count; i++) offer(&best[i % parts], &hits[i]);
    for (size_t i = 1; i < parts; i++) {
        CHECK(fc_best_merge(&best[0], &best[i]) == FC_OK);
        CHECK(best[i].len == 0);
    }
    fc_best_sort(&best[0]);
    if (count != 0) qsort(hits, count, sizeof *hits, sorted);
    CHECK(best[0].len == (count < limit ? count : limit));
    for (size_t i = 0; i < best[0].len; i++) {
        const fc_hit *got = &best[0].items[i];
        CHECK(got->file == hits[i].file && got->offset == hits[i].offset && got->line == hits[i].line);
        CHECK(got->raw != hits[i].raw && got->raw_len == hits[i].raw_len);
        CHECK(memcmp(got->raw, hits[i].raw, got->raw_len) == 0);
        if (i != 0) CHECK(fc_best_compare(&order, got - 1, got) < 0 && fc_best_compare(&order, got, got - 1) > 0);
    }
    for (size_t i = 0; i < parts; i++) fc_best_free(&best[i]);
}

static void check_order(void) {
    const fc_hit old = {.file = 1, .offset = 5, .has_time = true, .time_us = 10};
    fc_hit new = old, other = old, timeless = old;
    new.time_us = 11;
    other.file = 3; /* ranks behind file 1 */
    timeless.has_time = false;
    const fc_best_order newest = {FC_ORDER_NEWEST, ranks}, oldest = {FC_ORDER_OLDEST, ranks}, file = {FC_ORDER_FILE, ranks};
    CHECK(fc_best_compare(&newest, &old, &old) == 0);
    CHECK(fc_best_compare(&newest, &new, &old) < 0 && fc_best_compare(&oldest, &new, &old) > 0);
    CHECK(fc_best_compare(&newest, &old, &other) < 0 && fc_best_compare(&oldest, &old, &other) < 0);
    CHECK(fc_best_compare(&newest, &timeless, &old) > 0 && fc_best_compare(&oldest, &timeless, &old) > 0);
    CHECK(fc_best_compare(&file, &timeless, &old) == 0 && fc_best_compare(&file, &old, &other) < 0);
    CHECK(fc_best_compare(&file, &new, &old) == 0);
}

static void offer_report(fc_first_reports *reports, const fc_report *report) {
    if (fc_first_reports_accept(reports, report)) CHECK(fc_first_reports_push(reports, report) == FC_OK);
    CHECK(reports->len <= FC_REPORTS_MAX);
}

/* Lines and, one in `rare`, whole files, halved and merged: files are kept first, and all stand in order at the end. */
static void check_reports(uint64_t rare) {
    fc_first_reports first[2] = {{.ranks = ranks}, {.ranks = ranks}};
    static fc_report given[FILES][1000];
    static bool is_given[FILES][1000];
    size_t lines = 0, files = 0;
    memset(is_given, 0, sizeof is_given);
    for (int i = 0; i < 6000; i++) {
        const size_t file = (size_t)random_below(FILES);
        const uint64_t offset = random_below(1000);
        if (is_given[file][offset]) continue;
        const bool whole = random_below(rare) == 0;
        given[file][offset] = (fc_report){.file = file, .offset = offset, .kind = whole ? FC_REPORT_OS : FC_REPORT_LINE};
        is_given[file][offset] = true;
        *(whole ? &files : &lines) += 1;
        offer_report(&first[i % 2], &given[file][offset]);
    }
    CHECK(lines + files > FC_REPORTS_MAX);
    for (size_t i = 0; i < first[1].len; i++) offer_report(&first[0], &first[1].items[i]);
    fc_first_reports_sort(&first[0]);
    CHECK(first[0].len == FC_REPORTS_MAX);
    size_t next = 0, files_left = files < FC_REPORTS_MAX ? files : FC_REPORTS_MAX, lines_left = FC_REPORTS_MAX - files_left;
    for (size_t rank = 0; rank < FILES; rank++)
        for (size_t file = 0; file < FILES; file++)
            for (uint64_t offset = 0; ranks[file] == rank && offset < 1000; offset++) {
                size_t *left = given[file][offset].kind == FC_REPORT_OS ? &files_left : &lines_left;
                if (!is_given[file][offset] || *left == 0) continue;
                *left -= 1;
                CHECK(first[0].items[next].file == file && first[0].items[next].offset == offset);
                next++;
            }
    CHECK(next == FC_REPORTS_MAX);
    fc_first_reports_free(&first[0]);
    fc_first_reports_free(&first[1]);
}

int main(void) {
    static const size_t limits[] = {0, 1, 2, 7, 50, SIZE_MAX};
    check_order();
    for (int wanted = FC_ORDER_NEWEST; wanted <= FC_ORDER_FILE; wanted++)
        for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
            for (size_t parts = 1; parts <= 4; parts++)
                for (size_t count = 0; count <= HITS; count += count < 4 ? 1 : 74)
                    check_against_sorting((fc_order)wanted, limits[i], count, parts);
    check_reports(UINT64_MAX);
    check_reports(100);
    check_reports(2);
    return finish();
}
