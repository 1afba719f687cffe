#include "fc_onsets.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_BINS = 8, LAGS = 512, HOP = 200 };

static const double SECONDS = 300;

typedef struct onset {
    double time, weight;
    size_t index;
} onset;

typedef struct bin {
    double weight;
    uint32_t at;
} bin;

_Static_assert(sizeof(bin) == FC_ONSETS_BIN, "as the header says");

static int by_time(const void *a, const void *b) {
    const onset *x = a, *y = b;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

void fc_onsets_room_free(fc_onsets_room *room) {
    fc_buffer_free(&room->bins);
    fc_buffer_free(&room->blocks);
    fc_buffer_free(&room->windows);
    fc_buffer_free(&room->sorted);
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

/* Add a note to the last bin or a new one; false once it is too late to count. */
static bool add(bin *bins, size_t *len, double since, double weight) {
    if (!(since < SECONDS)) return false;
    const uint32_t at = (uint32_t)floor(FC_ONSETS_RATE * since + 0.5);
    if (*len == 0 || bins[*len - 1].at != at) bins[(*len)++] = (bin){0, at};
    bins[*len - 1].weight += weight;
    return true;
}

static void count_lags(const bin *bins, size_t len, double *blocks) {
    for (size_t i = 0; i < len; i++) {
        double *lags = blocks + (size_t)(bins[i].at / HOP) * LAGS;
        for (size_t j = i + 1; j < len && bins[j].at - bins[i].at < LAGS; j++)
            lags[bins[j].at - bins[i].at] += bins[i].weight * bins[j].weight;
    }
}

static fc_status tell(const fc_comb *comb, const bin *bins, size_t len, fc_onsets_room *room, fc_estimate *out) {
    if (len < LEAST_BINS || bins[len - 1].at < HOP) return FC_OK;
    const size_t count = bins[len - 1].at / HOP + 1, bytes = count * LAGS * sizeof(double);
    const fc_status status = fc_buffer_reserve(&room->blocks, bytes);
    if (status != FC_OK) return status;
    double *blocks = (double *)(void *)room->blocks.data;
    memset(blocks, 0, bytes);
    count_lags(bins, len, blocks);
    return fc_estimate_tell(comb, blocks, count, &room->windows, out);
}

fc_status fc_onsets_tell(const fc_comb *comb, const double *times, const double *weights, size_t len,
                         fc_onsets_room *room, fc_estimate *out) {
    const kind found = look_at(times, weights, len);
    const size_t most = (size_t)(SECONDS * FC_ONSETS_RATE) + 1;
    fc_estimate estimate = {0};
    const size_t bytes = (len < most ? len : most) * sizeof(bin);
    const bool is_lent = bytes <= room->lent_size;
    if (found == NEGATIVE) return FC_BAD_VALUE;
    fc_status status = is_lent ? FC_OK : fc_buffer_reserve(&room->bins, bytes);
    if (status == FC_OK && found == UNORDERED) status = sort(times, weights, len, &room->sorted);
    if (status != FC_OK) return status;
    bin *bins = is_lent ? room->lent : (void *)room->bins.data;
    const onset *sorted = (const onset *)(const void *)room->sorted.data;
    size_t filled = 0;
    for (size_t i = 0; found == IN_ORDER && i < len; i++)
        if (!add(bins, &filled, times[i] - times[0], weights == NULL ? 1 : weights[i])) break;
    for (size_t i = 0; found == UNORDERED && i < len; i++)
        if (!add(bins, &filled, sorted[i].time - sorted[0].time, sorted[i].weight)) break;
    status = tell(comb, bins, filled, room, &estimate);
    if (status == FC_OK) *out = estimate;
    return status;
}
