/* fc_names: what a block's records are called is among its names, and a plan that none of them can satisfy is seen. */
#include "check.h"
#include "fc_names.h"

static pthread_mutex_t long_lines = PTHREAD_MUTEX_INITIALIZER;
static fc_parser parser;
static fc_learner learner;

static fc_plan *plan_of(const fc_term *terms, size_t count) {
    const fc_plan_options options = {0};
    fc_plan *plan;
    CHECK(fc_plan_new(terms, count, &options, &plan) == FC_OK);
    return plan;
}

static fc_term term(fc_op op, const char *value) {
    return (fc_term){.op = op, .value = (const uint8_t *)value, .len = strlen(value)};
}

static bool may(const fc_names *names, fc_op op, const char *value) {
    const fc_term one = term(op, value);
    fc_plan *plan = plan_of(&one, 1);
    const bool answer = fc_names_may_match(names, plan);
    fc_plan_free(plan);
    return answer;
}

static fc_names *learn(const char *text) {
    uint8_t *copy = exact_copy(text, strlen(text) + 1);
    fc_names *names;
    CHECK(fc_names_learn(&learner, copy, strlen(text), 0, &names) == FC_OK);
    free(copy);
    return names;
}

static void check_names(void) {
    fc_names *names = learn(
        "\xef\xbb\xbf{\"type\":\"user\",\"sessionId\":\"8b0d7a3c-1\",\"message\":{\"role\":\"us\\u0065r\"}}\r\n"
        "{\"type\":\"summary\",\"sessionId\":5}\n\n{\"type\":\"broken\"\n{\"type\":\"a\",\"type\":\"b\",\"sessionId\":\"\\u00e9\"}\n"
        "{\"message\":{\"role\":\"x\"},\"content\":[{\"type\":\"text\",\"sessionId\":\"inner\"}]}\n");
    CHECK(may(names, FC_OP_TYPE, "user") && may(names, FC_OP_TYPE, "summary") && may(names, FC_OP_TYPE, "b"));
    CHECK(!may(names, FC_OP_TYPE, "a") && !may(names, FC_OP_TYPE, "broken") && !may(names, FC_OP_TYPE, "text"));
    CHECK(!may(names, FC_OP_TYPE, "use") && !may(names, FC_OP_TYPE, "") && !may(names, FC_OP_TYPE, "x"));
    CHECK(may(names, FC_OP_ROLE, "user") && may(names, FC_OP_ROLE, "summary") && may(names, FC_OP_ROLE, "x"));
    CHECK(!may(names, FC_OP_ROLE, "assistant"));
    CHECK(may(names, FC_OP_SESSION, "8b0d7a3c") && may(names, FC_OP_SESSION, "8b0d7a3c-1"));
    CHECK(may(names, FC_OP_SESSION, "\xc3\xa9") && !may(names, FC_OP_SESSION, "inner"));
    CHECK(!may(names, FC_OP_SESSION, "8b0d7a3c-2") && !may(names, FC_OP_SESSION, "8b0d7a3c-11"));
    CHECK(may(names, FC_OP_TEXT, "zzz") && may(names, FC_OP_UUID, "zzz") && may(names, FC_OP_TOOL, "zzz"));
    CHECK(may(names, FC_OP_IS_HUMAN, "") && may(names, FC_OP_IS_ERROR, ""));
    fc_names *copy;
    CHECK(fc_names_new(names->kinds, names->entries, names->len, &copy) == FC_OK);
    CHECK(copy->len == names->len && memcmp(copy->entries, names->entries, names->len) == 0);
    free(copy);
    free(names);
    names = learn("{\"type\":\"assistant\"}\n");
    CHECK(!may(names, FC_OP_IS_HUMAN, ""));
    free(names);
}

