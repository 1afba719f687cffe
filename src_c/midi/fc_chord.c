#include "fc_chord.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fc_chord_table.inc"
#include "fc_meter.h"

enum { CLASSES = 12, PITCHES = 128, TONES_MAX = 5, FIRST_ROOM = 64 };

/* In the order of fc_quality. */
static const struct {
    char suffix[6];
    bool minor_third;
    uint8_t len, tones[TONES_MAX];
} QUALITIES[FC_CHORD_NONE] = {
    {"", false, 3, {0, 4, 7}},         {"m", true, 3, {0, 3, 7}},          {"dim", true, 3, {0, 3, 6}},
    {"aug", false, 3, {0, 4, 8}},      {"sus2", false, 3, {0, 2, 7}},      {"sus4", false, 3, {0, 5, 7}},
    {"5", false, 2, {0, 7}},           {"6", false, 4, {0, 4, 7, 9}},      {"7", false, 4, {0, 4, 7, 10}},
    {"maj7", false, 4, {0, 4, 7, 11}}, {"m7", true, 4, {0, 3, 7, 10}},     {"m7b5", true, 4, {0, 3, 6, 10}},
    {"dim7", true, 4, {0, 3, 6, 9}},   {"9", false, 5, {0, 4, 7, 10, 2}},
};

fc_quality fc_chord_of(unsigned classes, unsigned *out_root) {
    const uint8_t entry = chord_table[(classes & 0xfff) >> 1];
    *out_root = entry >> 4;
    return (fc_quality)(entry & 15);
}

int fc_chord_inversion(fc_quality quality, unsigned bass_above_root) {
    for (int i = 0; quality < FC_CHORD_NONE && i < QUALITIES[quality].len; i++) {
        if (QUALITIES[quality].tones[i] == bass_above_root) return i;
    }
    return -1;
}

/* The steps of the scale that intervals are; a sixth is the raised fifth where the chord is augmented. */
static const char LETTERS[] = "CDEFGAB";
static const int NATURALS[7] = {0, 2, 4, 5, 7, 9, 11};
static const int STEPS[CLASSES] = {0, 1, 1, 2, 2, 3, 4, 4, 5, 5, 6, 6};
static const char FLAT_ROOTS[CLASSES][3] = {"C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"};
static const char SHARP_ROOTS[CLASSES][3] = {"C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B"};

static size_t put(char *out, size_t at, const char *text) {
    const size_t len = strlen(text);
    memcpy(out + at, text, len + 1);
    return at + len;
}

/* Append the bass of a chord whose root is spelled `root`. */
static size_t put_bass(char *out, size_t at, const char *root, const fc_chord *chord) {
    const unsigned above = (chord->bass + CLASSES - chord->root) % CLASSES;
    const int raised_fifth = above == 8 && chord->quality == FC_CHORD_AUG;
    const int letter = (int)(strchr(LETTERS, root[0]) - LETTERS + STEPS[above] - raised_fifth) % 7;
    const int accidental = (chord->bass - NATURALS[letter] + CLASSES + 6) % CLASSES - 6;
    if (accidental == 0 || (accidental == 1 && strchr("EB", LETTERS[letter]) == NULL) ||
        (accidental == -1 && strchr("CF", LETTERS[letter]) == NULL)) {
        const char name[3] = {LETTERS[letter], accidental == 0 ? '\0' : accidental == 1 ? '#' : 'b', '\0'};
        return put(out, at, name);
    }
    return put(out, at, FLAT_ROOTS[chord->bass]);
}

size_t fc_chord_name(const fc_chord *chord, char out_name[FC_CHORD_NAME_SIZE]) {
    if (chord->quality >= FC_CHORD_NONE) return put(out_name, 0, "N.C.");
    const bool sharp = QUALITIES[chord->quality].minor_third;
    const char *root = sharp ? SHARP_ROOTS[chord->root] : FLAT_ROOTS[chord->root];
    size_t at = put(out_name, put(out_name, 0, root), QUALITIES[chord->quality].suffix);
    return chord->bass == chord->root ? at : put_bass(out_name, put(out_name, at, "/"), root, chord);
}

