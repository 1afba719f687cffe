/* fc_record: the fields and the text of records of every kind, and why a line is none. */
#include <stdbool.h>

#include "check.h"
#include "fc_record.h"

static fc_structure *structure;
static fc_record record;
static uint8_t *line;

/* Read a line that ends where its memory ends, but for the one byte that must be readable. */
static fc_line_reason read_bytes(const char *text, size_t len, bool check_all) {
    free(line);
    line = exact_copy(text, len + 1);
    line[len] = 0;
    fc_line_reason reason = FC_LINE_OK;
    CHECK(fc_structure_reserve(structure, len) == FC_OK);
    const fc_status status = fc_record_read(structure, line, len, check_all, &record, &reason);
    CHECK(status == (reason == FC_LINE_OK ? FC_OK : FC_BAD_LINE));
    return reason;
}

static fc_line_reason why(const char *text) { return read_bytes(text, strlen(text), false); }
static fc_line_reason why_all(const char *text) { return read_bytes(text, strlen(text), true); }

static bool is(fc_slice slice, const char *value) {
    if (value == NULL) return slice.bytes == NULL;
    return fc_slice_equals(slice, (const uint8_t *)value, strlen(value));
}

static bool text_is(const char *json, const char *expected) {
    static fc_buffer text;
    CHECK(why(json) == FC_LINE_OK);
    text.len = 0;
    CHECK(fc_record_text(&record, &text) == FC_OK);
    const bool same = text.len == strlen(expected) && (text.len == 0 || memcmp(text.data, expected, text.len) == 0);
    if (!same) printf("%s\ngave \"%.*s\"\n", json, (int)text.len, (const char *)text.data);
    fc_buffer_free(&text);
    return same;
}

static void check_fields(void) {
    CHECK(why("{\"type\":\"user\",\"sessionId\":\"s\\u0031\",\"uuid\":\"u\",\"cwd\":\"/p\",\"gitBranch\":\"main\","
              "\"timestamp\":\"1970-01-01T00:00:02Z\",\"message\":{\"role\":\"human\",\"model\":\"m\",\"content\":\"x\"}}")
          == FC_LINE_OK);
    CHECK(is(record.type, "user") && is(record.session, "s1") && is(record.uuid, "u") && is(record.cwd, "/p"));
    CHECK(is(record.branch, "main") && is(record.model, "m") && is(record.message_role, "human"));
    CHECK(is(fc_record_role(&record), "human") && record.has_time && record.time_us == 2000000);
    CHECK(record.is_human && !record.is_error && record.tools.len == 0);
    CHECK(why("{}") == FC_LINE_OK);
    CHECK(is(record.type, NULL) && is(record.session, NULL) && is(record.model, NULL) && !record.has_time);
    CHECK(is(fc_record_role(&record), NULL) && !record.is_human && record.pieces.len == 0);
    CHECK(why("{\"type\":7,\"uuid\":null,\"cwd\":[],\"timestamp\":1,\"message\":[]}") == FC_LINE_OK);
    CHECK(is(record.type, NULL) && is(record.uuid, NULL) && is(record.cwd, NULL) && !record.has_time);
    /* The last of equal keys counts, however they are spelled. */
    CHECK(why("{\"type\":\"a\",\"t\\u0079pe\":\"b\",\"uuid\":\"x\",\"uuid\":3}") == FC_LINE_OK);
    CHECK(is(record.type, "b") && is(record.uuid, NULL));
    CHECK(why("{\"message\":{\"role\":\"r\",\"model\":\"m\",\"content\":\"x\"},\"message\":{\"content\":\"y\"},\"type\":\"user\"}")
          == FC_LINE_OK);
    CHECK(is(record.message_role, NULL) && is(record.model, NULL) && record.pieces.len == 1);
    CHECK(is(record.pieces.items[0], "y") && is(fc_record_role(&record), "user"));
    CHECK(why("{\"type\":\"user\",\"isMeta\":true}") == FC_LINE_OK && !record.is_human);
    CHECK(why("{\"type\":\"user\",\"isMeta\":\"true\"}") == FC_LINE_OK && record.is_human);
    CHECK(why("{\"type\":\"user\",\"isSidechain\":true}") == FC_LINE_OK && !record.is_human);
    CHECK(why("{\"type\":\"system\",\"subtype\":\"api_error\"}") == FC_LINE_OK && record.is_error);
    CHECK(why("{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"tool_use\",\"name\":\"A\"},"
              "{\"name\":\"B\",\"type\":\"tool_use\",\"input\":{}}]}}") == FC_LINE_OK);
    CHECK(record.tools.len == 2 && is(record.tools.items[0], "A") && is(record.tools.items[1], "B"));
    CHECK(why("{\"type\":\"user\",\"message\":{\"content\":[{\"type\":\"tool_result\",\"is_error\":true}]}}") == FC_LINE_OK);
    CHECK(record.is_error && !record.is_human);
}

