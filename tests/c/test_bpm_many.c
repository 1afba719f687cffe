/* fc_many: each as alone, on one thread and on several; the first bad piece; a poll that stops. */
#include "fc_many.h"

#include "check.h"
#include "fc_onsets.h"
#include "fc_pool.h"

enum { PIECES = 40, NOTES = 60, FRAMES = 600 };

static fc_comb comb;
static double times[PIECES][NOTES], weights[NOTES];
static float rows[PIECES][FRAMES];
static fc_many_piece pieces[PIECES];
static fc_estimate out[PIECES];

static int stop(void *ctx) {
    ++*(int *)ctx;
    return 1;
}

static void pieces_on(unsigned threads) {
    size_t bad = 99;
    fc_onsets_room room = {0};
    fc_many many = {.comb = &comb, .pieces = pieces, .count = PIECES, .out = out, .threads = threads};
    CHECK(fc_many_tell(fc_pool_runtime(fc_cpu_detect()), &many, &bad) == FC_OK && bad == 99);
    for (size_t i = 0; i < PIECES; i++) {
        fc_estimate alone;
        CHECK(fc_onsets_tell(&comb, times[i], NULL, NOTES, &room, &alone) == FC_OK);
        CHECK(alone.bpm > 0 && alone.bpm == out[i].bpm && alone.confidence == out[i].confidence);
    }
    fc_onsets_room_free(&room);
    weights[3] = -1;
    pieces[7].weights = pieces[20].weights = weights;
    CHECK(fc_many_tell(fc_pool_runtime(fc_cpu_detect()), &many, &bad) == FC_BAD_VALUE && bad == 7);
    pieces[7].weights = pieces[20].weights = NULL;
    many.count = 0;
    CHECK(fc_many_tell(fc_pool_runtime(fc_cpu_detect()), &many, &bad) == FC_OK);
}

static void rows_on(unsigned threads) {
    size_t bad = 99;
    fc_envelope_room room = {0};
    fc_many many = {.comb = &comb, .rows = rows[0], .len = FRAMES, .rate = 100, .count = PIECES, .out = out,
                    .threads = threads};
    CHECK(fc_many_tell(fc_pool_runtime(fc_cpu_detect()), &many, &bad) == FC_OK);
    for (size_t i = 0; i < PIECES; i++) {
        fc_estimate alone;
        CHECK(fc_envelope_tell(&comb, fc_envelope_for(FC_CPU_BASE), rows[i], FRAMES, 100, &room, &alone) == FC_OK);
        CHECK(alone.bpm > 0 && alone.bpm == out[i].bpm && alone.confidence == out[i].confidence);
    }
    fc_envelope_room_free(&room);
}

static void stopped(void) {
    size_t bad;
    int calls = 0;
    enum { REPEATED = 20000 };
    fc_many_piece *same = malloc(REPEATED * sizeof *same);
    fc_estimate *found = malloc(REPEATED * sizeof *found);
    if (same == NULL || found == NULL) exit(2);
    for (size_t i = 0; i < REPEATED; i++) same[i] = pieces[0];
    fc_many many = {.comb = &comb, .pieces = same, .count = REPEATED, .out = found, .threads = 1, .poll = stop,
                    .poll_ctx = &calls};
    CHECK(fc_many_tell(fc_pool_runtime(fc_cpu_detect()), &many, &bad) == FC_STOPPED && calls == 1);
    free(same), free(found);
}

int main(void) {
    fc_comb_init(&comb, 100, &fc_comb_general);
    for (size_t i = 0; i < PIECES; i++) {
        pieces[i] = (fc_many_piece){times[i], NULL, NOTES};
        for (size_t j = 0; j < NOTES; j++) times[i][j] = (0.3 + 0.01 * (double)i) * (double)j;
        for (size_t j = 0; j < FRAMES; j += 30 + i) rows[i][j] = 1;
    }
    for (unsigned threads = 1; threads < 4; threads++) {
        pieces_on(threads);
        rows_on(threads);
    }
    stopped();
    return finish();
}
