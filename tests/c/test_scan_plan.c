/* fc_plan: which postfix expressions are plans, what they match, and that the sieve finds what a naive search finds. */
#include <stdbool.h>

#include "check.h"
#include "fc_parser.h"
#include "fc_plan.h"

static fc_parser parser;
static pthread_mutex_t long_lines = PTHREAD_MUTEX_INITIALIZER;

static fc_term text(const char *value) {
    return (fc_term){.op = FC_OP_TEXT, .value = (const uint8_t *)value, .len = strlen(value)};
}

static fc_term field(fc_op op, const char *value) {
    return (fc_term){.op = op, .value = (const uint8_t *)value, .len = strlen(value)};
}

static fc_term join(fc_op op, uint32_t operands) { return (fc_term){.op = op, .operands = operands}; }

static const fc_plan_options folded = {0}, exactly = {.case_sensitive = true}, unfiltered = {.no_prefilter = true};

static fc_plan *plan_of(const fc_term *terms, size_t count, const fc_plan_options *options) {
    fc_plan *plan = NULL;
    CHECK(fc_plan_new(terms, count, options, &plan) == FC_OK);
    return plan;
}

static bool refused(const fc_term *terms, size_t count) {
    fc_plan *plan = (fc_plan *)&plan;
    const fc_status status = fc_plan_new(terms, count, &folded, &plan);
    CHECK(status == FC_OK || plan == (fc_plan *)&plan);
    if (status == FC_OK) fc_plan_free(plan);
    return status == FC_BAD_VALUE;
}

static void check_shapes(void) {
    const fc_term a = text("a"), b = text("b");
    CHECK(!refused(NULL, 0));
    CHECK(!refused((fc_term[]){a}, 1));
    CHECK(refused((fc_term[]){a, b}, 2));
    CHECK(!refused((fc_term[]){a, b, join(FC_OP_AND, 2)}, 3));
    CHECK(refused((fc_term[]){a, join(FC_OP_AND, 2)}, 2));
    CHECK(refused((fc_term[]){a, join(FC_OP_AND, 1)}, 2));
    CHECK(refused((fc_term[]){a, b, join(FC_OP_NOT, 2)}, 3));
    CHECK(!refused((fc_term[]){a, join(FC_OP_NOT, 1)}, 2));
    CHECK(refused((fc_term[]){join(FC_OP_NOT, 1)}, 1));
    CHECK(refused((fc_term[]){{.op = FC_OP_COUNT}}, 1));
    fc_term nested[FC_PLAN_LEVELS_MAX + 2] = {a};
    for (size_t i = 1; i < FC_PLAN_LEVELS_MAX + 2; i++) nested[i] = join(FC_OP_NOT, 1);
    CHECK(!refused(nested, FC_PLAN_LEVELS_MAX + 1));
    CHECK(refused(nested, FC_PLAN_LEVELS_MAX + 2));
}

