#include "fc_stats.h"

#include <math.h>
#include <string.h>

#include "fc_meter.h"

enum { DRUMS = 9, CHANNELS = 16, NUMBERS = 128, TEXT = 1, LYRIC = 5, SIGNATURES = 2048 };

static void add(uint64_t set[2], unsigned member) { set[member >> 6 & 1] |= (uint64_t)1 << (member & 63); }

/* What one pass over the notes finds. Marks are bytes, so that no note waits for the one before it. */
typedef struct pass {
    uint8_t programs[CHANNELS][NUMBERS];
    uint8_t pitches[2][NUMBERS]; /* [drums] */
    unsigned channels;
    uint64_t velocities, drums, last_end;
    double seconds, sounding;
} pass;

/* Without a branch: drums come in no order. */
static inline double end_or_start(const fc_note *note, bool is_start) {
    double second;
    const size_t at = is_start ? offsetof(fc_note, start_s) : offsetof(fc_note, end_s);
    memcpy(&second, (const char *)note + at, sizeof second);
    return second;
}

/* The sums are variables of their own: a byte that is marked could be a part of *p for all that the compiler knows. */
static void pass_notes(const fc_song *song, pass *p) {
    double reached = -INFINITY, seconds = 0, sounding = 0;
    uint64_t velocities = 0, drums = 0, last_end = 0;
    unsigned channels = 0;
    for (size_t i = 0; i < song->notes_len; i++) {
        const fc_note *note = &song->notes[i];
        const bool is_drum = note->channel == DRUMS;
        p->programs[note->channel & 15][note->program & 127] = 1;
        p->pitches[is_drum][note->pitch & 127] = 1;
        channels |= 1u << (note->channel & 15);
        velocities += note->velocity;
        drums += is_drum;
        last_end = note->end > last_end ? note->end : last_end;
        /* Drums last no time. Notes come in order of their start, so what is behind `reached` is new. */
        const double start = note->start_s, end = end_or_start(note, is_drum);
        const double before = reached > start ? reached : start;
        reached = reached > end ? reached : end;
        seconds += end - start;
        sounding += (before > end ? before : end) - before;
    }
    p->channels = channels;
    p->velocities = velocities;
    p->drums = drums;
    p->last_end = last_end;
    p->seconds = seconds;
    p->sounding = sounding;
}

static void describe_notes(const fc_song *song, double duration, const fc_sweep *sweep, fc_stats *out) {
    pass p;
    memset(&p, 0, sizeof p);
    pass_notes(song, &p);
    out->notes = song->notes_len;
    out->pitched = song->notes_len - p.drums;
    out->density = duration > 0 ? (double)song->notes_len / duration : NAN;
    out->velocity_mean = song->notes_len > 0 ? (double)p.velocities / (double)song->notes_len : NAN;
    out->polyphony_max = fc_sweep_polyphony(sweep);
    const bool one_time = song->format != 2 || song->tracks < 2;
    out->polyphony_mean = one_time && p.sounding > 0 ? p.seconds / p.sounding : NAN;
    out->monophonic = sweep->len == 0 ? FC_ABSENT : out->polyphony_max == 1;
    out->drums_only = song->notes_len == 0 ? FC_ABSENT : out->pitched == 0;
    out->has_bars = song->notes_len != 0 && song->tpqn != 0;
    if (out->has_bars) {
        const uint64_t bars = fc_meter_bars(song, p.last_end < FC_METER_MAX ? p.last_end : FC_METER_MAX);
        out->bars = bars == 0 ? 1 : bars;
    }
    for (unsigned number = 0; number < NUMBERS; number++) {
        if (p.pitches[0][number] == 0) continue;
        if (out->pitch_min == FC_ABSENT) out->pitch_min = (int)number;
        out->pitch_max = (int)number;
    }
    out->channels = p.channels;
    for (unsigned channel = 0; channel < CHANNELS; channel++) {
        if ((p.channels >> channel & 1) == 0) continue;
        for (unsigned number = 0; number < NUMBERS; number++) {
            if (p.programs[channel][number] == 0) continue;
            add(channel == DRUMS ? out->kits : out->programs, number);
        }
    }
}