static void check_texts(void) {
    CHECK(text_is("{\"type\":\"user\",\"message\":{\"content\":\"a\\nb\\u00e9\"}}", "a\nb\xc3\xa9"));
    CHECK(text_is("{\"message\":{\"content\":\"a\"},\"type\":\"user\"}", "a"));
    CHECK(text_is("{\"type\":\"user\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"a\"},\"b\",{\"type\":\"thinking\","
                  "\"thinking\":\"c\",\"signature\":\"no\"},{\"type\":\"image\",\"data\":\"no\"}]}}", "a\nb\nc"));
    CHECK(text_is("{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"tool_use\",\"id\":\"no\",\"name\":\"N\","
                  "\"input\":{\"id\":\"yes\",\"l\":[\"m\",{\"type\":\"n\"}]}}]}}", "N\nyes\nm\nn"));
    CHECK(text_is("{\"type\":\"assistant\",\"message\":{\"content\":[{\"input\":\"i\",\"type\":\"tool_use\",\"name\":\"N\"}]}}",
                  "i\nN"));
    CHECK(text_is("{\"type\":\"user\",\"message\":{\"content\":[{\"type\":\"tool_result\",\"content\":[{\"type\":\"text\","
                  "\"text\":\"a\"},{\"x\":\"b\",\"tool_id\":\"no\",\"grid\":\"c\"}]}]},\"toolUseResult\":\"no\"}", "a\nb\nc"));
    CHECK(text_is("{\"type\":\"system\",\"content\":\"a\",\"level\":\"no\"}", "a"));
    CHECK(text_is("{\"type\":\"summary\",\"summary\":\"a\",\"leafUuid\":\"no\"}", "a"));
    CHECK(text_is("{\"type\":\"attachment\",\"attachment\":{\"type\":\"no\",\"prompt\":\"a\"},\"x\":\"no\"}", "a"));
    CHECK(text_is("{\"type\":\"queue-operation\",\"operation\":\"no\",\"content\":{\"p\":\"a\"}}", "a"));
    CHECK(text_is("{\"type\":\"novel\",\"a\":\"1\",\"b\":{\"c\":[\"3\",[\"no\"]],\"cwd\":\"no\"}}", "1\n3"));
    CHECK(text_is("{\"type\":\"user\",\"message\":{\"content\":[\"\",\"\"]}}", "\n"));
    CHECK(text_is("{\"type\":\"user\",\"message\":\"no\"}", ""));
}

