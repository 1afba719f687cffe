#include "fc_walk.h"

#include <math.h>
#include <string.h>

enum { SAMPLE_MIN = 64, SAMPLE_MAX = 4096, DIGIT = 11, BINS = 1 << DIGIT, ASK_EVERY = 16 * FC_WALK_CHUNK };

fc_status fc_walk_init(fc_walk *walk, const fc_selection *selection, const fc_runtime *runtime, fc_job *job,
                       unsigned worker, fc_candidates_small *small) {
    walk->selection = selection;
    walk->filter = fc_filter_for(runtime->cpu);
    walk->runtime = runtime;
    walk->job = job;
    walk->worker = worker;
    return fc_candidates_init(&walk->list, selection->dtype, selection->smallest, selection->k, selection->n, small);
}

void fc_walk_free(fc_walk *walk) { fc_candidates_free(&walk->list); }

static bool is_stopped(void *ctx) {
    const fc_walk *walk = ctx;
    return walk->job != NULL && walk->runtime->should_stop(walk->job, walk->worker);
}

/* Asked now and then, by where the walk stands. */
static bool is_stopped_at(fc_walk *walk, size_t first) { return first % ASK_EVERY == 0 && is_stopped(walk); }

void fc_walk_order(fc_walk *walk) {
    if (walk->selection->sorted)
        fc_candidates_sort(&walk->list, is_stopped, walk);
    else
        fc_candidates_cut(&walk->list);
}

void fc_walk_row(fc_walk *walk, size_t row, uint64_t least) {
    const fc_selection *s = walk->selection;
    const size_t begin = row * s->n, size = fc_dtype_size(s->dtype);
    walk->values = (const uint8_t *)s->values + begin * size;
    walk->bias = s->bias == NULL ? NULL : (const uint8_t *)s->bias + begin * size;
    walk->where = s->where == NULL ? NULL : s->where + begin;
    fc_candidates_reset(&walk->list, least);
}

/* Make elements ready for comparison: the sum with their bias, a half as the integer of its order. What needs neither
 * is returned as it lies. */
static const void *lanes(const fc_selection *s, const void *values, const void *bias, size_t count, void *out) {
    if (bias != NULL && s->dtype == FC_F32) {
        const float *a = values, *b = bias;
        float *sums = out;
        for (size_t i = 0; i < count; i++) sums[i] = a[i] + b[i];
        return out;
    }
    if (bias != NULL && s->dtype == FC_F64) {
        const double *a = values, *b = bias;
        double *sums = out;
        for (size_t i = 0; i < count; i++) sums[i] = a[i] + b[i];
        return out;
    }
    if (!s->half) return values;
    if (bias != NULL) {
        const uint16_t *a = values, *b = bias;
        uint16_t *sums = out;
        for (size_t i = 0; i < count; i++) sums[i] = fc_half_add(a[i], b[i]);
        values = out;
    }
    fc_half_order(values, count, s->smallest, out);
    return out;
}

static const void *chunk(fc_walk *walk, size_t first, size_t count) {
    const size_t size = fc_dtype_size(walk->selection->dtype);
    return lanes(walk->selection, walk->values + first * size, walk->bias == NULL ? NULL : walk->bias + first * size,
                 count, walk->lanes);
}

static size_t keep_eligible(const uint8_t *where, uint32_t *positions, size_t count) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        positions[kept] = positions[i];
        kept += where[positions[i]] != 0;
    }
    return kept;
}

void fc_walk_take(fc_walk *walk, size_t first, size_t end) {
    fc_candidates *list = &walk->list;
    fc_filter_pass *pass = (list->smallest ? walk->filter->at_most : walk->filter->at_least)[list->dtype];
    uint64_t bar;
    /* Short stretches first: what passes the first bar in crowds, as equal elements do, raises it soon. All but the
     * first begin at a cache line: 1.3 times as fast in cache. */
    const size_t size = fc_dtype_size(list->dtype), line = 64;
    size_t reach = FC_WALK_CHUNK / 32 - (size_t)(uintptr_t)(walk->values + first * size) % line / size;
    size_t asked = first;
    for (size_t count; first < end && !list->closed; first += count) {
        if (first - asked >= ASK_EVERY) {
            if (is_stopped(walk)) return;
            asked = first;
        }
        count = end - first < reach ? end - first : reach;
        reach = reach < FC_WALK_CHUNK / 16 ? FC_WALK_CHUNK / 16 : reach < FC_WALK_CHUNK ? 2 * reach : FC_WALK_CHUNK;
        const void *elements = chunk(walk, first, count);
        fc_key_element(list->dtype, list->smallest, list->least, &bar);
        size_t passed = pass(elements, count, &bar, walk->positions);
        if (walk->where != NULL) passed = keep_eligible(walk->where + first, walk->positions, passed);
        fc_candidates_offer(list, elements, walk->positions, passed, first);
    }
}

static bool is_nan(fc_dtype dtype, const void *elements, size_t i) {
    return dtype == FC_F32 ? isnan(((const float *)elements)[i]) : isnan(((const double *)elements)[i]);
}

