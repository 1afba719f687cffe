/* Estimate the tempo of many pieces, on several threads where that pays. */
#ifndef FC_MANY_H
#define FC_MANY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fc_comb.h"
#include "fc_envelope.h"
#include "fc_estimate.h"
#include "fc_runtime.h"
#include "fc_status.h"

typedef struct fc_many_piece { /* of fc_onsets_tell */
    const double *times, *weights;
    size_t len;
} fc_many_piece;

typedef struct fc_many {
    const fc_comb *comb;
    const fc_many_piece *pieces; /* `count` of them; NULL: there are rows */
    const float *rows;           /* of fc_envelope_tell: `count` times `len` frames */
    size_t len;
    double rate;
    size_t count;
    fc_estimate *out; /* `count` of them; of no use after an error */
    unsigned threads; /* at most, >= 1 */
    /* Called on the calling thread about every 10 ms; nonzero stops. May be NULL. */
    int (*poll)(void *ctx);
    void *poll_ctx;
} fc_many;

/* Return the work of so many estimates of so many bytes in all for the runtime's model of costs. */
fc_cost_work fc_many_work(size_t count, uint64_t bytes, bool is_envelopes);

/* Estimate each. FC_NO_MEMORY; FC_BAD_VALUE: the piece *out_bad, the first such, has a weight below 0; FC_STOPPED: poll
 * asked to stop; FC_FORKED: in a child that was forked while threads were at it. Thread-safe. */
fc_status fc_many_tell(const fc_runtime *runtime, const fc_many *many, size_t *out_bad);

#endif
