/* How the starts of a song's notes lie within the beat, drums too. Ticks from FC_METER_MAX on are left out.
 *
 * A quarter note has below 2^15 ticks, as files have it. Both are NaN where nothing can be said, always under SMPTE
 * division; both are O(notes + signatures + tpqn) and take 32 KB of stack. Pure, thread-safe. */
#ifndef FC_GROOVE_H
#define FC_GROOVE_H

#include <stddef.h>

#include "fc_song.h"

enum { FC_GROOVE_BEATS_MIN = 16 };

/* Return the share, 0..1, of the starts that lie at most 1/96 quarter note from a multiple of a quarter or of a third
 * of a quarter note: from sixteenths and triplets of eighths, counted from tick 0. 1 where everything is quantised,
 * about 1/8 where starts fall anywhere. NaN without notes. */
double fc_groove_grid(const fc_song *song);

/* Return p / (1 - p), where p is the mean place of the eighth off the beat, as a part of the beat: 1 is straight, 2 a
 * triplet's two thirds to one. The beat is the quarter note, counted from the signature, of stretches whose denominator
 * is 2 or 4 (fc_meter). A beat counts if it has starts within [0.45, 0.72], whose mean is its place, and besides those
 * only starts below 0.1 or above 0.9. NaN where fewer than FC_GROOVE_BEATS_MIN beats count, or fewer than there are
 * beats with starts elsewhere, and where the places differ by a standard deviation of more than 0.05: then they are no
 * eighths, or not on these beats. */
double fc_groove_swing(const fc_song *song);

#endif
