#include "fc_lags.h"

#include <math.h>
#include <string.h>

#include "fc_pair.inc"

enum { LANES = 16 }; /* fewer than lags */

static const double LAGS_S = 5.12, HOP_S = 2, LOW_S = 0.2, HIGH_S = 4, SIGMA_S = 0.03;

static size_t rounded(double x) { return (size_t)floor(x + 0.5); }

void fc_lags_init(fc_lags *shape, double rate) {
    const double sigma = SIGMA_S * rate;
    double total = 1;
    *shape = (fc_lags){.rate = rate, .lags = rounded(LAGS_S * rate), .hop = rounded(HOP_S * rate),
                       .low = rounded(LOW_S * rate), .high = rounded(HIGH_S * rate), .radius = rounded(3 * sigma)};
    for (size_t i = 0; i <= shape->radius; i++) {
        const double x = (double)i / sigma;
        shape->taps[i] = exp(-0.5 * (x * x));
        if (i > 0) total += 2 * shape->taps[i];
    }
    for (size_t i = 0; i <= shape->radius; i++) shape->taps[i] /= total;
}

/* LANES values, whose sums stay in registers: so gcc must not carry loads from one tap to the next in them. */
static inline void smooth_some(const fc_lags *shape, const double *middle, double *out) {
    enum { PAIRS = LANES / 2 };
    const double *left = middle, *right = middle;
    pair sums[PAIRS];
    for (int i = 0; i < PAIRS; i++) sums[i] = shape->taps[0] * ((const pair *)middle)[i];
    for (size_t j = 1; j <= shape->radius; j++) {
        const double tap = shape->taps[j];
        left--;
        right++;
        __asm__("" : "+r"(left), "+r"(right));
        for (int i = 0; i < PAIRS; i++) sums[i] += tap * (((const pair *)left)[i] + ((const pair *)right)[i]);
    }
    for (int i = 0; i < PAIRS; i++) ((pair *)out)[i] = sums[i];
}

static void smooth(const fc_lags *shape, const double *sums, double *out) {
    double padded[FC_LAGS_MAX + 2 * FC_LAGS_RADIUS];
    const size_t n = shape->lags, radius = shape->radius;
    memset(padded, 0, radius * sizeof *padded);
    memcpy(padded + radius, sums, n * sizeof *padded);
    memset(padded + radius + n, 0, radius * sizeof *padded);
    for (size_t at = 0; at < n; at += LANES) {
        /* The last ones are taken from further left where n is no multiple. */
        const size_t first = at + LANES <= n ? at : n - LANES;
        smooth_some(shape, padded + radius + first, out + first);
    }
}

/* Of every fourth, which registers add up side by side. */
static double sum_of(const double *values, size_t len) {
    double sums[4] = {0};
    size_t i = 0;
    for (; i + 4 <= len; i += 4)
        for (size_t j = 0; j < 4; j++) sums[j] += values[i + j];
    for (size_t j = 0; i + j < len; j++) sums[j] += values[i + j];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

static double larger(double a, double b) { return a > b ? a : b; }

/* Of at least one. */
static double max_of(const double *values, size_t len) {
    pair most[2] = {values[0] - (pair){0}, values[0] - (pair){0}};
    size_t i = 0;
    for (; i + 4 <= len; i += 4)
        for (size_t j = 0; j < 2; j++) most[j] = larger_of(((const pair *)(values + i))[j], most[j]);
    const pair both = larger_of(most[0], most[1]);
    double all = larger(both[0], both[1]);
    for (; i < len; i++) all = larger(values[i], all);
    return all;
}

/* Subtract the mean, divide by the largest and clip. */
static inline pair normalised(pair x, double mean, double most) {
    return smaller_of(larger_of((x - mean) / most, (pair){-1, -1}), (pair){1.5, 1.5});
}

bool fc_lags_normalise(const fc_lags *shape, const double *sums, double *out) {
    const size_t low = shape->low, counted = shape->lags - low;
    smooth(shape, sums, out);
    const double mean = sum_of(out + low, counted) / (double)counted;
    const double most = max_of(out + low, shape->high - low) - mean; /* as of the differences: rounding keeps order */
    if (!(most > 0)) return false;
    size_t i = 0;
    for (; i + 2 <= shape->lags; i += 2) *(pair *)(out + i) = normalised(*(const pair *)(out + i), mean, most);
    for (; i < shape->lags; i++) out[i] = normalised(out[i] - (pair){0}, mean, most)[0];
    return true;
}

fc_lags_place fc_lags_find(const fc_lags *shape, double lag) {
    if (!(lag >= 1 && lag < (double)(shape->lags - 2))) return (fc_lags_place){{0}, 0};
    const size_t whole = (size_t)lag;
    const double f = lag - (double)whole;
    return (fc_lags_place){{f * (f * (1 - 0.5 * f) - 0.5), f * f * (1.5 * f - 2.5) + 1,
                            f * (f * (2 - 1.5 * f) + 0.5), f * f * (0.5 * f - 0.5)},
                           whole - 1};
}
