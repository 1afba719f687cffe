/* fc_needle: what is found in text, in raw slices and as ranges is what a naive search finds. */
#include <stdbool.h>

#include "check.h"
#include "fc_fold.h"
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
    /* Escapes of its characters, but nothing that they could make with what stands around them. */
    static const char *const nothing[] = {"\\u0062 zebr", "\\u007Aebr", "e\\u0062ra"};
    for (size_t i = 0; i < 3; i++) CHECK(look("zebra", true, nothing[i]) == FC_NEEDLE_ABSENT);
    CHECK(look("zebra", true, "zebr\\u0061") == FC_NEEDLE_HIDDEN && look("ab", true, "\\u0061b") == FC_NEEDLE_HIDDEN);
    CHECK(look("zebra", true, "z\\u0065br\\u0041") == FC_NEEDLE_HIDDEN);
    CHECK(look("31z", true, "\\\\u0031\\u007a") == FC_NEEDLE_HIDDEN); /* a backslash, u0031 and a z */
}

static size_t spell(uint8_t *out, char c, bool fold) {
    static const char *const kelvin[] = {"\xe2\x84\xaa", "\\u212A"}, *const long_s[] = {"\xc5\xbf", "\\u017f"};
    char text[8] = {c};
    if (fold && c >= 'a' && c <= 'z' && random_below(2)) text[0] = (char)(c - 32);
    if (random_below(3) == 0) sprintf(text, random_below(2) ? "\\u%04x" : "\\u%04X", (unsigned)text[0]);
    if (fold && (c == 'k' || c == 's') && random_below(8) == 0)
        strcpy(text, (c == 'k' ? kelvin : long_s)[random_below(2)]);
    memcpy(out, text, strlen(text));
    return strlen(text);
}

/* Needles in every legal spelling, cut short or whole, among what looks like them: what decoded text holds is not said
 * to be absent, and what raw text is said to hold is there. */
static void check_spellings(void) {
    static const char *const needles[] = {"zebra",    "kiss", "31z",     "u0031", "1",
                                          "quartz-7", "aab",  "timeout", "003",   "z0"};
    static const char *const between[] = {"\\\\", "\\n", "\\u0031",   "\\u007A",  "\\\\u0061",
                                          "z",    "3",   " of the ", "\\u001b", "u00"};
    size_t absent = 0, hidden = 0, there = 0;
    for (int round = 0; round < 30000; round++) {
        const char *needle = needles[random_below(10)];
        const bool fold = random_below(2);
        uint8_t raw[1000], text[1000], folded[4000];
        size_t len = 0;
        for (size_t parts = random_below(12); parts > 0; parts--) {
            const char *part = between[random_below(10)];
            const size_t from = random_below(3) == 0 ? random_below(strlen(needle)) : 0;
            const size_t to = random_below(2) ? strlen(needle) : from + random_below(strlen(needle) - from + 1);
            memcpy(raw + len, part, strlen(part));
            len += strlen(part);
            if (random_below(2) == 0) continue;
            for (size_t i = from; i < to; i++) len += spell(raw + len, needle[i], fold);
        }
        uint8_t *copy = exact_copy(raw, len);
        const fc_slice slice = {copy, (uint32_t)len, memchr(raw, '\\', len) != NULL};
        size_t decoded = fc_slice_decode(slice, text);
        const uint8_t *held = text;
        if (fold) {
            decoded = fc_fold_utf8(text, decoded, folded);
            held = folded;
        }
        const bool found = naive_find((const uint8_t *)needle, strlen(needle), held, decoded, 0) < decoded;
        fc_arena arena = {0};
        fc_needle n;
        CHECK(fc_needle_init(&n, &arena, (const uint8_t *)needle, strlen(needle), fold) == FC_OK && n.raw_decides);
        const fc_needle_answer answer = fc_needle_in_slice(&n, find, slice);
        CHECK(found ? answer != FC_NEEDLE_ABSENT : answer != FC_NEEDLE_THERE);
        const bool escape = find->escape(&n.escapes, copy, len) < len;
        absent += escape && answer == FC_NEEDLE_ABSENT;
        hidden += found && answer == FC_NEEDLE_HIDDEN;
        there += answer == FC_NEEDLE_THERE;
        free(copy);
        fc_arena_free(&arena);
    }
    CHECK(absent > 1000 && hidden > 1000 && there > 1000);
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
        check_spellings();
    }
    check_deciding();
    return finish();
}
