#include "fc_song.h"

#include <stdlib.h>
#include <string.h>

#include "fc_order.h"

void fc_song_reset(fc_song *song) {
    fc_song_room *room = song->room;
    *song = (fc_song){.room = room};
}

void fc_song_free(fc_song *song) {
    if (song->room != NULL) {
        fc_buffer_free(&song->room->events);
        fc_buffer_free(&song->room->ordered);
        fc_buffer_free(&song->room->index);
        fc_buffer_free(&song->room->track_ends);
        free(song->room);
    }
    *song = (fc_song){0};
}

void *fc_song_spare(const fc_song *song, size_t *out_size) {
    *out_size = 0;
    if (song->room == NULL || song->notes == NULL) return NULL;
    const fc_buffer *events = &song->room->events, *ordered = &song->room->ordered;
    const size_t notes = song->notes_len * sizeof(fc_note);
    uint8_t *read_from = events->data; /* nothing is left there where the notes were moved */
    size_t size = events->capacity;
    if (song->notes == (fc_note *)(void *)events->data) {
        const size_t behind = (size_t)((uint8_t *)song->texts - ordered->data); /* the place of notes that are moved */
        size -= notes;
        read_from = behind > size ? ordered->data : read_from + notes;
        size = behind > size ? behind : size;
    }
    *out_size = size;
    return read_from;
}

_Static_assert(sizeof(((fc_song_room *)NULL)->open) == FC_SONG_TABLE, "as the header says");
_Static_assert(offsetof(fc_song_room, open) % sizeof(double) == 0, "aligned for any number");

void *fc_song_table(fc_song *song) {
    if (song->room == NULL || song->notes == NULL) return NULL;
    song->room->table_lent = true;
    return song->room->open;
}

/* Room for `size` bytes whose contents do not matter: never more than was asked for, never copied. */
static fc_status reserve(fc_buffer *buffer, size_t size) {
    if (size <= buffer->capacity) return FC_OK;
    fc_buffer_free(buffer);
    return fc_buffer_reserve(buffer, size);
}

fc_status fc_song_reserve(fc_song *song, size_t len) {
    if (song->room == NULL) {
        song->room = calloc(1, sizeof *song->room);
        if (song->room == NULL) return FC_NO_MEMORY;
        song->room->table_lent = true;
    }
    if (song->room->table_lent) memset(song->room->open, 0xff, sizeof song->room->open);
    song->room->table_lent = false;
    const size_t events = (len / 3 + 1) * sizeof(fc_note) + sizeof(fc_item);
    return reserve(&song->room->events, events / sizeof(fc_item) * sizeof(fc_item));
}

static void place_item(fc_song *song, const fc_item *item) {
    switch (item->kind) {
    case FC_ITEM_TEMPO:
        song->tempos[song->tempos_len++] = (fc_tempo_event){item->tick, (uint32_t)item->value, item->track};
        break;
    case FC_ITEM_TIME_SIGNATURE:
        song->time_signatures[song->time_signatures_len++] =
            (fc_time_signature){item->tick, item->track, (uint8_t)item->value, (uint8_t)item->len};
        break;
    case FC_ITEM_KEY_SIGNATURE:
        song->key_signatures[song->key_signatures_len++] =
            (fc_key_signature){item->tick, item->track, (int8_t)item->value, item->minor};
        break;
    case FC_ITEM_TEXT:
        song->texts[song->texts_len++] = (fc_text){item->tick, item->track, item->number, item->offset, item->len};
        break;
    default:
        song->controls[song->controls_len++] = (fc_control){
            item->tick, item->track, item->kind, item->channel, item->number, (int16_t)item->value};
    }
}

/* The first of the room's items; the others lie below it. */
static const fc_item *first_item(const fc_song_room *room) {
    return (const fc_item *)(room->events.data + room->events.capacity) - 1;
}

static void build_items(fc_song *song, size_t len) {
    const fc_item *first = first_item(song->room);
    const uint32_t *order =
        fc_order_by_tick(first, -(ptrdiff_t)sizeof *first, len, song->end_tick,
                         (uint32_t *)(void *)song->room->index.data);
    for (size_t i = 0; i < len; i++) place_item(song, first - (order == NULL ? i : order[i]));
}

static void build_notes(fc_song *song, fc_note *to) {
    const fc_note *from = (const fc_note *)(const void *)song->room->events.data;
    const uint32_t *order =
        fc_order_by_tick(from, sizeof *from, song->notes_len, song->end_tick,
                         (uint32_t *)(void *)song->room->index.data);
    if (order == NULL) return;
    for (size_t i = 0; i < song->notes_len; i++) to[i] = from[order[i]];
    song->notes = to;
}

fc_status fc_song_build(fc_song *song, size_t notes_len, const size_t counts[FC_ITEM_KINDS], bool single) {
    fc_song_room *room = song->room;
    const size_t controls = counts[FC_CONTROL_CHANGE] + counts[FC_CONTROL_PROGRAM] + counts[FC_CONTROL_BEND];
    const size_t signatures = counts[FC_ITEM_TIME_SIGNATURE], keys = counts[FC_ITEM_KEY_SIGNATURE];
    const size_t items = controls + signatures + keys + counts[FC_ITEM_TEMPO] + counts[FC_ITEM_TEXT];
    const size_t most = single ? 0 : items > notes_len ? items : notes_len;
    const size_t size = (single ? 0 : notes_len * sizeof(fc_note)) + controls * sizeof(fc_control) +
                        counts[FC_ITEM_TEXT] * sizeof(fc_text) + counts[FC_ITEM_TEMPO] * sizeof(fc_tempo_event) +
                        signatures * sizeof(fc_time_signature) + keys * sizeof(fc_key_signature);
    fc_status status = reserve(&room->ordered, size + sizeof(fc_text)); /* never NULL */
    if (status == FC_OK) status = reserve(&room->index, 2 * most * sizeof(uint32_t));
    if (status != FC_OK) return status;
    /* Every size is a multiple of 8, so that each array is aligned where the last one ends. */
    song->notes = (fc_note *)(void *)room->events.data;
    song->notes_len = notes_len;
    fc_note *notes = (fc_note *)(void *)room->ordered.data;
    song->texts = (fc_text *)(void *)(notes + (single ? 0 : notes_len));
    song->controls = (fc_control *)(void *)(song->texts + counts[FC_ITEM_TEXT]);
    song->tempos = (fc_tempo_event *)(void *)(song->controls + controls);
    song->time_signatures = (fc_time_signature *)(void *)(song->tempos + counts[FC_ITEM_TEMPO]);
    song->key_signatures = (fc_key_signature *)(void *)(song->time_signatures + signatures);
    if (!single) build_notes(song, notes);
    build_items(song, items);
    return FC_OK;
}
