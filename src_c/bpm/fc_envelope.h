/* Estimate the tempo of audio from an envelope of onset strength, a value for each frame.
 *
 * Of a row the first 300 s count. Above FC_LAGS_MAX_RATE each m frames in a row, with the least m that will do, become
 * their mean, a last group that is not full falls away. The mean is subtracted and the rest divided by its largest
 * magnitude (sums upwards, in double precision). The autocorrelation of each 2 s with all that follows is then told the
 * tempo from by fc_estimate, lag 0 not counted.
 *
 * There is no tempo in a row with a NaN or an infinity, one that does not vary by more than a millionth of its largest
 * magnitude, one of less than 2 s, or where there are fewer than FC_LAGS_MIN_RATE frames a second. */
#ifndef FC_ENVELOPE_H
#define FC_ENVELOPE_H

#include <stddef.h>

#include "fc_buffer.h"
#include "fc_comb.h"
#include "fc_cpu.h"
#include "fc_estimate.h"
#include "fc_status.h"

/* Write for each lag below `lags` the sum of values[i] * values[i + lag] over i < count, in single precision without
 * contraction, and in one order: of each full 32 i and i + 16 for i from 0 to 15, what is left upwards. So every
 * variant writes the same bits. `lags` is at most FC_LAGS_MAX; `values` is readable for `lags`, and `out` writable, and
 * FC_ENVELOPE_ROOM elements more than is meant. O(count * lags). Pure. */
typedef void fc_envelope_kernel(const float *values, size_t count, size_t lags, float *out);

enum { FC_ENVELOPE_APART = 16, FC_ENVELOPE_ROOM = 160 };

/* Return the kernel of a level; a level that was not compiled in gives the best below it. */
fc_envelope_kernel *fc_envelope_for(fc_cpu_level level);

/* Memory that is kept from call to call, at most 0.9 MB. A zeroed struct is empty. Not thread-safe. */
typedef struct fc_envelope_room {
    fc_buffer values, blocks;
    fc_estimate_room estimate;
} fc_envelope_room;

void fc_envelope_room_free(fc_envelope_room *room);

/* Return the frames a second that are left of `rate` > 0, from FC_LAGS_MIN_RATE to FC_LAGS_MAX_RATE, and how many
 * become one; 0 where there are too few a second, or more than 1e15. */
double fc_envelope_rate(double rate, size_t *out_group);

/* Estimate for one row of `len` frames at `rate` > 0 a second. `comb` is of fc_envelope_rate(rate), and not looked at
 * where that is 0. FC_NO_MEMORY. O(len * 5 * rate). Thread-safe. */
fc_status fc_envelope_tell(const fc_comb *comb, fc_envelope_kernel *kernel, const float *row, size_t len, double rate,
                           fc_envelope_room *room, fc_estimate *out);

#endif