static fc_status append(fc_chords *chords, const fc_chord *chord) {
    fc_chord *last = chords->len == 0 ? NULL : &chords->items[chords->len - 1];
    if (last != NULL && last->root == chord->root && last->quality == chord->quality && last->bass == chord->bass) {
        last->end = chord->end;
        return FC_OK;
    }
    if (chords->len == chords->room) {
        const size_t room = chords->room == 0 ? FIRST_ROOM : chords->room + chords->room / 8;
        fc_chord *items = room > SIZE_MAX / sizeof *items ? NULL : realloc(chords->items, room * sizeof *items);
        if (items == NULL) return FC_NO_MEMORY;
        chords->items = items;
        chords->room = room;
    }
    chords->items[chords->len++] = *chord;
    return FC_OK;
}

/* Where the walk stands: at the half bar [at, border), with the notes that sound at its start.
 *
 * A class weighs its count times the length, then each event of the half bar corrects that: a note that starts adds
 * what is left of it, a note that ends takes that back. A pitch likewise, but only once it has an event: `stamps` says
 * in which half bar that was, so that nothing is done for pitches that just go on. */
typedef struct walk {
    const fc_sweep *sweep;
    size_t started, ended; /* events of the sweep that are behind us */
    fc_meter meter;
    uint64_t half, at, border;
    uint64_t ticks, stamp;                      /* length and number of the half bar that is weighed */
    uint64_t counts[PITCHES], weights[PITCHES], stamps[PITCHES];
    uint64_t class_counts[CLASSES], classes[CLASSES];
    uint64_t sounding[2], touched[2];           /* sets of pitches */
} walk;

static bool silent(const walk *w) { return (w->sounding[0] | w->sounding[1]) == 0; }

static void set_border(walk *w) {
    const uint64_t next = fc_meter_half_start(&w->meter, w->half + 1);
    w->border = next < w->meter.end ? next : w->meter.end;
}

/* Begin to weigh a half bar of so many ticks by what sounds. */
static void begin(walk *w, uint64_t ticks) {
    w->ticks = ticks;
    w->stamp++;
    w->touched[0] = w->sounding[0];
    w->touched[1] = w->sounding[1];
    for (unsigned class = 0; class < CLASSES; class++) w->classes[class] = w->class_counts[class] * ticks;
}

static inline uint64_t weight_of(const walk *w, unsigned pitch) {
    return w->stamps[pitch] == w->stamp ? w->weights[pitch] : w->counts[pitch] * w->ticks;
}

/* Correct the weight of a pitch and its class. */
static inline void correct(walk *w, unsigned pitch, unsigned class, uint64_t by) {
    w->weights[pitch] = weight_of(w, pitch) + by;
    w->stamps[pitch] = w->stamp;
    w->classes[class] += by;
}

static inline void start_note(walk *w, uint64_t event) {
    const unsigned pitch = FC_SWEEP_PITCH(event), class = pitch % CLASSES;
    const uint64_t bit = (uint64_t)1 << (pitch & 63);
    correct(w, pitch, class, w->border - FC_SWEEP_TICK(event));
    w->touched[pitch >> 6] |= bit;
    w->sounding[pitch >> 6] |= bit;
    w->counts[pitch]++;
    w->class_counts[class]++;
}

static inline void end_note(walk *w, uint64_t event) {
    const unsigned pitch = FC_SWEEP_PITCH(event), class = pitch % CLASSES;
    correct(w, pitch, class, FC_SWEEP_TICK(event) - w->border);
    w->class_counts[class]--;
    w->counts[pitch]--;
    w->sounding[pitch >> 6] &= ~((uint64_t)(w->counts[pitch] == 0) << (pitch & 63));
}

/* The lowest pitch that weighs enough by itself, else the lowest of a class that is heard. */
static unsigned bass_of(const walk *w, unsigned heard, uint64_t heaviest) {
    unsigned lowest = PITCHES;
    for (unsigned word = 0; word < 2; word++) {
        for (uint64_t set = w->touched[word]; set != 0; set &= set - 1) {
            const unsigned pitch = 64 * word + (unsigned)__builtin_ctzll(set);
            const uint64_t weight = weight_of(w, pitch);
            if (weight * 4 >= heaviest) return pitch;
            if (lowest == PITCHES && weight != 0 && (heard >> pitch % CLASSES & 1) != 0) lowest = pitch;
        }
    }
    return lowest;
}

