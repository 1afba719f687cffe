/* fc_run: the same hits, counts and reports however the bytes are cut and shared out, against a walk of the lines. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <stdbool.h>
#include <unistd.h>

#include "check.h"
#include "fc_pool.h"
#include "fc_run.h"

enum { FILES = 4, LINES = 120, FILE_MAX = LINES * 160, MAX_LINE = 150 };

typedef enum kind { MATCH, OTHER, BAD, BLANK, LONG } kind;

/* It shows a time, the oldest of all, but no tail is passed over. */
static const char tail[] = "{\"timestamp\":\"1970-01-01T00:00:00Z\",\"content\":\"needle";

static const fc_runtime *runtime;
static fc_file_list list;
static uint8_t *contents[FILES];
static size_t sizes[FILES];
static struct {
    kind kind;
    size_t begin, len;
    int64_t time;
} lines[FILES][LINES];
static size_t lines_len[FILES];

/* Every record has a time of its own, few enough for ties; the last file ends without a newline, in the middle of a
 * record. */
static void make_files(void) {
    static char text[FILE_MAX + 200];
    fc_file_list_free(&list);
    for (size_t f = 0; f < FILES; f++) {
        size_t len = f == 1 ? (size_t)sprintf(text, "\xef\xbb\xbf") : 0;
        lines_len[f] = f == 2 ? 0 : (size_t)random_below(LINES);
        for (size_t i = 0; i < lines_len[f]; i++) {
            const uint64_t dice = random_below(20);
            const kind k = dice < 8 ? MATCH : dice < 15 ? OTHER : dice < 17 ? BAD : dice < 18 ? LONG : BLANK;
            const int second = (int)random_below(6);
            const char *const word = k == MATCH ? (dice < 4 ? "needle" : "n\\u0065EDLE") : "straw";
            lines[f][i].kind = k;
            lines[f][i].begin = i == 0 ? 0 : len;
            lines[f][i].time = second * 1000000;
            const size_t before = len;
            if (k == BLANK) len += (size_t)sprintf(text + len, "%s", dice % 2 ? "" : " \t");
            else if (k == LONG) len += (size_t)sprintf(text + len, "needle%*s", MAX_LINE, "x");
            else
                len += (size_t)sprintf(text + len, "{\"type\":\"system\",\"timestamp\":\"1970-01-01T00:00:%02dZ\","
                                       "\"content\":\"%s%*s\"}%s", second, word, (int)random_below(40), "",
                                       k == BAD ? "needle" : "");
            lines[f][i].len = len - before;
            len += (size_t)sprintf(text + len, "%s", random_below(5) == 0 ? "\r\n" : "\n");
        }
        if (f == FILES - 1) len += (size_t)sprintf(text + len, "%s", tail);
        free(contents[f]);
        contents[f] = exact_copy(text, len);
        sizes[f] = len;
        /* By path the files come in the reverse order of their naming. */
        const char name[] = {(char)('z' - f)};
        CHECK(fc_file_list_add_memory(&list, name, 1, contents[f], len) == FC_OK);
    }
}

typedef struct expected {
    size_t file, line;
} expected;

static fc_order wanted_order;

static int in_order(const void *a, const void *b) {
    const expected *x = a, *y = b;
    const int64_t s = lines[x->file][x->line].time, t = lines[y->file][y->line].time;
    if (wanted_order != FC_ORDER_FILE && s != t) return (s > t) == (wanted_order == FC_ORDER_NEWEST) ? -1 : 1;
    if (x->file != y->file) return x->file > y->file ? -1 : 1;
    return x->line < y->line ? -1 : 1;
}

static fc_plan *needle_plan(bool prefilter) {
    const fc_term needle = {.op = FC_OP_TEXT, .value = (const uint8_t *)"needle", .len = 6};
    const fc_plan_options options = {.no_prefilter = !prefilter};
    fc_plan *plan;
    CHECK(fc_plan_new(&needle, 1, &options, &plan) == FC_OK);
    return plan;
}

