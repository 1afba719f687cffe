#include "fc_slice.h"

#include <stdlib.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

bool fc_slices_push(fc_slices *slices, fc_slice slice) {
    if (slices->len == slices->capacity) {
        const size_t capacity = slices->capacity ? slices->capacity * 2 : 16;
        fc_slice *items = realloc(slices->items, capacity * sizeof *items);
        if (items == NULL) return false;
        slices->items = items;
        slices->capacity = capacity;
    }
    slices->items[slices->len++] = slice;
    return true;
}

/* The value of a hex digit; 0x10 for any other byte. */
static uint8_t hex_value(uint8_t byte) {
#define X8 16, 16, 16, 16, 16, 16, 16, 16
    static const uint8_t values[256] = {
        X8, X8, X8, X8, X8, X8,   0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  16, 16, 16, 16, 16, 16,
        16, 10, 11, 12, 13, 14, 15, 16, X8, X8, X8, 16, 10, 11, 12, 13, 14, 15, 16, X8, X8, X8,
        X8, X8, X8, X8, X8, X8, X8, X8, X8, X8, X8, X8, X8, X8, X8, X8};
#undef X8
    return values[byte];
}

/* What a short escape stands for, by the byte behind its backslash; 0 for none. */
static const uint8_t short_escape[256] = {['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f',
                                          ['n'] = '\n', ['r'] = '\r',   ['t'] = '\t'};

/* The high bit of each byte that is a backslash, and perhaps of bytes above it in the word. */
static uint64_t backslash_bits(uint64_t word) {
    const uint64_t ones = 0x0101010101010101u, differ = word ^ (ones * '\\');
    return (differ - ones) & ~differ & (ones * 0x80);
}

/* How many of the eight bytes, in memory's order, stand before the first backslash. */
static unsigned bytes_before_backslash(uint64_t word) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    const uint64_t bits = backslash_bits(word);
    return bits == 0 ? 8 : (unsigned)__builtin_ctzll(bits) / 8;
}

static uint64_t load_word(const uint8_t *at, size_t len) {
    uint64_t word = 0;
    memcpy(&word, at, len);
    return word;
}

/* The last piece may overlap the one before it. */
bool fc_slice_is_plain(const uint8_t *at, size_t len) {
    const uint8_t *end = at + len;
    if (len < 4) {
        for (; at < end; at++)
            if (*at == '\\') return false;
        return true;
    }
    if (len < 8) return backslash_bits(load_word(at, 4) | load_word(end - 4, 4) << 32) == 0;
#if defined(__SSE2__)
    const __m128i backslash = _mm_set1_epi8('\\');
    __m128i found = _mm_setzero_si128();
    for (; end - at >= 16; at += 16)
        found = _mm_or_si128(found, _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)at), backslash));
    if (_mm_movemask_epi8(found) != 0) return false;
    if (len >= 16) {
        const __m128i last = _mm_loadu_si128((const __m128i *)(end - 16));
        return _mm_movemask_epi8(_mm_cmpeq_epi8(last, backslash)) == 0;
    }
#endif
    uint64_t bits = backslash_bits(load_word(end - 8, 8));
    for (; end - at >= 8; at += 8) bits |= backslash_bits(load_word(at, 8));
    return bits == 0;
}

static uint32_t hex4(const uint8_t *at) {
    return (uint32_t)(hex_value(at[0]) << 12 | hex_value(at[1]) << 8 | hex_value(at[2]) << 4 | hex_value(at[3]));
}

static size_t put_utf8(uint32_t c, uint8_t *out) {
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

/* Decode the escape at *at, step past it and return how many bytes were written (at most its own length). */
static size_t decode_escape(const uint8_t **at, const uint8_t *end, uint8_t *out) {
    const uint8_t *p = *at;
    if (p[1] != 'u') {
        *at = p + 2;
        *out = short_escape[p[1]];
        return 1;
    }
    uint32_t c = hex4(p + 2);
    *at = p + 6;
    if (c - 0xd800 < 0x800) {
        const bool pair = c < 0xdc00 && end - p >= 12 && p[6] == '\\' && p[7] == 'u' && hex4(p + 8) - 0xdc00 < 0x400;
        if (pair) {
            c = 0x10000 + ((c - 0xd800) << 10) + (hex4(p + 8) - 0xdc00);
            *at = p + 12;
        } else {
            c = 0xfffd;
        }
    }
    return put_utf8(c, out);
}

size_t fc_slice_decode(fc_slice slice, uint8_t *out) {
    if (slice.len == 0) return 0;
    if (!slice.escaped) {
        memcpy(out, slice.bytes, slice.len);
        return slice.len;
    }
    const uint8_t *at = slice.bytes, *end = at + slice.len;
    uint8_t *to = out;
    while (at < end) {
        if (*at == '\\') {
            to += decode_escape(&at, end, to);
            continue;
        }
        /* Short runs between escapes are the rule: whole words are copied, what is too much is overwritten. */
        while (end - at >= 8) {
            uint64_t word;
            memcpy(&word, at, 8);
            memcpy(to, at, 8);
            const unsigned plain = bytes_before_backslash(word);
            at += plain;
            to += plain;
            if (plain < 8) break;
        }
        while (end - at < 8 && at < end && *at != '\\') *to++ = *at++;
    }
    return (size_t)(to - out);
}

bool fc_slice_begins(fc_slice slice, const uint8_t *value, size_t len) {
    if (slice.bytes == NULL) return false;
    if (!slice.escaped) return slice.len >= len && memcmp(slice.bytes, value, len) == 0;
    const uint8_t *at = slice.bytes, *end = at + slice.len;
    size_t done = 0;
    while (done < len && at < end) {
        uint8_t piece[4];
        size_t n = 1;
        if (*at == '\\') n = decode_escape(&at, end, piece);
        else piece[0] = *at++;
        for (size_t i = 0; i < n && done < len; i++)
            if (piece[i] != value[done++]) return false;
    }
    return done == len;
}

/* Length of the slice once decoded. */
static size_t decoded_len(fc_slice slice) {
    if (!slice.escaped) return slice.len;
    const uint8_t *at = slice.bytes, *end = at + slice.len;
    size_t len = 0;
    uint8_t piece[4];
    while (at < end) {
        if (*at == '\\') {
            len += decode_escape(&at, end, piece);
        } else {
            at++;
            len++;
        }
    }
    return len;
}

bool fc_slice_equals(fc_slice slice, const uint8_t *value, size_t len) {
    return fc_slice_begins(slice, value, len) && decoded_len(slice) == len;
}
