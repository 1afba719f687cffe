/* fc_match: what plans say of records, and where their needles stand in a text. */
#include <stdbool.h>

#include "check.h"
#include "fc_match.h"
#include "fc_parser.h"

static fc_parser parser;
static pthread_mutex_t long_lines = PTHREAD_MUTEX_INITIALIZER;

static fc_term text(const char *value) {
    return (fc_term){.op = FC_OP_TEXT, .value = (const uint8_t *)value, .len = strlen(value)};
}

static fc_term field(fc_op op, const char *value) {
    return (fc_term){.op = op, .value = (const uint8_t *)value, .len = strlen(value)};
}

static fc_term join(fc_op op, uint32_t operands) { return (fc_term){.op = op, .operands = operands}; }

static const fc_plan_options folded = {0}, exactly = {.case_sensitive = true};

static fc_plan *plan_of(const fc_term *terms, size_t count, const fc_plan_options *options) {
    fc_plan *plan = NULL;
    CHECK(fc_plan_new(terms, count, options, &plan) == FC_OK);
    return plan;
}

static bool matches_at(const char *line, const fc_plan *plan, const char *path) {
    fc_scratch scratch = {0};
    fc_line_reason reason;
    bool matched = false;
    CHECK(fc_parser_read(&parser, (const uint8_t *)line, strlen(line), &reason) == FC_OK);
    CHECK(fc_match_record(plan, fc_find_for(FC_CPU_BASE), &parser.record, path, strlen(path), &scratch, &matched) == FC_OK);
    fc_scratch_free(&scratch);
    fc_parser_done(&parser, strlen(line));
    return matched;
}

static bool matches(const char *line, const fc_term *terms, size_t count, const fc_plan_options *options) {
    fc_plan *plan = plan_of(terms, count, options);
    const bool matched = matches_at(line, plan, "/logs/projects/-src-app/s.jsonl");
    fc_plan_free(plan);
    return matched;
}

#define HOLDS(line, ...) \
    matches(line, (fc_term[]){__VA_ARGS__}, sizeof((fc_term[]){__VA_ARGS__}) / sizeof(fc_term), &folded)

static void check_matches(void) {
    const char *user = "{\"type\":\"user\",\"sessionId\":\"0123456789\",\"cwd\":\"/src/app\",\"gitBranch\":\"main\","
                       "\"message\":{\"role\":\"user\",\"content\":\"Caf\\u00e9 \\\"Time\\u006fut\\\" \\\\n k\"}}";
    const char *tool = "{\"type\":\"assistant\",\"message\":{\"model\":\"m\",\"content\":[{\"type\":\"tool_use\","
                       "\"name\":\"Bash\",\"input\":{\"command\":\"ls\"}}]}}";
    const char *bare = "{\"type\":\"system\",\"content\":\"x\",\"cwd\":null}";
    CHECK(matches(user, NULL, 0, &folded));
    CHECK(HOLDS(user, text("timeout")) && HOLDS(user, text("CAF\xc3\x89")) && HOLDS(user, text("\"timeout\"")));
    CHECK(HOLDS(user, text("\xe2\x84\xaa"))); /* the Kelvin sign folds to k */
    CHECK(!HOLDS(user, text("\n")) && HOLDS(user, text("\\n")) && !HOLDS(user, text("u006f")));
    CHECK(HOLDS(user, text("")));
    const fc_term right = text("Timeout"), wrong = text("timeout");
    CHECK(matches(user, &right, 1, &exactly) && !matches(user, &wrong, 1, &exactly));
    CHECK(HOLDS(user, text("caf\xc3\xa9"), text("absent"), join(FC_OP_OR, 2)));
    CHECK(!HOLDS(user, text("caf\xc3\xa9"), text("absent"), join(FC_OP_AND, 2)));
    CHECK(HOLDS(user, text("k"), text("absent"), join(FC_OP_NOT, 1), join(FC_OP_AND, 2)));
    CHECK(HOLDS(user, field(FC_OP_ROLE, "user")) && !HOLDS(user, field(FC_OP_ROLE, "User")));
    CHECK(HOLDS(bare, field(FC_OP_ROLE, "system")) && HOLDS(tool, field(FC_OP_TYPE, "assistant")));
    CHECK(HOLDS(user, field(FC_OP_SESSION, "01234567")) && !HOLDS(user, field(FC_OP_SESSION, "0123456")));
    CHECK(HOLDS(user, field(FC_OP_CWD, "/src")) && HOLDS(user, field(FC_OP_CWD, "/src/app")));
    CHECK(HOLDS(user, field(FC_OP_CWD, "/")) && !HOLDS(user, field(FC_OP_CWD, "/src/ap")));
    CHECK(HOLDS(bare, field(FC_OP_PROJECT, "/src/app")) && HOLDS(bare, field(FC_OP_PROJECT, "/src")));
    CHECK(!HOLDS(bare, field(FC_OP_PROJECT, "/sr")) && !HOLDS(bare, field(FC_OP_CWD, "/src")));
    CHECK(HOLDS(user, field(FC_OP_BRANCH, "main")) && HOLDS(tool, field(FC_OP_MODEL, "m")));
    CHECK(HOLDS(tool, field(FC_OP_TOOL, "Bash")) && !HOLDS(tool, field(FC_OP_TOOL, "bash")));
    CHECK(HOLDS(user, field(FC_OP_IS_HUMAN, "")) && !HOLDS(tool, field(FC_OP_IS_HUMAN, "")));
    CHECK(!HOLDS(user, field(FC_OP_IS_ERROR, "")));
}

static void check_spans(void) {
    const fc_term terms[] = {text("aba"), text("\xc3\xa9"), text("x"), join(FC_OP_NOT, 1), join(FC_OP_AND, 3)};
    fc_plan *plan = plan_of(terms, 5, &folded);
    const char *const line = "\xc3\x89 ababa x ABA\xc3\xa9";
    uint8_t *copy = exact_copy(line, strlen(line));
    fc_range *ranges = NULL;
    size_t count = 77;
    CHECK(fc_match_spans(plan, fc_find_for(FC_CPU_BASE), copy, strlen(line), &ranges, &count) == FC_OK);
    static const fc_range expected[] = {{0, 1}, {2, 7}, {10, 13}, {13, 14}};
    CHECK(count == 4 && memcmp(ranges, expected, sizeof expected) == 0);
    free(ranges);
    CHECK(fc_match_spans(plan, fc_find_for(FC_CPU_BASE), copy, 0, &ranges, &count) == FC_OK && count == 0);
    free(ranges);
    free(copy);
    fc_plan_free(plan);
}

int main(void) {
    CHECK(fc_parser_init(&parser, &long_lines, NULL, false) == FC_OK);
    check_matches();
    check_spans();
    fc_parser_free(&parser);
    return finish();
}
