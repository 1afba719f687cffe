#include "fc_fold.h"

#include <stdbool.h>

/* The distances from a code point to its folding and to the next member of its orbit, in a circle. */
typedef struct fold_class {
    int32_t to_fold, to_next;
} fold_class;

#include "fc_fold_table.inc"

static fold_class class_of(uint32_t c) {
    if (c >= FOLD_LIMIT) return (fold_class){0, 0};
    return fold_classes[fold_blocks[fold_index[c / FOLD_BLOCK]][c % FOLD_BLOCK]];
}

uint32_t fc_fold(uint32_t code_point) { return code_point + (uint32_t)class_of(code_point).to_fold; }

size_t fc_fold_orbit(uint32_t code_point, uint32_t out_orbit[FC_FOLD_ORBIT_MAX]) {
    uint32_t first = code_point, at = code_point;
    do {
        at += (uint32_t)class_of(at).to_next;
        if (at < first) first = at;
    } while (at != code_point);
    size_t count = 0;
    at = first;
    do {
        out_orbit[count++] = at;
        at += (uint32_t)class_of(at).to_next;
    } while (at != first);
    return count;
}

/* Two bytes can become three, three never four. */
size_t fc_fold_utf8_bound(size_t len) { return len + len / 2 + 8; }

static uint8_t *put(uint32_t c, uint8_t *out) {
    if (c < 0x80) {
        *out++ = (uint8_t)c;
        return out;
    }
    if (c < 0x800) {
        *out++ = (uint8_t)(0xc0 | c >> 6);
    } else {
        if (c < 0x10000) {
            *out++ = (uint8_t)(0xe0 | c >> 12);
        } else {
            *out++ = (uint8_t)(0xf0 | c >> 18);
            *out++ = (uint8_t)(0x80 | (c >> 12 & 0x3f));
        }
        *out++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    }
    *out++ = (uint8_t)(0x80 | (c & 0x3f));
    return out;
}

static uint8_t fold_ascii(uint8_t c) { return (uint8_t)(c + ((uint8_t)(c - 'A') < 26 ? 'a' - 'A' : 0)); }

enum { ASCII_BLOCK = 32 };

/* Fold a block as if it were ASCII and return whether it is: a loop that compilers turn into vectors. It writes the
 * whole block either way; the bound has room for that, since as many bytes of text are still to come. */
static bool fold_block(const uint8_t *restrict text, uint8_t *restrict out) {
    uint8_t any = 0;
    for (size_t i = 0; i < ASCII_BLOCK; i++) {
        any |= text[i];
        out[i] = fold_ascii(text[i]);
    }
    return any < 0x80;
}

size_t fc_fold_utf8(const uint8_t *text, size_t len, uint8_t *out) {
    uint8_t *to = out;
    size_t at = 0;
    while (at < len) {
        while (len - at >= ASCII_BLOCK && fold_block(text + at, to)) {
            at += ASCII_BLOCK;
            to += ASCII_BLOCK;
        }
        while (at < len && text[at] < 0x80) *to++ = fold_ascii(text[at++]);
        while (at < len && text[at] >= 0x80) {
            const uint8_t first = text[at];
            const size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
            if (size > len - at) { /* cut short, so not valid: copied as it is */
                *to++ = text[at++];
                continue;
            }
            uint32_t c = first & (0x7fu >> size);
            for (size_t i = 1; i < size; i++) c = c << 6 | (text[at + i] & 0x3fu);
            to = put(fc_fold(c), to);
            at += size;
        }
    }
    return (size_t)(to - out);
}
