/* fc_estimate: steady, free, short and empty pieces from autocorrelations that are made. */
#include "fc_estimate.h"

#include <math.h>

#include "check.h"

enum { LAGS = 512 };

static fc_comb comb;
static fc_estimate_room room;
static double blocks[FC_ESTIMATE_MAX_BLOCKS * LAGS];

/* Peaks at the multiples of a beat of `tempo`, a little higher at even ones. */
static void fill(size_t block, double tempo) {
    const double beat = 6000 / tempo;
    double *lags = blocks + block * LAGS;
    memset(lags, 0, LAGS * sizeof *lags);
    for (int m = 1; m * beat < LAGS - 1; m++) lags[(size_t)(m * beat + 0.5)] += m % 2 == 0 ? 3 : 2;
}

static size_t asked, kept; /* how many blocks, and how many there is room for */

/* In order, and those for which there is no room in order again. */
static void write_block(void *ctx, size_t block, double *sums) {
    const size_t count = *(const size_t *)ctx;
    CHECK(block == (asked < count ? asked : asked - count + kept));
    asked++;
    memcpy(sums, blocks + block * LAGS, LAGS * sizeof *sums);
}

/* By `rows` that are lent, 0 for none. */
static fc_estimate told_in(size_t count, size_t rows) {
    const fc_estimate_blocks all = {.write = write_block, .ctx = &count, .count = count};
    fc_estimate e;
    double *lent = rows == 0 ? NULL : malloc(rows * LAGS * sizeof *lent);
    if (rows != 0 && lent == NULL) exit(2);
    asked = 0;
    kept = rows == 0 || rows >= count ? count : rows - FC_ESTIMATE_ROWS;
    room.lent = lent;
    room.lent_rows = rows;
    CHECK(fc_estimate_tell(&comb, &all, &room, &e) == FC_OK);
    CHECK(asked == count || asked == 2 * count - kept);
    free(lent);
    return e;
}

static bool same(const fc_estimate *a, const fc_estimate *b) {
    bool equal = a->source == b->source && a->bpm == b->bpm && a->confidence == b->confidence &&
                 a->stability == b->stability && a->alternatives_len == b->alternatives_len;
    for (size_t i = 0; i < a->alternatives_len; i++)
        equal &= a->alternatives[i].bpm == b->alternatives[i].bpm && a->alternatives[i].score == b->alternatives[i].score;
    return equal;
}

static fc_estimate told(size_t count) {
    const fc_estimate e = told_in(count, 0);
    const size_t rows[] = {FC_ESTIMATE_ROWS, FC_ESTIMATE_ROWS + 1, FC_ESTIMATE_ROWS + count / 2, FC_ESTIMATE_ROWS + count};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const fc_estimate other = told_in(count, rows[i]);
        CHECK(same(&e, &other));
    }
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
    fc_estimate_room_free(&room);
    return finish();
}
