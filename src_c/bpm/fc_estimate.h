/* Tell the tempo of a piece from its autocorrelations, one for each two seconds.
 *
 * The whole piece, the sum of them, gives a first answer. Windows of 8 s, 2 s apart, each the sum of four of them, give
 * another: the most likely tempo of each (fc_viterbi), refined by its own lags. Their spread is the stability, and
 * where it is above FC_ESTIMATE_FREE the piece is played freely, and the median of the local tempi is the answer; else
 * that of the whole piece is, which is finer. Fewer than four windows are too few to tell.
 *
 * The confidence is the share of the likelihood that lies within two steps of the grid, 4 %, of the tempo; the score of
 * an alternative is its likelihood by that of the tempo, so that 1 is as good. Of windows: the mean of the shares, and
 * the sum of the likelihoods by that of the tempi. The best alternative comes first, of equals that of the first
 * factor.
 *
 * Where nothing stands out of the autocorrelation of the piece there is no tempo: source NONE, all else 0. A window
 * like that fits every tempo alike. */
#ifndef FC_ESTIMATE_H
#define FC_ESTIMATE_H

#include <stddef.h>

#include "fc_buffer.h"
#include "fc_comb.h"
#include "fc_status.h"

#define FC_ESTIMATE_FREE 0.04

enum { FC_ESTIMATE_ALTERNATIVES = 3, FC_ESTIMATE_MAX_BLOCKS = 151 };

typedef enum fc_estimate_source {
    FC_ESTIMATE_NONE = 0, /* no tempo */
    FC_ESTIMATE_WHOLE,    /* of the piece as a whole */
    FC_ESTIMATE_LOCAL     /* the median of the local tempi */
} fc_estimate_source;

typedef struct fc_alternative {
    double bpm, score;
} fc_alternative;

typedef struct fc_estimate {
    fc_estimate_source source;
    double bpm;        /* quarter notes a minute, 0: none */
    double confidence; /* 0..1 */
    double stability;  /* interquartile range of the local tempi by their median, 0 is steady; -1: too short to tell */
    fc_alternative alternatives[FC_ESTIMATE_ALTERNATIVES]; /* x 2, / 2, x 3/2, as far as they lie on the grid */
    size_t alternatives_len;
} fc_estimate;

/* Tell it. `blocks` are 1..FC_ESTIMATE_MAX_BLOCKS times comb->shape.lags sums, which are overwritten. `room` is
 * memory that is kept from call to call, at most 0.2 MB. FC_NO_MEMORY. About 2 us a block. Thread-safe. */
fc_status fc_estimate_tell(const fc_comb *comb, double *blocks, size_t count, fc_buffer *room, fc_estimate *out);

#endif
