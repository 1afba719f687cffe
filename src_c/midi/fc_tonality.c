#include "fc_tonality.h"

#include <math.h>
#include <string.h>

enum { CLASSES = 12, DRUMS = 9 };

/* From the tonic upwards; major, minor. */
static const double PROFILES[FC_PROFILE_COUNT][2][CLASSES] = {
    [FC_ALBRECHT_SHANAHAN] = {{.238, .006, .111, .006, .137, .094, .016, .214, .009, .080, .008, .081},
                              {.220, .006, .104, .123, .019, .103, .012, .214, .062, .022, .061, .052}},
    [FC_KRUMHANSL_KESSLER] = {{6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88},
                              {6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17}},
};
static const double TIE = 1e-9;

size_t fc_tonality_weights(const fc_song *song, fc_key_notes kind, double out_weights[12]) {
    double pitches[2][128] = {{0}}; /* [drums] */
    const bool leaves_drums = kind != FC_ALL_COUNT;
    size_t notes = 0;
    for (size_t i = 0; i < song->notes_len; i++) {
        const fc_note *note = &song->notes[i];
        const bool drums = (note->channel == DRUMS) & leaves_drums; /* no branch: drums come in no order */
        pitches[drums][note->pitch & 127] += kind == FC_PITCHED_SECONDS ? note->end_s - note->start_s : 1.0;
        notes += !drums;
    }
    memset(out_weights, 0, CLASSES * sizeof out_weights[0]);
    for (size_t pitch = 0; pitch < 128; pitch++) out_weights[pitch % CLASSES] += pitches[0][pitch];
    return notes;
}

/* Shift to mean 0 and scale to length 1, so that the correlation of two is the sum of their products; false if flat. */
static bool normalise(const double values[CLASSES], double out[CLASSES]) {
    double low = values[0], high = values[0], sum = 0, squares = 0;
    for (int i = 0; i < CLASSES; i++) {
        low = values[i] < low ? values[i] : low;
        high = values[i] > high ? values[i] : high;
    }
    if (!(high - low > TIE * high)) return false;
    for (int i = 0; i < CLASSES; i++) sum += out[i] = values[i] / high; /* so that no square overflows */
    for (int i = 0; i < CLASSES; i++) {
        out[i] -= sum / CLASSES;
        squares += out[i] * out[i];
    }
    const double length = sqrt(squares);
    for (int i = 0; i < CLASSES; i++) out[i] /= length;
    return true;
}

/* The best of the correlations, `without` left out; of those that tie the first. */
static int best_of(const double correlations[FC_KEYS], int without) {
    double most = -2;
    for (int key = 0; key < FC_KEYS; key++) {
        if (key != without && correlations[key] > most) most = correlations[key];
    }
    for (int key = 0; key < FC_KEYS; key++) {
        if (key != without && correlations[key] > most - TIE) return key;
    }
    return FC_KEY_NONE;
}

void fc_tonality_find(const double weights[12], fc_profile profile, fc_tonality *out) {
    double normal[CLASSES], keys[CLASSES], correlations[FC_KEYS];
    *out = (fc_tonality){.key = FC_KEY_NONE, .second = FC_KEY_NONE, .correlation = NAN, .confidence = NAN};
    if (!normalise(weights, normal)) return;
    for (int mode = 0; mode < 2; mode++) {
        normalise(PROFILES[profile][mode], keys);
        for (int tonic = 0; tonic < CLASSES; tonic++) {
            double sum = 0;
            for (int i = 0; i < CLASSES; i++) sum += keys[i] * normal[(tonic + i) % CLASSES];
            correlations[CLASSES * mode + tonic] = sum;
        }
    }
    out->key = best_of(correlations, FC_KEY_NONE);
    out->second = best_of(correlations, out->key);
    out->correlation = correlations[out->key];
    const double margin = correlations[out->key] - correlations[out->second];
    out->confidence = margin < TIE ? 0 : margin;
}

void fc_tonality_of(const fc_song *song, fc_key_notes kind, fc_profile profile, fc_tonality *out) {
    double weights[CLASSES];
    if (fc_tonality_weights(song, kind, weights) < FC_KEY_NOTES_MIN) memset(weights, 0, sizeof weights);
    fc_tonality_find(weights, profile, out);
}

const char *fc_tonality_name(int key) {
    static const char NAMES[FC_KEYS][9] = {
        "C major",  "Db major", "D major", "Eb major", "E major", "F major",  "F# major", "G major",
        "Ab major", "A major",  "Bb major", "B major", "C minor", "C# minor", "D minor",  "Eb minor",
        "E minor",  "F minor",  "F# minor", "G minor", "G# minor", "A minor", "Bb minor", "B minor",
    };
    return key >= 0 && key < FC_KEYS ? NAMES[key] : "";
}
