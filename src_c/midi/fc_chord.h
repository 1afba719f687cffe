/* Chords of a song, one for each half bar (fc_meter), read from the pitches that sound in it.
 *
 * A pitch weighs the ticks that it sounds within the half bar, as often as notes hold it; a pitch class the sum of its
 * pitches, at most the length of the half bar. Heard is a class that weighs at least a quarter of the heaviest. The
 * bass is the lowest pitch that weighs so much by itself, where there is none the lowest pitch of a class that is
 * heard.
 *
 * The table says what the classes that are heard, counted from the bass, are called: of all roots and qualities the
 * one that costs least, 3 for a tone of the chord that is missing and 2 for a class too many; then the one whose
 * root is the bass, the quality that stands first in CHORDS of chord_table.py, the root nearest above the bass. One
 * missing tone and two classes too many are allowed; of two classes none may be too many, and they are maj, min or
 * 5; a single class is no chord. So all chords are read right in root position, and in their inversions but for
 * these twins: an inverted 6 is the m7 on its sixth, an m7 with its third in the bass the 6 on that, aug and dim7
 * have their root in the bass always, a sus2 with its fifth in the bass is the sus4 on that, and an inverted sus4
 * the sus2 on its fourth. */
#ifndef FC_CHORD_H
#define FC_CHORD_H

#include <stddef.h>
#include <stdint.h>

#include "fc_song.h"
#include "fc_status.h"
#include "fc_sweep.h"

typedef enum fc_quality {
    FC_CHORD_MAJ = 0, FC_CHORD_MIN, FC_CHORD_DIM, FC_CHORD_AUG, FC_CHORD_SUS2, FC_CHORD_SUS4, FC_CHORD_5, FC_CHORD_6,
    FC_CHORD_7, FC_CHORD_MAJ7, FC_CHORD_M7, FC_CHORD_M7B5, FC_CHORD_DIM7, FC_CHORD_9, FC_CHORD_NONE
} fc_quality;

/* `root` and `bass` are pitch classes, C is 0; both 0 where there is no chord. */
typedef struct fc_chord {
    uint64_t start, end; /* ticks */
    uint8_t root, bass;
    uint8_t quality;     /* fc_quality */
    int8_t inversion;    /* 0: the root is the bass, 1 the next tone of the chord above, ...; -1: no tone of it is */
} fc_chord;

/* A zeroed struct is empty. Its memory is kept from song to song. Not thread-safe. */
typedef struct fc_chords {
    fc_chord *items;
    size_t len, room;
} fc_chords;

/* Fill with the chords of a song, of which `sweep` holds the notes: from tick 0 to the end of the half bar in which the
 * last pitched note ends, without gaps, half bars of one chord in a row made one. Empty where the song has no bars or
 * no pitched note. O(notes + signatures), whatever the ticks. FC_NO_MEMORY leaves it empty. */
fc_status fc_chords_fill(fc_chords *chords, const fc_song *song, const fc_sweep *sweep);

void fc_chords_free(fc_chords *chords);

/* Name what a set of pitch classes above the lowest is, bit i for i semitones: the quality, and write the root, in
 * semitones above the lowest. Bit 0 is taken for set. FC_CHORD_NONE writes 0. O(1). Pure. */
fc_quality fc_chord_of(unsigned classes, unsigned *out_root);

/* Return which inversion has a bass so many semitones above the root, 0..11; -1 if that is no tone of the chord. */
int fc_chord_inversion(fc_quality quality, unsigned bass_above_root);

/* Write the name, e.g. "F#m7/C#", "Bb", "N.C.", and return its length. Roots are C, C# (of chords with a minor third,
 * else Db), D, Eb, E, F, F#, G, G# (likewise, else Ab), A, Bb, B. A bass other than the root follows behind a slash,
 * spelled as the step of the root's scale that it is unless that takes Cb, E#, Fb, B# or two accidentals. */
enum { FC_CHORD_NAME_SIZE = 16 };
size_t fc_chord_name(const fc_chord *chord, char out_name[FC_CHORD_NAME_SIZE]);

#endif
