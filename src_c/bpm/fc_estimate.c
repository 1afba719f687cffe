#include "fc_estimate.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fc_viterbi.h"

enum { WINDOW = 4, LEAST_WINDOWS = 4 };

static const double FACTORS[FC_ESTIMATE_ALTERNATIVES] = {2, 0.5, 1.5};

/* What is worked out for each of the windows; a window without structure has no lags. */
typedef struct windows {
    size_t count;
    double (*grids)[FC_COMB_GRID];
    const double **lags;
    double *tempi, *ordered;
    uint8_t (*came)[FC_COMB_GRID];
    uint8_t *places;
} windows;

static fc_status make_room(fc_buffer *room, size_t count, windows *w) {
    const size_t each = sizeof *w->grids + sizeof *w->lags + 2 * sizeof *w->tempi + sizeof *w->came + 1;
    const fc_status status = fc_buffer_reserve(room, count * each);
    if (status != FC_OK) return status;
    w->grids = (double(*)[FC_COMB_GRID])(void *)room->data;
    w->lags = (const double **)(w->grids + count);
    w->tempi = (double *)(w->lags + count);
    w->ordered = w->tempi + count;
    w->came = (uint8_t(*)[FC_COMB_GRID])(w->ordered + count);
    w->places = (uint8_t *)(w->came + count);
    return FC_OK;
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Between two values in proportion, as NumPy's quantiles are by default. */
static double quantile(const double *ordered, size_t len, double share) {
    const double place = share * (double)(len - 1);
    size_t i = (size_t)place;
    if (len == 1) return ordered[0];
    if (i > len - 2) i = len - 2;
    return ordered[i] + (ordered[i + 1] - ordered[i]) * (place - (double)i);
}

static double share_near(const double *grid, size_t place) {
    const size_t first = place < 2 ? 0 : place - 2, last = place + 2 < FC_COMB_GRID ? place + 2 : FC_COMB_GRID - 1;
    double near = 0, all = 0;
    for (size_t k = first; k <= last; k++) near += grid[k];
    for (size_t k = 0; k < FC_COMB_GRID; k++) all += grid[k];
    return near / all;
}

/* The sum of the likelihoods of the windows' tempi, each times `factor`. */
static double sum_of(const fc_comb *comb, const windows *w, double factor) {
    double sum = 0;
    for (size_t i = 0; i < w->count; i++) sum += fc_comb_likelihood(comb, w->lags[i], factor * w->tempi[i]);
    return sum;
}

static void add_alternatives(const fc_comb *comb, const windows *w, fc_estimate *out) {
    const double chosen = sum_of(comb, w, 1);
    for (int i = 0; i < FC_ESTIMATE_ALTERNATIVES; i++) {
        const double bpm = FACTORS[i] * out->bpm;
        if (!(bpm >= comb->tempo[0] && bpm <= comb->tempo[FC_COMB_GRID - 1])) continue;
        const fc_alternative found = {bpm, sum_of(comb, w, FACTORS[i]) / chosen};
        size_t at = out->alternatives_len++;
        for (; at > 0 && out->alternatives[at - 1].score < found.score; at--)
            out->alternatives[at] = out->alternatives[at - 1];
        out->alternatives[at] = found;
    }
}

/* Tell the tempo from windows whose lags are set. */
static void tell(const fc_comb *comb, windows *w, fc_estimate *out) {
    double shares = 0;
    for (size_t i = 0; i < w->count; i++) fc_comb_grid(comb, w->lags[i], w->grids[i]);
    fc_viterbi((const double(*)[FC_COMB_GRID])w->grids, w->count, w->came, w->places);
    for (size_t i = 0; i < w->count; i++) {
        w->tempi[i] = fc_comb_refine(comb, w->lags[i], comb->tempo[w->places[i]]);
        shares += share_near(w->grids[i], w->places[i]);
    }
    memcpy(w->ordered, w->tempi, w->count * sizeof *w->tempi);
    qsort(w->ordered, w->count, sizeof *w->ordered, by_value);
    *out = (fc_estimate){.bpm = quantile(w->ordered, w->count, 0.5), .confidence = shares / (double)w->count};
    out->stability = (quantile(w->ordered, w->count, 0.75) - quantile(w->ordered, w->count, 0.25)) / out->bpm;
    add_alternatives(comb, w, out);
}

static bool tell_whole(const fc_comb *comb, const double *blocks, size_t count, windows *w, fc_estimate *out) {
    double whole[FC_LAGS_MAX] = {0};
    for (size_t i = 0; i < count; i++)
        for (size_t lag = 0; lag < comb->shape.lags; lag++) whole[lag] += blocks[i * comb->shape.lags + lag];
    if (!fc_lags_normalise(&comb->shape, whole, whole)) return false;
    w->count = 1;
    w->lags[0] = whole;
    tell(comb, w, out);
    out->source = FC_ESTIMATE_WHOLE;
    out->stability = -1;
    return true;
}

static void tell_local(const fc_comb *comb, double *blocks, size_t count, windows *w, fc_estimate *out) {
    const size_t n = comb->shape.lags;
    w->count = count - WINDOW + 1;
    for (size_t i = 0; i < w->count; i++) {
        double *sums = blocks + i * n; /* no later window needs it */
        for (size_t lag = 0; lag < n; lag++)
            sums[lag] = sums[lag] + sums[n + lag] + sums[2 * n + lag] + sums[3 * n + lag];
        w->lags[i] = fc_lags_normalise(&comb->shape, sums, sums) ? sums : NULL;
    }
    tell(comb, w, out);
    out->source = FC_ESTIMATE_LOCAL;
}

fc_status fc_estimate_tell(const fc_comb *comb, double *blocks, size_t count, fc_buffer *room, fc_estimate *out) {
    windows w;
    fc_estimate local = {0}, whole = {0};
    const fc_status status = make_room(room, count, &w);
    if (status != FC_OK) return status;
    if (tell_whole(comb, blocks, count, &w, &whole) && count >= WINDOW + LEAST_WINDOWS - 1) {
        tell_local(comb, blocks, count, &w, &local);
        whole.stability = local.stability;
    }
    *out = whole.stability > FC_ESTIMATE_FREE ? local : whole;
    return FC_OK;
}