static void check_reasons(void) {
    CHECK(why("[1]") == FC_LINE_NO_OBJECT && why("1") == FC_LINE_NO_OBJECT && why("null") == FC_LINE_NO_OBJECT);
    CHECK(why("{} {}") == FC_LINE_TRAILING && why("{}x") == FC_LINE_TRAILING && why("{},") == FC_LINE_TRAILING);
    CHECK(why("{") == FC_LINE_UNCLOSED && why("{\"a\"") == FC_LINE_UNCLOSED && why("{\"a\":[1") == FC_LINE_UNCLOSED);
    CHECK(why("{\"a\":1,}") == FC_LINE_GRAMMAR && why("{,}") == FC_LINE_GRAMMAR && why("{\"a\" 1}") == FC_LINE_GRAMMAR);
    CHECK(why("{1:2}") == FC_LINE_GRAMMAR && why("{\"a\":}") == FC_LINE_GRAMMAR && why("{\"a\":1 2}") == FC_LINE_GRAMMAR);
    CHECK(why("{\"a\":\"\xff\"}") == FC_LINE_UTF8 && why("{\"a\":\"\x02\"}") == FC_LINE_CONTROL);
    CHECK(why("{\"type\":\"\\x\"}") == FC_LINE_ESCAPE && why("{\"\\u12g4\":1}") == FC_LINE_ESCAPE);
    CHECK(why("\xef\xbb\xbf{}") == FC_LINE_BOM);
    CHECK(why("{\"timestamp\":trux}") == FC_LINE_SCALAR && why("{\"timestamp\":01}") == FC_LINE_SCALAR);
    /* What is stepped over is judged only when all is. */
    static const char *const accepted[] = {"{\"a\":{\"b\":NaN}}", "{\"a\":[1,]}", "{\"a\":{\"b\":\"\\q\"}}", "{\"a\":[01]}"};
    for (size_t i = 0; i < 4; i++) {
        char typed[100];
        sprintf(typed, "{\"type\":\"system\",%s", accepted[i] + 1);
        CHECK(why(typed) == FC_LINE_OK && why_all(typed) != FC_LINE_OK);
    }
    CHECK(why_all("{\"a\":[1e999,-0.5E+1,true,null,\"\\ud800\"],\"b\":123456789012345678901234567890}") == FC_LINE_OK);
    for (int reason = FC_LINE_OK; reason < FC_LINE_REASON_COUNT; reason++) {
        CHECK(strcmp(fc_line_reason_name((fc_line_reason)reason), "unknown reason") != 0);
        for (int other = FC_LINE_OK; other < reason; other++)
            CHECK(strcmp(fc_line_reason_name((fc_line_reason)reason), fc_line_reason_name((fc_line_reason)other)) != 0);
    }
}

/* A tool's input nested to the level given, the record's object being level 1. */
static fc_line_reason nested(size_t level, bool check_all) {
    static char text[8 * FC_RECORD_LEVELS_MAX];
    const size_t around = 4; /* record, message, content, block */
    size_t len = (size_t)sprintf(text, "{\"type\":\"user\",\"message\":{\"content\":[{\"type\":\"tool_use\",\"input\":");
    for (size_t i = around; i < level; i++) text[len++] = '[';
    for (size_t i = around; i < level; i++) text[len++] = ']';
    len += (size_t)sprintf(text + len, "}]}}");
    return read_bytes(text, len, check_all);
}

/* `count` blocks, each the content of the one around it, the innermost of text; `close` of the closing parts follow. */
static size_t nested_blocks(char **out, size_t count, size_t close) {
    static const char head[] = "{\"type\":\"user\",\"message\":{\"content\":", open[] = "[{\"type\":\"tool_result\",\"content\":";
    char *text = *out = malloc(count * (sizeof open + 2) + 200);
    size_t len = (size_t)sprintf(text, "%s", head);
    for (size_t i = 1; i < count; i++) len += (size_t)sprintf(text + len, "%s", open);
    len += (size_t)sprintf(text + len, "[{\"type\":\"text\",\"text\":\"in\",\"x\":[{}]}]");
    for (size_t i = 0; i < close; i++) len += (size_t)sprintf(text + len, "}%s", i + 1 < count ? "]" : "}");
    return len;
}

