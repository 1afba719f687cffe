/* What a file says otherwise than the standard does: bits of a mask, each with a name for users. */
#ifndef FC_WARNING_H
#define FC_WARNING_H

#include <stdint.h>

typedef enum fc_smf_warning {
    /* The file: */
    FC_SMF_LEADING_BYTES = 0, /* MThd is not where it belongs: a byte order mark, MacBinary, other bytes before it */
    FC_SMF_RIFF_SIZE,         /* a size in the RIFF wrapper is wrong */
    FC_SMF_NO_HEADER,         /* no MThd: 480 ticks a quarter note are taken */
    FC_SMF_HEADER_CUT,        /* fewer than 14 bytes of header, what is missing is 1 track a chunk, 480 ticks */
    FC_SMF_HEADER_LENGTH,     /* the header's length is not 6 */
    FC_SMF_SECOND_HEADER,     /* more than one MThd: the first counts */
    FC_SMF_DIVISION_ZERO,     /* 0 ticks a quarter note: 480 are taken */
    FC_SMF_SMPTE_RATE,        /* not 24, 25, 29 or 30 frames a second: taken as it stands; 0 ticks a frame: 40 */
    FC_SMF_FORMAT_UNKNOWN,    /* a format above 2: read as 1 */
    FC_SMF_FORMAT_0_TRACKS,   /* format 0 with more than one track */
    FC_SMF_TRACK_COUNT,       /* the header counts more or fewer tracks than there are */
    /* Its chunks: */
    FC_SMF_TRACK_PAST_END,    /* a track's length leads past the end of the file */
    FC_SMF_TRACK_LENGTH,      /* a track ends before or after where its length says */
    FC_SMF_FOREIGN_CHUNK,     /* a chunk of another kind, passed over */
    FC_SMF_PADDING,           /* bytes between chunks that belong to none */
    FC_SMF_TRAILING_BYTES,    /* bytes after the last chunk */
    FC_SMF_AFTER_END_OF_TRACK, /* events between a track's end and that of its chunk, read too */
    FC_SMF_NO_END_OF_TRACK,   /* a track without its end event */
    /* Its events: */
    FC_SMF_LONG_QUANTITY,     /* a variable-length quantity of more than four bytes */
    FC_SMF_EVENT_CUT,         /* an event leads past the end of its track, and is dropped */
    FC_SMF_NO_STATUS,         /* a data byte where a status is due: passed over up to the next status */
    FC_SMF_KEPT_STATUS,       /* running status across a meta event, or system exclusive */
    FC_SMF_SYSTEM_MESSAGE,    /* F1 to F6, F8 to FE, which have no place in files: passed over */
    FC_SMF_HIGH_DATA,         /* a data byte of 80 and above: its highest bit is dropped */
    FC_SMF_TICK_OVERFLOW,     /* a time beyond 2**63 - 1 ticks, which stays there */
    FC_SMF_TEMPO_LENGTH,      /* a tempo of other than 3 bytes: the first three count, fewer are no tempo */
    FC_SMF_TEMPO_ZERO,        /* a tempo of 0 microseconds: passed over */
    FC_SMF_TIME_SIGNATURE,    /* a time signature over 0, over more than 2**7 or too short: passed over */
    FC_SMF_KEY_SIGNATURE,     /* a key signature beyond 7 signs, of an unknown mode or too short: passed over */
    /* Its notes: */
    FC_SMF_UNCLOSED_NOTE,     /* a note without end: it ends with its track */
    FC_SMF_ORPHAN_OFF,        /* the end of a note that did not begin in this track */
    FC_SMF_OVERLAPPING_NOTE,  /* a note begins while its own pitch sounds: the first to begin ends first */
    FC_SMF_EMPTY_NOTE,        /* a note that ends on the tick of its beginning */
    FC_SMF_WARNING_COUNT
} fc_smf_warning;

#define FC_SMF_BIT(warning) ((uint64_t)1 << (warning))

/* Those that mean that something was lost or guessed; the rest is harmless or matters to nobody but the author. */
#define FC_SMF_DAMAGE                                                                                              \
    (FC_SMF_BIT(FC_SMF_RIFF_SIZE) | FC_SMF_BIT(FC_SMF_NO_HEADER) | FC_SMF_BIT(FC_SMF_HEADER_CUT) |                 \
     FC_SMF_BIT(FC_SMF_DIVISION_ZERO) | FC_SMF_BIT(FC_SMF_SMPTE_RATE) | FC_SMF_BIT(FC_SMF_FORMAT_UNKNOWN) |        \
     FC_SMF_BIT(FC_SMF_TRACK_PAST_END) | FC_SMF_BIT(FC_SMF_TRACK_LENGTH) | FC_SMF_BIT(FC_SMF_PADDING) |            \
     FC_SMF_BIT(FC_SMF_TRAILING_BYTES) | FC_SMF_BIT(FC_SMF_AFTER_END_OF_TRACK) |                                   \
     FC_SMF_BIT(FC_SMF_NO_END_OF_TRACK) | FC_SMF_BIT(FC_SMF_EVENT_CUT) | FC_SMF_BIT(FC_SMF_NO_STATUS) |            \
     FC_SMF_BIT(FC_SMF_HIGH_DATA) | FC_SMF_BIT(FC_SMF_TICK_OVERFLOW) | FC_SMF_BIT(FC_SMF_TEMPO_LENGTH) |           \
     FC_SMF_BIT(FC_SMF_TEMPO_ZERO) | FC_SMF_BIT(FC_SMF_TIME_SIGNATURE) | FC_SMF_BIT(FC_SMF_KEY_SIGNATURE))

/* Return the warning's name, e.g. "no_end_of_track"; NULL for a number there is not. Static storage. */
const char *fc_smf_warning_name(fc_smf_warning warning);

#endif