static fc_chord recognise(const walk *w) {
    fc_chord chord = {.quality = FC_CHORD_NONE, .inversion = -1};
    uint64_t weights[CLASSES], heaviest = 0;
    unsigned heard = 0, root;
    for (unsigned class = 0; class < CLASSES; class++) {
        weights[class] = w->classes[class] < w->ticks ? w->classes[class] : w->ticks;
        heaviest = weights[class] > heaviest ? weights[class] : heaviest;
    }
    if (heaviest == 0) return chord;
    for (unsigned class = 0; class < CLASSES; class++) heard |= (unsigned)(weights[class] * 4 >= heaviest) << class;
    const unsigned bass = bass_of(w, heard, heaviest) % CLASSES;
    const fc_quality quality = fc_chord_of(heard >> bass | heard << (CLASSES - bass), &root);
    if (quality == FC_CHORD_NONE) return chord;
    chord.quality = (uint8_t)quality;
    chord.bass = (uint8_t)bass;
    chord.root = (uint8_t)((bass + root) % CLASSES);
    chord.inversion = (int8_t)fc_chord_inversion(quality, (CLASSES - root) % CLASSES);
    return chord;
}

static fc_status append_until(fc_chords *chords, walk *w, uint64_t end) {
    fc_chord chord = recognise(w);
    chord.start = w->at;
    chord.end = end;
    w->at = end;
    return append(chords, &chord);
}

/* Go to the half bar of `tick`. Until there nothing starts and nothing ends, and so it is one chord. */
static fc_status pass_steady(fc_chords *chords, walk *w, uint64_t tick) {
    fc_meter_seek(&w->meter, tick);
    w->half = fc_meter_half(&w->meter, tick);
    const uint64_t start = fc_meter_half_start(&w->meter, w->half);
    fc_status status = FC_OK;
    if (start > w->at) {
        begin(w, 1);
        status = append_until(chords, w, start);
    }
    set_border(w);
    return status;
}

static fc_status pass_half(fc_chords *chords, walk *w) {
    const fc_sweep *s = w->sweep;
    begin(w, w->border - w->at);
    for (; w->started < s->len && FC_SWEEP_TICK(s->starts[w->started]) < w->border; w->started++) {
        start_note(w, s->starts[w->started]);
    }
    for (; w->ended < w->started && FC_SWEEP_TICK(s->ends[w->ended]) <= w->border; w->ended++) {
        end_note(w, s->ends[w->ended]);
    }
    const fc_status status = append_until(chords, w, w->border);
    w->half++;
    if (w->border == w->meter.end && fc_meter_next(&w->meter)) w->half = 0;
    set_border(w);
    return status;
}

static fc_status fill(fc_chords *chords, walk *w) {
    const fc_sweep *s = w->sweep;
    for (;;) {
        const bool more = w->started < s->len, sounds = !silent(w);
        if (!more && !sounds) return FC_OK;
        /* The next tick at which something starts, or the last of a note: that is in the half bar in which it ends. */
        uint64_t next = more ? FC_SWEEP_TICK(s->starts[w->started]) : FC_METER_MAX;
        if (sounds && FC_SWEEP_TICK(s->ends[w->ended]) - 1 < next) next = FC_SWEEP_TICK(s->ends[w->ended]) - 1;
        const fc_status status = next < w->border ? pass_half(chords, w) : pass_steady(chords, w, next);
        if (status != FC_OK) return status;
    }
}

fc_status fc_chords_fill(fc_chords *chords, const fc_song *song, const fc_sweep *sweep) {
    walk w;
    chords->len = 0;
    memset(&w, 0, sizeof w);
    w.sweep = sweep;
    if (!fc_meter_first(&w.meter, song)) return FC_OK;
    set_border(&w);
    const fc_status status = fill(chords, &w);
    if (status != FC_OK) chords->len = 0;
    return status;
}

void fc_chords_free(fc_chords *chords) {
    free(chords->items);
    *chords = (fc_chords){0};
}
