/* fc_fold: the orbits are exactly the inverse of the folding, over all of Unicode; text folds as its code points do,
 * one by one; no byte is read or written outside, whatever the bytes. tests/test_base_fold.py checks the values. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fc_fold.h"

enum { CODE_POINTS = 0x110000 };

static unsigned long checks;
static uint64_t state = 0x9e3779b97f4a7c15u;

static uint32_t rnd(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32);
}

static void expect(int good, const char *what, uint32_t c) {
    checks++;
    if (good) return;
    printf("%s: U+%04X\n", what, (unsigned)c);
    exit(1);
}

static size_t encode(uint32_t c, uint8_t *out) {
    const size_t size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = size; i-- > 1; c >>= 6) out[i] = (uint8_t)(0x80 | (c & 0x3f));
    out[0] = (uint8_t)(marks[size] | c);
    return size;
}

static void check_orbits(void) {
    uint8_t *sizes = calloc(CODE_POINTS, 1);
    uint32_t orbit[FC_FOLD_ORBIT_MAX], members[FC_FOLD_ORBIT_MAX];
    for (uint32_t c = 0; c < CODE_POINTS; c++) {
        expect(fc_fold(c) < CODE_POINTS && fc_fold(fc_fold(c)) == fc_fold(c), "folds to what folds to itself", c);
        sizes[fc_fold(c)]++;
    }
    for (uint32_t c = 0; c < CODE_POINTS; c++) {
        const size_t count = fc_fold_orbit(c, orbit);
        expect(count == sizes[fc_fold(c)], "everything that folds like it", c);
        int found = 0;
        for (size_t i = 0; i < count; i++) {
            found += orbit[i] == c;
            if (fc_fold(orbit[i]) != fc_fold(c) || (i != 0 && orbit[i] <= orbit[i - 1])) found = -9;
        }
        expect(found == 1, "an ascending orbit with itself in it", c);
    }
    free(sizes);
    const uint32_t outside[] = {CODE_POINTS, 0x1fffff, 0x80000041, UINT32_MAX};
    for (size_t i = 0; i < 4; i++) {
        expect(fc_fold(outside[i]) == outside[i], "no code point", outside[i]);
        expect(fc_fold_orbit(outside[i], members) == 1 && members[0] == outside[i], "no code point", outside[i]);
    }
}

static void check_known(void) {
    static const uint32_t known[][1 + FC_FOLD_ORBIT_MAX] = {
        {'k', 'K', 'k', 0x212a},          {'s', 'S', 's', 0x17f},      {0x3c3, 0x3a3, 0x3c2, 0x3c3},
        {0xdf, 0xdf, 0x1e9e},             {0x130, 0x130},              {0x131, 0x131},
        {'i', 'I', 'i'},                  {0x2c65, 0x23a, 0x2c65},     {0x3b8, 0x398, 0x3b8, 0x3d1, 0x3f4},
        {0x13a0, 0x13a0, 0xab70},         {0x10428, 0x10400, 0x10428}, {0x1e943, 0x1e921, 0x1e943},
        {0xe5, 0xc5, 0xe5, 0x212b},       {0x3bc, 0xb5, 0x39c, 0x3bc}, {0x1f80, 0x1f80, 0x1f88},
        {0x1c6, 0x1c4, 0x1c5, 0x1c6},     {'@', '@'},                  {'[', '['},
        {0xa64b, 0x1c88, 0xa64a, 0xa64b}, {0xfb05, 0xfb05},            {0x1f600, 0x1f600},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        for (size_t m = 1; m <= FC_FOLD_ORBIT_MAX && known[i][m] != 0; m++) {
            uint32_t orbit[FC_FOLD_ORBIT_MAX + 1] = {0};
            const size_t count = fc_fold_orbit(known[i][m], orbit);
            expect(fc_fold(known[i][m]) == known[i][0], "a known folding", known[i][m]);
            expect(memcmp(orbit, known[i] + 1, count * sizeof orbit[0]) == 0, "a known orbit", known[i][m]);
            expect(count == FC_FOLD_ORBIT_MAX || known[i][1 + count] == 0, "a known orbit's size", known[i][m]);
        }
    }
}

/* Fold from and to blocks of exactly the size that the header asks for. */
static size_t fold_exact(const uint8_t *text, size_t len, uint8_t *out) {
    uint8_t *from = calloc(1, len == 0 ? 1 : len), *to = calloc(1, fc_fold_utf8_bound(len));
    memcpy(from, text, len);
    const size_t written = fc_fold_utf8(from, len, to);
    expect(written <= fc_fold_utf8_bound(len), "written within the bound", (uint32_t)len);
    memcpy(out, to, written);
    free(from);
    free(to);
    return written;
}

