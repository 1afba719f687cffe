/* fc_structure: the index of lines made of known tokens, why a line has none, and the bounds of the capacity. */
#include <stdbool.h>

#include "check.h"
#include "fc_structure.h"

enum { TOKENS_MAX = 200, LINE_MAX_BYTES = 8192 };

static uint8_t line[LINE_MAX_BYTES];
static size_t len;
static uint32_t expected[TOKENS_MAX];
static size_t expected_len;

static void put(const char *text) {
    memcpy(line + len, text, strlen(text));
    len += strlen(text);
}

/* Random tokens, each behind a structural byte or white space, which no index depends on the order of. */
static void make_line(size_t tokens) {
    static const char *const structural[] = {"{", "}", "[", "]", ":", ","};
    static const char *const scalars[] = {"12", "true", "-1.5e3", "null", "x"};
    static const char *const spaces[] = {"", " ", "\t\r ", "          "};
    static const char *const inside[] = {"a", "{[,:]}", "\\\"", "\\\\", "\\u0041", "\xc3\xa9", "\xe2\x82\xac",
                                         "\xf0\x9f\x98\x80", "                                   ", "\x7f"};
    len = expected_len = 0;
    bool apart = true;
    for (size_t i = 0; i < tokens; i++) {
        put(spaces[random_below(4)]);
        const uint64_t kind = random_below(4);
        if (kind < 2 && !apart) put(" ");
        expected[expected_len++] = (uint32_t)len;
        if (kind == 0) {
            put(scalars[random_below(5)]);
        } else if (kind == 1) {
            put("\"");
            for (uint64_t n = random_below(6); n > 0; n--) put(inside[random_below(10)]);
            put("\"");
        } else {
            put(structural[random_below(6)]);
        }
        apart = kind >= 2;
    }
    put(spaces[random_below(4)]);
}

static void check_random_lines(fc_structure *structure) {
    for (int round = 0; round < 5000; round++) {
        make_line(1 + (size_t)random_below(round % 50 == 0 ? TOKENS_MAX : 30));
        uint8_t *copy = exact_copy(line, len);
        const uint32_t *index;
        size_t count;
        fc_line_reason reason;
        CHECK(fc_structure_reserve(structure, len) == FC_OK);
        CHECK(fc_structure_index(structure, copy, len, &index, &count, &reason) == FC_OK);
        CHECK(count == expected_len);
        CHECK(memcmp(index, expected, count * sizeof *index) == 0);
        CHECK(index[count] == len);
        free(copy);
    }
}

static fc_line_reason why(fc_structure *structure, const char *text) {
    const uint32_t *index = NULL;
    size_t count = 77;
    fc_line_reason reason = FC_LINE_OK;
    uint8_t *copy = exact_copy(text, strlen(text));
    const fc_status status = fc_structure_index(structure, copy, strlen(text), &index, &count, &reason);
    CHECK((status == FC_OK) == (reason == FC_LINE_OK));
    if (status != FC_OK) CHECK(status == FC_BAD_LINE && index == NULL && count == 77);
    free(copy);
    return reason;
}

static void check_reasons(fc_structure *structure) {
    CHECK(fc_structure_reserve(structure, 4096) == FC_OK);
    CHECK(why(structure, "{\"a\":1}") == FC_LINE_OK);
    CHECK(why(structure, "{\"a\":\"\xff\"}") == FC_LINE_UTF8);
    CHECK(why(structure, "{\"a\":\"\xc3\"}") == FC_LINE_UTF8);
    CHECK(why(structure, "{\"a\":\"\xed\xa0\x80\"}") == FC_LINE_UTF8); /* a surrogate */
    CHECK(why(structure, "\xc0\xaf") == FC_LINE_UTF8);                  /* an overlong slash, outside strings */
    CHECK(why(structure, "{\"a\":\"\x01\"}") == FC_LINE_CONTROL);
    CHECK(why(structure, "{\"a\":\"\t\"}") == FC_LINE_CONTROL);
    CHECK(why(structure, "{\"a\":\"b}") == FC_LINE_UNCLOSED);
    CHECK(why(structure, "{\"a\":\"b\\\"}") == FC_LINE_UNCLOSED);
    CHECK(why(structure, "   ") == FC_LINE_NO_OBJECT);
    CHECK(why(structure, "{]") == FC_LINE_OK); /* grammar is not judged here */
}

static void check_capacity(void) {
    fc_structure *structure;
    const uint32_t *index;
    size_t count;
    fc_line_reason reason;
    uint8_t big[5000];
    memset(big, ' ', sizeof big);
    big[0] = '1';
    CHECK(fc_structure_new(&structure) == FC_OK);
    CHECK(fc_structure_index(structure, big, 1, &index, &count, &reason) == FC_BAD_VALUE);
    CHECK(fc_structure_reserve(structure, (size_t)UINT32_MAX - 63) == FC_BAD_VALUE);
    CHECK(fc_structure_reserve(structure, 100) == FC_OK);
    CHECK(fc_structure_index(structure, big, 0, &index, &count, &reason) == FC_BAD_VALUE);
    CHECK(fc_structure_index(structure, big, 100, &index, &count, &reason) == FC_OK && count == 1);
    CHECK(fc_structure_index(structure, big, 5000, &index, &count, &reason) == FC_BAD_VALUE);
    CHECK(fc_structure_reserve(structure, 5000) == FC_OK);
    CHECK(fc_structure_index(structure, big, 5000, &index, &count, &reason) == FC_OK && index[1] == 5000);
    fc_structure_shrink(structure);
    CHECK(fc_structure_index(structure, big, 1, &index, &count, &reason) == FC_BAD_VALUE);
    CHECK(fc_structure_reserve(structure, 1) == FC_OK);
    CHECK(fc_structure_index(structure, big, 1, &index, &count, &reason) == FC_OK && count == 1 && index[0] == 0);
    fc_structure_free(structure);
    fc_structure_free(NULL);
}

int main(void) {
    fc_structure *structure;
    CHECK(fc_structure_new(&structure) == FC_OK);
    check_random_lines(structure);
    check_reasons(structure);
    fc_structure_free(structure);
    check_capacity();
    return finish();
}
