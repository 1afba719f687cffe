/* What a song is made of: counts, ranges, polyphony, instruments, signatures.
 *
 * Drums are the notes of channel 9; pitched are the others. What a song does not say is absent: NaN, or the value named
 * below, never a default. */
#ifndef FC_STATS_H
#define FC_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fc_song.h"
#include "fc_sweep.h"

enum { FC_ABSENT = -1, FC_SHARPS_ABSENT = -128 };

/* Sets are bits: member i is bit i % 64 of word i / 64. */
typedef struct fc_stats {
    uint64_t notes, pitched;   /* how many; drums are in the first only */
    double density;            /* notes / duration; NaN where nothing lasts */
    int pitch_min, pitch_max;  /* of pitched notes, or FC_ABSENT */
    double velocity_mean;      /* of all notes */
    uint64_t polyphony_max;    /* pitched notes of all tracks that sound together, counted in ticks (fc_sweep); those
                                * of format 2 as if they began together */
    double polyphony_mean;     /* seconds of all pitched notes / seconds in which at least one sounds; NaN for 0 / 0,
                                * and for several tracks of format 2, which have no time in common */
    int monophonic;            /* polyphony_max is 1; FC_ABSENT where no pitched note lasts */
    uint64_t programs[2];      /* of pitched notes, 0..127 */
    uint64_t kits[2];          /* programs of drums */
    unsigned channels;         /* that have notes, bit i for channel i */
    int drums_only;            /* FC_ABSENT without notes */
    bool has_lyrics;           /* a lyric (kind 5) of at least a byte, or a text (kind 1) that begins as karaoke files
                                * say what they are, "@KMIDI KARAOKE FILE" */
    int numerator, denominator_exponent; /* of the time signature that holds for the most ticks before the end of the
                                          * longest track, of those that tie the first; or FC_ABSENT */
    uint64_t time_signature_changes;     /* signatures that differ from the one that held before them */
    int sharps, minor;         /* of the key signature, likewise; FC_SHARPS_ABSENT and FC_ABSENT */
    uint64_t key_signature_changes;
    bool has_bars;             /* not under SMPTE division and not without notes */
    uint64_t bars;             /* that begin before the end of the last note (fc_meter), 1 at least; or 0 */
    uint64_t controllers[2];   /* numbers of controller changes */
    bool has_bends;
    int bend_min, bend_max;    /* values of pitch bends, -8192..8191; 0 where there are none */
} fc_stats;

/* Describe a song whose notes have seconds, that lasts `duration` seconds (fc_timeline), and of which `sweep` holds the
 * notes. `bytes` is the file, in which texts lie. Of signatures on one tick the last holds.
 * O(notes + events), 20 KB of stack. Pure, thread-safe. */
void fc_stats_of(const fc_song *song, double duration, const fc_sweep *sweep, const uint8_t *bytes, fc_stats *out);

#endif
