#include "fc_find.h"

#include <string.h>

#include "fc_target.h"

#if FC_HAS_LEVELS
#include <immintrin.h>
#endif

static bool is_lower(uint8_t byte) { return (uint8_t)(byte - 'a') < 26; }

/* Bits of surprise of the printable ASCII bytes from space on, from letter and punctuation counts of session logs
 * with the letters' cases joined. */
static const uint8_t ascii_bits[96] = {
    /*  !"#$%&' */ 3, 9, 5, 9, 9, 10, 10, 8,
    /* ()*+,-./ */ 8, 8, 9, 9, 6, 6, 6, 6,
    /* 01234567 */ 6, 6, 6, 7, 7, 7, 7, 7,
    /* 89:;<=>? */ 7, 7, 6, 8, 9, 8, 9, 10,
    /* @A..     */ 10, 5, 7, 6, 6, 4, 7, 7, 6, 5, 10, 8, 6, 6, 5, 5, 6, 10, 5, 5, 4, 6, 8, 7, 8, 7, 10,
    /* [\]^_    */ 8, 6, 8, 12, 7,
    /* `a..     */ 10, 5, 7, 6, 6, 4, 7, 7, 6, 5, 10, 8, 6, 6, 5, 5, 6, 10, 5, 5, 4, 6, 8, 7, 8, 7, 10,
    /* {|}~ DEL */ 8, 10, 8, 11, 12,
};

double fc_literal_bits(uint8_t byte) {
    if (byte >= 0x20 && byte < 0x80) return ascii_bits[byte - 0x20];
    return byte < 0x20 ? 12 : 8;
}

/* The offset of the rarest byte that is none of those chosen; of two as rare the first. */
static size_t rarest(const uint8_t *bytes, size_t len, const size_t *chosen, size_t count) {
    size_t best = len;
    for (size_t i = 0; i < len; i++) {
        bool taken = false;
        for (size_t j = 0; j < count; j++) taken |= chosen[j] == i || bytes[chosen[j]] == bytes[i];
        if (!taken && (best == len || fc_literal_bits(bytes[i]) > fc_literal_bits(bytes[best]))) best = i;
    }
    return best;
}

static void swap_tellings(fc_telling *telling, size_t i, size_t j) {
    const fc_telling before = *telling;
    telling->at[i] = before.at[j], telling->mask[i] = before.mask[j], telling->bits[i] = before.bits[j];
    telling->at[j] = before.at[i], telling->mask[j] = before.mask[i], telling->bits[j] = before.bits[i];
}

/* Two bytes of fewer bits stand together so often in ordinary text that a look at a third saves more than it costs. */
static const double telling_bits = 16;

void fc_literal_init(fc_literal *out, const uint8_t *bytes, size_t len, bool ignore_case) {
    *out = (fc_literal){.bytes = bytes, .len = len, .ignore_case = ignore_case};
    fc_telling *telling = &out->telling;
    double bits = 0;
    for (size_t i = 0; i < 3; i++) {
        size_t at = rarest(bytes, len, telling->at, i);
        /* No other byte value is left: the end that is further from the first choice, then the middle. */
        if (at == len) at = i == 2 ? len / 2 : telling->at[0] < len / 2 ? len - 1 : 0;
        if (i < 2) bits += fc_literal_bits(bytes[at]);
        telling->at[i] = at;
        telling->mask[i] = ignore_case && is_lower(bytes[at]) ? 0xdf : 0xff;
        telling->bits[i] = bytes[at] & telling->mask[i];
    }
    const bool distinct = telling->at[2] != telling->at[0] && telling->at[2] != telling->at[1];
    telling->third = distinct && bits < telling_bits;
    for (size_t i = 1; i < (telling->third ? 3 : 2); i++)
        if (telling->at[i] > telling->at[0]) swap_tellings(telling, 0, i);
}

