/* fc_find: every variant returns what the naive search returns, for every length 0..257 and every offset 0..63. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fc_find.h"

static unsigned long checks;
static uint64_t state = 88172645463325252u;

static uint32_t rnd(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32);
}

static uint8_t fold(uint8_t c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; }

static size_t naive_literal(const fc_literal *n, const uint8_t *p, size_t len) {
    for (size_t at = 0; at + n->len <= len; at++) {
        size_t i = 0;
        while (i < n->len && (n->ignore_case ? fold(p[at + i]) : p[at + i]) == n->bytes[i]) i++;
        if (i == n->len) return at;
    }
    return len;
}

static size_t naive_escape(const fc_escape_set *set, const uint8_t *p, size_t len) {
    for (size_t at = 0; at + 6 <= len; at++) {
        unsigned unit = 0;
        int digits = 0;
        if (p[at] != '\\' || p[at + 1] != 'u') continue;
        for (; digits < 4; digits++) {
            const char *hex = "0123456789abcdef", *found = p[at + 2 + digits] ? strchr(hex, p[at + 2 + digits] | 0x20) : NULL;
            if (found == NULL || (p[at + 2 + digits] < '0')) break;
            if (p[at + 2 + digits] < 0x40 && found - hex > 9) break;
            unit = unit * 16 + (unsigned)(found - hex);
        }
        if (digits != 4) continue;
        bool member = unit < 256 && (set->low[unit / 8] >> (unit % 8) & 1);
        for (size_t i = 0; i < set->others_len; i++) member |= set->others[i] == unit;
        if (member) return at;
    }
    return len;
}

static void expect(size_t got, size_t want, const char *what, int level, size_t len) {
    checks++;
    if (got == want) return;
    printf("%s, level %d, length %zu: got %zu, want %zu\n", what, level, len, got, want);
    exit(1);
}

/* A block that ends where its allocation ends, so that a sanitizer sees every byte read behind it. */
static uint8_t *place(const uint8_t *bytes, size_t len, size_t offset, uint8_t **out_base) {
    *out_base = malloc(offset + len + 1);
    memcpy(*out_base + offset, bytes, len);
    uint8_t *shrunk = realloc(*out_base, offset + len == 0 ? 1 : offset + len);
    *out_base = shrunk;
    return shrunk + offset;
}

static void check_either(const fc_find *find, const fc_literal *literal, const fc_escape_set *set, const uint8_t *p,
                         size_t len, int level) {
    const size_t at = naive_literal(literal, p, len), escape = naive_escape(set, p, len);
    expect(find->either(literal, set, p, len), at < escape ? at : escape, "either", level, len);
}

/* Literals and escapes whose last telling bytes stand at various places, in what is mostly nothing, so that they are
 * found at every place of a long search: in its aligned lines, at its ends, one inside the other. */
static void check_either_at_each_place(const fc_escape_set *sets, size_t sets_len) {
    static const char *const texts[] = {"q", "zx", "xyzzy", "theater", "zabcdefghijklmnopqrs",
                                        "u0071", "abcdefghijklmnopqrsz", "\\u0071", "0", "ab\\u0071cdzz"};
    static const char *const escapes[] = {"\\u0071", "\\u004e", "\\u212A", "\\ud83D",
                                          "\\u0035", "\\u0078", "\\u00", "u0061"};
    for (size_t round = 0; round < 40000; round++) {
        uint8_t bytes[520], folded[64];
        const size_t len = round % 8 == 0 ? rnd() % 80 : 64 + rnd() % 440;
        for (size_t i = 0; i < len; i++) bytes[i] = (uint8_t)(round % 3 == 0 ? "eThuzq0\\4"[rnd() % 9] : ' ');
        const char *text = texts[rnd() % (sizeof texts / sizeof texts[0])];
        const size_t text_len = strlen(text), fold_it = rnd() % 2;
        for (size_t i = 0; i < text_len; i++) folded[i] = fold_it ? fold((uint8_t)text[i]) : (uint8_t)text[i];
        for (size_t plants = rnd() % 4; plants > 0; plants--) {
            const char *plant = rnd() % 2 ? text : escapes[rnd() % 8];
            const size_t room = strlen(plant);
            if (room > len) continue;
            size_t at = rnd() % (len - room + 1);
            if (rnd() % 4 == 0) at = rnd() % 2 ? 0 : len - room;
            memcpy(bytes + at, plant, room);
        }
        fc_literal literal;
        fc_literal_init(&literal, folded, text_len, fold_it);
        uint8_t *base;
        const uint8_t *p = place(bytes, len, rnd() % 64, &base);
        for (int level = FC_CPU_BASE; level <= (int)fc_cpu_detect(); level++)
            check_either(fc_find_for((fc_cpu_level)level), &literal, &sets[rnd() % sets_len], p, len, level);
        free(base);
    }
}

