#include "fc_groove.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "fc_meter.h"

enum { PHASES = 1 << 15 }; /* more than a quarter note has ticks */

static const double OFF_FROM = 0.45, OFF_UNTIL = 0.72, ON_UNTIL = 0.1, ON_FROM = 0.9, SPREAD_MAX = 0.05;

/* Mark the ticks of a quarter note that lie on the grid: 8 |12 tick - twelfth tpqn| <= tpqn. */
static void mark_grid(uint8_t *marks, unsigned tpqn) {
    static const uint8_t TWELFTHS[] = {0, 3, 4, 6, 8, 9, 12}; /* that are a sixteenth or a triplet */
    memset(marks, 0, tpqn);
    for (size_t i = 0; i < sizeof TWELFTHS; i++) {
        const unsigned place = 8 * TWELFTHS[i] * tpqn, from = TWELFTHS[i] == 0 ? 0 : (place - tpqn + 95) / 96;
        const unsigned end = (place + tpqn) / 96 + 1;
        for (unsigned tick = from; tick < end && tick < tpqn; tick++) marks[tick] = 1;
    }
}

/* How many of the notes count. */
static size_t notes_of(const fc_song *song) {
    size_t len = song->notes_len;
    while (len != 0 && song->notes[len - 1].start >= FC_METER_MAX) len--;
    return len;
}

double fc_groove_grid(const fc_song *song) {
    uint8_t marks[PHASES];
    const uint64_t tpqn = song->tpqn;
    const size_t len = notes_of(song);
    uint64_t last = 0, phase = 0, good = 0;
    if (tpqn == 0 || len == 0) return NAN;
    mark_grid(marks, song->tpqn);
    for (size_t i = 0; i < len; i++) {
        const uint64_t start = song->notes[i].start, step = start - last;
        last = start;
        phase += step < tpqn ? step : step % tpqn; /* mostly without a division */
        phase = phase >= tpqn ? phase - tpqn : phase;
        good += marks[phase];
    }
    return (double)good / (double)len;
}

/* Places of the beats that count, and of the beat that is looked at. */
typedef struct places {
    double sum, squares, beats, other_beats;
    double off_sum, off; /* starts off the beat */
    uint8_t other;       /* a start that no eighth has */
} places;

/* What a start, so many ticks behind the beat, is. */
enum { OFF_BEAT = 1, ELSEWHERE = 2 };

static uint8_t kind_of(double place) {
    if (place >= OFF_FROM && place <= OFF_UNTIL) return OFF_BEAT;
    return place >= ON_UNTIL && place <= ON_FROM ? ELSEWHERE : 0;
}

static void end_beat(places *p) {
    if (p->off > 0 && !p->other) {
        const double place = p->off_sum / p->off;
        p->sum += place;
        p->squares += place * place;
        p->beats++;
    }
    p->other_beats += p->other != 0;
    p->off_sum = p->off = 0;
    p->other = 0;
}

static double swing_of(const places *p) {
    if (p->beats < FC_GROOVE_BEATS_MIN || p->beats < p->other_beats) return NAN;
    const double place = p->sum / p->beats, variance = p->squares / p->beats - place * place;
    return variance > SPREAD_MAX * SPREAD_MAX ? NAN : place / (1 - place);
}

/* Take the notes from `first` on that start before `end`, beats being counted from `beat`; return how many they are. */
static size_t place_notes(places *p, const fc_note *first, size_t len, uint64_t beat, uint64_t end, uint64_t tpqn,
                          const uint8_t *kinds) {
    const double beats_per_tick = 1.0 / (double)tpqn;
    places here = *p;
    size_t i = 0;
    for (; i < len && first[i].start < end; i++) {
        uint64_t ticks = first[i].start - beat;
        if (ticks >= tpqn) {
            end_beat(&here);
            beat += ticks < 2 * tpqn ? tpqn : ticks / tpqn * tpqn;
            ticks = first[i].start - beat;
        }
        /* No branches: notes come in no order of these. */
        const uint8_t kind = kinds[ticks];
        const bool off = kind == OFF_BEAT;
        const double place = (double)(int64_t)ticks * beats_per_tick;
        here.off_sum += off ? place : 0;
        here.off += off;
        here.other |= kind & ELSEWHERE;
    }
    end_beat(&here);
    *p = here;
    return i;
}

double fc_groove_swing(const fc_song *song) {
    uint8_t kinds[PHASES];
    const size_t len = notes_of(song);
    places p = {0};
    fc_meter meter;
    if (len == 0 || !fc_meter_first(&meter, song)) return NAN;
    const double beats_per_tick = 1.0 / (double)song->tpqn;
    for (uint32_t tick = 0; tick < song->tpqn; tick++) kinds[tick] = kind_of((double)tick * beats_per_tick);
    for (size_t i = 0; i < len;) {
        fc_meter_seek(&meter, song->notes[i].start);
        if (meter.shift == 1 || meter.shift == 2) {
            i += place_notes(&p, song->notes + i, len - i, meter.start, meter.end, song->tpqn, kinds);
        } else {
            while (i < len && song->notes[i].start < meter.end) i++;
        }
    }
    return swing_of(&p);
}
