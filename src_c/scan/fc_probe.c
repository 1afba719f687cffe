#include "fc_probe.h"

#include <math.h>
#include <string.h>

#include "fc_fold.h"

enum { WINDOW_MAX = 16, VARIANTS_MAX = 8, SCANNED_MAX = 4096 };

/* Below this a run of plain ASCII is so common that a longer run of any characters is worth its extra passes. */
static const double enough_bits = 18;

size_t fc_probe_decode(const uint8_t *text, size_t len, uint32_t *out_code_point) {
    if (len == 0) return 0;
    const uint8_t first = text[0];
    const size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (size > len) return 0;
    uint32_t c = size == 1 ? first : first & (0xffu >> (size + 1));
    for (size_t i = 1; i < size; i++) c = c << 6 | (text[i] & 0x3fu);
    *out_code_point = c;
    return size;
}

static size_t encode(uint32_t c, uint8_t *out) {
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    for (int i = more; i > 0; i--, c >>= 6) out[i] = (uint8_t)(0x80 | (c & 0x3f));
    out[0] = (uint8_t)((0xff00u >> (more + 1) & 0xff) | c);
    return (size_t)more + 1;
}

static size_t variants(uint32_t c, bool fold, uint32_t out[FC_FOLD_ORBIT_MAX]) {
    if (fold) return fc_fold_orbit(c, out);
    out[0] = c;
    return 1;
}

bool fc_probe_add_escapes(fc_escape_set *set, uint32_t code_point, bool fold) {
    uint32_t orbit[FC_FOLD_ORBIT_MAX];
    const size_t count = variants(code_point, fold, orbit);
    for (size_t i = 0; i < count; i++) {
        const uint32_t c = orbit[i];
        const uint32_t unit = c < 0x10000 ? c : 0xd800 + ((c - 0x10000) >> 10);
        if (!fc_escape_set_add(set, (uint16_t)unit)) return false;
    }
    return true;
}

typedef enum kind {
    KIND_NEVER, /* has a short escape, or stands for what was not decoded */
    KIND_PLAIN, /* ASCII whose only case variants are ASCII */
    KIND_OTHER  /* any other character */
} kind;

static kind kind_of(uint32_t c, bool fold) {
    if (c < 0x20 || c == '"' || c == '\\' || c == '/' || c == 0xfffd || (c >= 0x7f && c < 0xa0)) return KIND_NEVER;
    if (c >= 0x80 || (fold && (c == 'k' || c == 's'))) return KIND_OTHER;
    return KIND_PLAIN;
}

/* A character that needs a literal for each of its variants multiplies them; ASCII letters do not, the search itself
 * ignores their case. */
static size_t literal_variants(uint32_t c, bool fold) {
    uint32_t orbit[FC_FOLD_ORBIT_MAX];
    return c < 0x80 ? 1 : variants(c, fold, orbit);
}

typedef struct window {
    size_t begin, end; /* in characters */
    double bits;
} window;

static window best_window(const uint32_t *chars, size_t count, bool fold, kind most) {
    window best = {0, 0, 0};
    size_t begin = 0, product = 1;
    double bits = 0;
    for (size_t end = 0; end < count; end++) {
        const kind k = kind_of(chars[end], fold);
        if (k == KIND_NEVER || k > most) {
            begin = end + 1;
            product = 1;
            bits = 0;
            continue;
        }
        const size_t times = literal_variants(chars[end], fold);
        product *= times;
        bits += chars[end] < 0x80 ? fc_literal_bits((uint8_t)chars[end]) : 12 - log2((double)times);
        while (product > VARIANTS_MAX || end + 1 - begin > WINDOW_MAX) {
            const size_t dropped = literal_variants(chars[begin], fold);
            product /= dropped;
            bits -= chars[begin] < 0x80 ? fc_literal_bits((uint8_t)chars[begin]) : 12 - log2((double)dropped);
            begin++;
        }
        if (bits > best.bits) best = (window){begin, end + 1, bits};
    }
    return best;
}

static fc_status add_literal(fc_arena *arena, fc_probe *probe, const uint8_t *bytes, size_t len, bool fold) {
    uint8_t *copy = fc_arena_alloc(arena, len);
    if (copy == NULL) return FC_NO_MEMORY;
    memcpy(copy, bytes, len);
    fc_literal_init(&probe->literals[probe->literals_len++], copy, len, fold);
    return FC_OK;
}

