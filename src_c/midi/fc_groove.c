#include "fc_groove.h"

#include <math.h>
#include <stdbool.h>

#include "fc_meter.h"

/* Twelfths of a quarter note that are a sixteenth or a triplet: 0 3 4 6 8 9 12. */
static const unsigned ON_GRID = 0x1359;
static const double OFF_FROM = 0.45, OFF_UNTIL = 0.72, ON_UNTIL = 0.1, ON_FROM = 0.9, SPREAD_MAX = 0.05;

/* Places of the beats that count, and of the beat that is looked at. */
typedef struct places {
    double sum, squares, beats, other_beats;
    double off_sum, off; /* starts off the beat */
    bool other;          /* a start that no eighth has */
} places;

static void end_beat(places *p) {
    if (p->off > 0 && !p->other) {
        const double place = p->off_sum / p->off;
        p->sum += place;
        p->squares += place * place;
        p->beats++;
    }
    p->other_beats += p->other;
    p->off_sum = p->off = 0;
    p->other = false;
}

static double swing_of(const places *p) {
    if (p->beats < FC_GROOVE_BEATS_MIN || p->beats < p->other_beats) return NAN;
    const double place = p->sum / p->beats, variance = p->squares / p->beats - place * place;
    return variance > SPREAD_MAX * SPREAD_MAX ? NAN : place / (1 - place);
}

/* Whether a start, so many ticks behind a quarter note, lies on the grid. Which twelfth is nearest is rounded: it may
 * be either where two are equally far, but then neither is near. */
static bool on_grid(uint64_t ticks, uint64_t tpqn, double beats_per_tick) {
    const uint64_t twelfth = (uint64_t)(int64_t)((double)(int64_t)ticks * 12 * beats_per_tick + 0.5);
    const uint64_t grid = twelfth * tpqn, here = 12 * ticks;
    const unsigned near = 8 * (here > grid ? here - grid : grid - here) <= tpqn;
    return (ON_GRID >> twelfth & near) != 0; /* without a branch: in free playing it would go either way */
}

/* Go to the quarter note of `tick`, counted from `*at`, and say whether it is another one. */
static bool reach(uint64_t *at, uint64_t tick, uint64_t tpqn) {
    if (tick - *at < tpqn) return false;
    *at += tick - *at < 2 * tpqn ? tpqn : (tick - *at) / tpqn * tpqn; /* mostly without a division */
    return true;
}

void fc_groove_of(const fc_song *song, fc_groove *out) {
    const uint64_t tpqn = song->tpqn;
    uint64_t beat = 0, offset = 0; /* where the beat begins, how far behind a quarter note from tick 0 */
    size_t notes = 0, good = 0;
    places p = {0};
    fc_meter meter;
    *out = (fc_groove){.grid = NAN, .swing = NAN};
    if (!fc_meter_first(&meter, song)) return;
    const double beats_per_tick = 1.0 / (double)tpqn;
    for (; notes < song->notes_len && song->notes[notes].start < FC_METER_MAX; notes++) {
        const uint64_t start = song->notes[notes].start;
        if (start >= meter.end) {
            end_beat(&p);
            fc_meter_seek(&meter, start);
            beat = meter.start;
            offset = beat % tpqn;
        }
        if (reach(&beat, start, tpqn)) end_beat(&p);
        const uint64_t ticks = start - beat, behind = ticks + offset;
        good += on_grid(behind < tpqn ? behind : behind - tpqn, tpqn, beats_per_tick);
        if (meter.shift != 1 && meter.shift != 2) continue;
        const double place = (double)(int64_t)ticks * beats_per_tick;
        const bool off = (place >= OFF_FROM) & (place <= OFF_UNTIL); /* no branches: notes come in no order of these */
        p.off_sum += off ? place : 0;
        p.off += off;
        p.other |= !off & (place >= ON_UNTIL) & (place <= ON_FROM);
    }
    end_beat(&p);
    if (notes == 0) return;
    out->grid = (double)good / (double)notes;
    out->swing = swing_of(&p);
}
