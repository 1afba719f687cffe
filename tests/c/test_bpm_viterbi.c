/* fc_viterbi: the sequence that is found is as likely as the best of any, by a search in logarithms. */
#include "fc_viterbi.h"

#include <math.h>

#include "check.h"

enum { MOST = 30 };

static double grids[MOST][FC_COMB_GRID];
static uint8_t came[MOST][FC_COMB_GRID], places[MOST];

static void find(size_t windows) {
    fc_viterbi v;
    fc_viterbi_begin(&v, grids[0]);
    for (size_t i = 1; i < windows; i++) fc_viterbi_step(&v, grids[i], came[i]);
    fc_viterbi_end(&v, (const uint8_t(*)[FC_COMB_GRID])came, windows, places);
}

static double cost(size_t a, size_t b) {
    const double d = fabs((double)a - (double)b);
    return d <= 6 ? 0.16 * d * d : INFINITY;
}

static double best_of_any(size_t windows) {
    double best[FC_COMB_GRID], next[FC_COMB_GRID], top = -INFINITY;
    for (size_t k = 0; k < FC_COMB_GRID; k++) best[k] = log(grids[0][k]);
    for (size_t i = 1; i < windows; i++) {
        for (size_t k = 0; k < FC_COMB_GRID; k++) {
            next[k] = -INFINITY;
            for (size_t j = 0; j < FC_COMB_GRID; j++) next[k] = fmax(next[k], best[j] - cost(j, k));
            next[k] += log(grids[i][k]);
        }
        memcpy(best, next, sizeof best);
    }
    for (size_t k = 0; k < FC_COMB_GRID; k++) top = fmax(top, best[k]);
    return top;
}

static void as_likely(size_t windows) {
    for (size_t i = 0; i < windows; i++)
        for (size_t k = 0; k < FC_COMB_GRID; k++) grids[i][k] = 0.01 + (double)random_below(1000) / 1000;
    find(windows);
    double sum = log(grids[0][places[0]]);
    for (size_t i = 1; i < windows; i++) sum += log(grids[i][places[i]]) - cost(places[i - 1], places[i]);
    CHECK(fabs(sum - best_of_any(windows)) < 1e-9);
}

/* All alike: the lowest place, and it stays. The ends of the grid are places as others are. */
static void ties_and_ends(void) {
    const size_t ends[] = {0, FC_COMB_GRID - 1};
    for (size_t i = 0; i < MOST; i++)
        for (size_t k = 0; k < FC_COMB_GRID; k++) grids[i][k] = 0.5;
    find(MOST);
    for (size_t i = 0; i < MOST; i++) CHECK(places[i] == 0);
    for (int e = 0; e < 2; e++) {
        for (size_t i = 0; i < MOST; i++)
            for (size_t k = 0; k < FC_COMB_GRID; k++) grids[i][k] = k == ends[e] ? 1 : 1e-12;
        find(MOST);
        for (size_t i = 0; i < MOST; i++) CHECK(places[i] == ends[e]);
    }
}

int main(void) {
    for (int i = 0; i < 200; i++) as_likely(1 + (size_t)random_below(MOST));
    ties_and_ends();
    return finish();
}
