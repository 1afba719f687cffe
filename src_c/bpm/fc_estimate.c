#include "fc_estimate.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fc_viterbi.h"

enum { WINDOW = FC_ESTIMATE_ROWS, LEAST_WINDOWS = 4 };

static const double FACTORS[FC_ESTIMATE_ALTERNATIVES] = {2, 0.5, 1.5};

/* What is kept of each window until all were seen. */
typedef struct windows {
    size_t count;
    double *tempi, *likelihoods; /* the latter of all tempi of the grid together */
    uint8_t (*came)[FC_COMB_GRID];
    uint8_t *places;
} windows;

/* The first `kept` blocks have a row each, the others take turns with WINDOW more. */
typedef struct rows {
    const fc_estimate_blocks *blocks;
    size_t lags, kept;
    double *sums;
} rows;

static double *row_of(const rows *r, size_t block) {
    return r->sums + (block < r->kept ? block : r->kept + block % WINDOW) * r->lags;
}

static fc_status make_room(fc_estimate_room *room, const fc_estimate_blocks *blocks, windows *w, rows *r) {
    const size_t count = blocks->count, each = 2 * sizeof *w->tempi + sizeof *w->came + 1;
    const size_t own_bytes = room->lent == NULL ? count * r->lags * sizeof *r->sums : 0;
    const fc_status status = fc_buffer_reserve(&room->own, own_bytes + count * each);
    if (status != FC_OK) return status;
    r->sums = room->lent == NULL ? (double *)(void *)room->own.data : room->lent;
    r->kept = room->lent == NULL || room->lent_rows >= count ? count : room->lent_rows - WINDOW;
    w->tempi = (double *)(void *)(room->own.data + own_bytes);
    w->likelihoods = w->tempi + count;
    w->came = (uint8_t(*)[FC_COMB_GRID])(w->likelihoods + count);
    w->places = (uint8_t *)(w->came + count);
    return FC_OK;
}

void fc_estimate_room_free(fc_estimate_room *room) { fc_buffer_free(&room->own); }

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Between two values in proportion, as NumPy's quantiles are by default. */
static double quantile(const double *ordered, size_t len, double share) {
    const double place = share * (double)(len - 1);
    size_t i = (size_t)place;
    if (len == 1) return ordered[0];
    if (i > len - 2) i = len - 2;
    return ordered[i] + (ordered[i + 1] - ordered[i]) * (place - (double)i);
}

/* Sum up a grid, upwards. */
static double sum_of(const double *grid) {
    double sum = 0;
    for (size_t k = 0; k < FC_COMB_GRID; k++) sum += grid[k];
    return sum;
}

/* The likelihood within two steps of the place. */
static double near_to(const fc_comb *comb, const double *lags, size_t place) {
    const size_t first = place < 2 ? 0 : place - 2, last = place + 2 < FC_COMB_GRID ? place + 2 : FC_COMB_GRID - 1;
    double sum = 0;
    for (size_t k = first; k <= last; k++) sum += fc_comb_at(comb, lags, k);
    return sum;
}

/* Sums over windows. */
typedef struct tally {
    double shares, chosen, others[FC_ESTIMATE_ALTERNATIVES];
} tally;

/* Add a window whose tempo is near `place` of the grid, and return that tempo. `lags` are NULL without structure. */
static double add_window(tally *t, const fc_comb *comb, const double *lags, size_t place, double likelihoods) {
    const double tempo = fc_comb_refine(comb, lags, comb->tempo[place]);
    t->shares += near_to(comb, lags, place) / likelihoods;
    t->chosen += fc_comb_likelihood(comb, lags, tempo);
    for (int i = 0; i < FC_ESTIMATE_ALTERNATIVES; i++)
        t->others[i] += fc_comb_likelihood(comb, lags, FACTORS[i] * tempo);
    return tempo;
}

static void add_alternatives(const fc_comb *comb, const tally *t, fc_estimate *out) {
    for (int i = 0; i < FC_ESTIMATE_ALTERNATIVES; i++) {
        const double bpm = FACTORS[i] * out->bpm;
        if (!(bpm >= comb->tempo[0] && bpm <= comb->tempo[FC_COMB_GRID - 1])) continue;
        const fc_alternative found = {bpm, t->others[i] / t->chosen};
        size_t at = out->alternatives_len++;
        for (; at > 0 && out->alternatives[at - 1].score < found.score; at--)
            out->alternatives[at] = out->alternatives[at - 1];
        out->alternatives[at] = found;
    }
}

