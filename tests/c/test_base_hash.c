/* fc_hash: known values, no byte read outside, every bit and the length count for every bit of the result. */
#include "check.h"
#include "fc_hash.h"

enum { LONGEST = 200, TRIALS = 400 };

static int same(fc_hash a, fc_hash b) { return a.hi == b.hi && a.lo == b.lo; }

static int bits(uint64_t word) {
    int count = 0;
    for (; word != 0; word &= word - 1) count++;
    return count;
}

/* The values come from the oracle in tests/oracles_midi.py. */
static void check_known(void) {
    uint8_t ramp[256];
    for (size_t i = 0; i < sizeof ramp; i++) ramp[i] = (uint8_t)i;
    const fc_hash none = fc_hash_bytes(NULL, 0), one = fc_hash_bytes("a", 1), all = fc_hash_bytes(ramp, sizeof ramp);
    CHECK(none.hi == 0xcc3807b87d67c71au && none.lo == 0x0cb792fb6d7bf111u);
    CHECK(one.hi == 0x6b31ab46169b1fefu && one.lo == 0x67931afcb1bb07a4u);
    CHECK(all.hi == 0x70c3287c247b6f91u && all.lo == 0xef610882b90c3d82u);
}

static void check_lengths(void) {
    fc_hash zeros[LONGEST], ones[LONGEST];
    for (size_t len = 0; len < LONGEST; len++) {
        uint8_t bytes[LONGEST] = {0};
        uint8_t *copy = exact_copy(bytes, len);
        zeros[len] = fc_hash_bytes(copy, len);
        free(copy);
        memset(bytes, 255, sizeof bytes);
        ones[len] = fc_hash_bytes(bytes, len);
        CHECK(len == 0 ? same(zeros[0], ones[0]) : !same(zeros[len], ones[len]));
        for (size_t shorter = 0; shorter < len; shorter++) {
            CHECK(zeros[shorter].hi != zeros[len].hi && zeros[shorter].lo != zeros[len].lo);
            CHECK(ones[shorter].hi != ones[len].hi && ones[shorter].lo != ones[len].lo);
        }
    }
}

/* A bit of the input turns each bit of the result in half of all cases: 6 standard deviations of a fair coin, and in
 * the sum over all bits of the result within 1 %. */
static void check_avalanche(size_t len) {
    static unsigned long turned[128];
    unsigned long total = 0, cases = 0;
    memset(turned, 0, sizeof turned);
    for (size_t trial = 0; trial < TRIALS; trial++) {
        uint8_t bytes[LONGEST];
        for (size_t i = 0; i < len; i++) bytes[i] = (uint8_t)random_below(256);
        const fc_hash before = fc_hash_bytes(bytes, len);
        const size_t bit = trial * 7919 % (8 * len);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        const fc_hash after = fc_hash_bytes(bytes, len);
        for (int i = 0; i < 64; i++) {
            turned[i] += (before.hi ^ after.hi) >> i & 1;
            turned[64 + i] += (before.lo ^ after.lo) >> i & 1;
        }
        total += (unsigned long)(bits(before.hi ^ after.hi) + bits(before.lo ^ after.lo));
        cases++;
    }
    for (int i = 0; i < 128; i++) CHECK(turned[i] > cases / 2 - 60 && turned[i] < cases / 2 + 60);
    CHECK(total > 128 * cases / 100 * 49 && total < 128 * cases / 100 * 51);
}

static int by_value(const void *a, const void *b) {
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Both halves of the hashes of all integers below 2^16, at several places: no two are alike. */
static void check_counters(size_t len) {
    static uint64_t seen[2][1 << 16];
    uint8_t bytes[LONGEST] = {0};
    for (size_t at = 0; at + 1 < len; at += 13) {
        for (size_t i = 0; i < 1 << 16; i++) {
            bytes[at] = (uint8_t)i;
            bytes[at + 1] = (uint8_t)(i >> 8);
            const fc_hash hash = fc_hash_bytes(bytes, len);
            seen[0][i] = hash.hi;
            seen[1][i] = hash.lo;
        }
        bytes[at] = bytes[at + 1] = 0;
        for (int half = 0; half < 2; half++) {
            qsort(seen[half], 1 << 16, sizeof seen[half][0], by_value);
            for (size_t i = 1; i < 1 << 16; i++) CHECK(seen[half][i - 1] != seen[half][i]);
        }
    }
}

/* Long runs of one byte and of one block do not wear the state down; words and blocks that change places count. */
static void check_runs(void) {
    static uint8_t bytes[1 << 16];
    for (int value = 0; value < 256; value += 15) {
        memset(bytes, value, sizeof bytes);
        fc_hash before = fc_hash_bytes(bytes, sizeof bytes - 64);
        for (size_t len = sizeof bytes - 63; len <= sizeof bytes; len++) {
            const fc_hash hash = fc_hash_bytes(bytes, len);
            CHECK(bits(hash.hi ^ before.hi) > 8 && bits(hash.lo ^ before.lo) > 8);
            before = hash;
        }
        bytes[0] ^= 1;
        const fc_hash hash = fc_hash_bytes(bytes, sizeof bytes);
        CHECK(bits(hash.hi ^ before.hi) > 8 && bits(hash.lo ^ before.lo) > 8);
    }
    uint64_t words[32];
    for (size_t i = 0; i < 32; i++) words[i] = random_below(UINT64_MAX);
    const fc_hash before = fc_hash_bytes(words, sizeof words);
    for (size_t i = 0; i < 32; i++) {
        for (size_t j = 0; j < i; j++) {
            const uint64_t kept = words[i];
            words[i] = words[j];
            words[j] = kept;
            const fc_hash hash = fc_hash_bytes(words, sizeof words);
            CHECK(hash.hi != before.hi && hash.lo != before.lo);
            words[j] = words[i];
            words[i] = kept;
        }
    }
}

int main(void) {
    check_known();
    check_runs();
    check_lengths();
    for (size_t len = 1; len < LONGEST; len += len < 20 ? 1 : 17) check_avalanche(len);
    check_counters(64);
    check_counters(100);
    CHECK(fc_hash_mix(0, 7) == 0 && fc_hash_mix(UINT64_MAX, UINT64_MAX) == (0xfffffffffffffffeu ^ 1));
    return finish();
}
