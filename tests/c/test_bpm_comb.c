/* fc_comb: a comb of known period is found and refined; the grid is the likelihood of each of its tempi. */
#include "fc_comb.h"

#include <math.h>

#include "check.h"

static fc_comb comb;

/* Normalised sums with peaks at each multiple of a beat, every second one higher by `more`. */
static void beats(double tempo, double more, double *lags) {
    const double beat = 60 * comb.shape.rate / tempo;
    for (size_t i = 0; i < comb.shape.lags; i++) {
        lags[i] = 0;
        for (int m = 1; m * beat < (double)comb.shape.lags + 50; m++) {
            const double apart = ((double)i - m * beat) / 2;
            lags[i] += (m % 2 == 0 ? 1 + more : 1) * exp(-0.5 * apart * apart);
        }
    }
    CHECK(fc_lags_normalise(&comb.shape, lags, lags));
}

static size_t best_of(const double *grid) {
    size_t best = 0;
    for (size_t k = 1; k < FC_COMB_GRID; k++)
        if (grid[k] > grid[best]) best = k;
    return best;
}

static void found(double rate) {
    double lags[FC_LAGS_MAX], grid[FC_COMB_GRID];
    fc_comb_init(&comb, rate, &fc_comb_general);
    CHECK(comb.tempo[0] == 28 && fabs(comb.tempo[FC_COMB_GRID - 1] - 314.9) < 0.1);
    for (double tempo = 75; tempo < 155; tempo += 3.7) {
        beats(tempo, 0.3, lags);
        fc_comb_grid(&comb, lags, grid);
        const double told = comb.tempo[best_of(grid)], refined = fc_comb_refine(&comb, lags, told);
        CHECK(fabs(told / tempo - 1) < 0.02 || fabs(told * 2 / tempo - 1) < 0.02);
        CHECK(fabs(refined / tempo - 1) < 0.002 || fabs(refined * 2 / tempo - 1) < 0.002);
        for (size_t k = 0; k < FC_COMB_GRID; k++) {
            CHECK(grid[k] > 0 && grid[k] == fc_comb_likelihood(&comb, lags, comb.tempo[k]));
            CHECK(grid[k] == fc_comb_at(&comb, lags, k));
        }
    }
}

static void nothing_known(void) {
    double grid[FC_COMB_GRID];
    fc_comb_init(&comb, 100, &fc_comb_pop);
    fc_comb_grid(&comb, NULL, grid);
    CHECK(fabs(comb.tempo[best_of(grid)] / fc_comb_pop.centre - 1) < 0.011);
    CHECK(fc_comb_refine(&comb, NULL, 97.5) == 97.5);
    CHECK(fc_comb_likelihood(&comb, NULL, fc_comb_pop.centre) == 1);
}

/* Slow beats, of which not every multiple is there, stay near what they are. */
static void slow(void) {
    double lags[FC_LAGS_MAX];
    fc_comb_init(&comb, 100, &fc_comb_general);
    for (double tempo = 28; tempo < 60; tempo += 0.9) {
        beats(tempo, 0, lags);
        CHECK(fabs(fc_comb_refine(&comb, lags, tempo * 1.01) / tempo - 1) < 0.004);
    }
}

int main(void) {
    const double rates[] = {60, 86.13, 100, 200};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) found(rates[i]);
    nothing_known();
    slow();
    return finish();
}