/* Write the lags of the window that ends with block `i`, which came last; false where it has no structure. */
static bool sum_window(const fc_comb *comb, const rows *r, size_t i, double lags[FC_LAGS_MAX]) {
    const double *row[WINDOW];
    for (size_t k = 0; k < WINDOW; k++) row[k] = row_of(r, i + 1 + k - WINDOW);
    for (size_t lag = 0; lag < r->lags; lag++) lags[lag] = row[0][lag] + row[1][lag] + row[2][lag] + row[3][lag];
    return fc_lags_normalise(&comb->shape, lags, lags);
}

/* Look at every block: sum up the whole piece, and find the place of each window. */
static void look(const fc_comb *comb, const rows *r, windows *w, double whole[FC_LAGS_MAX]) {
    double lags[FC_LAGS_MAX], grid[FC_COMB_GRID];
    fc_viterbi v;
    for (size_t i = 0; i < r->blocks->count; i++) {
        double *const block = row_of(r, i);
        r->blocks->write(r->blocks->ctx, i, block);
        for (size_t lag = 0; lag < r->lags; lag++) whole[lag] += block[lag];
        if (i + 1 < WINDOW) continue;
        const size_t window = i + 1 - WINDOW;
        fc_comb_grid(comb, sum_window(comb, r, i, lags) ? lags : NULL, grid);
        w->likelihoods[window] = sum_of(grid);
        if (window == 0) fc_viterbi_begin(&v, grid);
        else fc_viterbi_step(&v, grid, w->came[window]);
    }
    if (w->count > 0) fc_viterbi_end(&v, (const uint8_t(*)[FC_COMB_GRID])w->came, w->count, w->places);
}

static void tell_whole(const fc_comb *comb, const double *lags, fc_estimate *out) {
    double grid[FC_COMB_GRID];
    tally t = {0};
    fc_viterbi v;
    uint8_t place;
    fc_comb_grid(comb, lags, grid);
    fc_viterbi_begin(&v, grid);
    fc_viterbi_end(&v, NULL, 1, &place);
    *out = (fc_estimate){.source = FC_ESTIMATE_WHOLE, .stability = -1};
    out->bpm = add_window(&t, comb, lags, place, sum_of(grid));
    out->confidence = t.shares;
    add_alternatives(comb, &t, out);
}

/* Look at every block again, now that the places are known. */
static void tell_local(const fc_comb *comb, const rows *r, windows *w, fc_estimate *out) {
    double lags[FC_LAGS_MAX];
    tally t = {0};
    for (size_t i = 0; i < r->blocks->count; i++) {
        if (i >= r->kept) r->blocks->write(r->blocks->ctx, i, row_of(r, i));
        if (i + 1 < WINDOW) continue;
        const size_t window = i + 1 - WINDOW;
        const double *known = sum_window(comb, r, i, lags) ? lags : NULL;
        w->tempi[window] = add_window(&t, comb, known, w->places[window], w->likelihoods[window]);
    }
    qsort(w->tempi, w->count, sizeof *w->tempi, by_value);
    *out = (fc_estimate){.source = FC_ESTIMATE_LOCAL, .bpm = quantile(w->tempi, w->count, 0.5)};
    out->confidence = t.shares / (double)w->count;
    out->stability = (quantile(w->tempi, w->count, 0.75) - quantile(w->tempi, w->count, 0.25)) / out->bpm;
    add_alternatives(comb, &t, out);
}

fc_status fc_estimate_tell(const fc_comb *comb, const fc_estimate_blocks *blocks, fc_estimate_room *room,
                           fc_estimate *out) {
    double whole[FC_LAGS_MAX] = {0};
    windows w = {.count = blocks->count < WINDOW ? 0 : blocks->count - WINDOW + 1};
    rows r = {.blocks = blocks, .lags = comb->shape.lags};
    fc_estimate local = {0}, all = {0};
    const fc_status status = make_room(room, blocks, &w, &r);
    if (status != FC_OK) return status;
    look(comb, &r, &w, whole);
    if (fc_lags_normalise(&comb->shape, whole, whole)) {
        tell_whole(comb, whole, &all);
        if (w.count >= LEAST_WINDOWS) {
            tell_local(comb, &r, &w, &local);
            all.stability = local.stability;
        }
    }
    *out = all.stability > FC_ESTIMATE_FREE ? local : all;
    return FC_OK;
}