/* 0 bad, 1 fine without a backslash, 2 fine with one. */
static size_t naive_escapes(const uint8_t *p, size_t len) {
    size_t fine = 1;
    for (size_t at = 0; at < len; at++) {
        if (p[at] != '\\') continue;
        fine = 2;
        if (++at >= len) return 0;
        if (p[at] != 0 && strchr("\"\\/bfnrt", p[at])) continue;
        if (p[at] != 'u' || len - at < 5) return 0;
        for (int digit = 0; digit < 4; digit++) {
            at++;
            if (p[at] == 0 || strchr("0123456789abcdefABCDEF", p[at]) == NULL) return 0;
        }
    }
    return fine;
}

static void check_escapes(const uint8_t *p, size_t len) {
    for (int level = FC_CPU_BASE; level <= (int)fc_cpu_detect(); level++) {
        bool escaped = false;
        const bool fine = fc_find_for((fc_cpu_level)level)->escapes(p, len, &escaped);
        const size_t want = naive_escapes(p, len);
        const size_t got = fine ? 1 + (size_t)escaped : 0;
        if (got != want) printf("%.*s\n", (int)len, (const char *)p);
        expect(got, want, "escapes", level, len);
    }
}

static int64_t naive_brackets(const uint8_t *p, size_t len, bool *out_inside) {
    int64_t open = 0;
    bool escaped = false;
    *out_inside = false;
    for (size_t i = 0; i < len; i++) {
        if (p[i] == '"' && !escaped) *out_inside = !*out_inside;
        escaped = p[i] == '\\' && !escaped;
        if (!*out_inside && p[i] != 0) open += (strchr("{[", p[i]) != NULL) - (strchr("}]", p[i]) != NULL);
    }
    return open;
}

static void check_brackets(const uint8_t *p, size_t len) {
    bool want_inside;
    const int64_t want = naive_brackets(p, len, &want_inside);
    for (int level = FC_CPU_BASE; level <= (int)fc_cpu_detect(); level++) {
        bool inside = !want_inside;
        const int64_t got = fc_find_for((fc_cpu_level)level)->brackets(p, len, &inside);
        expect((size_t)(got + (int64_t)len), (size_t)(want + (int64_t)len), "brackets", level, len);
        expect(inside, want_inside, "inside a string", level, len);
    }
}

/* Brackets, quotes and backslashes, with long texts between them or none. */
static size_t make_brackets(uint8_t *out, size_t len, bool dense) {
    static const char odd[] = "{}[]\"\"\\\\;]{\xdb\xdd";
    for (size_t i = 0; i < len; i++)
        out[i] = dense || rnd() % 20 == 0 ? (uint8_t)odd[rnd() % (sizeof odd - 1)] : (uint8_t)"x{}"[rnd() % 3];
    return len;
}

