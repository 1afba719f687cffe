/* Gather the texts of many songs, column by column, and lay them out row by row. */
#ifndef FC_GATHER_H
#define FC_GATHER_H

#include <stddef.h>
#include <stdint.h>

#include "fc_buffer.h"
#include "fc_song.h"
#include "fc_status.h"

typedef enum fc_gather_column {
    FC_GATHER_NAMES = 0, /* the first name of each track that has one, in order of the tracks; empty ones left out */
    FC_GATHER_TEXTS,     /* in the song's order, what is neither name nor lyric, empty ones left out */
    FC_GATHER_LYRICS,    /* all lyrics as one text, where there are any */
    FC_GATHER_COLUMNS
} fc_gather_column;

/* What one worker gathered. A zeroed struct is empty. Not thread-safe. */
typedef struct fc_gather {
    fc_buffer bytes[FC_GATHER_COLUMNS], lengths[FC_GATHER_COLUMNS]; /* lengths: a uint32_t for each text */
} fc_gather;

/* Where the texts of one row lie in a gather. A zeroed struct is a row without any. */
typedef struct fc_gather_row {
    const fc_gather *from; /* NULL: it has none */
    size_t byte[FC_GATHER_COLUMNS], text[FC_GATHER_COLUMNS], texts[FC_GATHER_COLUMNS];
} fc_gather_row;

/* A column of all rows: row i has the texts [row_offsets[i], row_offsets[i + 1]), text j the bytes
 * [text_offsets[j], text_offsets[j + 1]) of `bytes`. One block each; owned by who asked. */
typedef struct fc_gathered {
    uint8_t *bytes;
    int64_t *text_offsets, *row_offsets;
    size_t bytes_len, texts;
} fc_gathered;

/* Add the texts of a song, which are places in the file's bytes, and say where. FC_NO_MEMORY adds none.
 * O(texts * log(texts) + bytes). */
fc_status fc_gather_add(fc_gather *gather, const fc_song *song, const uint8_t *bytes, fc_gather_row *out);

/* Lay one column of the rows out. Their gathers must not have changed but by further additions. FC_NO_MEMORY. O(n). */
fc_status fc_gather_column_of(const fc_gather_row *rows, size_t len, fc_gather_column column, fc_gathered *out);

void fc_gathered_free(fc_gathered *gathered);

void fc_gather_free(fc_gather *gather);

#endif