/* What the hex digits of one place have in common: (byte & mask) == bits holds for each of them, in either case. */
static void share_digit_bits(uint16_t digits, uint8_t *out_mask, uint8_t *out_bits) {
    static const char spelled[2][17] = {"0123456789abcdef", "0123456789ABCDEF"};
    uint8_t ones = 0, zeros = 0;
    for (int value = 0; value < 16; value++)
        for (int letters = 0; letters < 2; letters++)
            if (digits >> value & 1) {
                ones |= (uint8_t)spelled[letters][value];
                zeros |= (uint8_t)~spelled[letters][value];
            }
    *out_mask = (uint8_t)~(ones & zeros);
    *out_bits = ones & *out_mask;
}

bool fc_escape_set_add(fc_escape_set *set, uint16_t unit) {
    if (unit < 0x100) {
        set->low[unit >> 3] |= (uint8_t)(1u << (unit & 7));
    } else {
        bool known = false;
        for (size_t i = 0; i < set->others_len; i++) known |= set->others[i] == unit;
        if (!known) {
            if (set->others_len == FC_ESCAPE_OTHERS_MAX) return false;
            set->others[set->others_len++] = unit;
        }
    }
    uint8_t mask[4], bits[4];
    for (int digit = 0; digit < 4; digit++) {
        set->digits[digit] |= (uint16_t)(1u << (unit >> (12 - 4 * digit) & 15));
        share_digit_bits(set->digits[digit], &mask[digit], &bits[digit]);
    }
    set->telling = (fc_telling){{1, 0}, {0xff, 0xff}, {'u', '\\'}, false};
    if (__builtin_popcount(mask[2]) >= 5) /* the second digit too keeps what is far from ASCII from being looked at */
        set->telling = (fc_telling){{4, 3, 1}, {mask[2], mask[1], 0xff}, {bits[2], bits[1], 'u'}, true};
    return true;
}

static int hex_value(uint8_t byte) {
    if ((uint8_t)(byte - '0') < 10) return byte - '0';
    const uint8_t lower = byte | 0x20;
    return (uint8_t)(lower - 'a') < 6 ? lower - 'a' + 10 : -1;
}

bool fc_escape_set_match(const fc_escape_set *set, const uint8_t *bytes) {
    if (bytes[0] != '\\' || bytes[1] != 'u') return false;
    unsigned unit = 0;
    for (int digit = 0; digit < 4; digit++) {
        const int value = hex_value(bytes[2 + digit]);
        if (value < 0) return false;
        unit = unit << 4 | (unsigned)value;
    }
    if (unit < 0x100) return set->low[unit >> 3] >> (unit & 7) & 1;
    for (size_t i = 0; i < set->others_len; i++)
        if (set->others[i] == unit) return true;
    return false;
}

static bool literal_equal(const fc_literal *literal, const uint8_t *at) {
    const uint8_t *bytes = literal->bytes;
    if (!literal->ignore_case) return memcmp(at, bytes, literal->len) == 0;
    for (size_t i = 0; i < literal->len; i++)
        if (at[i] != bytes[i] && !(is_lower(bytes[i]) && (at[i] | 0x20) == bytes[i])) return false;
    return true;
}

enum { ESCAPE_LEN = 6 };

#if FC_HAS_LEVELS

/* Where a literal or an escape of a set is looked for. */
typedef struct either {
    const fc_literal *literal;
    const fc_escape_set *set;
    const uint8_t *bytes;
    size_t len;
} either;

static bool literal_stands(const either *e, size_t at) {
    return e->literal->len <= e->len - at && literal_equal(e->literal, e->bytes + at);
}

static bool escape_stands(const either *e, size_t at) {
    return ESCAPE_LEN <= e->len - at && fc_escape_set_match(e->set, e->bytes + at);
}

/* How far into it the last telling byte of that one stands that has it further on. */
static size_t either_lead(const either *e) {
    const size_t literal = e->literal->telling.at[0], escape = e->set->telling.at[0];
    return literal > escape ? literal : escape;
}

static bool one_stands(const either *e, bool is_literal, size_t at) {
    return is_literal ? literal_stands(e, at) : escape_stands(e, at);
}

/* The first place at which either begins, given that the one does at `found`: the other may begin before it and be told
 * later. Nothing that is told before is there. */
