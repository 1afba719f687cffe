#include "fc_fold.h"

#include <string.h>

typedef struct fold_orbit {
    uint32_t folded, members[FC_FOLD_ORBIT_MAX]; /* ascending, zeros behind */
} fold_orbit;

#include "fc_fold_table.inc"

uint32_t fc_fold(uint32_t c) {
    if (c >= FOLD_LIMIT) return c;
    const uint16_t delta = fold_delta[fold_index[c / FOLD_BLOCK]][c % FOLD_BLOCK];
    return (c & 0xff0000u) | ((c + delta) & 0xffffu);
}

size_t fc_fold_orbit(uint32_t code_point, uint32_t out_orbit[FC_FOLD_ORBIT_MAX]) {
    const uint32_t folded = fc_fold(code_point);
    size_t low = 0, high = sizeof fold_orbits / sizeof fold_orbits[0];
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (fold_orbits[middle].folded < folded) low = middle + 1;
        else high = middle;
    }
    if (low == sizeof fold_orbits / sizeof fold_orbits[0] || fold_orbits[low].folded != folded) {
        out_orbit[0] = code_point;
        return 1;
    }
    size_t count = 0;
    while (count < FC_FOLD_ORBIT_MAX && fold_orbits[low].members[count] != 0) {
        out_orbit[count] = fold_orbits[low].members[count];
        count++;
    }
    return count;
}

size_t fc_fold_utf8_bound(size_t len) { return len + len / 2 + 8; }

static size_t put(uint32_t c, uint8_t *out) {
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (uint8_t)(0xc0 | c >> 6);
        out[1] = (uint8_t)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (uint8_t)(0xe0 | c >> 12);
        out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        out[2] = (uint8_t)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (uint8_t)(0xf0 | c >> 18);
    out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
    out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    out[3] = (uint8_t)(0x80 | (c & 0x3f));
    return 4;
}

/* Fold eight ASCII bytes at once: add 0x20 to each byte that lies in A..Z. */
static uint64_t fold_ascii(uint64_t bytes) {
    const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    const uint64_t from_a = bytes + (0x80 - 'A') * ones, past_z = bytes + (0x80 - 'Z' - 1) * ones;
    return bytes + (((from_a & ~past_z) & high) >> 2);
}

size_t fc_fold_utf8(const uint8_t *text, size_t len, uint8_t *out) {
    uint8_t *to = out;
    size_t at = 0;
    while (at < len) {
        while (len - at >= 8) {
            uint64_t bytes;
            memcpy(&bytes, text + at, 8);
            if (bytes & 0x8080808080808080u) break;
            bytes = fold_ascii(bytes);
            memcpy(to, &bytes, 8);
            to += 8;
            at += 8;
        }
        if (at == len) break;
        const uint8_t first = text[at];
        const size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
        if (size > len - at) { /* cut: copied as it is */
            *to++ = text[at++];
            continue;
        }
        uint32_t c = size == 1 ? first : first & (0xffu >> (size + 1));
        for (size_t i = 1; i < size; i++) c = c << 6 | (text[at + i] & 0x3fu);
        to += put(fc_fold(c), to);
        at += size;
    }
    return (size_t)(to - out);
}
