/* fc_worker: a span owns the lines that begin in it, whatever is read at a time, and one worker may scan many; of a file
 * that is cut while it is read nothing is judged but what was read. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "check.h"
#include "fc_pool.h"
#include "fc_worker.h"

enum { LINES = 40, FILE_MAX = LINES * 200 };

static char text[FILE_MAX];
static size_t text_len, begins[LINES + 1];

/* Records, every third of which holds the needle, every fifth is broken. */
static void make_text(void) {
    text_len = 0;
    for (int i = 0; i < LINES; i++) {
        begins[i] = text_len;
        text_len += (size_t)sprintf(text + text_len, "{\"type\":\"system\",\"content\":\"%s%*s\"}%s\n",
                                    i % 3 == 0 ? "needle" : "straw", (int)random_below(90), "", i % 5 == 0 ? "x" : "");
    }
    begins[LINES] = text_len;
}

static bool never_stop(fc_job *job, unsigned worker) {
    (void)job;
    (void)worker;
    return false;
}

/* Scan the text as spans that end at the places given, one after the other. */
static void check_spans(const fc_plan *plan, const fc_probe *stamps, const uint64_t *ends, size_t count, size_t chunk) {
    const fc_runtime runtime = {.cpu = fc_cpu_detect(), .should_stop = never_stop};
    fc_file_list files = {0};
    CHECK(fc_file_list_add_memory(&files, "m", 1, (const uint8_t *)text, text_len) == FC_OK);
    const fc_run_options options = {.order = FC_ORDER_FILE, .limit = SIZE_MAX, .validate_all = true, .max_line = 1000,
                                    .threads = 1, .timeout_ns = -1, .chunk = chunk, .span = SIZE_MAX};
    const size_t ranks[1] = {0};
    fc_span spans[LINES] = {{0}};
    fc_shared_file state = {.spans = count, .info = files.entries[0].info, .has_size = true};
    fc_shared shared = {.runtime = &runtime, .files = &files, .plan = plan, .stamps = stamps,
                        .find = fc_find_for(runtime.cpu), .options = &options, .every_line = true, .ranks = ranks,
                        .spans = spans, .states = &state};
    pthread_mutex_init(&shared.lock, NULL);
    pthread_mutex_init(&shared.long_lines, NULL);
    fc_worker worker;
    CHECK(fc_worker_init(&worker, &shared, 0) == FC_OK);
    for (size_t i = 0; i < count; i++)
        spans[i] = (fc_span){.begin = i == 0 ? 0 : ends[i - 1], .end = i + 1 == count ? UINT64_MAX : ends[i]};
    for (size_t i = count; i-- > 0;) {
        const uint64_t before = worker.lines;
        fc_worker_scan(&worker, &spans[i]);
        uint64_t own = 0;
        for (size_t n = 0; n < LINES; n++) own += begins[n] >= spans[i].begin && begins[n] < spans[i].end;
        CHECK(worker.lines - before == own && spans[i].finished && (count == 1 || spans[i].newlines == own));
    }
    CHECK(worker.bytes == text_len && worker.lines == LINES && worker.errors == LINES / 5 && worker.tails_len == 0);
    CHECK(worker.records == LINES - LINES / 5 && worker.matches == worker.best.len && shared.status == FC_OK);
    fc_best_sort(&worker.best);
    size_t hit = 0;
    for (size_t n = 0; n < LINES; n += 3) {
        if (n % 5 == 0) continue;
        CHECK(hit < worker.best.len && worker.best.items[hit].offset == begins[n]);
        CHECK(worker.best.items[hit].raw_len == begins[n + 1] - begins[n] - 1);
        hit++;
    }
    CHECK(hit == worker.best.len);
    fc_worker_free(&worker);
    fc_file_list_free(&files);
}

static fc_shared *watched;
static int cut_fd;
static uint64_t cut_after, cut_at; /* the file is cut once so much of it was read; UINT64_MAX: it is not cut yet */

static bool cut_meanwhile(fc_job *job, unsigned worker) {
    const uint64_t done = atomic_load(&watched->done_bytes);
    (void)job;
    (void)worker;
    if (cut_at == UINT64_MAX && done >= cut_after && done < text_len) {
        cut_at = done + random_below(text_len - done);
        CHECK(ftruncate(cut_fd, (off_t)cut_at) == 0);
    }
    return false;
}

