#include "fc_candidates.h"

#include <stdlib.h>
#include <string.h>

enum { MORE_MAX = 1 << 16, INSERT_MAX = 16, SORT_BY_INSERTION_MAX = 32, CROWD = 32 };
enum { DIGIT = 8, BINS = 1 << DIGIT, WIDE_DIGIT = 11, WIDE_BINS = 1 << WIDE_DIGIT };

/* For small k four times as much as is wanted, so that each cut, which costs some ns an element, raises the bar by far;
 * for all k twice as much, which a merge needs. */
static size_t room_for(size_t k, size_t n) {
    const size_t more = k < MORE_MAX / 3 ? 3 * k : k < MORE_MAX ? MORE_MAX : k;
    const size_t room = k + more < FC_CANDIDATES_SMALL_ROOM ? FC_CANDIDATES_SMALL_ROOM : k + more;
    return room < n ? room : n;
}

fc_status fc_candidates_init(fc_candidates *list, fc_dtype dtype, bool smallest, size_t k, size_t n,
                             fc_candidates_small *small) {
    const size_t room = room_for(k, n);
    uint64_t *words = NULL;
    void *block = NULL;
    if (small != NULL && room <= FC_CANDIDATES_SMALL_ROOM) {
        words = small->words;
    } else {
        if (room >= SIZE_MAX / (4 * sizeof *words)) return FC_NO_MEMORY;
        words = block = malloc((room + 1) * 4 * sizeof *words);
        if (block == NULL) return FC_NO_MEMORY;
    }
    *list = (fc_candidates){.dtype = dtype, .smallest = smallest, .keys = words, .indices = words + room,
                            .spare_keys = words + 2 * room, .spare_indices = words + 3 * room, .room = room, .k = k,
                            .block = block};
    return FC_OK;
}

void fc_candidates_free(fc_candidates *list) { free(list->block); }

void fc_candidates_reset(fc_candidates *list, uint64_t least) {
    list->len = 0;
    list->least = least;
    list->raised = list->closed = false;
}

/* Let in only what is better than `key`, of which or better ones k are in the list. */
static void raise_bar(fc_candidates *list, uint64_t key) {
    list->closed = !fc_key_next(list->dtype, list->smallest, key, &list->least);
    list->raised = true;
}

/* Drop what is below the bar from the last `some` entries: after a cut the bar is higher than the filter knew. */
static void drop_low(fc_candidates *list, size_t some) {
    const size_t begin = list->len - some;
    uint64_t low = 0;
    for (size_t i = begin; i < list->len; i++) low |= list->keys[i] < list->least;
    if (low == 0) return;
    size_t len = begin;
    for (size_t i = begin; i < list->len; i++) {
        const uint64_t key = list->keys[i];
        list->keys[len] = key;
        list->indices[len] = list->indices[i];
        len += key >= list->least;
    }
    list->len = len;
}

void fc_candidates_offer(fc_candidates *list, const void *elements, const uint32_t *positions, size_t count,
                         uint64_t base) {
    while (count > 0 && !list->closed) {
        const size_t room = list->room - list->len, some = count < room ? count : room;
        fc_key_gather(list->dtype, list->smallest, elements, positions, some, list->keys + list->len);
        for (size_t i = 0; i < some; i++) list->indices[list->len + i] = base + positions[i];
        list->len += some;
        drop_low(list, some);
        positions += some;
        count -= some;
        if (list->len == list->room && count > 0) fc_candidates_cut(list);
    }
    if (list->len >= list->k && !list->raised) raise_bar(list, list->least);
}

/* For few: keep the k largest seen so far in order. Most keys are smaller than the last of them. */
static uint64_t kth_by_insertion(const uint64_t *keys, size_t len, size_t k) {
    uint64_t best[INSERT_MAX];
    size_t held = 0;
    for (size_t i = 0; i < len; i++) {
        const uint64_t key = keys[i];
        if (held == k && key <= best[k - 1]) continue;
        size_t at = held < k ? held++ : k - 1;
        for (; at > 0 && best[at - 1] < key; at--) best[at] = best[at - 1];
        best[at] = key;
    }
    return best[k - 1];
}

/* The bits in which keys differ, as a mask of ones from the highest of them down. */
static uint64_t differing(const uint64_t *keys, size_t len) {
    uint64_t any = 0;
    for (size_t i = 1; i < len; i++) any |= keys[i] ^ keys[0];
    return any == 0 ? 0 : UINT64_MAX >> __builtin_clzll(any);
}

uint64_t fc_candidates_kth(const uint64_t *keys, size_t len, size_t k, uint64_t *spare) {
    if (k <= INSERT_MAX) return kth_by_insertion(keys, len, k);
    uint64_t mask = differing(keys, len);
    memcpy(spare, keys, len * sizeof *keys);
    while (mask != 0) { /* all keys in `spare` have the same bits above the mask */
        const int bits = 64 - __builtin_clzll(mask), shift = bits > DIGIT ? bits - DIGIT : 0;
        size_t counts[BINS] = {0};
        for (size_t i = 0; i < len; i++) counts[(spare[i] & mask) >> shift]++;
        size_t bin = BINS - 1;
        while (counts[bin] < k) k -= counts[bin--];
        size_t left = 0;
        for (size_t i = 0; i < len; i++) {
            const uint64_t key = spare[i];
            spare[left] = key;
            left += (key & mask) >> shift == bin;
        }
        len = left;
        mask = len == 1 ? 0 : mask & ((UINT64_C(1) << shift) - 1);
    }
    return spare[0];
}

