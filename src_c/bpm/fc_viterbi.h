/* Follow the tempo through a piece: the most likely sequence of places on the grid of tempi.
 *
 * A jump of d steps from one window to the next costs a factor of exp(-0.16 d^2), at most 6 steps; a sequence that
 * falls below 1e-100 of the best counts as that much. Of equals the lower place counts. Windows are taken one by one,
 * so that their likelihoods need not be kept. Not thread-safe for one fc_viterbi. */
#ifndef FC_VITERBI_H
#define FC_VITERBI_H

#include <stddef.h>
#include <stdint.h>

#include "fc_comb.h"

enum { FC_VITERBI_REACH = 6 };

/* How likely the best sequence is that ends in each place, with as many zeros on either side as a jump reaches. */
typedef struct fc_viterbi {
    double jumps[2 * FC_VITERBI_REACH + 1];
    double best[FC_COMB_GRID + 2 * FC_VITERBI_REACH];
} fc_viterbi;

/* Begin with the likelihoods of the first window; those of every window are above 0. */
void fc_viterbi_begin(fc_viterbi *v, const double grid[FC_COMB_GRID]);

/* Go on to the next window, and write from which place of the window before each of its places is reached best.
 * O(grid). */
void fc_viterbi_step(fc_viterbi *v, const double grid[FC_COMB_GRID], uint8_t came[FC_COMB_GRID]);

/* Write the place of each of `windows` (>= 1) windows; came[i] is what the step to window i wrote, came[0] is not
 * looked at. O(grid + windows). */
void fc_viterbi_end(const fc_viterbi *v, const uint8_t (*came)[FC_COMB_GRID], size_t windows, uint8_t *places);

#endif