fc_status fc_walk_take_nan(fc_walk *walk) {
    const fc_selection *s = walk->selection;
    fc_candidates found;
    if (s->dtype != FC_F32 && s->dtype != FC_F64) return FC_OK;
    /* No more than are wanted: an element that has become NaN since it was taken must not find the list full. */
    const size_t wanted = s->k - walk->list.len;
    const fc_status status = fc_candidates_init(&found, s->dtype, s->smallest, wanted, s->n, NULL);
    if (status != FC_OK) return status;
    for (size_t first = 0, count; first < s->n && found.len < wanted && !is_stopped_at(walk, first); first += count) {
        count = s->n - first < FC_WALK_CHUNK ? s->n - first : FC_WALK_CHUNK;
        const void *elements = chunk(walk, first, count);
        size_t passed = 0;
        for (size_t i = 0; i < count; i++) {
            walk->positions[passed] = (uint32_t)i;
            passed += is_nan(s->dtype, elements, i) && (walk->where == NULL || walk->where[first + i] != 0);
        }
        fc_candidates_offer(&found, elements, walk->positions, passed, first);
    }
    fc_candidates_merge(&walk->list, &found);
    fc_candidates_free(&found);
    return FC_OK;
}

/* Copy elements that stand one in each of `count` equal stretches, at a place that is another in each: in step with no
 * period of the data. Bytes are copied, for what is read as floats after that may not be stored as integers. */
static void gather_sample(const void *from, size_t size, size_t stride, size_t count, void *out) {
    const uint64_t reach = stride < UINT32_MAX ? stride : UINT32_MAX;
#define GATHER(T)                                                                                      \
    for (size_t i = 0; i < count; i++) {                                                               \
        const uint64_t jitter = (uint32_t)i * UINT32_C(2654435769);                                    \
        memcpy((T *)out + i, (const T *)from + i * stride + (size_t)(jitter * reach >> 32), sizeof(T));\
    }
    if (size == 8) GATHER(uint64_t)
    else if (size == 4) GATHER(uint32_t)
    else if (size == 2) GATHER(uint16_t)
    else GATHER(uint8_t)
#undef GATHER
}

/* The more are looked at the fewer pass in vain; the sum of both is least at about this many. A small k cuts its list
 * so soon that fewer suffice. */
static size_t sample_size(double k, double n) {
    const double size = cbrt((k < 64 ? 4 : 16) * k * n);
    return size < SAMPLE_MIN ? SAMPLE_MIN : size > SAMPLE_MAX ? SAMPLE_MAX : (size_t)size;
}

uint64_t fc_walk_sample(fc_walk *walk, size_t slack) {
    const fc_selection *s = walk->selection;
    const uint64_t lowest = fc_key_lowest(s->dtype);
    const size_t count = sample_size((double)s->k, (double)s->n), stride = s->n / count;
    if (stride < 8 || s->k > s->n / 8) return lowest;
    const size_t size = fc_dtype_size(s->dtype);
    uint64_t keys[SAMPLE_MAX];
    uint8_t eligible[SAMPLE_MAX];
    gather_sample(walk->values, size, stride, count, walk->lanes);
    if (walk->bias != NULL) gather_sample(walk->bias, size, stride, count, walk->more_lanes);
    const void *elements = lanes(s, walk->lanes, walk->bias == NULL ? NULL : walk->more_lanes, count, walk->lanes);
    for (size_t i = 0; i < count; i++) walk->positions[i] = (uint32_t)i;
    size_t found = count;
    if (walk->where != NULL) {
        gather_sample(walk->where, 1, stride, count, eligible);
        found = keep_eligible(eligible, walk->positions, count);
    }
    /* So many of the k best are in the sample, plus three standard deviations, plus one: the key is the last of them.
     */
    const double expected = (double)s->k * (double)count / (double)s->n;
    const size_t rank = slack * (size_t)(expected + 3 * sqrt(expected) + 1);
    if (rank > found) return lowest;
    fc_key_gather(s->dtype, s->smallest, elements, walk->positions, found, keys);
    const uint64_t key = fc_candidates_kth(keys, found, rank, walk->more_lanes);
    return key < lowest ? lowest : key;
}

uint64_t fc_walk_exact(fc_walk *walk) {
    const fc_selection *s = walk->selection;
    const uint64_t lowest = fc_key_lowest(s->dtype);
    size_t counts[BINS], wanted = s->k;
    uint64_t prefix = 0; /* the bits of the kth key that are known */
    for (int shift = (int)(8 * fc_dtype_size(s->dtype)); shift > 0;) {
        const int bits = shift < DIGIT ? shift : DIGIT;
        shift -= bits;
        memset(counts, 0, sizeof counts);
        for (size_t first = 0, count; first < s->n; first += count) {
            if (is_stopped_at(walk, first)) return lowest;
            count = s->n - first < FC_WALK_CHUNK ? s->n - first : FC_WALK_CHUNK;
            const void *elements = chunk(walk, first, count);
            for (size_t i = 0; i < count; i++) walk->positions[i] = (uint32_t)i;
            const size_t some =
                walk->where == NULL ? count : keep_eligible(walk->where + first, walk->positions, count);
            fc_key_gather(s->dtype, s->smallest, elements, walk->positions, some, walk->more_lanes);
            for (size_t i = 0; i < some; i++) {
                const uint64_t digits = (walk->more_lanes[i] >> shift) ^ prefix << bits;
                if (digits >> bits == 0) counts[digits]++;
            }
        }
        size_t bin = (size_t)1 << bits;
        while (bin > 0 && counts[bin - 1] < wanted) wanted -= counts[--bin];
        if (bin == 0) return lowest;
        prefix = prefix << bits | (bin - 1);
    }
    return prefix < lowest ? lowest : prefix;
}
