/* fc_parser: one parser reads line after line, grows and shrinks with them, and holds long lines one at a time. */
#include <stdbool.h>

#include "check.h"
#include "fc_parser.h"

static pthread_mutex_t long_lines = PTHREAD_MUTEX_INITIALIZER;

static bool is_held(void) {
    if (pthread_mutex_trylock(&long_lines) != 0) return true;
    pthread_mutex_unlock(&long_lines);
    return false;
}

/* A record of exactly `len` bytes and a NUL behind it. */
static uint8_t *line_of(size_t len) {
    static const char head[] = "{\"type\":\"t\",\"uuid\":\"", tail[] = "\"}";
    uint8_t *line = malloc(len + 1);
    if (line == NULL) exit(2);
    memset(line, 'x', len);
    memcpy(line, head, sizeof head - 1);
    memcpy(line + len - 2, tail, 3);
    return line;
}

static void check_lengths(bool check_all) {
    static const size_t lengths[] = {30, 5000, 31, FC_PARSER_LONG_LINE - 1, FC_PARSER_LONG_LINE,
                                     FC_PARSER_LONG_LINE + 1, 40, 3 * FC_PARSER_LONG_LINE, 4096, 4097};
    fc_parser parser;
    CHECK(fc_parser_init(&parser, &long_lines, fc_find_for(fc_cpu_detect()), check_all) == FC_OK);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        const size_t len = lengths[i];
        uint8_t *line = line_of(len);
        fc_line_reason reason;
        CHECK(fc_parser_read(&parser, line, len, &reason) == FC_OK);
        CHECK(is_held() == (len > FC_PARSER_LONG_LINE));
        CHECK(parser.record.uuid.bytes == line + 20 && parser.record.uuid.len == len - 22);
        fc_parser_done(&parser, len);
        CHECK(!is_held());
        line[len - 1] = ']'; /* a bad line leaves the lock as a good one does */
        CHECK(fc_parser_read(&parser, line, len, &reason) == FC_BAD_LINE);
        CHECK(reason == FC_LINE_UNCLOSED || reason == FC_LINE_GRAMMAR);
        CHECK(is_held() == (len > FC_PARSER_LONG_LINE));
        fc_parser_done(&parser, len);
        CHECK(!is_held());
        free(line);
    }
    fc_parser_free(&parser);
    fc_parser_free(&parser);
}

/* Threads that read long lines at once take turns, and none is left waiting. */
static void *read_long(void *out) {
    fc_parser parser;
    if (fc_parser_init(&parser, &long_lines, NULL, false) != FC_OK) return NULL;
    uint8_t *line = line_of(FC_PARSER_LONG_LINE + 100);
    size_t good = 0;
    for (int i = 0; i < 20; i++) {
        fc_line_reason reason;
        good += fc_parser_read(&parser, line, FC_PARSER_LONG_LINE + 100, &reason) == FC_OK;
        good += parser.record.uuid.len == FC_PARSER_LONG_LINE + 78;
        fc_parser_done(&parser, FC_PARSER_LONG_LINE + 100);
    }
    fc_parser_free(&parser);
    free(line);
    *(size_t *)out = good;
    return NULL;
}

static void check_turns(void) {
    pthread_t threads[4];
    size_t good[4] = {0};
    for (int i = 0; i < 4; i++) CHECK(pthread_create(&threads[i], NULL, read_long, &good[i]) == 0);
    for (int i = 0; i < 4; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
        CHECK(good[i] == 40);
    }
}

int main(void) {
    check_lengths(false);
    check_lengths(true);
    check_turns();
    return finish();
}