void fc_candidates_cut(fc_candidates *list) {
    if (list->len <= list->k) return;
    const uint64_t kth = fc_candidates_kth(list->keys, list->len, list->k, list->spare_keys);
    size_t better = 0, left = 0;
    for (size_t i = 0; i < list->len; i++) better += list->keys[i] > kth;
    size_t equal = list->k - better;
    for (size_t i = 0; i < list->len; i++) {
        const uint64_t key = list->keys[i];
        const bool tie = key == kth && equal > 0;
        list->keys[left] = key;
        list->indices[left] = list->indices[i];
        left += key > kth || tie;
        equal -= tie;
    }
    list->len = list->k;
    raise_bar(list, kth);
}

static void swap_with_spare(fc_candidates *list) {
    uint64_t *keys = list->keys, *indices = list->indices;
    list->keys = list->spare_keys;
    list->indices = list->spare_indices;
    list->spare_keys = keys;
    list->spare_indices = indices;
}

void fc_candidates_merge(fc_candidates *list, fc_candidates *other) {
    fc_candidates_cut(list);
    fc_candidates_cut(other);
    size_t i = 0, j = 0, to = 0;
    while (i < list->len || j < other->len) {
        const bool mine = j == other->len || (i < list->len && list->indices[i] < other->indices[j]);
        list->spare_keys[to] = mine ? list->keys[i] : other->keys[j];
        list->spare_indices[to++] = mine ? list->indices[i++] : other->indices[j++];
    }
    swap_with_spare(list);
    list->len = to;
    fc_candidates_cut(list);
}

static void sort_by_insertion(fc_candidates *list) {
    for (size_t i = 1; i < list->len; i++) {
        const uint64_t key = list->keys[i], index = list->indices[i];
        size_t at = i;
        for (; at > 0 && list->keys[at - 1] < key; at--) {
            list->keys[at] = list->keys[at - 1];
            list->indices[at] = list->indices[at - 1];
        }
        list->keys[at] = key;
        list->indices[at] = index;
    }
}

/* One stable pass of a radix sort, the largest digit first. */
static void sort_by_digit(fc_candidates *list, uint64_t mask, int shift) {
    size_t starts[BINS] = {0}, at = 0;
    for (size_t i = 0; i < list->len; i++) starts[(list->keys[i] & mask) >> shift & (BINS - 1)]++;
    for (size_t bin = BINS; bin-- > 0;) {
        const size_t count = starts[bin];
        starts[bin] = at;
        at += count;
    }
    for (size_t i = 0; i < list->len; i++) {
        const size_t to = starts[(list->keys[i] & mask) >> shift & (BINS - 1)]++;
        list->spare_keys[to] = list->keys[i];
        list->spare_indices[to] = list->indices[i];
    }
    swap_with_spare(list);
}

/* Sort and cut in one: spread the keys by their highest differing bits over buckets, the best first, leave out those
 * behind the kth, and put the few of each bucket in order. False, and nothing done, if the keys crowd in one bucket. */
static bool sort_by_buckets(fc_candidates *list) {
    const uint64_t mask = differing(list->keys, list->len);
    const int bits = mask == 0 ? 0 : 64 - __builtin_clzll(mask), shift = bits > WIDE_DIGIT ? bits - WIDE_DIGIT : 0;
    uint32_t starts[WIDE_BINS] = {0};
    if (list->len > UINT32_MAX) return false;
    for (size_t i = 0; i < list->len; i++) starts[(list->keys[i] & mask) >> shift]++;
    size_t bin = WIDE_BINS, at = 0;
    while (bin > 0 && at < list->k) {
        const uint32_t count = starts[--bin];
        if (count > CROWD) return false;
        starts[bin] = (uint32_t)at;
        at += count;
    }
    const uint32_t end = (uint32_t)at;
    for (size_t i = 0; i < list->len; i++) {
        const size_t digits = (list->keys[i] & mask) >> shift;
        if (digits < bin) continue;
        const uint32_t to = starts[digits]++;
        list->spare_keys[to] = list->keys[i];
        list->spare_indices[to] = list->indices[i];
    }
    swap_with_spare(list);
    list->len = end;
    sort_by_insertion(list);
    if (list->len > list->k) list->len = list->k;
    return true;
}

void fc_candidates_sort(fc_candidates *list, bool (*stop)(void *ctx), void *ctx) {
    if (list->k > SORT_BY_INSERTION_MAX && list->len >= list->k && sort_by_buckets(list)) return;
    fc_candidates_cut(list);
    if (list->len <= SORT_BY_INSERTION_MAX) {
        sort_by_insertion(list);
        return;
    }
    const uint64_t mask = differing(list->keys, list->len);
    for (int shift = 0; shift < 64 && mask >> shift != 0 && !stop(ctx); shift += DIGIT)
        sort_by_digit(list, mask, shift);
}
