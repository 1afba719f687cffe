#include "fc_envelope.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "fc_target.h"

#if FC_HAS_LEVELS
#include <immintrin.h>
#endif

#define KEEP(v) (void)(v)
#define NAME base_kernel
#define WIDTH 16
#include "fc_envelope.inc"
#undef NAME
#undef WIDTH
#undef KEEP

#if FC_HAS_LEVELS

#define KEEP(v) __asm__("" : "+x"(v))

FC_TARGET_BEGIN_V3
#define NAME v3_kernel
#define WIDTH 32
#include "fc_envelope.inc"
#undef NAME
#undef WIDTH
FC_TARGET_END

FC_TARGET_BEGIN_V4
#define NAME v4_kernel
#define WIDTH 64
#include "fc_envelope.inc"
#undef NAME
#undef WIDTH
FC_TARGET_END

fc_envelope_kernel *fc_envelope_for(fc_cpu_level level) {
    return level == FC_CPU_BASE ? base_kernel : level == FC_CPU_V3 ? v3_kernel : v4_kernel;
}

#else

fc_envelope_kernel *fc_envelope_for(fc_cpu_level level) {
    (void)level;
    return base_kernel;
}

#endif

static const double SECONDS = 300, FLAT = 1e-6, MOST_RATE = 1e15;

void fc_envelope_room_free(fc_envelope_room *room) {
    fc_buffer_free(&room->values);
    fc_buffer_free(&room->blocks);
    fc_estimate_room_free(&room->estimate);
}

double fc_envelope_rate(double rate, size_t *out_group) {
    const double group = rate > FC_LAGS_MAX_RATE ? ceil(rate / FC_LAGS_MAX_RATE) : 1, left = rate / group;
    *out_group = 1;
    if (!(left >= FC_LAGS_MIN_RATE && rate <= MOST_RATE)) return 0;
    *out_group = (size_t)group;
    return left < FC_LAGS_MAX_RATE ? left : FC_LAGS_MAX_RATE;
}

/* The mean of the frames that become one. */
static double frame(const float *row, size_t group, size_t i) {
    double sum = 0;
    for (size_t j = 0; j < group; j++) sum += (double)row[i * group + j];
    return sum / (double)group;
}

/* Write the row without its mean, between -1 and 1; false where it is flat. */
static bool level_out(const float *row, size_t group, size_t count, float *values) {
    double sum = 0, largest = 0, peak = 0;
    for (size_t i = 0; i < count; i++) {
        const double x = frame(row, group, i);
        sum += x;
        if (fabs(x) > largest) largest = fabs(x);
    }
    const double mean = sum / (double)count;
    for (size_t i = 0; i < count; i++) {
        const double x = fabs(frame(row, group, i) - mean);
        if (x > peak) peak = x;
    }
    if (!(peak > FLAT * largest)) return false;
    for (size_t i = 0; i < count; i++) values[i] = (float)((frame(row, group, i) - mean) / peak);
    return true;
}

static bool all_finite(const float *row, size_t len) {
    bool finite = true;
    for (size_t i = 0; i < len; i++) finite &= (bool)isfinite(row[i]);
    return finite;
}

/* Write the autocorrelations of each 2 s, of which the last may be shorter, upwards: what the kernel writes behind a
 * row the next one overwrites. */
static void correlate(const fc_lags *shape, fc_envelope_kernel *kernel, const float *values, size_t count,
                      float *blocks) {
    for (size_t at = 0; at < count; at += shape->hop, blocks += shape->lags)
        kernel(values + at, count - at < shape->hop ? count - at : shape->hop, shape->lags, blocks);
}

typedef struct correlated {
    const float *blocks;
    size_t lags;
} correlated;

static void write_block(void *ctx, size_t block, double *sums) {
    const correlated *c = ctx;
    const float *from = c->blocks + block * c->lags;
    sums[0] = 0;
    for (size_t lag = 1; lag < c->lags; lag++) sums[lag] = (double)from[lag];
}

/* Rows for the estimate, and the blocks behind them. */
static fc_status reserve_blocks(fc_envelope_room *room, const fc_lags *shape, size_t count) {
    const size_t lent = FC_ESTIMATE_ROWS * shape->lags * sizeof(double);
    const fc_status status =
        fc_buffer_reserve(&room->blocks, lent + (count * shape->lags + FC_ENVELOPE_ROOM) * sizeof(float));
    room->estimate.lent = (double *)(void *)room->blocks.data;
    room->estimate.lent_rows = FC_ESTIMATE_ROWS;
    return status;
}

fc_status fc_envelope_tell(const fc_comb *comb, fc_envelope_kernel *kernel, const float *row, size_t len, double rate,
                           fc_envelope_room *room, fc_estimate *out) {
    size_t group;
    const double left = fc_envelope_rate(rate, &group), most = SECONDS * left;
    const size_t count = (double)(len / group) < most ? len / group : (size_t)most;
    fc_estimate estimate = {0};
    if (left > 0 && count >= comb->shape.hop && all_finite(row, len)) {
        const fc_lags *shape = &comb->shape;
        const size_t padded = count + FC_LAGS_MAX + FC_ENVELOPE_ROOM, rows = (count - 1) / shape->hop + 1;
        fc_status status = fc_buffer_reserve(&room->values, padded * sizeof(float));
        if (status == FC_OK) status = reserve_blocks(room, shape, rows);
        if (status != FC_OK) return status;
        float *values = (float *)(void *)room->values.data;
        float *blocks = (float *)(void *)(room->estimate.lent + FC_ESTIMATE_ROWS * shape->lags);
        if (level_out(row, group, count, values)) {
            memset(values + count, 0, (padded - count) * sizeof *values);
            correlate(shape, kernel, values, count, blocks);
            correlated c = {blocks, shape->lags};
            const fc_estimate_blocks all = {.write = write_block, .ctx = &c, .count = rows};
            status = fc_estimate_tell(comb, &all, &room->estimate, &estimate);
            if (status != FC_OK) return status;
        }
    }
    *out = estimate;
    return FC_OK;
}