static void describe_controls(const fc_song *song, fc_stats *out) {
    uint8_t used[256] = {0};
    int low = 8191, high = -8192;
    for (size_t i = 0; i < song->controls_len; i++) {
        const fc_control *control = &song->controls[i];
        if (control->kind == FC_CONTROL_CHANGE) {
            used[control->number] = 1;
        } else if (control->kind == FC_CONTROL_BEND) {
            low = control->value < low ? control->value : low;
            high = control->value > high ? control->value : high;
            out->has_bends = true;
        }
    }
    for (unsigned number = 0; number < NUMBERS; number++) {
        if (used[number] != 0) add(out->controllers, number);
    }
    out->bend_min = out->has_bends ? low : 0;
    out->bend_max = out->has_bends ? high : 0;
}

static bool is_lyric(const fc_text *text, const uint8_t *bytes) {
    static const char KARAOKE[] = "@KMIDI KARAOKE FILE";
    if (text->kind == LYRIC) return text->len != 0;
    return text->kind == TEXT && text->len >= sizeof KARAOKE - 1 &&
           memcmp(bytes + text->offset, KARAOKE, sizeof KARAOKE - 1) == 0;
}

static void describe_texts(const fc_song *song, const uint8_t *bytes, fc_stats *out) {
    for (size_t i = 0; i < song->texts_len && !out->has_lyrics; i++) out->has_lyrics = is_lyric(&song->texts[i], bytes);
}

/* A signature as a number below SIGNATURES, and its tick. */
typedef struct mark {
    uint64_t tick;
    unsigned number;
} mark;

static mark time_mark(const fc_song *song, size_t i) {
    const fc_time_signature *s = &song->time_signatures[i];
    return (mark){s->tick, (unsigned)s->numerator << 3 | (s->denominator_exponent & 7u)};
}

static mark key_mark(const fc_song *song, size_t i) {
    const fc_key_signature *s = &song->key_signatures[i];
    return (mark){s->tick, (unsigned)(s->sharps + 7) << 1 | s->minor};
}

/* Which of `len` > 0 signatures holds longest, of those that tie the first, and how often they change. */
static unsigned longest(const fc_song *song, mark (*mark_of)(const fc_song *, size_t), size_t len, uint64_t *changes) {
    uint64_t ticks[SIGNATURES];
    mark held = mark_of(song, 0);
    *changes = 0;
    if (len == 1) return held.number;
    memset(ticks, 0, sizeof ticks);
    unsigned best = SIGNATURES;
    for (size_t pass = 0; pass < 2; pass++) {
        /* The first pass adds up, the second takes the first of the most. */
        bool any = false;
        for (size_t i = 0; i < len; i++) {
            const mark here = mark_of(song, i);
            const uint64_t next = i + 1 < len ? mark_of(song, i + 1).tick : song->end_tick;
            if (i + 1 < len && next == here.tick) continue;
            if (pass == 0) {
                ticks[here.number] += next > here.tick ? next - here.tick : 0;
                *changes += any && here.number != held.number;
            } else if (best == SIGNATURES || ticks[here.number] > ticks[best]) {
                best = here.number;
            }
            any = true;
            held = here;
        }
    }
    return best;
}

static void describe_signatures(const fc_song *song, fc_stats *out) {
    if (song->time_signatures_len != 0) {
        const unsigned best = longest(song, time_mark, song->time_signatures_len, &out->time_signature_changes);
        out->numerator = (int)(best >> 3);
        out->denominator_exponent = (int)(best & 7);
    }
    if (song->key_signatures_len != 0) {
        const unsigned best = longest(song, key_mark, song->key_signatures_len, &out->key_signature_changes);
        out->sharps = (int)(best >> 1) - 7;
        out->minor = (int)(best & 1);
    }
}

void fc_stats_of(const fc_song *song, double duration, const fc_sweep *sweep, const uint8_t *bytes, fc_stats *out) {
    *out = (fc_stats){
        .pitch_min = FC_ABSENT,
        .pitch_max = FC_ABSENT,
        .numerator = FC_ABSENT,
        .denominator_exponent = FC_ABSENT,
        .sharps = FC_SHARPS_ABSENT,
        .minor = FC_ABSENT,
    };
    describe_notes(song, duration, sweep, out);
    describe_controls(song, out);
    describe_texts(song, bytes, out);
    describe_signatures(song, out);
}
