/* fc_times: the first or last record with a time of its own, whatever is read at a time, against a walk of the lines. */
#include <stdbool.h>

#include "check.h"
#include "fc_times.h"

enum { LINES = 60, MAX_LINE = 400 };

static pthread_mutex_t long_lines = PTHREAD_MUTEX_INITIALIZER;
static fc_parser parser;
static fc_times times;
static uint8_t bytes[LINES * 600];
static size_t len;
static struct {
    size_t begin;
    bool timed;
} lines[LINES];
static size_t lines_len;

/* Lines of every kind; those that are timed have their number as the second. */
static void make_lines(size_t count, bool newline_at_end) {
    static const char *const untimed[] = {
        "{\"type\":\"summary\",\"summary\":\"x\"}", "", "broken \"timestamp\":\"2024-01-01T00:00:00Z\"",
        "{\"timestamp\":\"soon\"}", "{\"timestamp\":5}", "{\"snapshot\":{\"timestamp\":\"2024-01-01T00:00:00Z\"}}",
        "{\"timestamp\":\"2024-01-01T00:00:00Z\"} {}", "[\"timestamp\"]"};
    len = lines_len = 0;
    for (size_t i = 0; i < count; i++) {
        lines[i].begin = len;
        const uint64_t kind = random_below(12);
        lines[i].timed = kind == 0 || kind == 1;
        if (kind == 0) len += (size_t)sprintf((char *)bytes + len, "{\"timestamp\":\"1970-01-01T00:00:%02zuZ\"}", i);
        else if (kind == 1)
            len += (size_t)sprintf((char *)bytes + len, "{\"t\\u0069mestamp\":\"1970-01-01T00:00:%02zu.0Z\"}\r", i);
        else if (kind == 2) { /* longer than max_line */
            const char *head = "{\"timestamp\":\"1970-01-01T00:00:00Z\",\"x\":\"";
            len += (size_t)sprintf((char *)bytes + len, "%s%*s\"}", head, MAX_LINE, "");
        } else len += (size_t)sprintf((char *)bytes + len, "%s", untimed[random_below(8)]);
        bytes[len++] = '\n';
    }
    lines_len = count;
    if (!newline_at_end && len != 0) len--;
}

/* The answer for lines that begin in [from, to). */
static fc_time_found expected(size_t from, size_t to, bool last) {
    fc_time_found found = {0};
    for (size_t i = 0; i < lines_len; i++) {
        if (!lines[i].timed || lines[i].begin < from || lines[i].begin >= to) continue;
        found = (fc_time_found){true, (int64_t)i * 1000000, lines[i].begin};
        if (!last) break;
    }
    return found;
}

static bool same(fc_time_found a, fc_time_found b) {
    return a.found == b.found && (!a.found || (a.time_us == b.time_us && a.offset == b.offset));
}

static void check_random(void) {
    static const size_t chunks[] = {1, 7, 64, 1000, 1 << 20};
    for (int round = 0; round < 600; round++) {
        make_lines((size_t)random_below(LINES + 1), random_below(2));
        uint8_t *copy = exact_copy(bytes, len);
        const fc_file_entry entry = {.path = (char *)"m", .memory = copy, .info.size = len, .has_size = true};
        fc_source source;
        int code;
        CHECK(fc_source_open(&entry, &source, &code) == FC_OK);
        times.chunk = chunks[random_below(5)];
        for (int i = 0; i < 10; i++) {
            fc_time_found found;
            size_t from = (size_t)random_below(len + 1), to = (size_t)random_below(len + 2);
            const bool last = random_below(2);
            if (i == 0) from = 0, to = len;
            const uint64_t end = i == 0 && random_below(2) ? UINT64_MAX : to;
            CHECK(fc_times_in_source(&times, &source, from, end, false, last, &found) == FC_OK);
            CHECK(same(found, expected(from, to, last)));
            if (lines_len == 0) continue;
            from = lines[random_below(lines_len)].begin;
            CHECK(fc_times_in_source(&times, &source, from, end, true, last, &found) == FC_OK);
            CHECK(same(found, expected(from, to, last)));
        }
        fc_source_close(&source);
        free(copy);
        if (len == 0 || bytes[len - 1] != '\n') continue;
        /* Whole lines in memory, a byte behind them. */
        copy = exact_copy(bytes, len + 1);
        const size_t skipped = lines[random_below(lines_len)].begin;
        fc_time_found found, wanted = expected(skipped, len, false);
        CHECK(fc_times_in_lines(&times, copy + skipped, len - skipped, skipped + 1000, &found) == FC_OK);
        wanted.offset += 1000;
        CHECK(same(found, wanted));
        free(copy);
    }
}

/* Of a line that is too long nothing is held, whatever its length. */
static void check_long_line(void) {
    const size_t long_len = 1 << 20;
    static const char stamped[] = "\n{\"timestamp\":\"1970-01-01T00:00:09Z\"}\n";
    uint8_t *text = malloc(long_len + sizeof stamped);
    memset(text, ' ', long_len);
    memcpy(text + long_len, stamped, sizeof stamped);
    const fc_file_entry entry = {.path = (char *)"m", .memory = text, .info.size = long_len + sizeof stamped - 1, .has_size = true};
    fc_source source;
    int code;
    fc_time_found found;
    fc_times_free(&times);
    times.chunk = 64;
    CHECK(fc_source_open(&entry, &source, &code) == FC_OK);
    CHECK(fc_times_in_source(&times, &source, 0, UINT64_MAX, false, false, &found) == FC_OK && found.time_us == 9000000);
    CHECK(times.buffer.capacity < 4 * MAX_LINE);
    free(text);
}

static bool at_third_look(void *count) { return ++*(int *)count == 3; }

static void check_stop(void) {
    static const uint8_t text[] = "{}\n{}\n{}\n{}\n{\"timestamp\":\"1970-01-01T00:00:09Z\"}\n";
    const fc_file_entry entry = {.path = (char *)"m", .memory = text, .info.size = sizeof text - 1, .has_size = true};
    fc_source source;
    int code, looks = 0;
    CHECK(fc_source_open(&entry, &source, &code) == FC_OK);
    times.chunk = 4;
    fc_time_found found;
    CHECK(fc_times_in_source(&times, &source, 0, UINT64_MAX, false, false, &found) == FC_OK && found.time_us == 9000000);
    times.should_stop = at_third_look;
    times.stop_ctx = &looks;
    CHECK(fc_times_in_source(&times, &source, 0, UINT64_MAX, false, false, &found) == FC_STOPPED && looks == 3);
    times.should_stop = NULL;
}

int main(void) {
    fc_arena arena = {0};
    fc_probe stamps;
    CHECK(fc_probe_choose(&arena, (const uint8_t *)"timestamp", 9, false, &stamps) == FC_OK);
    const fc_find *find = fc_find_for(fc_cpu_detect());
    CHECK(fc_parser_init(&parser, &long_lines, find, false) == FC_OK);
    times = (fc_times){.parser = &parser, .stamps = &stamps, .find = find, .max_line = MAX_LINE, .chunk = 64};
    check_random();
    check_stop();
    check_long_line();
    fc_times_free(&times);
    fc_parser_free(&parser);
    fc_arena_free(&arena);
    return finish();
}
