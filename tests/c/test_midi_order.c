/* fc_order: the order of a stable sort, for every length, stride and spread of ticks. */
#include <stdbool.h>
#include <stddef.h>

#include "check.h"
#include "fc_order.h"

enum { MOST = 3000 };

typedef struct record {
    uint64_t tick;
    uint64_t other[3];
} record;

static record records[MOST];
static uint32_t space[2 * MOST];

static void check_order(size_t len, bool backwards) {
    const record *first = backwards ? records + len - 1 : records;
    const ptrdiff_t step = backwards ? -1 : 1;
    bool ordered = true;
    uint64_t largest = 0;
    for (size_t i = 0; i < len; i++) largest = records[i].tick > largest ? records[i].tick : largest;
    if (largest >> 62 == 0 && len % 2 == 0) largest *= 2; /* a bound need not be exact */
    for (ptrdiff_t i = 1; i < (ptrdiff_t)len; i++) ordered &= first[step * i].tick >= first[step * (i - 1)].tick;
    const uint32_t *order = fc_order_by_tick(first, step * (ptrdiff_t)sizeof *first, len, largest, space);
    CHECK((order == NULL) == ordered);
    if (order == NULL) return;
    CHECK(order == space || order == space + len);
    static uint8_t seen[MOST];
    memset(seen, 0, len);
    for (size_t i = 0; i < len; i++) {
        CHECK(order[i] < len && !seen[order[i]]);
        seen[order[i]] = 1;
        if (i == 0) continue;
        const uint64_t before = first[step * (ptrdiff_t)order[i - 1]].tick;
        const uint64_t here = first[step * (ptrdiff_t)order[i]].tick;
        CHECK(before < here || (before == here && order[i - 1] < order[i]));
    }
}

int main(void) {
    for (unsigned bits = 0; bits < 64; bits++) {
        for (size_t len = 0; len < MOST; len = len * 3 / 2 + 1) {
            const uint64_t shift = random_below(64 - bits);
            for (size_t i = 0; i < len; i++) records[i].tick = random_below((uint64_t)1 << bits) << shift;
            check_order(len, false);
            check_order(len, true);
            for (size_t i = 0; i < len; i++) records[i].tick = i % 7 << shift >> 3;
            check_order(len, bits & 1);
        }
    }
    return finish();
}