/* What a scan says of the first `end` bytes of the text. */
static void check_found(fc_worker *worker, uint64_t end) {
    uint64_t lines = 0, errors = 0, tails = 0;
    size_t hit = 0;
    fc_best_sort(&worker->best);
    for (size_t n = 0; n < LINES && begins[n] < end; n++) {
        const uint64_t left = end - begins[n], len = begins[n + 1] - begins[n] - 1;
        const size_t held = (size_t)(left < len ? left : len);
        const bool good = held == len - (n % 5 == 0); /* the last byte of a broken line breaks it */
        lines++;
        if (!good) errors += left > len, tails += left <= len;
        if (!good || n % 3 != 0) continue;
        CHECK(hit < worker->best.len);
        const fc_hit *found = &worker->best.items[hit++];
        CHECK(found->offset == begins[n] && found->line == n + 1 && found->raw_len == held);
        CHECK(memcmp(found->raw, text + begins[n], held) == 0);
    }
    CHECK(worker->best.len == hit && worker->matches == hit && worker->bytes == end);
    CHECK(worker->errors == errors && worker->tails_len == tails);
    CHECK(worker->lines == lines && worker->records == lines - errors - tails);
}

static void check_cut(const fc_plan *plan, const fc_probe *stamps, size_t chunk) {
    const fc_runtime runtime = {.cpu = fc_cpu_detect(), .should_stop = cut_meanwhile};
    const fc_run_options options = {.order = FC_ORDER_FILE, .limit = SIZE_MAX, .validate_all = true, .max_line = 1000,
                                    .threads = 1, .timeout_ns = -1, .chunk = chunk, .span = SIZE_MAX};
    const size_t ranks[1] = {0};
    fc_span span = {.end = UINT64_MAX};
    fc_shared_file state = {.spans = 1};
    fc_file_list files = {0};
    cut_fd = open("cut.jsonl", O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(cut_fd >= 0 && write(cut_fd, text, text_len) == (ssize_t)text_len);
    CHECK(fc_file_list_add_file(&files, "cut.jsonl", 9, "cut.jsonl") == FC_OK);
    fc_shared shared = {.runtime = &runtime, .files = &files, .plan = plan, .stamps = stamps,
                        .find = fc_find_for(runtime.cpu), .options = &options, .every_line = true, .ranks = ranks,
                        .spans = &span, .states = &state};
    pthread_mutex_init(&shared.lock, NULL);
    pthread_mutex_init(&shared.long_lines, NULL);
    watched = &shared;
    cut_after = random_below(text_len);
    cut_at = UINT64_MAX;
    fc_worker worker;
    CHECK(fc_worker_init(&worker, &shared, 0) == FC_OK);
    fc_worker_scan(&worker, &span);
    CHECK(span.finished && shared.status == FC_OK);
    check_found(&worker, cut_at == UINT64_MAX ? text_len : cut_at);
    size_t told = 0;
    for (size_t i = 0; i < worker.reports.len; i++) {
        const fc_report *report = &worker.reports.items[i];
        if (report->kind == FC_REPORT_LINE) continue;
        CHECK(report->kind == FC_REPORT_TRUNCATED && report->offset == cut_at);
        told++;
    }
    CHECK(told == (cut_at != UINT64_MAX));
    fc_worker_free(&worker);
    fc_file_list_free(&files);
    close(cut_fd);
    CHECK(unlink("cut.jsonl") == 0);
}

int main(void) {
    const fc_term needle = {.op = FC_OP_TEXT, .value = (const uint8_t *)"needle", .len = 6};
    const fc_plan_options usual = {0};
    fc_plan *plan;
    fc_arena arena = {0};
    fc_probe stamps;
    CHECK(fc_plan_new(&needle, 1, &usual, &plan) == FC_OK);
    CHECK(fc_probe_choose(&arena, (const uint8_t *)"timestamp", 9, false, &stamps) == FC_OK);
    static const size_t chunks[] = {1, 7, 64, 1000, 1 << 20};
    for (int round = 0; round < 300; round++) {
        make_text();
        uint64_t ends[LINES];
        const size_t count = 1 + (size_t)random_below(LINES - 1);
        for (size_t i = 0; i < count; i++) ends[i] = text_len * (i + 1) / count;
        if (round % 2) for (size_t i = 0; i + 1 < count; i++) ends[i] = begins[LINES * (i + 1) / count];
        check_spans(plan, &stamps, ends, count, chunks[random_below(5)]);
        check_cut(plan, &stamps, 64 + (size_t)random_below(1000));
    }
    fc_plan_free(plan);
    fc_arena_free(&arena);
    return finish();
}
