#include "fc_comb.h"

#include <math.h>

static const double MULTIPLES[FC_COMB_MULTIPLES] = {1, 2, 4, 0.5};
static const double LOWEST = 28, STEP = 0.02, LEAST_FIT = 1e-6;

const fc_comb_score fc_comb_general = {.twice = 0.5, .four = 0.3, .half = 0.3, .sharpness = 1,
                                       .centre = 110, .width = 1};
const fc_comb_score fc_comb_pop = {.twice = 0.04, .four = 0.40, .half = 0.43, .sharpness = 6.7, .centre = 86.7,
                                   .width = 0.34};

static double usual(const fc_comb_score *score, double tempo) {
    const double octaves = log2(tempo / score->centre) / score->width;
    return exp(-0.5 * octaves * octaves);
}

static double likelihood(const fc_comb_score *score, const double *lags, const fc_lags_place *places) {
    double fit = fc_lags_at(lags, &places[0]) + score->twice * fc_lags_at(lags, &places[1]) +
                 score->four * fc_lags_at(lags, &places[2]) + score->half * fc_lags_at(lags, &places[3]);
    if (fit < LEAST_FIT) fit = LEAST_FIT;
    return score->sharpness == 1 ? fit : pow(fit, score->sharpness);
}

static void find_places(const fc_lags *shape, double tempo, fc_lags_place places[FC_COMB_MULTIPLES]) {
    const double beat = 60 * shape->rate / tempo;
    for (int i = 0; i < FC_COMB_MULTIPLES; i++) places[i] = fc_lags_find(shape, MULTIPLES[i] * beat);
}

void fc_comb_init(fc_comb *comb, double rate, const fc_comb_score *score) {
    fc_lags_init(&comb->shape, rate);
    comb->score = *score;
    for (int k = 0; k < FC_COMB_GRID; k++) {
        comb->tempo[k] = LOWEST * exp(STEP * k);
        comb->usual[k] = usual(score, comb->tempo[k]);
        find_places(&comb->shape, comb->tempo[k], comb->places[k]);
    }
}

static inline double at(const fc_comb *comb, const double *lags, size_t k) {
    return lags == NULL ? comb->usual[k] : likelihood(&comb->score, lags, comb->places[k]) * comb->usual[k];
}

double fc_comb_at(const fc_comb *comb, const double *lags, size_t k) { return at(comb, lags, k); }

void fc_comb_grid(const fc_comb *comb, const double *lags, double likelihoods[FC_COMB_GRID]) {
    for (size_t k = 0; k < FC_COMB_GRID; k++) likelihoods[k] = at(comb, lags, k);
}

double fc_comb_likelihood(const fc_comb *comb, const double *lags, double tempo) {
    fc_lags_place places[FC_COMB_MULTIPLES];
    if (lags == NULL) return usual(&comb->score, tempo);
    find_places(&comb->shape, tempo, places);
    return likelihood(&comb->score, lags, places) * usual(&comb->score, tempo);
}

/* A(t) + A(2t) + A(4t), as far as `multiples` goes. */
static double fit_of(const fc_comb *comb, const double *lags, int multiples, double tempo) {
    const double beat = 60 * comb->shape.rate / tempo;
    double sum = 0;
    for (int i = 0; i < multiples; i++) {
        const fc_lags_place place = fc_lags_find(&comb->shape, MULTIPLES[i] * beat);
        sum += fc_lags_at(lags, &place);
    }
    return sum;
}

double fc_comb_refine(const fc_comb *comb, const double *lags, double tempo) {
    if (lags == NULL) return tempo;
    const double longest = 60 * comb->shape.rate / (0.969 * tempo);
    int multiples = 0;
    while (multiples < 3 && MULTIPLES[multiples] * longest < (double)comb->shape.lags - 3) multiples++;
    double best = tempo, most = -INFINITY;
    for (int i = -6; i <= 6; i++) {
        const double tried = tempo * (1 + 0.005 * i), fit = fit_of(comb, lags, multiples, tried);
        if (!(fit > most)) continue;
        best = tried;
        most = fit;
    }
    const double below = fit_of(comb, lags, multiples, best * 0.999), here = fit_of(comb, lags, multiples, best * 1.0);
    const double above = fit_of(comb, lags, multiples, best * 1.001), bend = below - 2 * here + above;
    if (!(bend < 0)) return best;
    const double steps = 0.5 * (below - above) / bend;
    return best * (1 + 0.001 * (steps < -3 ? -3 : steps > 3 ? 3 : steps));
}