static void check_result(const fc_run_result *got, const fc_run_options *options) {
    static expected all[FILES * LINES];
    /* Bad lines show a time, so that they go unreported where lines may be left unparsed. */
    const bool quiet = options->uncounted && !options->validate_all && options->order != FC_ORDER_FILE;
    size_t matches = 0, bad = 0, blank = 0, records = 0, total = 0, bytes = 0;
    for (size_t f = 0; f < FILES; f++) {
        bytes += sizes[f];
        for (size_t i = 0; i < lines_len[f]; i++) {
            const kind k = lines[f][i].kind;
            if (k == MATCH) all[matches++] = (expected){f, i};
            bad += (k == BAD && !quiet) || k == LONG;
            blank += k == BLANK;
            records += k == MATCH || k == OTHER;
        }
        total += lines_len[f];
    }
    wanted_order = options->order;
    qsort(all, matches, sizeof *all, in_order);
    CHECK(quiet ? got->matches <= matches && got->matches >= got->hits_len : got->matches == matches);
    CHECK(got->bytes == bytes && got->files_failed == 0 && !got->timed_out && (quiet || got->pruned == 0));
    CHECK(got->hits_len == (matches < options->limit ? matches : options->limit));
    for (size_t i = 0; i < got->hits_len; i++) {
        const fc_hit *hit = &got->hits[i];
        const size_t f = all[i].file, number = all[i].line;
        const size_t bom = f == 1 && number == 0 ? 3 : 0;
        CHECK(hit->file == f && hit->offset == lines[f][number].begin && hit->line == number + 1);
        CHECK(hit->has_time && hit->time_us == lines[f][number].time && hit->raw_len == lines[f][number].len);
        CHECK(memcmp(hit->raw, contents[f] + hit->offset + bom, hit->raw_len) == 0);
    }
    /* Lines that are bad hold the needle too, so that the filter lets them through; what is over-long is always seen. */
    CHECK(got->errors == bad && got->reports_len == bad);
    size_t next = 0;
    for (size_t f = FILES; f-- > 0;)
        for (size_t i = 0; i < lines_len[f]; i++) {
            if ((lines[f][i].kind != BAD || quiet) && lines[f][i].kind != LONG) continue;
            const fc_report *report = &got->reports[next++];
            CHECK(report->kind == FC_REPORT_LINE && report->file == f && report->line == i + 1);
            CHECK(report->offset == lines[f][i].begin);
            CHECK(report->reason == (lines[f][i].kind == LONG ? FC_LINE_TOO_LONG : FC_LINE_TRAILING));
            CHECK(report->excerpt_len == FC_EXCERPT_MAX || report->excerpt_len == lines[f][i].len + (f == 1 && i == 0) * 3);
            CHECK(memcmp(report->excerpt, contents[f] + report->offset, report->excerpt_len) == 0);
        }
    CHECK(got->tails_len == 1 && got->tails[0].file == FILES - 1);
    CHECK(got->tails[0].offset == sizes[FILES - 1] - strlen(tail));
    if (options->validate_all) {
        CHECK(got->counted && got->lines == total + 1 && got->blank == blank && got->records == records);
        CHECK(got->records + got->errors + got->blank + got->tails_len == got->lines);
    } else {
        CHECK(got->records >= got->matches && got->records <= records);
        if (got->counted) CHECK(got->records + got->pruned + got->errors + got->blank + got->tails_len == got->lines);
        if (quiet && options->no_prune) CHECK(got->matches == matches);
    }
}

