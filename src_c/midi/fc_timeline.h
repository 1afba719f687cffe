/* The tempo map of a song: which tick sounds at which second.
 *
 * A tempo holds from its tick to the next one's; of several on one tick the last in the song's order counts, and before
 * the first it is 500,000 microseconds a quarter note. In format 2 each track has a map of its own, made of its own
 * tempos; in the others one map holds for all. Under SMPTE division tempos mean nothing: a tick is always as long. */
#ifndef FC_TIMELINE_H
#define FC_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fc_buffer.h"
#include "fc_song.h"

typedef struct fc_segment { /* in order by (track, tick) */
    uint64_t tick;          /* where it begins; the first of each map at 0 */
    double seconds;         /* the same in seconds */
    double seconds_per_tick;
    uint32_t us_per_quarter; /* another one than that of the segment before; 0 under SMPTE division */
    uint32_t track;          /* whose map it is in format 2, else 0 */
} fc_segment;

typedef struct fc_timeline {
    fc_segment *segments;
    size_t segments_len; /* >= 1 */
    double duration;     /* seconds, of the track that lasts longest */
    bool has_tempo;      /* false under SMPTE division; then the rest is 0 */
    double bpm;          /* time-weighted mean, 60e6 * ticks / sum(ticks * us) until each map's end; the initial where
                          * nothing lasts */
    double bpm_initial;  /* at tick 0, of the first track in format 2 */
    double bpm_min, bpm_max; /* of tempos that hold for a tick or more before the end, else the initial */
    size_t changes;      /* segments that begin after tick 0 and before the end */
    fc_buffer room, maps;
} fc_timeline;

/* Make the timeline of a song that was read, and set start_s and end_s of its notes. A zeroed struct is an empty
 * timeline; its memory, 32 bytes a tempo and 8 a track of format 2, is kept from song to song. Not thread-safe.
 * O(tempos + notes * log(tempos)), the logarithm only for notes that last for several. FC_NO_MEMORY leaves the notes
 * as they were. */
fc_status fc_timeline_read(fc_timeline *timeline, fc_song *song);

/* Return the second of a tick: in the map of `track` for songs of format 2, else `track` does not matter.
 * O(log(segments)). */
double fc_timeline_seconds(const fc_timeline *timeline, uint32_t track, uint64_t tick);

/* Return the tick, a fraction included, of a second; 0 for those below 0. Ticks beyond 2**53 are not exact.
 * O(log(segments)). */
double fc_timeline_tick(const fc_timeline *timeline, uint32_t track, double seconds);

void fc_timeline_free(fc_timeline *timeline);

#endif
