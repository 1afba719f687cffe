/* fc_sketch: what the raw filter finds in a block is never denied, and much of what is not there is. */
#include "check.h"
#include "fc_sieve.h"
#include "fc_sketch.h"

static const fc_find *find;
static fc_grams_mark mark;
static fc_sketch_draft draft;

static fc_sketch *sketch_of(const void *bytes, size_t len) {
    uint8_t *copy = exact_copy(bytes, len);
    fc_sketch *sketch = NULL;
    fc_sketch_gather(&draft, mark, find, copy, len);
    CHECK(fc_sketch_new(&draft, &sketch) == FC_OK);
    free(copy);
    return sketch;
}

static bool may(const char *block, const char *needle, bool fold) {
    fc_arena arena = {0};
    fc_probe probe;
    const fc_sketch_question *question;
    CHECK(fc_probe_choose(&arena, (const uint8_t *)needle, strlen(needle), fold, &probe) == FC_OK);
    CHECK(fc_sketch_question_new(&arena, &probe, &question) == FC_OK);
    fc_sketch *sketch = sketch_of(block, strlen(block));
    const bool answer = fc_sketch_may_match(sketch, question);
    CHECK(fc_sketch_may_match(sketch, NULL));
    fc_arena_free(&arena);
    free(sketch);
    return answer;
}

static void check_answers(void) {
    static const char line[] = "{\"type\":\"user\",\"message\":{\"content\":\"a Lantern by the sea\"}}\n";
    CHECK(may(line, "lantern", true) && may(line, "LANTERN", true) && may(line, "Lantern", false));
    CHECK(!may(line, "quartz", true) && !may(line, "lanthorn", true) && !may("", "lantern", true));
    CHECK(may(line, "sea", true) && may(line, "zzz", true)); /* too short to be told */
    CHECK(may(line, "/\"\\", true));                         /* gives no probe */
    CHECK(may(line, "a lantern by", true) && !may(line, "b lantern by", true));
    /* Escapes of ASCII are known one by one, control characters do no harm. */
    CHECK(!may("\\u001b[31m red\n", "quartz", true));
    CHECK(may("\\u0071uartz\n", "quartz", true) && may("QU\\u0041rtz\n", "quartz", true));
    CHECK(may("\\u0071\n", "quartz", true) && !may("\\u0062\n", "quartz", true) && may("\\u0062\n", "table", true));
    CHECK(!may("\\u00zz \\u007 \\u\n", "quartz", true) && !may("\\u007", "quartz", true));
    CHECK(may("\\\\u0071\n", "quartz", true)); /* an escaped backslash is not told apart, nor is it by the filter */
    CHECK(may("\\u\\u0071\n", "quartz", true));
    /* k and s beyond ASCII. */
    CHECK(may("\xe2\x84\xaa\n", "kite", true) && may("\\u212A\n", "kite", true) && !may("\\u212b\n", "kite", true));
    CHECK(may("\xc5\xbf\n", "sites", true) && may("\\u017f\n", "sites", true) && !may("\\u017e\n", "sites", true));
    CHECK(!may("\xe2\x84\xaa \\u212a\n", "kite", false));
    CHECK(!may("\xe2\x84\xaa \\u212a \xc5\xbf\n", "table", true));
    /* Beyond ASCII: each case variant plain, escapes by pages. */
    CHECK(may("gr\xc3\xb6\xc3\x9f" "er\n", "gr\xc3\xb6\xc3\x9f" "er", true));
    CHECK(may("GR\xc3\x96\xe1\xba\x9e" "ER\n", "gr\xc3\xb6\xc3\x9f" "er", true));
    CHECK(may("\\u0434\n", "\xd0\xb4\xd0\xb0\xd0\xbd\xd0\xbd\xd1\x8b\xd0\xb5", true));
    CHECK(!may("\\u00e9 \\u2192 \\ud83d\\ude00\n", "\xd0\xb4\xd0\xb0\xd0\xbd\xd0\xbd\xd1\x8b\xd0\xb5", true));
    CHECK(may("\\ud83d\\ude80\n", "\xf0\x9f\x98\x80\xf0\x9f\x98\x80", true));
}

