/* The gate's cases of src_c/bpm.
 *
 * Eighths at 100 beats a minute for 200 s, the beat twice as loud: as onsets and as an envelope. */
#include <math.h>

#include "fc_envelope.h"
#include "fc_onsets.h"
#include "fc_viterbi.h"
#include "gate.h"

enum { RATE = 100, FRAMES = 200 * RATE, STEP = 30, NOTES = FRAMES / STEP, HOP = 2 * RATE, LAGS = 512, WINDOWS = 100 };

static fc_cpu_level level;
static fc_comb comb;
static double times[NOTES], weights[NOTES], sums[LAGS], lags[LAGS], out[LAGS], grids[WINDOWS][FC_COMB_GRID];
static uint8_t came[WINDOWS][FC_COMB_GRID], places[WINDOWS];
static float envelope[FRAMES + FC_LAGS_MAX + FC_ENVELOPE_ROOM], correlated[FC_LAGS_MAX + FC_ENVELOPE_ROOM];
static fc_onsets_room onsets_room;
static fc_envelope_room envelope_room;

static void set_up(fc_cpu_level wanted) {
    level = wanted;
    fc_comb_init(&comb, RATE, &fc_comb_general);
    for (size_t i = 0; i < NOTES; i++) {
        times[i] = (double)(i * STEP) / RATE;
        weights[i] = i % 2 == 0 ? 2 : 1;
        envelope[i * STEP] = (float)weights[i];
    }
    for (size_t i = STEP; i < LAGS; i += STEP) sums[i] = 1;
    gate_need(fc_lags_normalise(&comb.shape, sums, lags), "nothing stands out");
    for (size_t i = 0; i < WINDOWS; i++)
        for (size_t k = 0; k < FC_COMB_GRID; k++) grids[i][k] = k == 50 ? 1 : 0.1;
}

static uint64_t onsets(void) {
    fc_estimate e = {0};
    gate_need(fc_onsets_tell(&comb, times, weights, NOTES, &onsets_room, &e) == FC_OK, "no memory");
    return (uint64_t)(e.bpm + 0.5);
}

static uint64_t whole_envelope(void) {
    fc_estimate e = {0};
    gate_need(fc_envelope_tell(&comb, fc_envelope_for(level), envelope, FRAMES, RATE, &envelope_room, &e) == FC_OK,
              "no memory");
    return (uint64_t)(e.bpm + 0.5);
}

/* Twice as loud beats 60 frames apart: 4 + 1 for each pair of eighths that far apart. */
static uint64_t correlate(void) {
    float sum = 0;
    for (size_t at = 0; at + HOP <= FRAMES / 2; at += HOP) {
        fc_envelope_for(level)(envelope + at, HOP, LAGS, correlated);
        sum += correlated[2 * STEP];
    }
    return (uint64_t)sum;
}

static uint64_t normalise(void) {
    gate_need(fc_lags_normalise(&comb.shape, sums, out), "nothing stands out");
    return (uint64_t)(out[STEP] + out[2 * STEP] + 0.5);
}

static uint64_t grid(void) {
    fc_comb_grid(&comb, lags, grids[0]);
    uint64_t best = 0;
    for (size_t k = 1; k < FC_COMB_GRID; k++) best = grids[0][k] > grids[0][best] ? k : best;
    for (size_t k = 0; k < FC_COMB_GRID; k++) grids[0][k] = k == 50 ? 1 : 0.1;
    return best; /* 28 exp(0.02 k): 64 is 100.7 */
}

static uint64_t viterbi(void) {
    fc_viterbi v;
    fc_viterbi_begin(&v, grids[0]);
    for (size_t i = 1; i < WINDOWS; i++) fc_viterbi_step(&v, grids[i], came[i]);
    fc_viterbi_end(&v, (const uint8_t(*)[FC_COMB_GRID])came, WINDOWS, places);
    uint64_t sum = 0;
    for (size_t i = 0; i < WINDOWS; i++) sum += places[i];
    return sum;
}

static const gate_case cases[] = {
    {"onsets", onsets, 100, FC_CPU_BASE},
    {"envelope", whole_envelope, 100, FC_CPU_V3},
    {"correlate", correlate, (FRAMES / 2 / STEP + 1) / 2 * 4 + (FRAMES / 2 / STEP + 1) / 2, FC_CPU_V3},
    {"normalise", normalise, 2, FC_CPU_BASE},
    {"grid", grid, 64, FC_CPU_BASE},
    {"viterbi", viterbi, 50 * WINDOWS, FC_CPU_BASE},
    {0},
};

const gate_room gate_bpm = {"bpm", set_up, cases};
