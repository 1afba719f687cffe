/* All that is told of one file: what it is made of, tempo, key, chords, groove, hashes.
 *
 * Parts that are not asked for are not worked out, and their fields are zero. */
#ifndef FC_ANALYSIS_H
#define FC_ANALYSIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fc_chord.h"
#include "fc_digest.h"
#include "fc_groove.h"
#include "fc_hash.h"
#include "fc_smf.h"
#include "fc_song.h"
#include "fc_stats.h"
#include "fc_sweep.h"
#include "fc_tempo.h"
#include "fc_timeline.h"
#include "fc_tonality.h"

typedef enum fc_part { /* bits of a mask */
    FC_PART_STATS = 1,
    FC_PART_TEMPO = 2,
    FC_PART_KEY = 4,
    FC_PART_CHORDS = 8,
    FC_PART_GRID = 16,
    FC_PART_FILE_HASH = 32,
    FC_PART_DIGEST = 64,
    FC_PART_TEXTS = 128, /* of no interest here, but to who gathers them */
    FC_PART_SWING = 256,
    FC_PARTS_ALL = 511
} fc_part;

typedef struct fc_analysis_options {
    unsigned parts; /* mask of fc_part */
    fc_tempo_choice tempo;
    /* Told as another system does: the BPM is the mean of the written tempi (120 where there are none) weighted by
     * ticks, `tempo` does not matter; the key that of fc_tonality for FC_ALL_COUNT and FC_KRUMHANSL_KESSLER. */
    bool reference;
} fc_analysis_options;

typedef struct fc_analysis {
    fc_smf_code code; /* but for FC_SMF_OK only `offset` and `file_hash` are told */
    bool damaged;
    uint64_t offset; /* of the first damaged byte, or the one that told the code; else 0 */
    uint64_t warnings; /* bits 1 << fc_smf_warning */
    unsigned format;
    uint32_t tracks, tpqn; /* tpqn is 0 under SMPTE division */
    double duration;       /* seconds */
    fc_hash file_hash;
    fc_stats stats;
    fc_tempo_result tempo;
    fc_tonality tonality;
    double grid, swing; /* of fc_groove */
    fc_digest digest;
    uint64_t chords; /* stretches of one chord, those of none left out */
} fc_analysis;

/* The memory in which files are analysed, and what is left there of the last one; kept from file to file. A zeroed
 * struct is empty. Not thread-safe. */
typedef struct fc_analysis_room {
    fc_song song;
    fc_timeline timeline;
    fc_sweep sweep;
    fc_chords chords; /* with FC_PART_CHORDS */
    fc_tempo_room tempo;
} fc_analysis_room;

/* Analyse a file's bytes. Never fails: what holds no song has its code, which is FC_SMF_NO_MEMORY too. The song in the
 * room is that of the file where the code is FC_SMF_OK. O(len) but for what fc_tempo says of onsets. Memory:
 * at most 31 bytes for each of the file and 64 KB, the room itself included. Thread-safe for different rooms. */
void fc_analysis_of(fc_analysis_room *room, const uint8_t *bytes, size_t len, const fc_analysis_options *options,
                    fc_analysis *out);

/* Give the memory back and zero the room. */
void fc_analysis_room_free(fc_analysis_room *room);

#endif
