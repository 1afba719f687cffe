/* Tell a song's tempo: the written one where its notes fit it, else one from when they begin.
 *
 * Coherence R is the largest of |mean exp(2 pi i k tick / tpqn)| over k = 1, 2, 3, 4, 6 and the distinct ticks at which
 * notes begin, drums included: near 1 where notes lie on a grid of quarter notes, near 0 where somebody played without
 * one. The written tempo is trusted with R > 0.3 and R * sqrt(ticks) > 3, or with R > 0.95. Under SMPTE division, which
 * knows no quarter notes, nothing is written.
 *
 * Where it is not trusted the tempo is that of fc_onsets.h, of all notes, drums included, with the weights
 * sqrt(velocity / 127) * sqrt(min(seconds, 1.5)) + 0.02. Fewer than 8 distinct ticks have no tempo, but what is asked
 * for as written. */
#ifndef FC_TEMPO_H
#define FC_TEMPO_H

#include <stddef.h>

#include "fc_buffer.h"
#include "fc_comb.h"
#include "fc_onsets.h"
#include "fc_song.h"
#include "fc_status.h"
#include "fc_timeline.h"

typedef enum fc_tempo_choice {
    FC_TEMPO_AUTO = 0, /* written where it is trusted, else from onsets */
    FC_TEMPO_AS_WRITTEN, /* by the song's own tempo events, whatever the notes do; none where there is no such event */
    FC_TEMPO_FROM_ONSETS
} fc_tempo_choice;

typedef enum fc_tempo_source {
    FC_TEMPO_NONE = 0, /* no tempo */
    FC_TEMPO_WRITTEN,  /* by tempo events */
    FC_TEMPO_DEFAULT,  /* there are none, and the notes fit the format's 120 */
    FC_TEMPO_ONSETS,   /* from onsets, the piece as a whole */
    FC_TEMPO_LOCAL,    /* from onsets, the median of local tempi, for what is played freely */
    FC_TEMPO_SOURCE_COUNT
} fc_tempo_source;

typedef struct fc_tempo_result {
    fc_tempo_source source;
    double bpm;        /* quarter notes a minute; 0: none. Written: time-weighted, fc_timeline.bpm */
    double confidence; /* 0..1. Written and default: R. From onsets: that of fc_estimate. None: 0 */
    double coherence;  /* R; -1 under SMPTE division and without notes, and where only onsets are asked for */
    /* Interquartile range of the tempi by their median. Written: of the map, by the time that each holds. From onsets:
     * of the local tempi. -1: too short to tell, or no tempo. */
    double stability;
    fc_alternative alternatives[FC_ESTIMATE_ALTERNATIVES]; /* from onsets only */
    size_t alternatives_len;
    /* What the file says, whatever the source: fc_timeline's. All 0 without tempo events. */
    double initial, min, max;
    size_t changes;
} fc_tempo_result;

/* Memory that is kept from song to song. A zeroed struct is empty. Not thread-safe. */
typedef struct fc_tempo_room {
    fc_comb comb; /* for fc_comb_general */
    bool has_comb;
    fc_estimate_room estimate;
    fc_buffer notes, phases, tempi;
    /* By the caller, or NULL: `lent_size` bytes, taken for bins and rows where they are enough, and FC_TEMPO_ROWS
     * bytes, taken for rows where they are not. Both aligned for doubles. */
    void *lent, *lent_rows;
    size_t lent_size;
} fc_tempo_room;

enum { FC_TEMPO_ROWS = 16 * 1024 };

void fc_tempo_room_free(fc_tempo_room *room);

/* Tell it, of a song that was read and whose timeline was. FC_NO_MEMORY. O(notes) where the written tempo is trusted.
 * Memory: 16 KB at most for the ticks of a quarter note, 16 bytes for each tempo, and from onsets that of
 * fc_estimate_room, 16 a bin, and in format 2 another 16 a note. */
fc_status fc_tempo_tell(const fc_song *song, const fc_timeline *timeline, fc_tempo_choice choice, fc_tempo_room *room,
                        fc_tempo_result *out);

/* Return a source's name, e.g. "written"; NULL for a number there is not. Static storage. */
const char *fc_tempo_source_name(fc_tempo_source source);

#endif