static void check_cuts(void) {
    static const size_t chunks[] = {1, 64, 257, 4096, 1 << 20}, spans[] = {1, 100, 1000, 1 << 20};
    static const size_t limits[] = {0, 1, 5, SIZE_MAX};
    static const unsigned threads[] = {1, 2, 5};
    fc_plan *plans[2] = {needle_plan(false), needle_plan(true)};
    for (int round = 0; round < 500; round++) {
        if (round % 5 == 0) make_files();
        const fc_run_options options = {
            .order = (fc_order)random_below(3), .limit = limits[random_below(4)], .validate_all = random_below(3) == 0,
            .uncounted = random_below(2), .no_prune = random_below(4) == 0,
            .max_line = MAX_LINE, .threads = threads[random_below(3)], .timeout_ns = -1,
            .chunk = chunks[random_below(5)], .span = spans[random_below(4)]};
        fc_run_result result;
        CHECK(fc_run(runtime, &list, plans[random_below(2)], &options, &result) == FC_OK);
        check_result(&result, &options);
        CHECK(result.threads <= options.threads && result.cpu_ns >= 0);
        fc_run_result_free(&result);
    }
    fc_plan_free(plans[0]);
    fc_plan_free(plans[1]);
}

static int stop_at_once(void *count, uint64_t done, uint64_t total) {
    (void)done;
    (void)total;
    return ++*(int *)count;
}

static void check_stops(void) {
    fc_plan *plan = needle_plan(true);
    int polls = 0;
    fc_run_options options = {.limit = 5, .max_line = 1, .threads = 2, .timeout_ns = -1, .chunk = 10, .span = 10,
                              .poll = stop_at_once, .poll_ctx = &polls};
    fc_run_result result = {.matches = 77};
    CHECK(fc_run(runtime, &list, plan, &options, &result) == FC_STOPPED && polls == 1 && result.matches == 77);
    options.poll = NULL;
    options.timeout_ns = 0;
    CHECK(fc_run(runtime, &list, plan, &options, &result) == FC_OK && result.timed_out && result.matches == 0);
    fc_run_result_free(&result);
    options.timeout_ns = -1;
    const fc_run_options wrong[] = {{.max_line = 1, .threads = 1, .chunk = 1}, {.max_line = 1, .threads = 1, .span = 1},
                                    {.max_line = 1, .chunk = 1, .span = 1}, {.threads = 1, .chunk = 1, .span = 1},
                                    {.max_line = 1, .threads = 257, .chunk = 1, .span = 1}};
    for (size_t i = 0; i < 5; i++) CHECK(fc_run(runtime, &list, plan, &wrong[i], &result) == FC_BAD_VALUE);
    fc_file_list none = {0};
    CHECK(fc_run(runtime, &none, plan, &options, &result) == FC_OK && result.bytes == 0 && result.threads == 0);
    fc_run_result_free(&result);
    fc_plan_free(plan);
}

static void check_files(void) {
    char path[] = "fc_run.XXXXXX";
    const char *const record = "{\"type\":\"summary\",\"summary\":\"needle\"}\n";
    const int fd = mkstemp(path);
    CHECK(fd >= 0);
    for (int i = 0; i < 100; i++) CHECK(write(fd, record, strlen(record)) == (ssize_t)strlen(record));
    fc_file_list files = {0};
    CHECK(fc_file_list_add_path(&files, path, strlen(path), false) == FC_OK && files.len == 1);
    fc_plan *plan = needle_plan(true);
    const fc_run_options options = {.limit = 3, .max_line = 1000, .threads = 2, .timeout_ns = -1, .chunk = 100, .span = 300};
    fc_run_result result;
    CHECK(fc_run(runtime, &files, plan, &options, &result) == FC_OK);
    CHECK(result.matches == 100 && result.hits_len == 3 && result.reports_len == 0);
    /* No record has a time: all take the file's, and the order falls to the offset. */
    for (size_t i = 0; i < 3; i++) {
        CHECK(result.hits[i].offset == i * strlen(record) && result.hits[i].line == i + 1 && result.hits[i].has_time);
        CHECK(result.hits[i].time_us == files.entries[0].info.mtime_ns / 1000);
    }
    fc_run_result_free(&result);
    CHECK(ftruncate(fd, (off_t)strlen(record) * 10 + 5) == 0);
    CHECK(fc_run(runtime, &files, plan, &options, &result) == FC_OK && result.matches == 10);
    fc_run_result_free(&result);
    CHECK(unlink(path) == 0 && close(fd) == 0);
    CHECK(fc_run(runtime, &files, plan, &options, &result) == FC_OK && result.matches == 0 && result.files_failed == 1);
    CHECK(result.reports_len == 1 && result.reports[0].kind == FC_REPORT_OS && result.reports[0].reason == ENOENT);
    fc_run_result_free(&result);
    fc_file_list_free(&files);
    fc_plan_free(plan);
}

