#include "fc_viterbi.h"

#include <math.h>
#include <string.h>

#include "fc_pair.inc"

enum { REACH = FC_VITERBI_REACH, LANES = 8 };

static const double COST = 0.16, LEAST = 1e-100;

static size_t first_best(const double *values) {
    size_t best = 0;
    for (size_t k = 1; k < FC_COMB_GRID; k++)
        if (values[k] > values[best]) best = k;
    return best;
}

void fc_viterbi_begin(fc_viterbi *v, const double grid[FC_COMB_GRID]) {
    for (int d = -REACH; d <= REACH; d++) v->jumps[d + REACH] = exp(-COST * (d * d));
    memset(v->best, 0, sizeof v->best);
    memcpy(v->best + REACH, grid, FC_COMB_GRID * sizeof *grid);
}

/* The best jump to each of LANES places, the first of those of equal worth; `best` begins REACH before the first place.
 * How far behind that the jump begins comes out in `from`. */
static inline void reach(const double *best, const double *jumps, double *top, double *from) {
    typedef long long mask __attribute__((vector_size(16)));
    enum { PAIRS = LANES / 2 };
    pair most[PAIRS], at[PAIRS];
    for (int i = 0; i < PAIRS; i++) {
        most[i] = ((const pair *)best)[i] * jumps[0];
        at[i] = (pair){0};
    }
    for (int d = 1; d <= 2 * REACH; d++) {
        const pair steps = (double)d - (pair){0};
        for (int i = 0; i < PAIRS; i++) {
            const pair tried = ((const pair *)(best + d))[i] * jumps[d];
            at[i] = larger_of((pair)((mask)(tried > most[i]) & (mask)steps), at[i]);
            most[i] = larger_of(tried, most[i]);
        }
    }
    for (int i = 0; i < PAIRS; i++) {
        ((pair *)top)[i] = most[i];
        ((pair *)from)[i] = at[i];
    }
}

void fc_viterbi_step(fc_viterbi *v, const double grid[FC_COMB_GRID], uint8_t came[FC_COMB_GRID]) {
    double *best = v->best + REACH, tops[FC_COMB_GRID], from[FC_COMB_GRID];
    const double scale = best[first_best(best)];
    for (size_t k = 0; k < FC_COMB_GRID; k++) {
        const double x = best[k] / scale;
        best[k] = x > LEAST ? x : LEAST;
    }
    size_t k = 0;
    for (; k + LANES <= FC_COMB_GRID; k += LANES) reach(v->best + k, v->jumps, tops + k, from + k);
    k = FC_COMB_GRID - LANES; /* the last ones again, with those that are left */
    reach(v->best + k, v->jumps, tops + k, from + k);
    for (k = 0; k < FC_COMB_GRID; k++) {
        best[k] = tops[k] * grid[k];
        came[k] = (uint8_t)(k + (size_t)from[k] - REACH);
    }
}

void fc_viterbi_end(const fc_viterbi *v, const uint8_t (*came)[FC_COMB_GRID], size_t windows, uint8_t *places) {
    places[windows - 1] = (uint8_t)first_best(v->best + REACH);
    for (size_t i = windows - 1; i > 0; i--) places[i - 1] = came[i][places[i]];
}