static bool matches_at(const char *line, const fc_plan *plan, const char *path) {
    fc_scratch scratch = {0};
    fc_line_reason reason;
    bool matched = false;
    CHECK(fc_parser_read(&parser, (const uint8_t *)line, strlen(line), &reason) == FC_OK);
    CHECK(fc_plan_match(plan, fc_find_for(FC_CPU_BASE), &parser.record, path, strlen(path), &scratch, &matched) == FC_OK);
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

/* The sieve against its definition: the first place from `from` on where a literal or an escape begins. */
static size_t naive_next(const fc_literal *literals, size_t count, const fc_escape_set *set, const uint8_t *bytes,
                         size_t len, size_t from) {
    for (size_t at = from; at < len; at++) {
        for (size_t i = 0; i < count; i++) {
            const fc_literal *l = &literals[i];
            size_t same = 0;
            while (same < l->len && at + same < len && (bytes[at + same] | 0x20) == l->bytes[same]) same++;
            if (same == l->len) return at;
        }
        if (at + 6 <= len && fc_escape_set_match(set, bytes + at)) return at;
    }
    return len;
}

static void check_sieve(void) {
    const fc_term terms[] = {text("quartz"), text("zebra"), join(FC_OP_OR, 2)};
    fc_plan *plan = plan_of(terms, 3, &folded);
    CHECK(fc_plan_has_filter(plan));
    fc_literal literals[2];
    fc_escape_set set = {0};
    fc_literal_init(&literals[0], (const uint8_t *)"quartz", 6, true);
    fc_literal_init(&literals[1], (const uint8_t *)"zebra", 5, true);
    for (const char *c = "quartzebQUARTZEB"; *c != 0; c++) CHECK(fc_escape_set_add(&set, (uint16_t)*c));
    static const char *const plants[] = {"quartz", "QuArTz", "zebra", "\\u0071", "\\u005A", "\\u0078", "quart", "\\u00"};
    for (int round = 0; round < 400; round++) {
        const size_t len = (size_t)random_below(round % 4 == 0 ? 70000 : 400);
        uint8_t *bytes = exact_copy("", 0);
        bytes = realloc(bytes, len + 1);
        for (size_t i = 0; i < len; i++) bytes[i] = (uint8_t)("abc \\u0 \n"[random_below(9)]);
        for (uint64_t n = random_below(30); n > 0; n--) {
            const char *plant = plants[random_below(8)];
            if (strlen(plant) > len) continue;
            /* Half of them around multiples of 16 KB, where a window of the search may end. */
            size_t at = (size_t)random_below(len - strlen(plant) + 1);
            if (random_below(2) && len > 20000) at = 16384 * (1 + (size_t)random_below(len / 16384)) - (size_t)random_below(8);
            if (at + strlen(plant) <= len) memcpy(bytes + at, plant, strlen(plant));
        }
        uint8_t *copy = exact_copy(bytes, len);
        for (int level = FC_CPU_BASE; level <= FC_CPU_V3; level++) {
            fc_sieve sieve;
            fc_sieve_start(&sieve, plan, fc_find_for((fc_cpu_level)level), copy, len);
            for (size_t from = 0; from <= len;) {
                const size_t want = naive_next(literals, 2, &set, copy, len, from);
                CHECK(fc_sieve_next(&sieve, from) == want);
                from = want + 1 + (size_t)random_below(random_below(3) == 0 ? 5000 : 3);
            }
            if (level == (int)fc_cpu_detect()) break;
        }
        free(copy);
        free(bytes);
    }
    fc_plan_free(plan);
    const fc_term word = text("quartz"), not_word[] = {text("quartz"), join(FC_OP_NOT, 1)};
    plan = plan_of(&word, 1, &unfiltered);
    CHECK(!fc_plan_has_filter(plan));
    fc_plan_free(plan);
    plan = plan_of(not_word, 2, &folded);
    CHECK(!fc_plan_has_filter(plan));
    fc_sieve sieve;
    fc_sieve_start(&sieve, plan, fc_find_for(FC_CPU_BASE), (const uint8_t *)"xy", 2);
    CHECK(fc_sieve_next(&sieve, 0) == 0 && fc_sieve_next(&sieve, 1) == 1);
    fc_plan_free(plan);
}

static void check_spans(void) {
    const fc_term terms[] = {text("aba"), text("\xc3\xa9"), text("x"), join(FC_OP_NOT, 1), join(FC_OP_AND, 3)};
    fc_plan *plan = plan_of(terms, 5, &folded);
    const char *const line = "\xc3\x89 ababa x ABA\xc3\xa9";
    uint8_t *copy = exact_copy(line, strlen(line));
    fc_range *ranges = NULL;
    size_t count = 77;
    CHECK(fc_plan_spans(plan, fc_find_for(FC_CPU_BASE), copy, strlen(line), &ranges, &count) == FC_OK);
    static const fc_range expected[] = {{0, 1}, {2, 7}, {10, 13}, {13, 14}};
    CHECK(count == 4 && memcmp(ranges, expected, sizeof expected) == 0);
    free(ranges);
    CHECK(fc_plan_spans(plan, fc_find_for(FC_CPU_BASE), copy, 0, &ranges, &count) == FC_OK && count == 0);
    free(ranges);
    free(copy);
    fc_plan_free(plan);
}

int main(void) {
    CHECK(fc_parser_init(&parser, &long_lines, NULL, false) == FC_OK);
    check_shapes();
    check_matches();
    check_sieve();
    check_spans();
    fc_parser_free(&parser);
    fc_plan_free(NULL);
    return finish();
}
