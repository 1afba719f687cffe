/* Make the autocorrelation of a rhythm ready to be asked for any lag.
 *
 * An autocorrelation is `lags` sums, that of lag 0 not counted; lags are counted in frames, `rate` of them a second.
 * Pure, thread-safe; sums are in the order that is said, so that every processor gets the same. */
#ifndef FC_LAGS_H
#define FC_LAGS_H

#include <stdbool.h>
#include <stddef.h>

#define FC_LAGS_MIN_RATE 10.0
#define FC_LAGS_MAX_RATE 200.0

enum { FC_LAGS_MAX = 1024, FC_LAGS_RADIUS = 18 };

/* What depends on the rate alone. */
typedef struct fc_lags {
    double rate;
    size_t lags, hop;               /* 5.12 s and 2 s in frames, rounded */
    size_t low, high;               /* 0.2 s and 4 s: where the highest peak is looked for */
    size_t radius;                  /* of the Gaussian, whose sigma is 30 ms: 3 sigma, rounded */
    double taps[FC_LAGS_RADIUS + 1]; /* its middle and one side; both sides sum up to 1 */
} fc_lags;

/* Work out what belongs to a rate from FC_LAGS_MIN_RATE to FC_LAGS_MAX_RATE. */
void fc_lags_init(fc_lags *shape, double rate);

/* Smooth the sums by the Gaussian (outside they count as 0; the middle first, then pairs outwards), subtract the mean
 * from `low` on (four sums, of every fourth upwards, are added in pairs), divide by the maximum from `low` to `high`
 * and clip to -1..1.5. False, and `out` is of no use, where that maximum is not above 0. `out` may be `sums`. O(lags *
 * radius). */
bool fc_lags_normalise(const fc_lags *shape, const double *sums, double *out);

/* Where a lag lies among the normalised: the value is the sum of w[i] * lags[first + i] from i = 0 up. */
typedef struct fc_lags_place {
    double w[4];
    size_t first;
} fc_lags_place;

/* Find the place of a lag >= 0, by Catmull and Rom's cubic; outside of lags 1 to lags - 2 all weights are 0. */
fc_lags_place fc_lags_find(const fc_lags *shape, double lag);

/* Return the value at a place. */
static inline double fc_lags_at(const double *lags, const fc_lags_place *place) {
    const double *y = lags + place->first;
    return y[0] * place->w[0] + y[1] * place->w[1] + y[2] * place->w[2] + y[3] * place->w[3];
}

#endif