static void check_sizes(void) {
    static const struct {
        size_t len, bits;
    } cases[] = {{0, 512}, {1, 512}, {2048, 512}, {2052, 1024}, {60000, 16384}, {65536, 16384}, {65540, 32768},
                 {262144, 65536}, {262148, 65536}, {3000000, 65536}};
    uint8_t *bytes = calloc(1, 3000000);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fc_sketch *sketch = sketch_of(bytes, cases[i].len);
        CHECK(fc_sketch_nbytes(sketch) == sizeof(fc_sketch) + cases[i].bits / 8);
        CHECK((size_t)FC_GRAM_SLOTS >> sketch->shift == cases[i].bits);
        free(sketch);
    }
    free(bytes);
}

static const char *const pieces[] = {"quartz", "lan", "tern", "Lantern", "kiosk", "K", "s", "\xe2\x84\xaa", "\xc5\xbf",
                                     "7f", "\\u0071", "\\u006B", "\\u212a", "\\u017F", "\\u00e9", "\xc3\xa9",
                                     "\xc3\x89", "\\n", "\\\\", " ", "_", "\n", "\xd0\xb4\xd0\xb0", "\\u0434", "404",
                                     "2026-06-30", "\\", "u"};
static const char *const needles[] = {"quartz", "lantern", "KIOSK", "kiosk", "caf\xc3\xa9", "\xd0\x94\xd0\xb0",
                                      "2026-06", "7f7f7f7f", "artz", "s_k", "tern lan", "4044", "\xc3\xa9\xc3\xa9"};
enum { PIECES = sizeof pieces / sizeof *pieces, NEEDLES = sizeof needles / sizeof *needles };

/* Whether the raw filter would have any line of the block parsed. */
static bool is_candidate(const fc_probe *probe, const uint8_t *block, size_t len) {
    fc_sieve sieve;
    fc_sieve_start(&sieve, probe, find, block, len);
    return fc_sieve_next(&sieve, 0) < len;
}

static void check_against_the_filter(void) {
    unsigned long there = 0, denied = 0, absent = 0;
    for (int round = 0; round < 20000; round++) {
        char block[400];
        size_t len = 0;
        for (uint64_t n = random_below(24); n > 0; n--)
            len += (size_t)sprintf(block + len, "%s", pieces[random_below(PIECES)]);
        block[len++] = '\n';
        fc_sketch *sketch = sketch_of(block, len);
        fc_arena arena = {0};
        fc_probe probe, other;
        const char *needle = needles[random_below(NEEDLES)], *second = needles[random_below(NEEDLES)];
        const bool fold = random_below(3) != 0;
        CHECK(fc_probe_choose(&arena, (const uint8_t *)needle, strlen(needle), fold, &probe) == FC_OK);
        CHECK(fc_probe_choose(&arena, (const uint8_t *)second, strlen(second), fold, &other) == FC_OK);
        if (random_below(3) == 0) CHECK(fc_probe_join(&probe, &other));
        const fc_sketch_question *question;
        CHECK(fc_sketch_question_new(&arena, &probe, &question) == FC_OK);
        const bool answer = fc_sketch_may_match(sketch, question);
        if (is_candidate(&probe, (const uint8_t *)block, len)) {
            there++;
            CHECK(answer);
        } else {
            absent++;
            denied += !answer;
        }
        fc_arena_free(&arena);
        free(sketch);
    }
    CHECK(there > 2000 && absent > 2000);
    CHECK(denied > absent / 2);
}

int main(void) {
    find = fc_find_for(fc_cpu_detect());
    for (int level = 0; level <= (int)fc_cpu_detect(); level++) {
        mark = fc_grams_for((fc_cpu_level)level);
        check_answers();
        check_sizes();
        check_against_the_filter();
    }
    return finish();
}
