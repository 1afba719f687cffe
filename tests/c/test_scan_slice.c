/* fc_slice: what slices decode to, equal and begin with, and which bytes are plain at every length and offset. */
#include <stdbool.h>

#include "check.h"
#include "fc_slice.h"

static fc_slice slice_of(const uint8_t *bytes, size_t len) {
    return (fc_slice){bytes, (uint32_t)len, memchr(bytes, '\\', len) != NULL};
}

static bool decodes(const char *raw, const char *expected, size_t expected_len) {
    const size_t len = strlen(raw);
    uint8_t *in = exact_copy(raw, len), *out = exact_copy(raw, len);
    const fc_slice slice = slice_of(in, len);
    bool same = fc_slice_decode(slice, out) == expected_len && memcmp(out, expected, expected_len) == 0;
    const uint8_t *value = (const uint8_t *)expected;
    same = same && fc_slice_equals(slice, value, expected_len);
    for (size_t prefix = 0; prefix <= expected_len; prefix++) {
        same = same && fc_slice_begins(slice, value, prefix);
        if (prefix < expected_len) same = same && !fc_slice_equals(slice, value, prefix);
    }
    uint8_t longer[100];
    memcpy(longer, expected, expected_len);
    longer[expected_len] = 'x';
    same = same && !fc_slice_begins(slice, longer, expected_len + 1);
    free(in);
    free(out);
    return same;
}

static void check_decoding(void) {
    CHECK(decodes("plain", "plain", 5) && decodes("", "", 0));
    CHECK(decodes("\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t", 8));
    CHECK(decodes("\\u0000a", "\0a", 2) && decodes("\\u00E9\\u20ac", "\xc3\xa9\xe2\x82\xac", 5));
    CHECK(decodes("\\ud83d\\ude00!", "\xf0\x9f\x98\x80!", 5));
    CHECK(decodes("\\ud83d", "\xef\xbf\xbd", 3) && decodes("\\ude00\\ud83d", "\xef\xbf\xbd\xef\xbf\xbd", 6));
    CHECK(decodes("\\ud83dx\\ude00", "\xef\xbf\xbdx\xef\xbf\xbd", 7));
    CHECK(decodes("\\ud83d\\u0041", "\xef\xbf\xbd" "A", 4));
    CHECK(decodes("0123456789abcdef\\n0123456789abcdef", "0123456789abcdef\n0123456789abcdef", 33));
    CHECK(!fc_slice_begins((fc_slice){0}, (const uint8_t *)"", 0) && !fc_slice_equals((fc_slice){0}, (const uint8_t *)"", 0));
}

static void check_plain(void) {
    for (size_t len = 0; len < 130; len++)
        for (size_t at = 0; at <= len; at++) {
            uint8_t bytes[130];
            /* Neighbours of the backslash, and bytes that differ from it in one bit. */
            for (size_t i = 0; i < len; i++) bytes[i] = (uint8_t)"[]\xdc|X^"[random_below(6)];
            if (at < len) bytes[at] = '\\';
            uint8_t *copy = exact_copy(bytes, len);
            CHECK(fc_slice_is_plain(copy, len) == (at == len));
            free(copy);
        }
}

static void check_push(void) {
    fc_slices slices = {0};
    for (uint32_t i = 0; i < 100; i++) CHECK(fc_slices_push(&slices, (fc_slice){.len = i}));
    CHECK(slices.len == 100);
    for (uint32_t i = 0; i < 100; i++) CHECK(slices.items[i].len == i);
    free(slices.items);
}

int main(void) {
    check_decoding();
    check_plain();
    check_push();
    return finish();
}
