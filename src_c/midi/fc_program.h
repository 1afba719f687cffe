/* Give each note of a song the program that is in force when it begins. */
#ifndef FC_PROGRAM_H
#define FC_PROGRAM_H

#include "fc_song.h"
#include "fc_track.h"

/* Settle the programs that the reader left in the song's notes as each track knows them, FC_PROGRAM_FRESH included.
 * In format 2 they stay; otherwise the last change on the note's channel counts, in order of (tick, track, place),
 * whatever its track, and 0 where there is none. O(notes + controls); if no track shares a channel,
 * O(notes) up to the last one with FC_PROGRAM_FRESH. */
void fc_program_settle(fc_song *song, const fc_tracks *tracks);

#endif
