/* fc_line_time: what a line shows of its time is its record's time, and the rule says when it shows it. */
#include <stdbool.h>

#include "check.h"
#include "fc_line_time.h"
#include "fc_parser.h"

#define TIME "\"2024-05-01T10:00:00Z\""
enum { TIME_US_2024 = 1714557600 };

static pthread_mutex_t long_lines = PTHREAD_MUTEX_INITIALIZER;
static fc_parser parser;

/* On every level; the copy ends where its allocation ends. */
static bool shown(const char *line, size_t len, int64_t *out_us) {
    uint8_t *copy = exact_copy((const uint8_t *)line, len);
    bool answers[FC_CPU_COUNT];
    const int levels = (int)fc_cpu_detect() + 1;
    for (int level = 0; level < levels; level++) {
        fc_line_time time;
        fc_line_time_init(&time, fc_find_for((fc_cpu_level)level));
        *out_us = -7;
        answers[level] = fc_line_time_read(&time, copy, len, out_us);
        CHECK(answers[level] == answers[0] && (answers[level] || *out_us == -7));
    }
    free(copy);
    return answers[0];
}

static void check_line(const char *line, bool want) {
    int64_t us;
    if (shown(line, strlen(line), &us) != want) printf("%s\n", line);
    CHECK(shown(line, strlen(line), &us) == want);
    if (want) CHECK(us == (int64_t)TIME_US_2024 * 1000000);
}

static void check_rule(void) {
    static const char *const yes[] = {
        "{\"timestamp\":" TIME "}", " {\t\"timestamp\" :\r" TIME " , \"a\":1}", "{\"a\":{\"b\":[1]},\"timestamp\":" TIME "}",
        "{\"timestamp\":" TIME ",\"a\":{\"b\":[\"}]\"]}}", "{\"a\":\"}}\\\"{{\",\"timestamp\":" TIME ",\"b\":\"{{{{{{{{{\"}",
        "{\"a\":\"\\\\\",\"timestamp\":" TIME "}", "{\"a\":\"\\u001b\\u00e9\",\"timestamp\":" TIME "}",
        "{\"a\":\"timestamp!\",\"timestamp \":1,\"b\":\"\\\"timestamp\\\"\",\"timestamp\":" TIME "}",
        "{\"timestamp\":\"2024-05-01t12:00:00.0+02:00\"}", "{\"a\":NaN,\"b\":[1}],\"timestamp\":" TIME "}",
    };
    static const char *const no[] = {
        "", "{}", "\"timestamp\":" TIME, "{\"timestamp\"", "{\"timestamp\":", "{\"timestamp\":\"", "{\"timestamp\":\"2024-05-01T",
        "{\"timestamp\":5}", "{\"timestamp\":null}", "{\"timestamp\":\"soon\"}", "{\"timestamp\":[" TIME "]}",
        "{\"timestamp\":\"2024-05-01T10:00:60Z\"}", "{\"timestamp\":\"2024-05-01T10:00:00\\u005a\"}",
        "{\"timestamp\" x:" TIME "}", "{\"a\":{\"timestamp\":" TIME "}}", "{\"a\":[{\"timestamp\":" TIME "}],\"b\":1}",
        "{\"snapshot\":{\"timestamp\":" TIME "},\"c\":\"long enough that the front is the shorter side\"}",
        "{\"timestamp\":" TIME ",\"timestamp\":" TIME "}", "{\"a\":{\"timestamp\":1},\"timestamp\":" TIME "}",
        "{\"timestamp\":" TIME ",\"a\":[\"timestamp\"]}", "{\"timestamp\":" TIME ",\"a\":\"\\u0074\"}",
        "{\"timestamp\":" TIME ",\"a\":\"\\\\u006D\"}", "{\"say \\\"timestamp\":" TIME "}", "{\"a\":\"\\\"timestamp\",\"b\":1}",
        "{\"a\":\"timestamp\",\"b\":" TIME "}", "{\"Timestamp\":" TIME "}", "{\"x\":[\"a\"timestamp\":" TIME ",\"b\"],\"c\":1}",
        "{\"front\":\"that is the longer side of the two\",\"x\":[\"a\"timestamp\":" TIME ",}\"b]}",
        "{\"x\":[\"a,\"timestamp\":" TIME ",\"],\"long enough that the front is the shorter side\":1}",
    };
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) check_line(yes[i], true);
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) check_line(no[i], false);
}

/* A line of random tokens: seldom a record, but where it is one, what it shows is its own time. */
static size_t make_line(char *out) {
    static const char *const tokens[] = {
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\\\"", "timestamp", ("\"timestamp\":" TIME), "\"timestamp\"", TIME, "1",
        " ", "\"a\":", "\"b\"", "\\u0074", "{\"c\":", "},", "],", "\"\\\\\"", "x"};
    size_t len = (size_t)sprintf(out, "{");
    for (uint64_t i = 1 + random_below(12); i-- > 0;) {
        const uint64_t kind = random_below(4);
        const char *token = tokens[random_below(sizeof tokens / sizeof *tokens)];
        if (kind == 0) len += (size_t)sprintf(out + len, "\"x\":[%s],", token);
        else if (kind == 1) len += (size_t)sprintf(out + len, "\"x\":{\"y\":%s},", token);
        else if (kind == 2) len += (size_t)sprintf(out + len, "\"timestamp\":" TIME ",");
        else len += (size_t)sprintf(out + len, "%s", token);
    }
    return len + (size_t)sprintf(out + len, "\"z\":1}");
}

static void check_random(void) {
    static char line[2000];
    size_t records = 0, times = 0;
    for (int i = 0; i < 400000; i++) {
        const size_t len = make_line(line);
        int64_t us;
        fc_line_reason reason;
        const bool has = shown(line, len, &us);
        uint8_t *copy = malloc(len + 1);
        memcpy(copy, line, len);
        copy[len] = 0;
        if (fc_parser_read(&parser, copy, len, &reason) == FC_OK) {
            records++;
            times += has;
            if (has && !(parser.record.has_time && parser.record.time_us == us)) printf("%s\n", line);
            CHECK(!has || (parser.record.has_time && parser.record.time_us == us));
        }
        free(copy);
    }
    CHECK(records > 4000 && times > 400);
}

int main(void) {
    CHECK(fc_parser_init(&parser, &long_lines, fc_find_for(fc_cpu_detect()), false) == FC_OK);
    check_rule();
    check_random();
    fc_parser_free(&parser);
    return finish();
}
