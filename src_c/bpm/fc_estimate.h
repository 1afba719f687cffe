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

/* The autocorrelations of a piece: 1..FC_ESTIMATE_MAX_BLOCKS of them. `write` writes the comb->shape.lags sums of one.
 * Each is asked for in order, and those for which there was no room, the last ones, in order again. */
typedef struct fc_estimate_blocks {
    void (*write)(void *ctx, size_t block, double *sums);
    void *ctx;
    size_t count;
} fc_estimate_blocks;

enum { FC_ESTIMATE_ROWS = 4 }; /* at least */

/* Memory that is kept from call to call: at most 21 KB, and a row of lags for each block unless rows are lent. A zeroed
 * struct is empty. Not thread-safe. */
typedef struct fc_estimate_room {
    fc_buffer own;
    double *lent; /* by the caller, for the time of a call; or NULL */
    size_t lent_rows; /* of comb->shape.lags each, FC_ESTIMATE_ROWS or more */
} fc_estimate_room;

void fc_estimate_room_free(fc_estimate_room *room);

/* Tell it; rows that are lent do not change it. FC_NO_MEMORY. About 4 us a block. Thread-safe for different rooms. */
fc_status fc_estimate_tell(const fc_comb *comb, const fc_estimate_blocks *blocks, fc_estimate_room *room,
                           fc_estimate *out);

#endif
