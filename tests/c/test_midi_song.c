/* fc_song: room for whatever a file can hold, within the promised memory, used again, in order. */
#include "fc_smf.h"
#include "fc_timeline.h"
#include "midi.h"

static size_t memory_of(const fc_song *song, const fc_timeline *timeline) {
    const fc_song_room *room = song->room;
    return sizeof *room + room->events.capacity + room->ordered.capacity + room->index.capacity +
           room->track_ends.capacity + timeline->room.capacity + timeline->maps.capacity + 6 * FC_BUFFER_PADDING;
}

/* The densest files of each kind of event: 2 tracks in turn, so that all must be ordered. */
static void fill(midi_file *file, unsigned kind, unsigned tracks, size_t events) {
    begin_file(file, 1, tracks, 96);
    for (unsigned t = 0; t < tracks; t++) {
        begin_track(file);
        PUT(file, (uint8_t)(tracks - t), 0xc0, 1);
        if (kind < 2) PUT(file, 0, 0x90, 60, 1);
        for (size_t i = 0; i < events; i++) {
            if (kind == 0) PUT(file, 0, 60, 1);
            if (kind == 1) PUT(file, 1, 60, (uint8_t)(i & 1));
            if (kind == 2) PUT(file, 0, (uint8_t)(i & 127));
            if (kind == 3) PUT(file, 0, 0xff, 1, 0);
            if (kind == 4) PUT(file, 1, 0xff, 0x51, 3, 0, 1, (uint8_t)(1 + (i & 1)));
            if (kind == 5) PUT(file, 0, 0xff, 0x59, 2, 0, 0);
            if (kind == 6) PUT(file, 0, 0xff, 0x58, 2, 4, 2);
        }
        end_track(file);
    }
}

static void check_densest(void) {
    midi_file file = {0};
    for (unsigned kind = 0; kind < 7; kind++) {
        for (unsigned tracks = 1; tracks < 4; tracks++) {
            for (size_t events = 0; events < 70000; events = events * 6 + 1) {
                fill(&file, kind, tracks, events);
                uint8_t *exact = exact_copy(file.bytes, file.len);
                fc_song song = {0};
                fc_timeline timeline = {0};
                size_t offset;
                CHECK(fc_smf_read(&song, exact, file.len, &offset) == FC_SMF_OK);
                CHECK(fc_timeline_read(&timeline, &song) == FC_OK);
                const size_t all = tracks * events;
                CHECK(song.notes_len == (kind == 0   ? all + tracks
                                         : kind == 1 ? tracks * (events / 2 + 1)
                                                     : 0));
                CHECK(song.controls_len == (kind == 2 ? all + tracks : tracks));
                CHECK(song.texts_len == (kind == 3 ? all : 0) && song.tempos_len == (kind == 4 ? all : 0));
                CHECK(song.key_signatures_len == (kind == 5 ? all : 0));
                CHECK(song.time_signatures_len == (kind == 6 ? all : 0));
                CHECK(memory_of(&song, &timeline) <= 32 * file.len + 65536);
                for (size_t i = 1; i < song.notes_len; i++)
                    CHECK(song.notes[i - 1].start < song.notes[i].start ||
                          (song.notes[i - 1].start == song.notes[i].start &&
                           song.notes[i - 1].track <= song.notes[i].track));
                for (size_t i = 1; i < song.controls_len; i++)
                    CHECK(song.controls[i - 1].tick <= song.controls[i].tick);
                fc_song_free(&song);
                fc_timeline_free(&timeline);
                free(exact);
            }
        }
    }
    free(file.bytes);
}

static void check_reset(void) {
    midi_file file = {0};
    fc_song song = {0};
    size_t offset;
    fc_song_reset(&song);
    CHECK(song.room == NULL);
    fill(&file, 0, 2, 100);
    CHECK(fc_smf_read(&song, file.bytes, file.len, &offset) == FC_SMF_OK);
    const void *kept = song.room->events.data;
    fc_song_reset(&song);
    CHECK(song.notes == NULL && song.notes_len == 0 && song.warnings == 0 && song.room->events.data == kept);
    fill(&file, 0, 2, 50);
    CHECK(fc_smf_read(&song, file.bytes, file.len, &offset) == FC_SMF_OK);
    CHECK(song.room->events.data == kept && song.notes_len == 102);
    fc_song_free(&song);
    CHECK(song.room == NULL);
    fc_song_free(&song);
    free(file.bytes);
}

/* What is lent may be written to, all of it: the song stays, and the next one is read as ever. */
static void check_lent(void) {
    midi_file file = {0};
    fc_song song = {0};
    size_t offset, size;
    CHECK(fc_song_table(&song) == NULL && fc_song_spare(&song, &size) == NULL && size == 0);
    for (unsigned tracks = 1; tracks < 4; tracks++) {
        for (unsigned again = 0; again < 3; again++) {
            fill(&file, 1, tracks, 100); /* a note-on and a note-off by turns */
            CHECK(fc_smf_read(&song, file.bytes, file.len, &offset) == FC_SMF_OK && song.notes_len == tracks * 51);
            uint64_t lasted = 0;
            for (size_t i = 0; i < song.notes_len; i++) lasted += song.notes[i].end - song.notes[i].start;
            memset(fc_song_table(&song), (int)again, FC_SONG_TABLE);
            memset(fc_song_spare(&song, &size), (int)again, size);
            CHECK(song.controls_len == tracks && song.controls[0].number == 1);
            for (size_t i = 0; i < song.notes_len; i++) lasted -= song.notes[i].end - song.notes[i].start;
            CHECK(lasted == 0);
        }
    }
    fc_song_free(&song);
    free(file.bytes);
}

int main(void) {
    check_densest();
    check_lent();
    check_reset();
    return finish();
}
