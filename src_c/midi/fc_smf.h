/* Read a Standard MIDI File: formats 0, 1 and 2, in a RIFF wrapper or not, damaged or not. */
#ifndef FC_SMF_H
#define FC_SMF_H

#include <stddef.h>
#include <stdint.h>

#include "fc_song.h"
#include "fc_warning.h"

/* Why a file holds no song. */
typedef enum fc_smf_code {
    FC_SMF_OK = 0,
    FC_SMF_EMPTY,     /* no bytes */
    FC_SMF_ZEROS,     /* only bytes of 0 */
    FC_SMF_GZIP,      /* compressed by gzip */
    FC_SMF_HTML,      /* a page of the web, or another text in angle brackets */
    FC_SMF_NOT_MIDI,  /* neither a header nor a track within the first 64 KB */
    FC_SMF_NO_TRACK,  /* a header, and no track */
    FC_SMF_TOO_LARGE, /* 4 GB and more */
    FC_SMF_NO_MEMORY,
    FC_SMF_CODE_COUNT
} fc_smf_code;

/* Read the file that `bytes` holds into the song, whose contents are forgotten first.
 *
 * A file that holds a track is FC_SMF_OK, however damaged: what could be read is there, song->warnings says what was
 * odd, and song->damage_offset where. Anything else leaves the song empty and writes to *out_offset which byte told.
 * Chunks are trusted more than the header's count, bytes more than declared lengths, a track's events more than the
 * length of its chunk; see fc_smf_warning for each case. A note belongs to its own track: note-on and note-off pair
 * within it, first in, first out. Notes have their ticks, not their seconds, which fc_timeline_read adds.
 *
 * Nothing is allocated by a declared length, a tick or a count: at most 30 bytes for each of the file and 32 KB are
 * kept in the song, less where it has them already. O(len) for ticks of bounded size. `bytes` need not outlive the call
 * but for texts, which are places in them. Thread-safe for different songs. */
fc_smf_code fc_smf_read(fc_song *song, const uint8_t *bytes, size_t len, size_t *out_offset);

/* Return the code's name, e.g. "not_midi"; NULL for a number there is not. Static storage. */
const char *fc_smf_code_name(fc_smf_code code);

#endif
