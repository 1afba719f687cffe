#include "fc_viterbi.h"

#include <math.h>
#include <string.h>

enum { REACH = 6, PADDED = FC_COMB_GRID + 2 * REACH };

static const double COST = 0.16, LEAST = 1e-100;

static size_t first_best(const double *values) {
    size_t best = 0;
    for (size_t k = 1; k < FC_COMB_GRID; k++)
        if (values[k] > values[best]) best = k;
    return best;
}

/* One window on: `best`, with REACH zeros on either side, becomes that of the sequences that end in it. */
static void advance(double *best, const double *now, const double *jumps, uint8_t *came) {
    double top[FC_COMB_GRID], from[FC_COMB_GRID];
    const double scale = best[REACH + first_best(best + REACH)];
    for (size_t k = REACH; k < REACH + FC_COMB_GRID; k++) {
        const double x = best[k] / scale;
        best[k] = x > LEAST ? x : LEAST;
    }
    for (size_t k = 0; k < FC_COMB_GRID; k++) top[k] = -1;
    for (int d = 0; d <= 2 * REACH; d++) {
        const double jump = jumps[d < REACH ? REACH - d : d - REACH], step = d - REACH;
        for (size_t k = 0; k < FC_COMB_GRID; k++) {
            const double tried = best[k + (size_t)d] * jump;
            from[k] = tried > top[k] ? step : from[k];
            top[k] = tried > top[k] ? tried : top[k];
        }
    }
    for (size_t k = 0; k < FC_COMB_GRID; k++) {
        best[REACH + k] = top[k] * now[k];
        came[k] = (uint8_t)((double)k + from[k]);
    }
}

void fc_viterbi(const double (*grids)[FC_COMB_GRID], size_t windows, uint8_t (*came)[FC_COMB_GRID], uint8_t *places) {
    double jumps[REACH + 1], best[PADDED] = {0};
    for (int d = 0; d <= REACH; d++) jumps[d] = exp(-COST * (d * d));
    memcpy(best + REACH, grids[0], sizeof grids[0]);
    for (size_t i = 1; i < windows; i++) advance(best, grids[i], jumps, came[i]);
    places[windows - 1] = (uint8_t)first_best(best + REACH);
    for (size_t i = windows - 1; i > 0; i--) places[i - 1] = came[i][places[i]];
}
