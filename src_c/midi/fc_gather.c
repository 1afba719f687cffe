#include "fc_gather.h"

#include <stdlib.h>
#include <string.h>

enum { TRACK_NAME = 3, LYRIC = 5 };

static fc_status append(fc_buffer *buffer, const void *bytes, size_t len) {
    const fc_status status = fc_buffer_reserve(buffer, buffer->len + len);
    if (status != FC_OK) return status;
    if (len != 0) memcpy(buffer->data + buffer->len, bytes, len);
    buffer->len += len;
    return FC_OK;
}

static fc_status add_text(fc_gather *gather, fc_gather_column column, const void *bytes, size_t len) {
    const uint32_t length = (uint32_t)len;
    const fc_status status = append(&gather->lengths[column], &length, sizeof length);
    return status == FC_OK ? append(&gather->bytes[column], bytes, len) : status;
}

static fc_status add_texts(fc_gather *gather, const fc_song *song, const uint8_t *bytes) {
    fc_status status = FC_OK;
    for (size_t i = 0; i < song->texts_len && status == FC_OK; i++) {
        const fc_text *text = &song->texts[i];
        if (text->len != 0 && text->kind != TRACK_NAME && text->kind != LYRIC)
            status = add_text(gather, FC_GATHER_TEXTS, bytes + text->offset, text->len);
    }
    return status;
}

static fc_status add_lyrics(fc_gather *gather, const fc_song *song, const uint8_t *bytes) {
    const size_t before = gather->bytes[FC_GATHER_LYRICS].len;
    fc_status status = FC_OK;
    for (size_t i = 0; i < song->texts_len && status == FC_OK; i++) {
        const fc_text *text = &song->texts[i];
        if (text->kind == LYRIC) status = append(&gather->bytes[FC_GATHER_LYRICS], bytes + text->offset, text->len);
    }
    const uint32_t length = (uint32_t)(gather->bytes[FC_GATHER_LYRICS].len - before);
    if (status != FC_OK || length == 0) return status;
    return append(&gather->lengths[FC_GATHER_LYRICS], &length, sizeof length);
}

typedef struct name { /* of a track; `place` among the song's texts */
    uint32_t track;
    size_t place;
} name;

static int by_track(const void *a, const void *b) {
    const name *x = a, *y = b;
    if (x->track != y->track) return x->track < y->track ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static fc_status add_names(fc_gather *gather, const fc_song *song, const uint8_t *bytes) {
    enum { FEW = 64 };
    name few[FEW], *names = few;
    size_t len = 0;
    for (size_t i = 0; i < song->texts_len; i++) len += song->texts[i].kind == TRACK_NAME;
    if (len > FEW) names = malloc(len * sizeof *names);
    if (names == NULL) return FC_NO_MEMORY;
    len = 0;
    for (size_t i = 0; i < song->texts_len; i++)
        if (song->texts[i].kind == TRACK_NAME) names[len++] = (name){song->texts[i].track, i};
    qsort(names, len, sizeof *names, by_track);
    fc_status status = FC_OK;
    for (size_t i = 0; i < len && status == FC_OK; i++) {
        const fc_text *text = &song->texts[names[i].place];
        if ((i == 0 || names[i].track != names[i - 1].track) && text->len != 0)
            status = add_text(gather, FC_GATHER_NAMES, bytes + text->offset, text->len);
    }
    if (names != few) free(names);
    return status;
}

fc_status fc_gather_add(fc_gather *gather, const fc_song *song, const uint8_t *bytes, fc_gather_row *out) {
    fc_gather_row row = {.from = gather};
    for (int c = 0; c < FC_GATHER_COLUMNS; c++) {
        row.byte[c] = gather->bytes[c].len;
        row.text[c] = gather->lengths[c].len / sizeof(uint32_t);
    }
    fc_status status = add_names(gather, song, bytes);
    if (status == FC_OK) status = add_texts(gather, song, bytes);
    if (status == FC_OK) status = add_lyrics(gather, song, bytes);
    for (int c = 0; c < FC_GATHER_COLUMNS; c++) {
        if (status == FC_OK) {
            row.texts[c] = gather->lengths[c].len / sizeof(uint32_t) - row.text[c];
        } else {
            gather->bytes[c].len = row.byte[c];
            gather->lengths[c].len = row.text[c] * sizeof(uint32_t);
        }
    }
    if (status == FC_OK) *out = row;
    return status;
}

static size_t bytes_of(const fc_gather_row *row, fc_gather_column column, int64_t *out_offsets, size_t at) {
    size_t bytes = 0;
    for (size_t i = 0; i < row->texts[column]; i++) {
        uint32_t length;
        memcpy(&length, row->from->lengths[column].data + (row->text[column] + i) * sizeof length, sizeof length);
        bytes += length;
        if (out_offsets != NULL) out_offsets[i + 1] = (int64_t)(at + bytes);
    }
    return bytes;
}

fc_status fc_gather_column_of(const fc_gather_row *rows, size_t len, fc_gather_column column, fc_gathered *out) {
    fc_gathered made = {0};
    for (size_t i = 0; i < len; i++) {
        made.texts += rows[i].texts[column];
        made.bytes_len += bytes_of(&rows[i], column, NULL, 0);
    }
    made.bytes = malloc(made.bytes_len + 1);
    made.text_offsets = malloc((made.texts + 1) * sizeof *made.text_offsets);
    made.row_offsets = malloc((len + 1) * sizeof *made.row_offsets);
    if (made.bytes == NULL || made.text_offsets == NULL || made.row_offsets == NULL) {
        fc_gathered_free(&made);
        return FC_NO_MEMORY;
    }
    size_t at = 0, text = 0;
    made.text_offsets[0] = made.row_offsets[0] = 0;
    for (size_t i = 0; i < len; i++) {
        const fc_gather_row *row = &rows[i];
        const size_t bytes = bytes_of(row, column, made.text_offsets + text, at);
        if (bytes != 0) memcpy(made.bytes + at, row->from->bytes[column].data + row->byte[column], bytes);
        at += bytes;
        text += row->texts[column];
        made.row_offsets[i + 1] = (int64_t)text;
    }
    *out = made;
    return FC_OK;
}

void fc_gathered_free(fc_gathered *gathered) {
    free(gathered->bytes);
    free(gathered->text_offsets);
    free(gathered->row_offsets);
    *gathered = (fc_gathered){0};
}

void fc_gather_free(fc_gather *gather) {
    for (int c = 0; c < FC_GATHER_COLUMNS; c++) {
        fc_buffer_free(&gather->bytes[c]);
        fc_buffer_free(&gather->lengths[c]);
    }
}