int main(void) {
    const char *needles[] = {"a", "k", "ab", "[x{", "Needle", "needle", "zq\xc3\xa9", "aaaaaaab", "-_/0123456789abcdefghijklmnopq"};
    const char alphabet[] = "aAbBkK[{nNeEdDlL\\u0064Zz\n";
    fc_escape_set sets[4];
    memset(sets, 0, sizeof sets);
    for (const char *c = "needleNEEDLE"; *c; c++) fc_escape_set_add(&sets[0], (uint8_t)*c);
    const uint16_t kelvin[] = {'k', 'K', 0x212a, 's', 'S', 0x17f};
    for (size_t i = 0; i < 6; i++) fc_escape_set_add(&sets[1], kelvin[i]);
    const uint16_t wide[] = {0xe9, 0xc9, 0xd83d, 0x4f60, 0xfeff};
    for (size_t i = 0; i < 5; i++) fc_escape_set_add(&sets[2], wide[i]);
    fc_escape_set_add(&sets[3], '5');
    const char *escapes[] = {"\\u0064", "\\u004E", "\\u212A", "\\u017f", "\\uD83d", "\\u4F60", "\\u00e9", "\\u0035", "\\u00g4", "\\u001b"};

    for (size_t len = 0; len <= 257; len++) {
        for (size_t offset = 0; offset < 64; offset++) {
            uint8_t bytes[257 + 1];
            for (size_t i = 0; i < len; i++) bytes[i] = (uint8_t)alphabet[rnd() % (sizeof alphabet - 1)];
            const char *planted = needles[rnd() % 9], *escape = escapes[rnd() % 10];
            if (len > strlen(planted) && rnd() % 2) memcpy(bytes + rnd() % (len - strlen(planted) + 1), planted, strlen(planted));
            if (len > 6 && rnd() % 4 != 0) memcpy(bytes + rnd() % (len - 5), escape, 6);
            uint8_t *base;
            const uint8_t *p = place(bytes, len, offset, &base);
            size_t lines = 0;
            for (size_t i = 0; i < len; i++) lines += p[i] == '\n';
            for (int level = FC_CPU_BASE; level <= (int)fc_cpu_detect(); level++) {
                const fc_find *find = fc_find_for((fc_cpu_level)level);
                for (int ignore_case = 0; ignore_case < 2; ignore_case++) {
                    const char *text = needles[rnd() % 9];
                    uint8_t folded[64];
                    const size_t needle_len = strlen(text);
                    for (size_t i = 0; i < needle_len; i++) folded[i] = ignore_case ? fold((uint8_t)text[i]) : (uint8_t)text[i];
                    fc_literal literal;
                    fc_literal_init(&literal, folded, needle_len, ignore_case);
                    expect(find->literal(&literal, p, len), naive_literal(&literal, p, len), text, level, len);
                    for (int set = 0; set < 4; set++) check_either(find, &literal, &sets[set], p, len, level);
                }
                for (int set = 0; set < 4; set++)
                    expect(find->escape(&sets[set], p, len), naive_escape(&sets[set], p, len), "escape", level, len);
                expect(find->newlines(p, len), lines, "newlines", level, len);
            }
            free(base);
            make_brackets(bytes, len, offset % 2);
            const uint8_t *q = place(bytes, len, offset, &base);
            check_brackets(q, len);
            free(base);
        }
    }
    fc_escape_set_add(&sets[1], 'q');
    check_either_at_each_place(sets, 4);
    /* Strings that are fine but for, sometimes, one byte; sparse and dense in escapes. */
    const char *parts[] = {"\\n", "\\\\", "\\u00e9", "\\uD83D", "\\\"", "x", "plain text ", "/", "u", "\\/", "\\t"};
    for (size_t round = 0; round < 60000; round++) {
        uint8_t bytes[300];
        size_t len = 0;
        const size_t goal = rnd() % 258, dense = rnd() % 3;
        while (len < goal) {
            const char *part = parts[dense == 0 ? 5 + rnd() % 2 : rnd() % 11];
            if (dense == 0 && rnd() % 6 == 0) part = parts[rnd() % 11];
            if (len + strlen(part) > goal) part = "y";
            memcpy(bytes + len, part, strlen(part));
            len += strlen(part);
        }
        if (len != 0 && rnd() % 3 == 0) bytes[rnd() % len] = (uint8_t)"\\u0xq\""[rnd() % 6];
        if (len != 0 && rnd() % 8 == 0) len = rnd() % len;
        uint8_t *base;
        const uint8_t *p = place(bytes, len, rnd() % 64, &base);
        check_escapes(p, len);
        free(base);
    }
    printf("%lu checks\n", checks);
    return 0;
}