static size_t either_first(const either *e, bool is_literal, size_t found) {
    const size_t literal = e->literal->telling.at[0], escape = e->set->telling.at[0];
    const size_t own = is_literal ? literal : escape, other = is_literal ? escape : literal;
    if (other <= own) return found;
    const size_t reach = other - own;
    for (size_t at = found > reach ? found - reach : 0; at < found; at++)
        if (one_stands(e, !is_literal, at)) return at;
    return found;
}

/* The first place at which the one begins that is told before either_lead, or the other before it; len if none does. */
static size_t either_early(const either *e) {
    const size_t literal = e->literal->telling.at[0], escape = e->set->telling.at[0];
    const bool is_literal = literal < escape;
    const size_t to = is_literal ? escape - literal : literal - escape;
    for (size_t at = 0; at < to; at++)
        if (one_stands(e, is_literal, at)) return either_first(e, is_literal, at);
    return e->len;
}

/* The first place at which either begins whose last telling byte stands `from` and a bit of `hits` further on, or len.
 * Nothing whose last telling byte stands before `from` is there. */
static size_t either_among(const either *e, size_t from, uint64_t hits) {
    for (; hits != 0; hits &= hits - 1) {
        const size_t told = from + (size_t)__builtin_ctzll(hits);
        const size_t literal = told - e->literal->telling.at[0], escape = told - e->set->telling.at[0];
        if (literal_stands(e, literal)) return either_first(e, true, literal);
        if (escape_stands(e, escape)) return either_first(e, false, escape);
    }
    return e->len;
}

static size_t literal_short(const fc_literal *literal, const uint8_t *bytes, size_t starts, size_t len) {
    for (size_t at = 0; at < starts; at++)
        if (literal_equal(literal, bytes + at)) return at;
    return len;
}

static size_t escape_short(const fc_escape_set *set, const uint8_t *bytes, size_t starts, size_t len) {
    for (size_t at = 0; at < starts; at++)
        if (fc_escape_set_match(set, bytes + at)) return at;
    return len;
}

typedef struct escape_state {
    uint64_t carried; /* bit 0: the next block's first byte is escaped */
    uint64_t hex_due; /* bits 0 to 3: bytes at the head of the next block that must be hex digits */
    uint64_t any, bad; /* not zero: a backslash was seen, an escape is wrong */
} escape_state;

/* The bytes behind backslashes that are not themselves escaped; *carried: the first byte is, then: the next one after
 * the block is. One step an escape: most blocks hold one or two. */
static uint64_t escaped_bytes(uint64_t slashes, uint64_t *carried) {
    uint64_t escaped = *carried;
    slashes &= ~*carried;
    *carried = slashes >> 63;
    while (slashes != 0) {
        const uint64_t start = slashes & -slashes, behind = start << 1;
        escaped |= behind;
        slashes &= ~(start | behind);
        if (behind >> 63) *carried = 0; /* the last byte is escaped, whatever it is */
    }
    return escaped;
}

typedef struct bracket_state {
    uint64_t carried; /* bit 0: the next block's first byte is escaped */
    uint64_t inside;  /* all bits: it begins inside a string */
    int64_t open;
} bracket_state;

/* For each bit whether an odd number of bits is set up to and with it. */
static uint64_t odd_so_far(uint64_t bits) {
    for (unsigned step = 1; step < 64; step *= 2) bits ^= bits << step;
    return bits;
}

/* Each lane counts down from zero by the -1 of a match: at most 255 blocks fit in a byte. */
static size_t base_count(const uint8_t *bytes, size_t blocks) {
    const __m128i newline = _mm_set1_epi8('\n');
    __m128i lanes = _mm_setzero_si128();
    for (size_t block = 0; block < blocks; block++)
        lanes = _mm_sub_epi8(lanes, _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(bytes + 16 * block)), newline));
    const __m128i sums = _mm_sad_epu8(lanes, _mm_setzero_si128());
    return (size_t)_mm_cvtsi128_si64(_mm_add_epi64(sums, _mm_srli_si128(sums, 8)));
}

