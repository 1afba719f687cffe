/* Follow the tempo through a piece: the most likely sequence of places on the grid of tempi.
 *
 * A jump of d steps from one window to the next costs a factor of exp(-0.16 d^2), at most 6 steps; a sequence that
 * falls below 1e-100 of the best counts as that much. Of equals the lower place counts. Pure, thread-safe. */
#ifndef FC_VITERBI_H
#define FC_VITERBI_H

#include <stddef.h>
#include <stdint.h>

#include "fc_comb.h"

/* Write the place of each of `windows` (>= 1) windows, whose likelihoods, all of them above 0, stand in `grids`, to
 * `places`; `came` has room for a row for each window. O(windows * grid). */
void fc_viterbi(const double (*grids)[FC_COMB_GRID], size_t windows, uint8_t (*came)[FC_COMB_GRID], uint8_t *places);

#endif
