/* fc_needle: what is found in text, in raw slices and as ranges is what a naive search finds. */
#include <stdbool.h>

#include "check.h"
#include "fc_needle.h"

static const fc_find *find;

static size_t naive_find(const uint8_t *needle, size_t needle_len, const uint8_t *text, size_t len, size_t from) {
    for (; from + needle_len <= len; from++)
        if (memcmp(text + from, needle, needle_len) == 0) return from;
    return len;
}

static void check_ranges(const fc_needle *n, const uint8_t *text, size_t len) {
    fc_ranges found = {0};
    CHECK(fc_needle_ranges(n, find, text, len, &found) == FC_OK);
    size_t next = 0, end = 0;
    for (size_t at = naive_find(n->bytes, n->len, text, len, 0); at < len;) {
        /* A run of occurrences that overlap is one range. */
        CHECK(next < found.len && found.items[next].start == at);
        do {
            end = at + n->len;
            at = naive_find(n->bytes, n->len, text, len, at + 1);
        } while (at < end && at < len);
        CHECK(found.items[next].end == end);
        next++;
    }
    CHECK(next == found.len);
    free(found.items);
}

/* Needles and texts of few letters, so that they overlap themselves in every way; short and long ones. */
static void check_text(void) {
    for (int round = 0; round < 4000; round++) {
        uint8_t bytes[600], text[2000];
        const size_t period = 1 + (size_t)random_below(5), len = (size_t)random_below(sizeof text);
        const size_t needle_len = 1 + (size_t)random_below(round % 8 == 0 ? sizeof bytes : 9);
        for (size_t i = 0; i < needle_len; i++) bytes[i] = i < period ? (uint8_t)"ab"[random_below(2)] : bytes[i - period];
        for (size_t i = 0; i < len; i++)
            text[i] = random_below(40) == 0 ? 'c' : bytes[(i + (random_below(60) == 0)) % period];
        fc_arena arena = {0};
        fc_needle n;
        CHECK(fc_needle_init(&n, &arena, bytes, needle_len, random_below(2)) == FC_OK && n.len == needle_len);
        uint8_t *copy = exact_copy(text, len);
        CHECK(fc_needle_find(&n, find, copy, len) == naive_find(bytes, needle_len, copy, len, 0));
        check_ranges(&n, copy, len);
        free(copy);
        fc_arena_free(&arena);
    }
}

static fc_needle_answer look(const char *needle, bool fold, const char *raw) {
    fc_arena arena = {0};
    fc_needle n;
    CHECK(fc_needle_init(&n, &arena, (const uint8_t *)needle, strlen(needle), fold) == FC_OK && n.raw_decides);
    uint8_t *copy = exact_copy(raw, strlen(raw));
    const fc_slice slice = {copy, (uint32_t)strlen(raw), strchr(raw, '\\') != NULL};
    const fc_needle_answer answer = fc_needle_in_slice(&n, find, slice);
    bool at_any = false;
    for (size_t i = 0; i <= slice.len; i++) at_any |= fc_needle_at(&n, find, slice, copy + i);
    CHECK(at_any == (answer == FC_NEEDLE_THERE));
    free(copy);
    fc_arena_free(&arena);
    return answer;
}

static void check_slices(void) {
    CHECK(look("needle", true, "a NEEDLE b") == FC_NEEDLE_THERE && look("needle", false, "a NEEDLE b") == FC_NEEDLE_ABSENT);
    CHECK(look("n", true, "\\n") == FC_NEEDLE_ABSENT);         /* a line end */
    CHECK(look("n", true, "\\\\n") == FC_NEEDLE_THERE);       /* a backslash and an n */
    CHECK(look("n", true, "\\\\\\n") == FC_NEEDLE_ABSENT);
    CHECK(look("0041", true, "\\u0041") == FC_NEEDLE_ABSENT && look("0041", true, "\\\\u0041") == FC_NEEDLE_THERE);
    CHECK(look("041b", true, "\\u0041b") == FC_NEEDLE_ABSENT && look("1b", true, "\\u00411b") == FC_NEEDLE_THERE);
    CHECK(look("a", true, "\\u0041") == FC_NEEDLE_HIDDEN && look("a", false, "\\u0041") == FC_NEEDLE_ABSENT);
    CHECK(look("k", true, "\xe2\x84\xaa") == FC_NEEDLE_HIDDEN && look("k", false, "\xe2\x84\xaa") == FC_NEEDLE_ABSENT);
    CHECK(look("s", true, "\xc5\xbf") == FC_NEEDLE_HIDDEN && look("s", true, "\\u017F") == FC_NEEDLE_HIDDEN);
    CHECK(look("a", true, "") == FC_NEEDLE_ABSENT && look("k", true, "xyz") == FC_NEEDLE_ABSENT);
}

/* Raw text does not decide for what may be spelled by a short escape, or beyond ASCII, or is long. */
static void check_deciding(void) {
    static char much[300];
    memset(much, 'a', sizeof much - 1);
    static const char *const undecided[] = {"", "a/b", "\"", "\\", "\n", "\x7f", "\xc3\xa9", much};
    for (size_t i = 0; i < sizeof undecided / sizeof *undecided; i++) {
        fc_arena arena = {0};
        fc_needle n;
        CHECK(fc_needle_init(&n, &arena, (const uint8_t *)undecided[i], strlen(undecided[i]), true) == FC_OK);
        CHECK(!n.raw_decides);
        fc_arena_free(&arena);
    }
}

int main(void) {
    for (int level = FC_CPU_BASE; level <= (int)fc_cpu_detect(); level++) {
        find = fc_find_for((fc_cpu_level)level);
        check_text();
        check_slices();
    }
    check_deciding();
    return finish();
}