static __m128i base_escapable(__m128i v) {
    const __m128i quotes = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')), _mm_cmpeq_epi8(v, _mm_set1_epi8('/')));
    const __m128i slash_b = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\\')), _mm_cmpeq_epi8(v, _mm_set1_epi8('b')));
    const __m128i f_n = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('f')), _mm_cmpeq_epi8(v, _mm_set1_epi8('n')));
    const __m128i r_t = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('r')), _mm_cmpeq_epi8(v, _mm_set1_epi8('t')));
    const __m128i all = _mm_or_si128(_mm_or_si128(quotes, slash_b), _mm_or_si128(f_n, r_t));
    return _mm_or_si128(all, _mm_cmpeq_epi8(v, _mm_set1_epi8('u')));
}

/* Signed bytes in [low, low + span]. */
static __m128i base_between(__m128i v, char low, char span) {
    const __m128i shifted = _mm_sub_epi8(v, _mm_set1_epi8(low));
    return _mm_cmpeq_epi8(_mm_min_epu8(shifted, _mm_set1_epi8(span)), shifted);
}

static __m128i base_hex(__m128i v) {
    return _mm_or_si128(base_between(v, '0', 9), base_between(_mm_or_si128(v, _mm_set1_epi8(0x20)), 'a', 5));
}

#define NAME(x) base_##x
#define WIDTH ((size_t)16)
#define VEC __m128i
#define LOAD(p) _mm_loadu_si128((const __m128i *)(p))
#define SPLAT(byte) _mm_set1_epi8((char)(byte))
#define VAND(a, b) _mm_and_si128(a, b)
#define VXOR(a, b) _mm_xor_si128(a, b)
#define ORXOR(a, b, c) _mm_or_si128(a, _mm_xor_si128(b, c))
#define VMIN(a, b) _mm_min_epu8(a, b)
#define ZEROS(v) MASK(EQ(v, _mm_setzero_si128()))
#define HIT __m128i
#define EQ(a, b) _mm_cmpeq_epi8(a, b)
#define HAND(a, b) _mm_and_si128(a, b)
#define HOR(a, b) _mm_or_si128(a, b)
#define MASK(v) ((uint64_t)(uint32_t)_mm_movemask_epi8(v))
#define MOVED(before, now, p, n) LOAD((p) - (n))
#define NEWLINES(bytes, blocks) base_count(bytes, blocks)
#define ESCAPABLE(v) base_escapable(v)
#define HEX(v) base_hex(v)
#include "fc_find.inc"

/* What may stand behind a backslash, by its low nibble; `"` and `r` share one with `b` and are tested apart. The other
 * entries equal no byte of their nibble, and bytes of 0x80 and above look up a zero. */
#define ESCAPABLE_BY_NIBBLE _mm_setr_epi8(-1, 0, 'b', 0, 't', 'u', 'f', 0, 0, 0, 0, 0, '\\', 0, 'n', '/')

FC_TARGET_BEGIN_V3

static size_t v3_count(const uint8_t *bytes, size_t blocks) {
    const __m256i newline = _mm256_set1_epi8('\n');
    __m256i lanes = _mm256_setzero_si256();
    for (size_t block = 0; block < blocks; block++)
        lanes = _mm256_sub_epi8(
            lanes, _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)(bytes + 32 * block)), newline));
    const __m256i sums = _mm256_sad_epu8(lanes, _mm256_setzero_si256());
    const __m128i half = _mm_add_epi64(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    return (size_t)_mm_cvtsi128_si64(_mm_add_epi64(half, _mm_srli_si128(half, 8)));
}

static __m256i v3_escapable(__m256i v) {
    const __m256i table = _mm256_broadcastsi128_si256(ESCAPABLE_BY_NIBBLE);
    const __m256i found = _mm256_cmpeq_epi8(_mm256_shuffle_epi8(table, v), v);
    const __m256i quote = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('"'));
    return _mm256_or_si256(_mm256_or_si256(found, quote), _mm256_cmpeq_epi8(v, _mm256_set1_epi8('r')));
}