/* Add one literal for each choice of variants of the window's characters beyond ASCII. */
static fc_status add_literals(fc_arena *arena, fc_probe *probe, const uint32_t *chars, size_t count, bool fold) {
    uint32_t orbits[WINDOW_MAX][FC_FOLD_ORBIT_MAX];
    size_t sizes[WINDOW_MAX], chosen[WINDOW_MAX] = {0};
    for (size_t i = 0; i < count; i++) {
        orbits[i][0] = chars[i];
        sizes[i] = chars[i] < 0x80 ? 1 : variants(chars[i], fold, orbits[i]);
    }
    for (;;) {
        uint8_t bytes[4 * WINDOW_MAX];
        size_t len = 0;
        for (size_t i = 0; i < count; i++) len += encode(orbits[i][chosen[i]], bytes + len);
        const fc_status status = add_literal(arena, probe, bytes, len, fold);
        if (status != FC_OK) return status;
        size_t i = 0;
        while (i < count && ++chosen[i] == sizes[i]) chosen[i++] = 0;
        if (i == count) return FC_OK;
    }
}

static fc_status choose(fc_arena *arena, const uint8_t *needle, size_t len, bool fold, bool widest, fc_probe *out) {
    *out = (fc_probe){0};
    uint32_t chars[SCANNED_MAX];
    size_t count = 0;
    for (size_t at = 0, size; count < SCANNED_MAX; at += size) {
        size = fc_probe_decode(needle + at, len - at, &chars[count]);
        if (size == 0) break;
        count++;
    }
    window w = best_window(chars, count, fold, KIND_PLAIN);
    if (widest || w.bits < enough_bits) {
        const window any = best_window(chars, count, fold, KIND_OTHER);
        if (widest || any.bits > w.bits + 4) w = any;
    }
    if (w.end == w.begin) return FC_OK;

    out->bits = w.bits;
    bool kelvin = false, long_s = false;
    for (size_t i = w.begin; i < w.end; i++) {
        if (!fc_probe_add_escapes(&out->escapes, chars[i], fold)) {
            *out = (fc_probe){0};
            return FC_OK;
        }
        kelvin |= fold && chars[i] == 'k';
        long_s |= fold && chars[i] == 's';
    }
    fc_status status = add_literals(arena, out, chars + w.begin, w.end - w.begin, fold);
    /* Where a k or an s is spelled by its variant beyond ASCII, that variant alone makes the line a candidate. */
    if (status == FC_OK && kelvin) status = add_literal(arena, out, (const uint8_t *)"\xe2\x84\xaa", 3, false);
    if (status == FC_OK && long_s) status = add_literal(arena, out, (const uint8_t *)"\xc5\xbf", 2, false);
    return status;
}

fc_status fc_probe_choose(fc_arena *arena, const uint8_t *needle, size_t len, bool fold, fc_probe *out) {
    return choose(arena, needle, len, fold, false, out);
}

fc_status fc_probe_choose_widest(fc_arena *arena, const uint8_t *needle, size_t len, bool fold, fc_probe *out) {
    return choose(arena, needle, len, fold, true, out);
}

bool fc_probe_join(fc_probe *probe, const fc_probe *other) {
    fc_probe joined = *probe;
    for (size_t i = 0; i < other->literals_len; i++) {
        const fc_literal *literal = &other->literals[i];
        bool known = false;
        for (size_t j = 0; j < joined.literals_len && !known; j++) {
            const fc_literal *mine = &joined.literals[j];
            known = mine->len == literal->len && mine->ignore_case == literal->ignore_case &&
                    memcmp(mine->bytes, literal->bytes, literal->len) == 0;
        }
        if (known) continue;
        if (joined.literals_len == FC_PROBE_LITERALS_MAX) return false;
        joined.literals[joined.literals_len++] = *literal;
    }
    for (unsigned unit = 0; unit < 0x100; unit++)
        if (other->escapes.low[unit >> 3] >> (unit & 7) & 1) fc_escape_set_add(&joined.escapes, (uint16_t)unit);
    for (size_t i = 0; i < other->escapes.others_len; i++)
        if (!fc_escape_set_add(&joined.escapes, other->escapes.others[i])) return false;
    joined.bits = -log2(exp2(-probe->bits) + exp2(-other->bits));
    *probe = joined;
    return true;
}
