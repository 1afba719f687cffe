/* What a Standard MIDI File says, read once: notes, tempos, signatures, controllers and texts, in total orders.
 *
 * All memory belongs to the song and is kept from file to file: fc_song_reset forgets the contents, not the room. Not
 * thread-safe. Ticks are 64-bit and saturate. */
#ifndef FC_SONG_H
#define FC_SONG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fc_buffer.h"
#include "fc_status.h"

/* Ordered by (start, track, place of the note-on in the track). */
typedef struct fc_note {
    uint64_t start, end;   /* ticks, end >= start */
    double start_s, end_s; /* seconds, set by fc_timeline */
    uint32_t track;        /* from 0, chunks of kind MTrk only */
    uint8_t channel;       /* 0..15; 9 is drums */
    uint8_t pitch;         /* 0..127, 60 is C4 */
    uint8_t velocity;      /* 1..127 */
    uint8_t program;       /* 0..127, in force on the channel at the start */
} fc_note;

typedef struct fc_tempo_event { /* ordered by (tick, track, place); all tracks */
    uint64_t tick;
    uint32_t us_per_quarter; /* >= 1 */
    uint32_t track;
} fc_tempo_event;

typedef struct fc_time_signature { /* ordered likewise */
    uint64_t tick;
    uint32_t track;
    uint8_t numerator;            /* >= 1 */
    uint8_t denominator_exponent; /* 0..7: the denominator is 2 to this power */
} fc_time_signature;

typedef struct fc_key_signature { /* ordered likewise */
    uint64_t tick;
    uint32_t track;
    int8_t sharps; /* -7..7, flats negative */
    bool minor;
} fc_key_signature;

typedef struct fc_control { /* controller changes, program changes, pitch bends; ordered likewise */
    uint64_t tick;
    uint32_t track;
    uint8_t kind;    /* FC_CONTROL_* */
    uint8_t channel; /* 0..15 */
    uint8_t number;  /* of the controller, or the program */
    int16_t value;   /* 0..127, of a bend -8192..8191 */
} fc_control;

enum { FC_CONTROL_CHANGE = 0, FC_CONTROL_PROGRAM, FC_CONTROL_BEND };

typedef struct fc_text { /* meta events 1..15; ordered likewise */
    uint64_t tick;
    uint32_t track;
    uint8_t kind;  /* the meta type: 1 text, 2 copyright, 3 track name, 4 instrument, 5 lyric, 6 marker, 7 cue, ... */
    size_t offset; /* in the file's bytes */
    size_t len;
} fc_text;

typedef struct fc_song {
    unsigned format;         /* 0, 1, 2 as found; other numbers are read as 1 and flagged */
    uint32_t tracks;         /* MTrk chunks read */
    uint32_t tracks_declared;
    uint32_t tpqn;           /* ticks a quarter note, >= 1; 0: `ticks_per_second` counts (SMPTE division) */
    double ticks_per_second; /* where tpqn is 0, else 0 */
    uint64_t end_tick;       /* of the longest track */
    uint64_t note_ons;       /* note-on events with velocity above 0 */
    uint64_t warnings;       /* bits 1 << fc_smf_warning */
    bool damaged;            /* some of them mean that bytes were lost or guessed: FC_SMF_DAMAGE */
    size_t damage_offset;    /* of the first such byte, where damaged */
    fc_note *notes;
    size_t notes_len;
    fc_tempo_event *tempos;
    size_t tempos_len;
    fc_time_signature *time_signatures;
    size_t time_signatures_len;
    fc_key_signature *key_signatures;
    size_t key_signatures_len;
    fc_control *controls;
    size_t controls_len;
    fc_text *texts;
    size_t texts_len;
    uint64_t *track_ends; /* tick at which each track ends; `tracks` of them */
    struct fc_song_room *room; /* the song's own */
} fc_song;

#define FC_TICK_MAX (UINT64_MAX >> 1) /* where ticks saturate */

/* Forget the contents and keep the memory. A zeroed struct is an empty song. O(1). */
void fc_song_reset(fc_song *song);

/* Give the memory back and zero the struct. */
void fc_song_free(fc_song *song);

/* Return the larger piece of the song's memory that holds nothing, and write its size: who analyses the song may work
 * there until it is read again. At least sizeof(fc_note) bytes a note for songs of several tracks. Aligned for any
 * number; NULL and 0 for a song that was not read. O(1). */
void *fc_song_spare(const fc_song *song, size_t *out_size);

/* Return another piece, FC_SONG_TABLE bytes, for which the same holds; NULL for a song that was not read. O(1). */
void *fc_song_table(fc_song *song);

enum { FC_SONG_TABLE = 16 * 1024 };

/* What a reader of files works in; of no interest to others. */

/* An event that is not a note, as it is read: the arrays above are made of these. */
typedef struct fc_item {
    uint64_t tick;
    uint32_t track;
    uint8_t kind;   /* FC_CONTROL_* or FC_ITEM_* */
    uint8_t channel;
    uint8_t number; /* of the controller, the program, or the kind of text */
    bool minor;
    union {
        int32_t value; /* of a control, microseconds a quarter, numerator, sharps */
        uint32_t offset;
    };
    uint32_t len; /* of a text, or the denominator's exponent */
} fc_item;

enum {
    FC_ITEM_TEMPO = FC_CONTROL_BEND + 1,
    FC_ITEM_TIME_SIGNATURE,
    FC_ITEM_KEY_SIGNATURE,
    FC_ITEM_TEXT,
    FC_ITEM_KINDS
};

/* The notes of one channel and pitch that wait for their end, first to last, by their index; linked by `end`. */
typedef struct fc_open_notes {
    uint32_t first, last;
} fc_open_notes;

typedef struct fc_song_room {
    fc_buffer events;     /* notes from its front, items from its back */
    fc_buffer ordered;    /* the arrays of the song */
    fc_buffer index;      /* where ordering works */
    fc_buffer track_ends;
    fc_open_notes open[16 * 128]; /* all NONE between tracks */
    bool table_lent;              /* something else may stand there */
} fc_song_room;

/* Make room for whatever a file of `len` bytes (below 2**32) can hold, which is 14 bytes for each of it: a note takes
 * 40 bytes and 3 of the file, an item 24 and 2; track_ends grows with the tracks. FC_NO_MEMORY. */
fc_status fc_song_reserve(fc_song *song, size_t len);

/* Turn `notes_len` notes and `counts[kind]` items of each kind in the room, each in order by (track, place), into the
 * song's arrays. `single` says that they are of one track. At most 16 bytes for each of the file are added.
 * O(n) for ticks of bounded size. FC_NO_MEMORY. */
fc_status fc_song_build(fc_song *song, size_t notes_len, const size_t counts[FC_ITEM_KINDS], bool single);

#endif
