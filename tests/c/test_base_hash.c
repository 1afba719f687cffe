/* The hash: fixed values, every flipped bit and every cut changes it, no byte behind the end counts. */
#include "fc_hash.h"

#include "check.h"

int main(void) {
    uint8_t text[100];
    for (size_t i = 0; i < sizeof text; i++) text[i] = (uint8_t)(i * 7 + 3);
    CHECK(fc_hash(NULL, 0, 0) != fc_hash(NULL, 0, 1));
    for (size_t len = 0; len < sizeof text; len++) {
        uint8_t *bytes = exact_copy(text, len);
        const uint64_t hash = fc_hash(bytes, len, 5);
        CHECK(hash == fc_hash(text, len, 5) && hash != fc_hash(text, len, 6));
        CHECK(hash != fc_hash(text, len + 1, 5));
        for (size_t bit = 0; bit < len * 8; bit++) {
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            CHECK(fc_hash(bytes, len, 5) != hash);
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        free(bytes);
    }
    /* Over many texts every bit is set about half the time. */
    int set[64] = {0};
    for (int round = 0; round < 4000; round++) {
        const uint64_t number = (uint64_t)round;
        const uint64_t hash = fc_hash((const uint8_t *)&number, sizeof number, 0);
        for (int bit = 0; bit < 64; bit++) set[bit] += (int)(hash >> bit & 1);
    }
    for (int bit = 0; bit < 64; bit++) CHECK(set[bit] > 1800 && set[bit] < 2200);
    return finish();
}