static fc_line_reason read_blocks(size_t count, size_t close) {
    char *text;
    const size_t len = nested_blocks(&text, count, close);
    const fc_line_reason reason = read_bytes(text, len, false);
    free(text);
    return reason;
}

/* Record, message and content are levels 1 to 3, each block and the list around it are two more. */
static void check_nested_blocks(void) {
    const size_t most = (FC_RECORD_LEVELS_MAX - 2) / 2;
    for (size_t count = 1; count <= most; count += count < 12 ? 1 : 10) {
        CHECK(read_blocks(count, count) == FC_LINE_OK);
        CHECK(record.pieces.len == 1 && is(record.pieces.items[0], "in"));
        CHECK(read_blocks(count, count - 1) == FC_LINE_UNCLOSED);
    }
    CHECK(read_blocks(most, most) == FC_LINE_OK);
    CHECK(read_blocks(most + 1, most + 1) == FC_LINE_DEPTH);
    CHECK(read_blocks(50000, 50000) == FC_LINE_DEPTH);
}

static void check_depth(void) {
    for (int all = 0; all < 2; all++) {
        CHECK(nested(FC_RECORD_LEVELS_MAX, all) == FC_LINE_OK);
        CHECK(nested(FC_RECORD_LEVELS_MAX + 1, all) == FC_LINE_DEPTH);
    }
    static char deep[100010];
    size_t len = (size_t)sprintf(deep, "{\"type\":\"user\",\"x\":");
    memset(deep + len, '[', 40000);
    memset(deep + len + 40000, ']', 40000);
    deep[len + 80000] = '}';
    CHECK(read_bytes(deep, len + 80001, false) == FC_LINE_OK); /* only counted */
    CHECK(read_bytes(deep, len + 80001, true) == FC_LINE_DEPTH);
}

static void check_blank(void) {
    CHECK(fc_record_blank((const uint8_t *)"", 0) && fc_record_blank((const uint8_t *)" \t\r", 3));
    CHECK(!fc_record_blank((const uint8_t *)" \n", 2) && !fc_record_blank((const uint8_t *)" \f ", 3));
}

/* No damage to a line is read beyond its end; whatever is accepted can be decoded. */
static void check_damage(void) {
    static const char good[] = "{\"type\":\"user\",\"timestamp\":\"2024-01-01T00:00:00Z\",\"message\":{\"content\":[{\"type\":"
                               "\"tool_use\",\"name\":\"\\u00e9\",\"input\":{\"a\":[1,true,\"x\\n\"]}},{\"type\":\"text\","
                               "\"text\":\"\\ud83d\\ude00\"}]},\"a\":{\"b\":[null,-1.5e3]}}";
    static const char swaps[] = "{}[]:,\"\\u01 \t\x01\xff\x80tfn-.e";
    fc_buffer text = {0};
    unsigned long accepted = 0;
    for (int round = 0; round < 60000; round++) {
        char damaged[sizeof good];
        memcpy(damaged, good, sizeof good);
        size_t len = sizeof good - 1;
        for (uint64_t n = random_below(3); n > 0; n--) damaged[random_below(len)] = swaps[random_below(sizeof swaps - 1)];
        if (random_below(3) == 0) len = 1 + (size_t)random_below(len);
        if (read_bytes(damaged, len, random_below(2)) != FC_LINE_OK) continue;
        accepted++;
        text.len = 0;
        CHECK(fc_record_text(&record, &text) == FC_OK);
    }
    CHECK(accepted > 1000);
    fc_buffer_free(&text);
}

int main(void) {
    CHECK(fc_structure_new(&structure) == FC_OK);
    for (int level = FC_CPU_BASE; level <= (int)fc_cpu_detect(); level++) {
        record.find = fc_find_for((fc_cpu_level)level);
        check_fields();
        check_texts();
        check_reasons();
        check_depth();
        check_nested_blocks();
        check_damage();
    }
    check_blank();
    free(line);
    fc_record_free(&record);
    fc_structure_free(structure);
    return finish();
}
