/* fc_envelope: every level writes the bits of a plain loop; known beats at any rate; what has no tempo. */
#include "fc_envelope.h"

#include <math.h>

#include "check.h"

enum { MOST = 700 };

static float out[FC_LAGS_MAX + FC_ENVELOPE_ROOM], values[MOST + FC_LAGS_MAX + FC_ENVELOPE_ROOM];
static fc_envelope_room room;

static float plain(size_t count, size_t lag) {
    const size_t apart = FC_ENVELOPE_APART;
    float sum = 0;
    size_t i = 0;
    for (; i + 2 * apart <= count; i += 2 * apart)
        for (size_t j = i; j < i + apart; j++) {
            const float near = values[j] * values[j + lag];
            sum += near;
            const float far = values[j + apart] * values[j + apart + lag];
            sum += far;
        }
    for (; i < count; i++) {
        const float product = values[i] * values[i + lag];
        sum += product;
    }
    return sum;
}

static void same_bits(fc_cpu_level level, size_t count, size_t lags) {
    fc_envelope_for(level)(values, count, lags, out);
    for (size_t lag = 0; lag < lags; lag++) {
        const float wanted = plain(count, lag);
        CHECK(memcmp(&out[lag], &wanted, sizeof wanted) == 0);
    }
}

static void kernels(void) {
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) values[i] = (float)random_below(2000) / 1000 - 1;
    for (int level = FC_CPU_BASE; level <= (int)fc_cpu_detect(); level++)
        for (size_t count = 0; count < MOST; count += count < 70 ? 1 : 97)
            for (size_t lags = 51; lags <= FC_LAGS_MAX; lags += 139) same_bits((fc_cpu_level)level, count, lags);
    CHECK(fc_envelope_for(FC_CPU_BASE) != NULL && fc_envelope_for(FC_CPU_V4) != NULL);
}

static void rates(void) {
    size_t group;
    CHECK(fc_envelope_rate(100, &group) == 100 && group == 1);
    CHECK(fc_envelope_rate(200, &group) == 200 && group == 1);
    CHECK(fc_envelope_rate(200.5, &group) == 100.25 && group == 2);
    CHECK(fc_envelope_rate(44100, &group) <= FC_LAGS_MAX_RATE && group == 221);
    CHECK(fc_envelope_rate(9.99, &group) == 0 && fc_envelope_rate(1e300, &group) == 0 && group == 1);
    for (double rate = 10; rate < 1e15; rate *= 1.0371) {
        const double left = fc_envelope_rate(rate, &group);
        CHECK(left >= FC_LAGS_MIN_RATE && left <= FC_LAGS_MAX_RATE && fabs(left * (double)group / rate - 1) < 1e-9);
    }
}

static fc_estimate told(const float *row, size_t len, double rate) {
    static fc_comb comb;
    size_t group;
    fc_estimate e;
    const double left = fc_envelope_rate(rate, &group);
    if (left > 0) fc_comb_init(&comb, left, &fc_comb_general);
    float *exact = (float *)exact_copy(row, len * sizeof *row);
    CHECK(fc_envelope_tell(&comb, fc_envelope_for(FC_CPU_BASE), exact, len, rate, &room, &e) == FC_OK);
    free(exact);
    return e;
}

static void beats(void) {
    const double rates_of[] = {43.07, 86.13, 100, 344.5};
    for (size_t r = 0; r < sizeof rates_of / sizeof *rates_of; r++) {
        const double rate = rates_of[r];
        const size_t len = (size_t)(40 * rate);
        float *row = calloc(len, sizeof *row);
        if (row == NULL) exit(2);
        for (double t = 0; t < 40; t += 0.6) row[(size_t)(t * rate)] = 1;
        const fc_estimate e = told(row, len, rate);
        CHECK(e.source == FC_ESTIMATE_WHOLE && fabs(e.bpm - 100) < 0.7);
        CHECK(told(row, (size_t)(1.9 * rate), rate).source == FC_ESTIMATE_NONE);
        row[len / 2] = NAN;
        CHECK(told(row, len, rate).source == FC_ESTIMATE_NONE);
        for (size_t i = 0; i < len; i++) row[i] = 0.1f;
        CHECK(told(row, len, rate).source == FC_ESTIMATE_NONE);
        CHECK(told(row, 0, rate).source == FC_ESTIMATE_NONE);
        CHECK(told(row, len, 9).source == FC_ESTIMATE_NONE && told(row, len, 1e300).source == FC_ESTIMATE_NONE);
        free(row);
    }
}

int main(void) {
    kernels();
    rates();
    beats();
    fc_envelope_room_free(&room);
    return finish();
}
