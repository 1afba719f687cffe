/* Score tempi by how well the multiples of their beat fit an autocorrelation, and by how usual they are.
 *
 *     fit(T) = A(t) + twice A(2t) + four A(4t) + half A(t/2)      with the beat t = 60 / T, A by fc_lags.h
 *     L(T)   = max(fit, 1e-6) ** sharpness * exp(-1/2 (log2(T / centre) / width)^2)
 *
 * L is the likelihood of tempo T, up to a factor. The grid of tempi is 28 exp(0.02 k) for k from 0 to 121: up to 315.
 * Pure, thread-safe. */
#ifndef FC_COMB_H
#define FC_COMB_H

#include <stddef.h>

#include "fc_lags.h"

enum { FC_COMB_GRID = 122, FC_COMB_MULTIPLES = 4 };

typedef struct fc_comb_score {
    double twice, four, half;
    double sharpness;     /* how much a better fit weighs against a usual tempo */
    double centre, width; /* the most usual tempo and, in octaves, a standard deviation around it */
} fc_comb_score;

/* Nothing fitted: for any music. */
extern const fc_comb_score fc_comb_general;
/* Fitted to songs of a pop repertoire, most of which have 60 to 100 beats a minute: for that alone. */
extern const fc_comb_score fc_comb_pop;

/* What depends on rate and score alone: 20 KB. */
typedef struct fc_comb {
    fc_lags shape;
    fc_comb_score score;
    double tempo[FC_COMB_GRID], usual[FC_COMB_GRID];
    fc_lags_place places[FC_COMB_GRID][FC_COMB_MULTIPLES];
} fc_comb;

/* Work it out. About 10 us. */
void fc_comb_init(fc_comb *comb, double rate, const fc_comb_score *score);

/* Write L of every tempo of the grid. `lags` are normalised; NULL: nothing is known, every fit counts as 1. */
void fc_comb_grid(const fc_comb *comb, const double *lags, double likelihoods[FC_COMB_GRID]);

/* Return L of tempo k of the grid alone, the same bits; `lags` as above. */
double fc_comb_at(const fc_comb *comb, const double *lags, size_t k);

/* Return L of a tempo above 0; `lags` as above. */
double fc_comb_likelihood(const fc_comb *comb, const double *lags, double tempo);

/* Return the tempo within 3 % of the given one that has most of A(t) + A(2t) + A(4t), as far as these lags are there
 * for every tempo so near: the first best of steps of 0.5 %, then the top of a parabola through three tempi 0.1 %
 * apart. The tempo itself where `lags` is NULL. */
double fc_comb_refine(const fc_comb *comb, const double *lags, double tempo);

#endif
