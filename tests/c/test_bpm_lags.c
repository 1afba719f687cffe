/* fc_lags: shapes of rates, normalised sums against a plain loop, and values between lags. */
#include "fc_lags.h"

#include <math.h>

#include "check.h"

static const double RATES[] = {10, 21.53, 43.07, 86.13, 100, 172.27, 200};

static void shapes(void) {
    fc_lags shape;
    fc_lags_init(&shape, 100);
    CHECK(shape.lags == 512 && shape.hop == 200 && shape.low == 20 && shape.high == 400 && shape.radius == 9);
    fc_lags_init(&shape, FC_LAGS_MAX_RATE);
    CHECK(shape.lags == FC_LAGS_MAX && shape.radius == FC_LAGS_RADIUS);
    for (size_t r = 0; r < sizeof RATES / sizeof *RATES; r++) {
        fc_lags_init(&shape, RATES[r]);
        double sum = shape.taps[0];
        for (size_t i = 1; i <= shape.radius; i++) sum += 2 * shape.taps[i];
        CHECK(fabs(sum - 1) < 1e-12 && shape.low >= 2 && shape.low < shape.high && shape.high < shape.lags);
    }
}

static void normalised(double rate) {
    fc_lags shape;
    double *sums = calloc(FC_LAGS_MAX, sizeof *sums), *wanted = calloc(FC_LAGS_MAX, sizeof *sums), mean = 0, most = 0;
    if (sums == NULL || wanted == NULL) exit(2);
    fc_lags_init(&shape, rate);
    for (size_t i = 1; i < shape.lags; i++) sums[i] = (double)random_below(1000) * (random_below(9) == 0);
    for (size_t i = 0; i < shape.lags; i++)
        for (size_t j = 0; j < shape.lags; j++) {
            const size_t apart = i < j ? j - i : i - j;
            if (apart <= shape.radius) wanted[i] += shape.taps[apart] * sums[j];
        }
    for (size_t i = shape.low; i < shape.lags; i++) mean += wanted[i] / (double)(shape.lags - shape.low);
    for (size_t i = shape.low; i < shape.high; i++) most = fmax(most, wanted[i] - mean);
    double *exact = (double *)exact_copy(sums, shape.lags * sizeof *sums);
    CHECK(fc_lags_normalise(&shape, exact, exact)); /* in place, as callers do */
    for (size_t i = 0; i < shape.lags; i++)
        CHECK(fabs(exact[i] - fmin(fmax((wanted[i] - mean) / most, -1), 1.5)) < 1e-9);
    memset(sums, 0, shape.lags * sizeof *sums);
    CHECK(!fc_lags_normalise(&shape, sums, exact));
    free(sums), free(wanted), free(exact);
}

static double at(const fc_lags *shape, const double *lags, double lag) {
    const fc_lags_place place = fc_lags_find(shape, lag);
    return fc_lags_at(lags, &place);
}

/* The cubic goes through the lags, is exact for squares, and nothing is read outside. */
static void between(double rate) {
    fc_lags shape;
    fc_lags_init(&shape, rate);
    double *squares = malloc(shape.lags * sizeof *squares);
    if (squares == NULL) exit(2);
    for (size_t i = 0; i < shape.lags; i++) squares[i] = (double)(i * i);
    for (double lag = 0; lag < 2 * (double)shape.lags; lag += 0.125) {
        const bool inside = lag >= 1 && floor(lag) + 2 < (double)shape.lags;
        CHECK(fabs(at(&shape, squares, lag) - (inside ? lag * lag : 0)) < 1e-6);
    }
    CHECK(at(&shape, squares, 1e300) == 0 && at(&shape, squares, INFINITY) == 0);
    free(squares);
}

int main(void) {
    shapes();
    for (size_t r = 0; r < sizeof RATES / sizeof *RATES; r++) {
        for (int i = 0; i < 5; i++) normalised(RATES[r]);
        between(RATES[r]);
    }
    return finish();
}
