/* fc_estimate: steady, free, short and empty pieces from autocorrelations that are made. */
#include "fc_estimate.h"

#include <math.h>

#include "check.h"

enum { LAGS = 512 };

static fc_comb comb;
static fc_buffer room;
static double blocks[FC_ESTIMATE_MAX_BLOCKS * LAGS];

/* Peaks at the multiples of a beat of `tempo`, a little higher at even ones. */
static void fill(size_t block, double tempo) {
    const double beat = 6000 / tempo;
    double *lags = blocks + block * LAGS;
    memset(lags, 0, LAGS * sizeof *lags);
    for (int m = 1; m * beat < LAGS - 1; m++) lags[(size_t)(m * beat + 0.5)] += m % 2 == 0 ? 3 : 2;
}

static fc_estimate told(size_t count) {
    fc_estimate e;
    CHECK(fc_estimate_tell(&comb, blocks, count, &room, &e) == FC_OK);
    return e;
}

static void steady(void) {
    for (size_t count = 1; count <= FC_ESTIMATE_MAX_BLOCKS; count += count < 10 ? 1 : 47) {
        for (size_t i = 0; i < count; i++) fill(i, 120);
        const fc_estimate e = told(count);
        CHECK(e.source == FC_ESTIMATE_WHOLE && fabs(e.bpm - 120) < 0.2 && e.confidence > 0.05 && e.confidence <= 1);
        CHECK(count < 7 ? e.stability == -1 : e.stability >= 0 && e.stability < 1e-9);
        CHECK(e.alternatives_len == 3);
        for (int i = 0; i < 2; i++) CHECK(e.alternatives[i].score >= e.alternatives[i + 1].score);
    }
    for (size_t i = 0; i < 20; i++) fill(i, 120);
    const fc_estimate e = told(20);
    for (size_t i = 0; i < e.alternatives_len; i++) {
        const double factor = e.alternatives[i].bpm / e.bpm;
        CHECK(factor == 2 || factor == 0.5 || factor == 1.5);
    }
}

static void free_tempo(void) {
    for (size_t i = 0; i < 60; i++) fill(i, 120 * exp(0.2 * sin((double)i / 8)));
    const fc_estimate e = told(60);
    CHECK(e.source == FC_ESTIMATE_LOCAL && e.stability > FC_ESTIMATE_FREE && fabs(e.bpm / 120 - 1) < 0.06);
}

static void nothing(void) {
    memset(blocks, 0, sizeof blocks);
    for (size_t count = 1; count < 20; count++) {
        const fc_estimate e = told(count);
        CHECK(e.source == FC_ESTIMATE_NONE && e.bpm == 0 && e.confidence == 0 && e.alternatives_len == 0);
    }
    for (size_t i = 0; i < 20; i++) /* silence amid a piece */
        if (i < 6 || i > 11) fill(i, 100);
        else memset(blocks + i * LAGS, 0, LAGS * sizeof *blocks);
    CHECK(fabs(told(20).bpm - 100) < 0.2);
}

int main(void) {
    fc_comb_init(&comb, 100, &fc_comb_general);
    steady();
    free_tempo();
    nothing();
    fc_buffer_free(&room);
    return finish();
}
