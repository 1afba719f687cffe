/* fc_probe: whatever way a writer spells a needle, the chosen probe sees the line; runs that cannot serve give none. */
#include <stdbool.h>

#include "check.h"
#include "fc_fold.h"
#include "fc_probe.h"

static const char *const pool[] = {"a", "b", "k", "K", "s", "ss", "x", "7", " ", "-", "_", "\xc3\x9f", /* sharp s */
                                   "\xce\xa3", "\xcf\x82", "\xc8\xba",          /* Sigma, final sigma, A with stroke */
                                   "\xc4\xb0", "\xc4\xb1", "\xc3\xa9",          /* dotted I, dotless i, e acute */
                                   "\xf0\x9f\x98\x80", "\xf0\x90\x90\x80",      /* an emoji, a Deseret capital */
                                   "\"", "\\", "/", "\n", "\x1f", "\xef\xbf\xbd", "\xe2\x84\xaa"};
enum { POOL = sizeof pool / sizeof *pool };

static size_t encode(uint32_t c, uint8_t *out) {
    if (c < 0x80) return out[0] = (uint8_t)c, 1;
    if (c < 0x800) return out[0] = (uint8_t)(0xc0 | c >> 6), out[1] = (uint8_t)(0x80 | (c & 63)), 2;
    if (c < 0x10000) {
        out[0] = (uint8_t)(0xe0 | c >> 12), out[1] = (uint8_t)(0x80 | (c >> 6 & 63)), out[2] = (uint8_t)(0x80 | (c & 63));
        return 3;
    }
    out[0] = (uint8_t)(0xf0 | c >> 18), out[1] = (uint8_t)(0x80 | (c >> 12 & 63));
    out[2] = (uint8_t)(0x80 | (c >> 6 & 63)), out[3] = (uint8_t)(0x80 | (c & 63));
    return 4;
}

static size_t put_unit(uint32_t unit, char *out) {
    return (size_t)sprintf(out, random_below(2) ? "\\u%04x" : "\\u%04X", unit);
}

/* One legal spelling in JSON of a case variant of the character, or of the character itself. */
static size_t spell(uint32_t c, bool fold, char *out) {
    uint32_t orbit[FC_FOLD_ORBIT_MAX] = {c};
    if (fold) c = orbit[random_below(fc_fold_orbit(c, orbit))];
    static const char shorts[] = "\"\\/\b\f\n\r\t", names[] = "\"\\/bfnrt";
    const char *found = c != 0 && c < 0x80 ? strchr(shorts, (int)c) : NULL;
    if (found != NULL && random_below(2)) return out[0] = '\\', out[1] = names[found - shorts], 2;
    const bool must = c < 0x20 || c == '"' || c == '\\';
    if (!must && random_below(4) != 0) return encode(c, (uint8_t *)out);
    if (c < 0x10000) return put_unit(c, out);
    const size_t high = put_unit(0xd800 + ((c - 0x10000) >> 10), out);
    return high + put_unit(0xdc00 + ((c - 0x10000) & 0x3ff), out + high);
}

static bool sees(const fc_probe *probe, const char *line, size_t len) {
    const fc_find *find = fc_find_for(fc_cpu_detect());
    for (size_t i = 0; i < probe->literals_len; i++)
        if (find->literal(&probe->literals[i], (const uint8_t *)line, len) < len) return true;
    return find->escape(&probe->escapes, (const uint8_t *)line, len) < len;
}

static bool can_serve(uint32_t c) {
    return !(c < 0x20 || c == '"' || c == '\\' || c == '/' || c == 0xfffd || (c >= 0x7f && c < 0xa0));
}

static void check_spellings(void) {
    unsigned long unseen = 0, probes = 0;
    for (int round = 0; round < 50000; round++) {
        const bool fold = random_below(4) != 0;
        uint8_t needle[64];
        uint32_t chars[12];
        size_t len = 0, count = 0;
        bool any = false;
        for (uint64_t n = 1 + random_below(10); n > 0; n--) {
            const char *piece = pool[random_below(POOL)];
            for (size_t at = 0; count < 12 && piece[at] != 0;) {
                uint32_t c;
                at += fc_probe_decode((const uint8_t *)piece + at, strlen(piece) - at, &c);
                if (fold) c = fc_fold(c);
                any |= can_serve(c);
                chars[count++] = c;
                len += encode(c, needle + len);
            }
        }
        fc_arena arena = {0};
        fc_probe probe;
        CHECK(fc_probe_choose(&arena, needle, len, fold, &probe) == FC_OK);
        CHECK((probe.literals_len != 0) == any);
        CHECK(probe.literals_len <= FC_PROBE_LITERALS_MAX);
        if (any) {
            probes++;
            char line[400];
            size_t at = (size_t)sprintf(line, "{\"x\":\"...");
            for (size_t i = 0; i < count; i++) at += spell(chars[i], fold, line + at);
            CHECK(sees(&probe, line, at));
            unseen += !sees(&probe, "{\"x\":\"\\u001b[0m ... \\u0007\"}", 29);
        }
        fc_arena_free(&arena);
    }
    CHECK(probes > 25000);
    CHECK(unseen > probes * 9 / 10); /* the filter does filter */
}

