#include "fc_lags.h"

#include <math.h>
#include <string.h>

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

static void smooth(const fc_lags *shape, const double *sums, double *out) {
    double padded[FC_LAGS_MAX + 2 * FC_LAGS_RADIUS];
    const size_t n = shape->lags, radius = shape->radius;
    memset(padded, 0, radius * sizeof *padded);
    memcpy(padded + radius, sums, n * sizeof *padded);
    memset(padded + radius + n, 0, radius * sizeof *padded);
    for (size_t i = 0; i < n; i++) out[i] = shape->taps[0] * padded[radius + i];
    for (size_t j = 1; j <= radius; j++) {
        const double tap = shape->taps[j];
        const double *left = padded + radius - j, *right = padded + radius + j;
        for (size_t i = 0; i < n; i++) out[i] += tap * (left[i] + right[i]);
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

static double max_of(const double *values, size_t len) {
    double most[4] = {0};
    size_t i = 0;
    for (; i + 4 <= len; i += 4)
        for (size_t j = 0; j < 4; j++) most[j] = larger(values[i + j], most[j]);
    for (size_t j = 0; i + j < len; j++) most[j] = larger(values[i + j], most[j]);
    return larger(larger(most[0], most[1]), larger(most[2], most[3]));
}

static double clipped(double x) {
    x = x > -1 ? x : -1;
    return x < 1.5 ? x : 1.5;
}

bool fc_lags_normalise(const fc_lags *shape, const double *sums, double *out) {
    const size_t low = shape->low, counted = shape->lags - low;
    smooth(shape, sums, out);
    const double mean = sum_of(out + low, counted) / (double)counted;
    for (size_t i = 0; i < shape->lags; i++) out[i] -= mean;
    const double most = max_of(out + low, shape->high - low);
    if (!(most > 0)) return false;
    for (size_t i = 0; i < shape->lags; i++) out[i] = clipped(out[i] / most);
    return true;
}

fc_lags_place fc_lags_find(const fc_lags *shape, double lag) {
    const double whole = floor(lag), f = lag - whole;
    if (!(whole >= 1 && whole + 2 < (double)shape->lags)) return (fc_lags_place){{0}, 0};
    return (fc_lags_place){{f * (f * (1 - 0.5 * f) - 0.5), f * f * (1.5 * f - 2.5) + 1,
                            f * (f * (2 - 1.5 * f) + 0.5), f * f * (0.5 * f - 0.5)},
                           (size_t)whole - 1};
}