/* A runtime that does the items in order and lets something happen to the file before one of them. */
static struct {
    size_t before;
    void (*happens)(const char *path, size_t len);
    const char *path;
    size_t len;
} event;

static unsigned run_with_event(const fc_runtime *self, fc_job *job) {
    (void)self;
    for (size_t item = 0; item < job->items && !atomic_load(&job->stop); item++) {
        if (item == event.before && job->items > 1) event.happens(event.path, event.len);
        job->work(job->ctx, item, 0);
    }
    return 1;
}

static bool never_stop(fc_job *job, unsigned worker) {
    (void)worker;
    return atomic_load(&job->stop);
}

static unsigned choose_all(const fc_runtime *self, const fc_cost_work *work, unsigned threads) {
    (void)self;
    (void)work;
    return threads;
}

static void learn_nothing(const fc_runtime *self, const fc_cost_work *work, unsigned threads, int64_t took_ns) {
    (void)self;
    (void)work;
    (void)threads;
    (void)took_ns;
}

static void write_at(const char *path, size_t offset, const char *text, size_t len) {
    const int fd = open(path, O_WRONLY);
    CHECK(fd >= 0 && pwrite(fd, text, len, (off_t)offset) == (ssize_t)len && close(fd) == 0);
}

static void nothing(const char *path, size_t len) { (void)path, (void)len; }
static void cut(const char *path, size_t len) { CHECK(truncate(path, (off_t)len / 3) == 0); }
static void empty(const char *path, size_t len) { (void)len; CHECK(truncate(path, 0) == 0); }
static void append(const char *path, size_t len) { write_at(path, len, "{}\n", 3); }
static void overwrite(const char *path, size_t len) { (void)len; write_at(path, 2, "TYPE", 4); }
static void grow_over(const char *path, size_t len) {
    char *spaces = malloc(len);
    memset(spaces, ' ', len);
    write_at(path, 0, spaces, len);
    append(path, len);
    free(spaces);
}
static void replace(const char *path, size_t len) {
    char *bytes = malloc(len);
    const int fd = open(path, O_RDONLY);
    CHECK(read(fd, bytes, len) == (ssize_t)len && close(fd) == 0 && unlink(path) == 0);
    const int other = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    CHECK(write(other, bytes, len) == (ssize_t)len && close(other) == 0);
    free(bytes);
}

