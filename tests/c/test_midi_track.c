/* fc_track: where a track ends, and that each event is read alike wherever the track's last byte lies. */
#include "fc_track.h"
#include "midi.h"

static fc_song song;

static fc_tracks start(const uint8_t *bytes, size_t len) {
    fc_song_reset(&song);
    CHECK(fc_song_reserve(&song, len) == FC_OK);
    fc_song_room *room = song.room;
    return (fc_tracks){.song = &song, .bytes = bytes, .len = len, .notes = (fc_note *)(void *)room->events.data,
                       .item = (fc_item *)(void *)(room->events.data + room->events.capacity)};
}

static const uint8_t EVENTS[] = {
    0,    0x90, 60,   64,                        /* begin 60 */
    10,   62,   64,                              /* begin 62 by running status */
    0x81, 0x00, 60,   0,                         /* end 60, 128 ticks on */
    0,    0x80, 62,   1,                         /* end 62 */
    5,    0xc3, 7,    0,    0xd1, 9,             /* a program, pressure */
    0,    0xb0, 7,    100,  0,    0xe0, 1,    64, /* a controller, a bend */
    0,    0xf0, 2,    1,    0xf7,                /* system exclusive */
    0,    0xff, 1,    2,    'h',  'i',           /* a text */
    3,    0x93, 60,   1,    4,    0x83, 60,   0, /* a note */
    0,    0xff, 0x51, 3,    7,    0xa1, 0x20,    /* a tempo */
    1,    0xff, 0x2f, 0};

static void check_every_length(void) {
    size_t most_notes = 0, most_items = 0;
    for (size_t len = 0; len <= sizeof EVENTS; len++) {
        uint8_t *exact = exact_copy(EVENTS, len);
        fc_tracks tracks = start(exact, len);
        CHECK(fc_track_read(&tracks, 0, len, false) == len);
        size_t items = 0;
        for (size_t i = 0; i < FC_ITEM_KINDS; i++) items += tracks.counts[i];
        CHECK(tracks.notes_len >= most_notes && items >= most_items); /* a longer track says no less */
        most_notes = tracks.notes_len;
        most_items = items;
        CHECK(tracks.ended == (len == sizeof EVENTS));
        for (size_t i = 0; i < tracks.notes_len; i++) CHECK(tracks.notes[i].end <= tracks.tick);
        for (size_t i = 0; i < 16 * 128; i++) CHECK(song.room->open[i].first == UINT32_MAX);
        free(exact);
    }
    CHECK(most_notes == 3 && most_items == 5);
    CHECK(song.warnings == FC_SMF_BIT(FC_SMF_KEPT_STATUS) || song.warnings == 0);
}

static void check_notes(void) {
    fc_tracks tracks = start(EVENTS, sizeof EVENTS);
    CHECK(fc_track_read(&tracks, 0, sizeof EVENTS, false) == sizeof EVENTS && tracks.tick == 10 + 128 + 5 + 3 + 4 + 1);
    const fc_note *notes = tracks.notes;
    CHECK(notes[0].start == 0 && notes[0].end == 138 && notes[0].pitch == 60 && notes[0].velocity == 64);
    CHECK(notes[1].start == 10 && notes[1].end == 138 && notes[1].pitch == 62);
    CHECK(notes[2].start == 146 && notes[2].end == 150 && notes[2].channel == 3 && notes[2].program == 7);
    CHECK(song.note_ons == 3 && tracks.programs[3] == 7 && tracks.channels == 9);
    const fc_item *first = (const fc_item *)(const void *)(song.room->events.data + song.room->events.capacity) - 1;
    CHECK(first->kind == FC_CONTROL_PROGRAM && first->channel == 3 && first->number == 7 && first->tick == 143);
    CHECK(first[-1].kind == FC_CONTROL_CHANGE && first[-1].number == 7 && first[-1].value == 100);
    CHECK(first[-2].kind == FC_CONTROL_BEND && first[-2].value == 1);
    CHECK(first[-3].kind == FC_ITEM_TEXT && memcmp(EVENTS + first[-3].offset, "hi", first[-3].len) == 0);
    CHECK(first[-4].kind == FC_ITEM_TEMPO && first[-4].value == 500000 && tracks.item == first - 4);
}

static void check_ends(void) {
    static const uint8_t then_chunk[] = {0, 0xff, 0x2f, 0, 'M', 'T', 'r', 'k', 0, 0, 0, 0};
    fc_tracks tracks = start(then_chunk, sizeof then_chunk);
    CHECK(fc_track_read(&tracks, 0, sizeof then_chunk, false) == 4);
    CHECK(song.warnings == FC_SMF_BIT(FC_SMF_TRACK_LENGTH) && song.damaged && song.damage_offset == 4);
    tracks = start(then_chunk, sizeof then_chunk);
    CHECK(fc_track_read(&tracks, 0, sizeof then_chunk, true) == 4 && song.warnings == 0);
    tracks = start(then_chunk, sizeof then_chunk);
    CHECK(fc_track_read(&tracks, 0, 2, false) == 4 && song.warnings == FC_SMF_BIT(FC_SMF_TRACK_LENGTH));
    tracks = start(then_chunk, sizeof then_chunk);
    CHECK(fc_track_read(&tracks, 4, 4, false) == 4 && song.warnings == FC_SMF_BIT(FC_SMF_NO_END_OF_TRACK));
    static const uint8_t more[] = {0, 0xff, 0x2f, 0, 0, 0x90, 60, 1};
    tracks = start(more, sizeof more);
    CHECK(fc_track_read(&tracks, 0, sizeof more, false) == sizeof more && tracks.notes_len == 1);
    CHECK(song.warnings & FC_SMF_BIT(FC_SMF_AFTER_END_OF_TRACK));
}

static void check_chunks(void) {
    static const uint8_t bytes[] = "xMTMTrkMTrk0000MThd";
    const size_t len = sizeof bytes - 1;
    CHECK(fc_track_find(bytes, len, 0) == 3 && fc_track_find(bytes, len, 4) == 7);
    CHECK(fc_track_find(bytes, len, 8) == len);
    CHECK(fc_track_find(bytes, 14, 7) == 14 && fc_track_find(bytes, 15, 7) == 7 && fc_track_find(bytes, 0, 0) == 0);
    CHECK(fc_chunk_begins(bytes, len, 0) && !fc_chunk_begins(bytes, len, len - 7) && !fc_chunk_begins(bytes, len, len));
    CHECK(fc_chunk_is_ours(bytes, len, 7) && !fc_chunk_is_ours(bytes, len, 8) && !fc_chunk_is_ours(bytes, len, 15));
    CHECK(!fc_chunk_begins((const uint8_t *)"ab\ndefgh", 8, 0));
    CHECK(!fc_chunk_begins((const uint8_t *)"abc\177efgh", 8, 0));
}

static void check_warnings(void) {
    fc_song_reset(&song);
    fc_song_warn(&song, FC_SMF_EMPTY_NOTE, 3);
    CHECK(!song.damaged && song.warnings == FC_SMF_BIT(FC_SMF_EMPTY_NOTE));
    fc_song_warn(&song, FC_SMF_EVENT_CUT, 7);
    fc_song_warn(&song, FC_SMF_NO_STATUS, 9);
    CHECK(song.damaged && song.damage_offset == 7);
    fc_song_warn(&song, FC_SMF_PADDING, 5);
    CHECK(song.damage_offset == 5);
}

int main(void) {
    check_every_length();
    check_notes();
    check_ends();
    check_chunks();
    check_warnings();
    fc_song_free(&song);
    return finish();
}
