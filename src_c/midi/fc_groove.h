/* How the starts of a song's notes lie within the beat. */
#ifndef FC_GROOVE_H
#define FC_GROOVE_H

#include <stddef.h>

#include "fc_song.h"

enum { FC_GROOVE_BEATS_MIN = 16 };

typedef struct fc_groove {
    double grid;  /* 0..1, NaN where nothing can be said, as the next */
    double swing; /* 1 is straight, 2 a triplet's two thirds to one */
} fc_groove;

/* Measure all notes, drums too.
 *
 * `grid` is the share of the starts that lie at most 1/96 quarter note from a multiple of a quarter or of a third of a
 * quarter note: from sixteenths and triplets of eighths, counted from tick 0. 1 where everything is quantised, about
 * 1/8 where starts fall anywhere. NaN without notes and under SMPTE division.
 *
 * `swing` is p / (1 - p), where p is the mean place of the eighth off the beat, as a part of the beat. The beat is the
 * quarter note, counted from the signature, of stretches whose denominator is 2 or 4 (fc_meter). A beat counts if it
 * has starts within [0.45, 0.72], whose mean is its place, and besides those only starts below 0.1 or above 0.9. NaN
 * where fewer than FC_GROOVE_BEATS_MIN beats count, or fewer than there are beats with starts elsewhere, and where the
 * places differ by a standard deviation of more than 0.05: then they are no eighths, or not on these beats. Ticks from
 * FC_METER_MAX on are left out.
 *
 * O(notes + signatures). Pure, thread-safe. */
void fc_groove_of(const fc_song *song, fc_groove *out);

#endif