/* What happens to a file while none of its pieces is open shows at the next opening. */
static void check_between_pieces(void) {
    const char *const record = "{\"type\":\"summary\",\"summary\":\"needle\"}\n";
    const size_t record_len = strlen(record), pieces = 100 * record_len / 300;
    static const struct {
        void (*happens)(const char *path, size_t len);
        int kind; /* the report that is due; -1: none */
    } events[] = {{nothing, -1},           {append, -1},           {cut, FC_REPORT_TRUNCATED}, {empty, FC_REPORT_TRUNCATED},
                  {overwrite, FC_REPORT_CHANGED}, {grow_over, FC_REPORT_CHANGED}, {replace, FC_REPORT_CHANGED}};
    const fc_runtime own = {.cpu = runtime->cpu, .run = run_with_event, .should_stop = never_stop,
                            .choose = choose_all, .learn = learn_nothing};
    fc_plan *plan = needle_plan(true);
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        for (size_t before = 0; before < pieces; before += 5)
            for (int old = 0; old < 2; old++) {
                char path[] = "fc_run.XXXXXX";
                const int fd = mkstemp(path);
                for (int n = 0; n < 100; n++) CHECK(write(fd, record, record_len) == (ssize_t)record_len);
                const struct timespec past[2] = {{1000000000, 0}, {1000000000, 0}};
                if (old) CHECK(futimens(fd, past) == 0);
                CHECK(close(fd) == 0);
                fc_file_list files = {0};
                CHECK(fc_file_list_add_path(&files, path, strlen(path), false) == FC_OK);
                event.before = before;
                event.happens = events[i].happens;
                event.path = path;
                event.len = 100 * record_len;
                const fc_run_options options = {.order = FC_ORDER_FILE, .limit = 0, .max_line = 1000, .threads = 1,
                                                .timeout_ns = -1, .chunk = 100, .span = 300};
                fc_run_result result;
                CHECK(fc_run(&own, &files, plan, &options, &result) == FC_OK);
                size_t told = 0;
                for (size_t n = 0; n < result.reports_len; n++) {
                    if (result.reports[n].kind == FC_REPORT_LINE) continue;
                    CHECK((int)result.reports[n].kind == events[i].kind);
                    if (events[i].happens == cut) CHECK(result.reports[n].offset == event.len / 3);
                    if (events[i].happens == empty) CHECK(result.reports[n].offset == 0);
                    told++;
                }
                if (events[i].kind < 0) CHECK(result.matches == 100);
                /* Bytes show a change only once some were read; of a file so new that its time tells nothing, only the
                 * last of them do. */
                const bool shows = before != 0 ? old || events[i].happens != overwrite : old && events[i].happens != grow_over;
                if (shows && events[i].kind >= 0) CHECK(told == 1);
                fc_run_result_free(&result);
                fc_file_list_free(&files);
                CHECK(unlink(path) == 0);
            }
    fc_plan_free(plan);
}

/* The first file that fails ends a scan that asked for it; without that the others are scanned. */
static void check_stop_on_os_error(void) {
    const char *const record = "{\"type\":\"summary\",\"summary\":\"needle\"}\n";
    char paths[3][16];
    fc_file_list files = {0};
    for (int i = 0; i < 3; i++) {
        strcpy(paths[i], "fc_run.XXXXXX");
        const int fd = mkstemp(paths[i]);
        CHECK(write(fd, record, strlen(record)) == (ssize_t)strlen(record) && close(fd) == 0);
        CHECK(fc_file_list_add_path(&files, paths[i], strlen(paths[i]), false) == FC_OK);
    }
    CHECK(unlink(paths[0]) == 0);
    fc_plan *plan = needle_plan(true);
    for (int stop = 0; stop < 2; stop++) {
        const fc_run_options options = {.limit = 0, .stop_on_os_error = stop, .max_line = 1000, .threads = 1,
                                        .timeout_ns = -1, .chunk = 100, .span = 300};
        fc_run_result result;
        CHECK(fc_run(runtime, &files, plan, &options, &result) == FC_OK && result.files_failed == 1);
        CHECK(result.matches == (stop ? 0 : 2));
        fc_run_result_free(&result);
    }
    fc_plan_free(plan);
    fc_file_list_free(&files);
    CHECK(unlink(paths[1]) == 0 && unlink(paths[2]) == 0);
}

int main(void) {
    runtime = fc_pool_runtime(fc_cpu_detect());
    make_files();
    check_cuts();
    check_stops();
    check_files();
    check_between_pieces();
    check_stop_on_os_error();
    fc_file_list_free(&list);
    for (size_t f = 0; f < FILES; f++) free(contents[f]);
    return finish();
}