static __m256i v3_between(__m256i v, char low, char span) {
    const __m256i shifted = _mm256_sub_epi8(v, _mm256_set1_epi8(low));
    return _mm256_cmpeq_epi8(_mm256_min_epu8(shifted, _mm256_set1_epi8(span)), shifted);
}

static __m256i v3_hex(__m256i v) {
    return _mm256_or_si256(v3_between(v, '0', 9), v3_between(_mm256_or_si256(v, _mm256_set1_epi8(0x20)), 'a', 5));
}

#define NAME(x) v3_##x
#define WIDTH ((size_t)32)
#define VEC __m256i
#define LOAD(p) _mm256_loadu_si256((const __m256i *)(p))
#define SPLAT(byte) _mm256_set1_epi8((char)(byte))
#define VAND(a, b) _mm256_and_si256(a, b)
#define VXOR(a, b) _mm256_xor_si256(a, b)
#define ORXOR(a, b, c) _mm256_or_si256(a, _mm256_xor_si256(b, c))
#define VMIN(a, b) _mm256_min_epu8(a, b)
#define ZEROS(v) MASK(EQ(v, _mm256_setzero_si256()))
#define HIT __m256i
#define EQ(a, b) _mm256_cmpeq_epi8(a, b)
#define HAND(a, b) _mm256_and_si256(a, b)
#define HOR(a, b) _mm256_or_si256(a, b)
#define MASK(v) ((uint64_t)(uint32_t)_mm256_movemask_epi8(v))
#define MOVED(before, now, p, n) LOAD((p) - (n))
#define NEWLINES(bytes, blocks) v3_count(bytes, blocks)
#define ESCAPABLE(v) v3_escapable(v)
#define HEX(v) v3_hex(v)
#include "fc_find.inc"

FC_TARGET_END

/* In cache, on AMD's Zen 5, v4 is 1.3 to 1.6 times as fast as v3 for literals, 1.5 for an escape and 1.7 for newlines;
 * the check of escapes gains nothing. */
FC_TARGET_BEGIN_V4

static size_t v4_count(const uint8_t *bytes, size_t blocks) {
    const __m512i newline = _mm512_set1_epi8('\n');
    size_t count = 0;
    for (size_t block = 0; block < blocks; block++)
        count += (size_t)__builtin_popcountll(_mm512_cmpeq_epi8_mask(_mm512_loadu_si512(bytes + 64 * block), newline));
    return count;
}

static uint64_t v4_escapable(__m512i v) {
    const __m512i table = _mm512_broadcast_i32x4(ESCAPABLE_BY_NIBBLE);
    return _mm512_cmpeq_epi8_mask(_mm512_shuffle_epi8(table, v), v) |
           _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"')) | _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('r'));
}

static uint64_t v4_between(__m512i v, char low, char span) {
    return _mm512_cmple_epu8_mask(_mm512_sub_epi8(v, _mm512_set1_epi8(low)), _mm512_set1_epi8(span));
}

static uint64_t v4_hex(__m512i v) {
    return v4_between(v, '0', 9) | v4_between(_mm512_or_si512(v, _mm512_set1_epi8(0x20)), 'a', 5);
}

#define NAME(x) v4_##x
#define WIDTH ((size_t)64)
#define VEC __m512i
#define LOAD(p) _mm512_loadu_si512(p)
#define SPLAT(byte) _mm512_set1_epi8((char)(byte))
#define VAND(a, b) _mm512_and_si512(a, b)
#define VXOR(a, b) _mm512_xor_si512(a, b)
#define ORXOR(a, b, c) _mm512_ternarylogic_epi64(a, b, c, 0xf6)
#define VMIN(a, b) _mm512_min_epu8(a, b)
#define ZEROS(v) _mm512_testn_epi8_mask(v, v)
#define HIT uint64_t
#define EQ(a, b) _mm512_cmpeq_epi8_mask(a, b)
#define HAND(a, b) ((a) & (b))
#define HOR(a, b) ((a) | (b))
#define MASK(v) (v)
#define MOVED(before, now, p, n) _mm512_alignr_epi8(now, _mm512_alignr_epi64(now, before, 6), 16 - (n))
#define NEWLINES(bytes, blocks) v4_count(bytes, blocks)
#define ESCAPABLE(v) v4_escapable(v)
#define HEX(v) v4_hex(v)
#include "fc_find.inc"

