#define _GNU_SOURCE /* memrchr */
#include "fc_blocks.h"

#include <stdlib.h>
#include <string.h>

#include "fc_hash.h"

size_t fc_blocks_find_ends(const uint8_t *bytes, size_t len, uint64_t base, size_t size, uint64_t *out_ends) {
    size_t count = 0, begin = 0;
    while (len - begin >= size) {
        const size_t from = begin + size - 1;
        const uint8_t *newline = memchr(bytes + from, '\n', len - from);
        if (newline == NULL) break;
        begin = (size_t)(newline - bytes) + 1;
        out_ends[count++] = base + begin;
    }
    const uint8_t *last = begin < len ? memrchr(bytes + begin, '\n', len - begin) : NULL;
    if (last != NULL) out_ends[count++] = base + (size_t)(last - bytes) + 1;
    return count;
}

size_t fc_blocks_kept(const fc_blocks *blocks, size_t size, uint64_t *out_from) {
    *out_from = 0;
    if (blocks == NULL || blocks->len == 0) return 0;
    const fc_extent *last = blocks->items[blocks->len - 1];
    const bool is_whole = last->end - last->begin >= size;
    *out_from = is_whole ? last->end : last->begin;
    return blocks->len - !is_whole;
}

static void release_extent(fc_extent *extent) {
    if (atomic_fetch_sub(&extent->users, 1) != 1) return;
    free(atomic_load(&extent->facts));
    free(atomic_load(&extent->names));
    free(atomic_load(&extent->sketch));
    free(extent);
}

fc_status fc_blocks_new(const fc_blocks *old, size_t kept, const uint64_t *ends, size_t count, fc_blocks **out) {
    fc_blocks *blocks = malloc(sizeof *blocks + (kept + count) * sizeof blocks->items[0]);
    if (blocks == NULL) return FC_NO_MEMORY;
    atomic_init(&blocks->users, 1);
    blocks->len = 0;
    blocks->end = 0;
    for (size_t i = 0; i < kept; i++) {
        fc_extent *extent = old->items[i];
        atomic_fetch_add(&extent->users, 1);
        blocks->items[blocks->len++] = extent;
        blocks->end = extent->end;
    }
    for (size_t i = 0; i < count; i++) {
        fc_extent *extent = malloc(sizeof *extent);
        if (extent == NULL) {
            fc_blocks_release(blocks);
            return FC_NO_MEMORY;
        }
        extent->begin = blocks->end;
        extent->end = blocks->end = ends[i];
        atomic_init(&extent->facts, NULL);
        atomic_init(&extent->names, NULL);
        atomic_init(&extent->sketch, NULL);
        atomic_init(&extent->newlines, 0);
        atomic_init(&extent->hash, 0);
        atomic_init(&extent->users, 1);
        blocks->items[blocks->len++] = extent;
    }
    *out = blocks;
    return FC_OK;
}

size_t fc_blocks_at(const fc_blocks *blocks, uint64_t at) {
    size_t low = 0, high = blocks->len;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (blocks->items[middle]->begin < at) low = middle + 1;
        else high = middle;
    }
    return low;
}

fc_blocks *fc_blocks_share(fc_blocks *blocks) {
    if (blocks != NULL) atomic_fetch_add(&blocks->users, 1);
    return blocks;
}

void fc_blocks_release(fc_blocks *blocks) {
    if (blocks == NULL || atomic_fetch_sub(&blocks->users, 1) != 1) return;
    for (size_t i = 0; i < blocks->len; i++) release_extent(blocks->items[i]);
    free(blocks);
}

const fc_facts *fc_extent_put_facts(fc_extent *extent, fc_facts *facts) {
    fc_facts *there = NULL;
    if (atomic_compare_exchange_strong(&extent->facts, &there, facts)) return facts;
    free(facts);
    return there;
}

const fc_names *fc_extent_put_names(fc_extent *extent, fc_names *names) {
    fc_names *there = NULL;
    if (atomic_compare_exchange_strong(&extent->names, &there, names)) return names;
    free(names);
    return there;
}

const fc_sketch *fc_extent_put_sketch(fc_extent *extent, fc_sketch *sketch) {
    fc_sketch *there = NULL;
    if (atomic_compare_exchange_strong(&extent->sketch, &there, sketch)) return sketch;
    free(sketch);
    return there;
}

const fc_facts *fc_extent_facts(const fc_extent *extent) {
    return atomic_load_explicit(&extent->facts, memory_order_acquire);
}

const fc_names *fc_extent_names(const fc_extent *extent) {
    return atomic_load_explicit(&extent->names, memory_order_acquire);
}

const fc_sketch *fc_extent_sketch(const fc_extent *extent) {
    return atomic_load_explicit(&extent->sketch, memory_order_acquire);
}

void fc_extent_put_newlines(fc_extent *extent, uint64_t newlines) { atomic_store(&extent->newlines, newlines + 1); }

bool fc_extent_newlines(const fc_extent *extent, uint64_t *out) {
    const uint64_t known = atomic_load(&extent->newlines);
    if (known != 0) *out = known - 1;
    return known != 0;
}

uint64_t fc_extent_hash_of(const void *bytes, size_t len) {
    const uint64_t hash = fc_hash_bytes(bytes, len).lo;
    return hash == 0 ? 1 : hash;
}

void fc_extent_put_hash(fc_extent *extent, uint64_t hash) {
    uint64_t unknown = 0;
    (void)atomic_compare_exchange_strong(&extent->hash, &unknown, hash);
}

uint64_t fc_extent_hash(const fc_extent *extent) { return atomic_load(&extent->hash); }

/* Facts and sketches answer here, each from its own header. */
bool fc_blocks_may_match(const fc_extent *extent, const fc_plan *plan, unsigned use) {
    const fc_sketch *sketch = use & FC_USE_SKETCH ? fc_extent_sketch(extent) : NULL;
    return sketch == NULL || fc_plan_may_match_sketch(plan, sketch);
}
