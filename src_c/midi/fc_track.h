/* The events of one track of a Standard MIDI File. */
#ifndef FC_TRACK_H
#define FC_TRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fc_song.h"
#include "fc_warning.h"

/* Which track uses a channel. */
typedef struct fc_owner {
    uint32_t track; /* the last */
    bool used, shared; /* by one, by several */
} fc_owner;

/* What is read, track by track, into the room of a song that fc_song_reserve made for the whole file: `notes` is where
 * its events begin, `item` where they end. Zero-initialise what is below `item`. Not thread-safe. */
typedef struct fc_tracks {
    fc_song *song; /* takes warnings, damage and the count of note-ons */
    const uint8_t *bytes;
    size_t len; /* below 2**32 */
    fc_note *notes;
    fc_item *item; /* the last that was read; they grow downwards */
    size_t notes_len;
    size_t counts[FC_ITEM_KINDS];
    uint32_t track;    /* the number of the track being read */
    uint64_t tick;     /* after reading: where the track ends */
    bool ended;        /* after reading: by its own end event */
    size_t first_note; /* of the track, by index */
    uint16_t channels; /* a bit for each that has notes in the track */
    uint16_t fresh;    /* a bit for each whose program was set on the tick `fresh_tick` */
    uint64_t fresh_tick;
    bool any_fresh; /* some note has FC_PROGRAM_FRESH, the last of them at `last_fresh` */
    uint64_t last_fresh;
    uint8_t programs[16];
    fc_owner program_owners[16], note_owners[16]; /* by channel: who changes its program, who plays on it */
} fc_tracks;

/* In fc_note.program while tracks are read: the track itself set it on the tick of the note. */
enum { FC_PROGRAM_FRESH = 0x80 };

/* Read the events that lie at [begin, end) of the bytes as the next track, and return where it ends: `end` as a rule,
 * less if its end event is followed by another chunk or `guessed` says that `end` is only where the file ends, more if
 * it goes on where no chunk begins. Notes that are open at the end are closed there. begin <= end <= len. O(bytes). */
size_t fc_track_read(fc_tracks *tracks, size_t begin, size_t end, bool guessed);

/* Flag a warning, and what it damages as beginning at `offset`, unless something before it was damaged already. */
void fc_song_warn(fc_song *song, fc_smf_warning warning, size_t offset);

/* True if the four bytes at `at` are printable, as the kind of a chunk is; false if there are not 8 bytes any more. */
bool fc_chunk_begins(const uint8_t *bytes, size_t len, size_t at);

/* True if a track or a header begins at `at`. */
bool fc_chunk_is_ours(const uint8_t *bytes, size_t len, size_t at);

/* Return where the next track's chunk begins, at `at` or behind it; `len` if there is none. at <= len. O(len - at). */
size_t fc_track_find(const uint8_t *bytes, size_t len, size_t at);

#endif