static void check_text(void) {
    uint8_t text[2048], want[4096], got[4096];
    for (uint32_t c = 0; c < CODE_POINTS; c++) {
        if (c >= 0xd800 && c < 0xe000) continue;
        const size_t lead = c % 37;
        memset(text, 'Q', 80);
        memset(want, 'q', 80);
        const size_t size = encode(c, text + lead), folded = encode(fc_fold(c), want + lead);
        text[lead + size] = 'Q';
        want[lead + folded] = 'q';
        const size_t len = fc_fold_utf8(text, lead + size + 1, got);
        expect(len == lead + folded + 1 && memcmp(got, want, len) == 0, "one character among ASCII", c);
    }
    static const uint32_t ranges[][2] = {{0x20, 0x5f}, {0, 0x80}, {0x80, 0x780}, {0x10400, 0x50}, {0x2100, 0x100},
                                         {0x23a, 5},   {0x4e00, 0x5000}, {0x1e00, 0x200}, {0x1f600, 0x40}};
    for (size_t round = 0; round < 20000; round++) {
        size_t len = 0, folded = 0;
        const size_t count = rnd() % 260, rare = 1 + rnd() % 40;
        for (size_t i = 0; i < count; i++) {
            const uint32_t *range = ranges[rnd() % rare == 0 ? rnd() % 9 : rnd() % 2];
            const uint32_t c = range[0] + rnd() % range[1];
            len += encode(c, text + len);
            folded += encode(fc_fold(c), want + folded);
        }
        const size_t written = fold_exact(text, len, got);
        expect(written == folded && memcmp(got, want, folded) == 0, "random text, round", (uint32_t)round);
    }
}

static void check_any_bytes(void) {
    uint8_t text[300], got[600];
    for (size_t len = 0; len <= 257; len++) {
        for (size_t round = 0; round < 40; round++) {
            const uint32_t high = rnd() % 4;
            for (size_t i = 0; i < len; i++) {
                text[i] = (uint8_t)(rnd() % 8 < high ? 0x80 + rnd() % 128 : rnd() % 256);
                if (round % 4 == 0) text[i] &= 0x7f;
            }
            if (len != 0 && round % 3 == 0) text[len - 1] = (uint8_t)(0xc0 + rnd() % 64);
            fold_exact(text, len, got);
        }
    }
    expect(fc_fold_utf8(NULL, 0, got) == 0, "nothing at all", 0);
}

/* The rest of a character whose first byte ends the text lies behind it, and is not ours. */
static void check_cut(void) {
    static const uint8_t text[] = "Q\xc3\x84\xe1\xb8\x80\xf0\x90\x90\x80";
    static const size_t starts[] = {1, 3, 6}; /* where a character begins */
    uint8_t want[64], got[64];
    for (size_t i = 0; i < 3; i++) {
        const size_t before = fc_fold_utf8(text, starts[i], want);
        want[before] = text[starts[i]];
        const size_t len = fc_fold_utf8(text, starts[i] + 1, got);
        expect(len == before + 1 && memcmp(got, want, len) == 0, "a character cut short at", (uint32_t)starts[i]);
    }
}

int main(void) {
    check_orbits();
    check_known();
    check_text();
    check_any_bytes();
    check_cut();
    printf("%lu checks\n", checks);
    return 0;
}