static void check_expressions(void) {
    fc_names *names = learn("{\"type\":\"user\",\"sessionId\":\"one\"}\n");
    const fc_term yes = term(FC_OP_TYPE, "user"), no = term(FC_OP_TYPE, "none"), text = term(FC_OP_TEXT, "t");
    const fc_term negate = {.op = FC_OP_NOT, .operands = 1}, both = {.op = FC_OP_AND, .operands = 2};
    const fc_term either = {.op = FC_OP_OR, .operands = 2};
    const struct {
        fc_term terms[5];
        size_t count;
        bool may, matters;
    } cases[] = {
        {{yes, text, both}, 3, true, true},   {{no, text, both}, 3, false, true},  {{no, text, either}, 3, true, false},
        {{no, no, either}, 3, false, true},   {{no, yes, either}, 3, true, true},  {{no, negate}, 2, true, false},
        {{yes, negate}, 2, true, false},      {{text, no, yes, either, both}, 5, true, true},
        {{yes, no, text, both, both}, 5, false, true}, {{text}, 1, true, false},   {{{0}}, 0, true, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fc_plan *plan = plan_of(cases[i].terms, cases[i].count);
        CHECK(fc_names_may_match(names, plan) == cases[i].may);
        CHECK(fc_names_matter(plan) == cases[i].matters);
        fc_plan_free(plan);
    }
    free(names);
}

/* What does not fit is left out as a whole kind: then everything may be there. */
static void check_overflow(void) {
    static char text[1 << 20];
    size_t at = 0;
    for (int i = 0; i < 1000; i++) at += (size_t)sprintf(text + at, "{\"type\":\"t%d\",\"sessionId\":\"one\"}\n", i);
    fc_names *names = learn(text);
    CHECK(may(names, FC_OP_TYPE, "zzz") && may(names, FC_OP_ROLE, "zzz") && !may(names, FC_OP_SESSION, "zzz"));
    CHECK(names->len <= FC_NAMES_LEN_MAX);
    free(names);
    for (size_t size = 250; size < 260; size++) {
        char line[2000] = "{\"type\":\"";
        const size_t head = strlen(line);
        memset(line + head, 'x', size);
        strcpy(line + head + size, "\"}\n");
        names = learn(line);
        CHECK(may(names, FC_OP_TYPE, "y") == (size > 255) && !may(names, FC_OP_SESSION, "y"));
        free(names);
        for (size_t i = 0; i < size; i++) memcpy(line + head + 6 * i, "\\u0078", 6);
        strcpy(line + head + 6 * size, "\"}\n");
        names = learn(line);
        CHECK(may(names, FC_OP_TYPE, "y") == (size > 255));
        free(names);
    }
}

static void check_foreign(void) {
    static const uint8_t entries[] = {0, 2, 'a', 'b', 2, 0, 1, 1, 'c'};
    fc_names *names;
    for (size_t len = 0; len <= sizeof entries; len++) {
        const bool whole = len == 0 || len == 4 || len == 6 || len == 9;
        uint8_t *copy = exact_copy(entries, len);
        const fc_status status = fc_names_new(7, copy, len, &names);
        CHECK(status == (whole ? FC_OK : FC_BAD_VALUE));
        if (whole) free(names);
        free(copy);
    }
    static const uint8_t unknown[] = {3, 0}, big[FC_NAMES_LEN_MAX + 2];
    CHECK(fc_names_new(7, unknown, 2, &names) == FC_BAD_VALUE && fc_names_new(8, entries, 4, &names) == FC_BAD_VALUE);
    CHECK(fc_names_new(7, big, sizeof big, &names) == FC_BAD_VALUE);
    CHECK(fc_names_learn(&learner, entries, (size_t)FC_FACTS_LEN_MAX + 1, 0, &names) == FC_BAD_VALUE);
}

int main(void) {
    const fc_find *find = fc_find_for(fc_cpu_detect());
    CHECK(fc_parser_init(&parser, &long_lines, find, false) == FC_OK);
    learner = (fc_learner){.parser = &parser, .find = find};
    check_names();
    check_expressions();
    check_overflow();
    check_foreign();
    fc_parser_free(&parser);
    return finish();
}