FC_TARGET_END

const fc_find *fc_find_for(fc_cpu_level level) {
    static const fc_find *const tables[FC_CPU_COUNT] = {&base_table, &v3_table, &v4_table};
    return tables[level];
}

#else

static size_t base_literal(const fc_literal *literal, const uint8_t *bytes, size_t len) {
    const uint8_t first = literal->bytes[0];
    for (size_t at = 0; at + literal->len <= len; at++) {
        if (!literal->ignore_case || !is_lower(first)) {
            const uint8_t *next = memchr(bytes + at, first, len - literal->len + 1 - at);
            if (next == NULL) return len;
            at = (size_t)(next - bytes);
        }
        if (literal_equal(literal, bytes + at)) return at;
    }
    return len;
}

static size_t base_escape(const fc_escape_set *set, const uint8_t *bytes, size_t len) {
    for (size_t at = 0; at + 6 <= len; at++) {
        const uint8_t *next = memchr(bytes + at, '\\', len - 5 - at);
        if (next == NULL) return len;
        at = (size_t)(next - bytes);
        if (fc_escape_set_match(set, bytes + at)) return at;
    }
    return len;
}

/* Searches one stretch after the other for both, each twice as long as the one before while there is room for it in the
 * first-level cache. What begins behind a stretch is the next one's: here the other may reach too far to be seen. */
static size_t base_either(const fc_literal *literal, const fc_escape_set *set, const uint8_t *bytes, size_t len) {
    const size_t most = literal->len > ESCAPE_LEN ? literal->len : ESCAPE_LEN;
    size_t size = 256;
    for (size_t from = 0; from < len; from += size, size = size < 16384 ? 2 * size : size) {
        const uint8_t *stretch = bytes + from;
        const size_t left = len - from, reach = left < size + most - 1 ? left : size + most - 1;
        size_t found = base_literal(literal, stretch, reach), before = found + ESCAPE_LEN - 1;
        if (before > reach) before = reach;
        const size_t escape = base_escape(set, stretch, before);
        if (escape < before) found = escape;
        if (found < size && found < reach) return from + found;
    }
    return len;
}

static size_t base_newlines(const uint8_t *bytes, size_t len) {
    size_t count = 0;
    for (size_t i = 0; i < len; i++) count += bytes[i] == '\n';
    return count;
}

/* What a byte behind a backslash may be, but for `u`. */
static bool is_simple_escape(uint8_t byte) {
    switch (byte) {
    case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't': return true;
    default: return false;
    }
}

static bool base_escapes(const uint8_t *bytes, size_t len, bool *out_escaped) {
    *out_escaped = false;
    for (size_t at = 0; at < len; at++) {
        const uint8_t *next = memchr(bytes + at, '\\', len - at);
        if (next == NULL) return true;
        *out_escaped = true;
        at = (size_t)(next - bytes) + 1;
        if (at == len) return false;
        if (is_simple_escape(bytes[at])) continue;
        if (bytes[at] != 'u' || len - at < 5) return false;
        for (int digit = 0; digit < 4; digit++)
            if (hex_value(bytes[++at]) < 0) return false;
    }
    return true;
}

static int64_t base_brackets(const uint8_t *bytes, size_t len, bool *out_inside) {
    bool inside = false, escaped = false;
    int64_t open = 0;
    for (size_t at = 0; at < len; at++) {
        if (bytes[at] == '"' && !escaped) inside = !inside;
        escaped = bytes[at] == '\\' && !escaped;
        if (!inside) open += ((bytes[at] & 0xdf) == '[') - ((bytes[at] & 0xdf) == ']');
    }
    *out_inside = inside;
    return open;
}

static const fc_find base_table = {base_literal, base_escape, base_either, base_newlines, base_escapes, base_brackets};

const fc_find *fc_find_for(fc_cpu_level level) {
    (void)level;
    return &base_table;
}

#endif
