/* fc_onsets: known beats, orders, bounds, and what has no tempo. */
#include "fc_onsets.h"

#include <math.h>

#include "check.h"

enum { MOST = 2000 };

static fc_comb comb;
static fc_onsets_room room;

static fc_estimate told(const double *times, const double *weights, size_t len) {
    fc_estimate e;
    double *exact = (double *)exact_copy(times, len * sizeof *times);
    CHECK(fc_onsets_tell(&comb, exact, weights, len, &room, &e) == FC_OK);
    free(exact);
    return e;
}

static bool same(fc_estimate a, fc_estimate b) {
    return a.source == b.source && a.bpm == b.bpm && a.confidence == b.confidence && a.stability == b.stability;
}

static void orders(void) {
    double times[MOST], weights[MOST];
    for (size_t len = 8; len <= MOST; len = len * 3 / 2) {
        for (size_t i = 0; i < len; i++) times[i] = 0.5 * (double)i + 7, weights[i] = 1;
        const fc_estimate e = told(times, NULL, len);
        CHECK(fabs(e.bpm - 120) < 0.1 || fabs(e.bpm - 60) < 0.1);
        CHECK(same(told(times, weights, len), e));
        for (size_t i = len - 1; i > 0; i--) {
            const size_t j = (size_t)random_below(i + 1);
            const double swapped = times[i];
            times[i] = times[j], times[j] = swapped;
        }
        CHECK(same(told(times, NULL, len), e));
    }
}

static void bounds(void) {
    double times[MOST], weights[MOST];
    for (size_t i = 0; i < MOST; i++) times[i] = 0.5 * (double)i, weights[i] = 1;
    const fc_estimate e = told(times, NULL, 600); /* to 299.5 s */
    CHECK(same(told(times, NULL, MOST), e));
    CHECK(told(times, NULL, 0).source == FC_ESTIMATE_NONE && told(times, NULL, 7).source == FC_ESTIMATE_NONE);
    CHECK(told(times, NULL, 8).source == FC_ESTIMATE_WHOLE);
    times[5] = NAN;
    CHECK(told(times, NULL, MOST).source == FC_ESTIMATE_NONE);
    times[5] = INFINITY;
    CHECK(told(times, NULL, MOST).source == FC_ESTIMATE_NONE);
    times[5] = 2.5;
    weights[6] = NAN;
    CHECK(told(times, weights, MOST).source == FC_ESTIMATE_NONE);
    weights[6] = -1;
    fc_estimate unchanged = {.bpm = 3};
    CHECK(fc_onsets_tell(&comb, times, weights, MOST, &room, &unchanged) == FC_BAD_VALUE && unchanged.bpm == 3);
    for (size_t i = 0; i < MOST; i++) times[i] = i < MOST / 2 ? -1e308 : 1e308;
    CHECK(told(times, NULL, MOST).source == FC_ESTIMATE_NONE);
    for (size_t i = 0; i < MOST; i++) times[i] = 1.98 * (double)i / MOST;
    CHECK(told(times, NULL, MOST).source == FC_ESTIMATE_NONE);
}

static void every_bin(void) {
    const size_t len = 31000;
    double *times = malloc(len * sizeof *times);
    if (times == NULL) exit(2);
    for (size_t i = 0; i < len; i++) times[i] = 0.01 * (double)i;
    const fc_estimate e = told(times, NULL, len);
    CHECK(e.confidence < 0.3);
    free(times);
}

int main(void) {
    fc_comb_init(&comb, FC_ONSETS_RATE, &fc_comb_general);
    orders();
    bounds();
    every_bin();
    fc_onsets_room_free(&room);
    return finish();
}
