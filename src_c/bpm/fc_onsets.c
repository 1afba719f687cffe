#include "fc_onsets.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_BINS = 8, LAGS = 512, HOP = 200 };

typedef struct onset {
    double time, weight;
    size_t index;
} onset;

static int by_time(const void *a, const void *b) {
    const onset *x = a, *y = b;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

void fc_onsets_room_free(fc_onsets_room *room) {
    fc_buffer_free(&room->bins);
    fc_buffer_free(&room->sorted);
    fc_estimate_room_free(&room->estimate);
}

typedef enum kind { BAD, NEGATIVE, IN_ORDER, UNORDERED } kind;

static kind look_at(const double *times, const double *weights, size_t len) {
    bool finite = true, positive = true, ordered = true;
    for (size_t i = 0; i < len; i++) {
        finite &= isfinite(times[i]) && (weights == NULL || isfinite(weights[i]));
        positive &= weights == NULL || !(weights[i] < 0);
        ordered &= i == 0 || times[i - 1] <= times[i];
    }
    return !positive ? NEGATIVE : !finite ? BAD : ordered ? IN_ORDER : UNORDERED;
}

static fc_status sort(const double *times, const double *weights, size_t len, fc_buffer *sorted) {
    if (len > SIZE_MAX / sizeof(onset)) return FC_NO_MEMORY;
    const fc_status status = fc_buffer_reserve(sorted, len * sizeof(onset));
    if (status != FC_OK) return status;
    onset *onsets = (onset *)(void *)sorted->data;
    for (size_t i = 0; i < len; i++) onsets[i] = (onset){times[i], weights == NULL ? 1 : weights[i], i};
    qsort(onsets, len, sizeof *onsets, by_time);
    return FC_OK;
}

/* The bins, and which block comes next if they are asked for in order, and its first bin. */
typedef struct pairs {
    const fc_onsets_bins *bins;
    size_t block, first;
} pairs;

/* Where every bin has notes, lag follows lag, and registers add several. */
static void add_dense(double weight, const fc_onsets_bin *restrict later, size_t len, double *restrict sums) {
    for (size_t k = 0; k < len; k++) sums[k] += weight * later[k].weight;
}

static void write_block(void *ctx, size_t block, double *sums) {
    pairs *p = ctx;
    const fc_onsets_bin *const bins = p->bins->items;
    const size_t len = p->bins->len;
    size_t i = block == p->block ? p->first : 0;
    memset(sums, 0, LAGS * sizeof *sums);
    while (i < len && bins[i].at / HOP < block) i++;
    for (size_t end = i; i < len && bins[i].at / HOP == block; i++) {
        const double weight = bins[i].weight;
        const uint32_t at = bins[i].at;
        while (end < len && bins[end].at - at < LAGS) end++;
        const size_t later = end - i - 1;
        if (bins[end - 1].at - at == later) {
            add_dense(weight, bins + i + 1, later, sums + 1);
            continue;
        }
        for (size_t j = i + 1; j < end; j++) sums[bins[j].at - at] += weight * bins[j].weight;
    }
    p->block = block + 1;
    p->first = i;
}

fc_status fc_onsets_tell_bins(const fc_comb *comb, const fc_onsets_bins *bins, fc_estimate_room *room,
                              fc_estimate *out) {
    *out = (fc_estimate){0};
    if (bins->len < LEAST_BINS || bins->items[bins->len - 1].at < HOP) return FC_OK;
    pairs p = {.bins = bins};
    const fc_estimate_blocks blocks = {.write = write_block, .ctx = &p,
                                       .count = bins->items[bins->len - 1].at / HOP + 1};
    return fc_estimate_tell(comb, &blocks, room, out);
}

fc_status fc_onsets_tell(const fc_comb *comb, const double *times, const double *weights, size_t len,
                         fc_onsets_room *room, fc_estimate *out) {
    const kind found = look_at(times, weights, len);
    fc_estimate estimate = {0};
    if (found == NEGATIVE) return FC_BAD_VALUE;
    const size_t most = len < FC_ONSETS_BINS ? len : FC_ONSETS_BINS;
    fc_status status = fc_buffer_reserve(&room->bins, most * sizeof(fc_onsets_bin));
    if (status == FC_OK && found == UNORDERED) status = sort(times, weights, len, &room->sorted);
    if (status != FC_OK) return status;
    fc_onsets_bins bins = {.items = (fc_onsets_bin *)(void *)room->bins.data};
    const onset *sorted = (const onset *)(const void *)room->sorted.data;
    for (size_t i = 0; found == IN_ORDER && i < len; i++)
        if (!fc_onsets_add(&bins, times[i], weights == NULL ? 1 : weights[i])) break;
    for (size_t i = 0; found == UNORDERED && i < len; i++)
        if (!fc_onsets_add(&bins, sorted[i].time, sorted[i].weight)) break;
    status = fc_onsets_tell_bins(comb, &bins, &room->estimate, &estimate);
    if (status == FC_OK) *out = estimate;
    return status;
}
