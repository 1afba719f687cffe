/* Blocks: where they end against the rule byte by byte, growth, shared blocks, slots that are filled once. */
#include "fc_blocks.h"

#include <pthread.h>

#include "check.h"

/* The rule read literally: a block ends at the first newline that makes it long enough, the last one at the last. */
static size_t expected_ends(const uint8_t *bytes, size_t len, uint64_t base, size_t size, uint64_t *ends) {
    size_t count = 0, begin = 0, newline = 0;
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != '\n') continue;
        newline = i + 1;
        if (newline - begin < size) continue;
        ends[count++] = base + newline;
        begin = newline;
    }
    if (newline > begin) ends[count++] = base + newline;
    return count;
}

static void check_ends(void) {
    uint64_t ends[512], wanted[512];
    uint8_t text[300];
    for (int round = 0; round < 20000; round++) {
        const size_t len = (size_t)random_below(300), size = 1 + (size_t)random_below(80);
        const uint64_t rarity = 1 + random_below(30), base = random_below(1u << 30);
        for (size_t i = 0; i < len; i++) text[i] = random_below(rarity) == 0 ? '\n' : 'x';
        uint8_t *bytes = exact_copy(text, len);
        const size_t count = fc_blocks_find_ends(bytes, len, base, size, ends);
        CHECK(count <= len / size + 1);
        CHECK(count == expected_ends(bytes, len, base, size, wanted));
        CHECK(memcmp(ends, wanted, count * sizeof *ends) == 0);
        free(bytes);
    }
}

/* A set that grew is the set that would have been made at once. */
static void check_growth(void) {
    uint64_t ends[1024], wanted[1024];
    uint8_t text[1000];
    for (int round = 0; round < 2000; round++) {
        const size_t size = 1 + (size_t)random_below(100);
        for (size_t i = 0; i < sizeof text; i++) text[i] = random_below(25) == 0 ? '\n' : 'x';
        fc_blocks *blocks = NULL;
        for (size_t len = 0; len < sizeof text; len += 1 + (size_t)random_below(300)) {
            uint64_t from;
            const size_t kept = fc_blocks_kept(blocks, size, &from);
            const size_t more = fc_blocks_find_ends(text + from, len - (size_t)from, from, size, ends);
            fc_blocks *grown;
            CHECK(fc_blocks_new(blocks, kept, ends, more, &grown) == FC_OK);
            for (size_t i = 0; i < kept; i++) CHECK(grown->items[i] == blocks->items[i]);
            fc_blocks_release(blocks);
            blocks = grown;
            const size_t count = expected_ends(text, len, 0, size, wanted);
            CHECK(blocks->len == count);
            for (size_t i = 0; i < count; i++) {
                CHECK(blocks->items[i]->end == wanted[i]);
                CHECK(blocks->items[i]->begin == (i == 0 ? 0 : wanted[i - 1]));
            }
            CHECK(blocks->end == (count == 0 ? 0 : wanted[count - 1]));
        }
        fc_blocks_release(blocks);
    }
}

static void *learn(void *argument) {
    fc_extent *extent = argument;
    void *facts = malloc(8), *sketch = malloc(8); /* only their addresses are looked at */
    if (facts == NULL || sketch == NULL) exit(2);
    const fc_facts *stand = fc_extent_put_facts(extent, facts);
    (void)fc_extent_put_sketch(extent, sketch);
    return (void *)(uintptr_t)stand;
}

static void check_slots(void) {
    const uint64_t ends[] = {10, 25};
    for (int round = 0; round < 200; round++) {
        fc_blocks *blocks, *grown;
        CHECK(fc_blocks_new(NULL, 0, ends, 2, &blocks) == FC_OK);
        CHECK(fc_extent_facts(blocks->items[0]) == NULL && fc_extent_sketch(blocks->items[0]) == NULL);
        CHECK(fc_blocks_may_match(blocks->items[0], NULL, FC_USE_FACTS | FC_USE_SKETCH));
        pthread_t threads[4];
        void *stand[4];
        for (int i = 0; i < 4; i++) CHECK(pthread_create(&threads[i], NULL, learn, blocks->items[0]) == 0);
        for (int i = 0; i < 4; i++) CHECK(pthread_join(threads[i], &stand[i]) == 0);
        for (int i = 0; i < 4; i++) CHECK(stand[i] == (const void *)fc_extent_facts(blocks->items[0]));
        const uint64_t more[] = {40};
        CHECK(fc_blocks_new(blocks, 1, more, 1, &grown) == FC_OK);
        CHECK(fc_blocks_share(grown) == grown);
        const fc_facts *facts = fc_extent_facts(blocks->items[0]);
        fc_blocks_release(blocks);
        fc_blocks_release(grown);
        CHECK(fc_extent_facts(grown->items[0]) == facts && grown->items[1]->begin == 10);
        fc_blocks_release(grown);
    }
    CHECK(fc_blocks_share(NULL) == NULL);
    fc_blocks_release(NULL);
}

int main(void) {
    check_ends();
    check_growth();
    check_slots();
    return finish();
}
