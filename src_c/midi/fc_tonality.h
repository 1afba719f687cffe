/* The key of a song, by the correlation of its pitch classes with the profiles of the 24 keys.
 *
 * A key is 0..23: the tonic's pitch class (C is 0), and 12 more where it is minor. All functions are pure and
 * thread-safe. */
#ifndef FC_TONALITY_H
#define FC_TONALITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fc_song.h"

enum { FC_KEYS = 24, FC_KEY_NONE = -1, FC_KEY_NOTES_MIN = 8 };

typedef enum fc_profile {
    FC_ALBRECHT_SHANAHAN = 0, /* Albrecht and Shanahan, Music Perception 31 (1), 2013 */
    FC_KRUMHANSL_KESSLER,     /* Krumhansl and Kessler, Psychological Review 89 (4), 1982 */
    FC_PROFILE_COUNT
} fc_profile;

typedef enum fc_key_notes {
    FC_PITCHED_SECONDS = 0, /* what the notes last, those of channel 9 left out */
    FC_PITCHED_COUNT,       /* 1 each, those of channel 9 left out */
    FC_ALL_COUNT            /* 1 each, drums taken for melody */
} fc_key_notes;

typedef struct fc_tonality {
    int key, second;     /* the best key and the runner-up, or both FC_KEY_NONE */
    double correlation;  /* of the best, -1..1; NaN where there is none, as the next */
    double confidence;   /* how much less the runner-up's correlation is, 0 and more; 0 is a tie */
} fc_tonality;

/* Sum the notes by pitch class, C first, and return how many there are of the kind. Seconds are added by pitch, in the
 * order of the notes, then pitches in ascending order. O(notes). */
size_t fc_tonality_weights(const fc_song *song, fc_key_notes kind, double out_weights[12]);

/* Find the key of pitch-class weights, all finite and at least 0: the one whose profile, moved to its tonic, has the
 * highest Pearson correlation with them. Correlations that differ by less than 1e-9 tie, and the lowest number is the
 * better key. There is none where the weights are flat: the highest less the lowest at most 1e-9 of the highest. */
void fc_tonality_find(const double weights[12], fc_profile profile, fc_tonality *out);

/* Both in turn; no key where there are fewer than FC_KEY_NOTES_MIN notes of the kind. */
void fc_tonality_of(const fc_song *song, fc_key_notes kind, fc_profile profile, fc_tonality *out);

/* Return the key's name, e.g. "F# minor": of its two spellings the one with fewer accidentals in the signature, of
 * those with six F# major and Eb minor. Never NULL, static storage; "" for any other number. */
const char *fc_tonality_name(int key);

#endif
