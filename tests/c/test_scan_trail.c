/* Trails: order, look-ups against a linear search, merging, and what is too much. */
#include "fc_trail.h"

#include "check.h"

static void check_order(void) {
    for (int round = 0; round < 300; round++) {
        fc_trail all = {0}, parts[3] = {{0}};
        const size_t len = (size_t)random_below(200);
        uint64_t sum = 0;
        for (size_t i = 0; i < len; i++) {
            const uint64_t file = random_below(5), offset = random_below(1000);
            fc_trail_push(&parts[random_below(3)], file, offset, i);
            sum += file * 7 + offset * 3 + i;
        }
        for (int i = 0; i < 3; i++) fc_trail_merge(&all, &parts[i]);
        CHECK(all.len == len && !all.is_lost);
        fc_trail_sort(&all);
        for (size_t i = 0; i < len; i++) {
            const fc_trail_line *line = &all.lines[i];
            sum -= (uint64_t)line->file * 7 + line->offset * 3 + line->len;
            CHECK(i == 0 || line[-1].file < line->file || (line[-1].file == line->file && line[-1].offset <= line->offset));
        }
        CHECK(sum == 0);
        for (int look = 0; look < 50; look++) {
            const uint64_t file = random_below(6), offset = random_below(1100);
            size_t at = 0;
            while (at < len && (all.lines[at].file < file || (all.lines[at].file == file && all.lines[at].offset < offset)))
                at++;
            CHECK(fc_trail_at(&all, file, offset) == at);
        }
        fc_trail_free(&all);
    }
}

static void check_lost(void) {
    fc_trail full = {0}, all = {0}, wide = {0};
    for (size_t i = 0; i < FC_TRAIL_MAX; i++) fc_trail_push(&full, 1, i, 1);
    CHECK(full.len == FC_TRAIL_MAX && !full.is_lost);
    fc_trail_push(&all, 0, 0, 0);
    fc_trail_merge(&all, &full);
    CHECK(all.is_lost && all.len == 0 && full.len == 0 && !full.is_lost);
    fc_trail_push(&all, 0, 0, 0);
    CHECK(all.is_lost && all.len == 0);
    fc_trail_merge(&full, &all);
    CHECK(full.is_lost);
    fc_trail_push(&wide, 0, 0, (uint64_t)UINT32_MAX + 1);
    CHECK(wide.is_lost);
    fc_trail_free(&full);
    fc_trail_sort(&full);
    CHECK(fc_trail_at(&full, 0, 0) == 0);
}

int main(void) {
    check_order();
    check_lost();
    return finish();
}