static fc_probe chosen(fc_arena *arena, const char *needle, bool fold) {
    fc_probe probe;
    CHECK(fc_probe_choose(arena, (const uint8_t *)needle, strlen(needle), fold, &probe) == FC_OK);
    return probe;
}

static void check_choices(void) {
    fc_arena arena = {0};
    CHECK(chosen(&arena, "", true).literals_len == 0);
    CHECK(chosen(&arena, "/\"\\\n", true).literals_len == 0);
    const fc_probe word = chosen(&arena, "timeout", true);
    CHECK(word.literals_len == 1 && word.literals[0].len == 7 && word.literals[0].ignore_case);
    const fc_probe rare = chosen(&arena, "zyxquartz", true), common = chosen(&arena, "the", true);
    CHECK(rare.bits > word.bits && word.bits > common.bits);
    const fc_probe exact = chosen(&arena, "Timeout", false);
    CHECK(exact.literals_len == 1 && !exact.literals[0].ignore_case && sees(&exact, "..Timeout..", 11));
    CHECK(!sees(&exact, "..timeout..", 11) && sees(&exact, "\\u0054imeout", 12) && !sees(&exact, "\\u0078", 6));
    /* The widest run takes characters whose variants cost a search more. */
    fc_probe widest;
    CHECK(chosen(&arena, "opalescent", true).literals[0].len == 5);
    CHECK(fc_probe_choose_widest(&arena, (const uint8_t *)"opalescent", 10, true, &widest) == FC_OK);
    CHECK(widest.literals_len == 2 && widest.literals[0].len == 10 && sees(&widest, "OPALESCENT", 10));
    CHECK(sees(&widest, "\xc5\xbf", 2) && sees(&widest, "\\u017f", 6) && !sees(&widest, "opale scent", 11));
    /* k and s have variants beyond ASCII. */
    const fc_probe kiss = chosen(&arena, "kiss", true);
    CHECK(sees(&kiss, "\xe2\x84\xaaiss", 6) && sees(&kiss, "\\u212aiss", 9) && sees(&kiss, "ki\xc5\xbfs", 5));
    CHECK(sees(&kiss, "ki\\u017Fs", 9) && sees(&kiss, "KISS", 4) && !sees(&kiss, "k i s s", 7));
    fc_arena_free(&arena);
}

static void check_joins(void) {
    fc_arena arena = {0};
    fc_probe both = chosen(&arena, "quartz", true);
    const fc_probe other = chosen(&arena, "lantern", true);
    CHECK(fc_probe_join(&both, &other));
    CHECK(sees(&both, "a quartz", 8) && sees(&both, "a LANTERN", 9) && sees(&both, "\\u0071", 6) && sees(&both, "\\u006c", 6));
    CHECK(!sees(&both, "quart lanter", 12));
    CHECK(both.bits <= other.bits);
    size_t joined = 0;
    while (both.literals_len < FC_PROBE_LITERALS_MAX && joined < 100 && fc_probe_join(&both, &other)) joined++;
    const size_t before = both.literals_len;
    if (before == FC_PROBE_LITERALS_MAX) CHECK(!fc_probe_join(&both, &other) && both.literals_len == before);
    CHECK(sees(&both, "a quartz", 8));
    fc_escape_set set = {0};
    uint32_t c = 0x4e00;
    while (fc_probe_add_escapes(&set, c, true)) CHECK(++c < 0x4e00 + FC_ESCAPE_OTHERS_MAX + 1);
    CHECK(c == 0x4e00 + FC_ESCAPE_OTHERS_MAX && fc_probe_add_escapes(&set, 'a', true));
    CHECK(fc_escape_set_match(&set, (const uint8_t *)"\\u0041") && fc_escape_set_match(&set, (const uint8_t *)"\\u4E00"));
    fc_arena_free(&arena);
}

static void check_decode(void) {
    static const uint32_t all[] = {0, 'a', 0x7f, 0x80, 0x7ff, 0x800, 0xfffd, 0xffff, 0x10000, 0x10ffff};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        uint8_t bytes[4];
        const size_t len = encode(all[i], bytes);
        uint8_t *copy = exact_copy(bytes, len);
        uint32_t c = 77;
        CHECK(fc_probe_decode(copy, len, &c) == len && c == all[i]);
        c = 77;
        CHECK(fc_probe_decode(copy, 0, &c) == 0 && c == 77);
        free(copy);
    }
}

int main(void) {
    check_spellings();
    check_choices();
    check_joins();
    check_decode();
    return finish();
}
