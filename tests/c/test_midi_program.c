/* fc_program: the program in force, by tick over all tracks, against a walk over every change for each note. */
#include "fc_program.h"
#include "fc_smf.h"
#include "midi.h"

enum { TRACKS = 4, EVENTS = 12 };

/* What the file says, in order of (track, place). */
typedef struct said {
    uint64_t tick;
    unsigned track, place, channel, program;
    bool is_note;
} said;

static said all[TRACKS * EVENTS];

static void make(midi_file *file, unsigned format) {
    begin_file(file, format, TRACKS, 96);
    for (unsigned t = 0; t < TRACKS; t++) {
        begin_track(file);
        uint64_t tick = 0;
        for (unsigned i = 0; i < EVENTS; i++) {
            const unsigned delta = (unsigned)random_below(2), channel = (unsigned)random_below(3);
            tick += delta;
            said *event = &all[t * EVENTS + i];
            *event = (said){tick, t, i, channel, (unsigned)random_below(128), random_below(2) == 0};
            if (event->is_note) PUT(file, (uint8_t)delta, (uint8_t)(0x90 | channel), (uint8_t)i, 1);
            else PUT(file, (uint8_t)delta, (uint8_t)(0xc0 | channel), (uint8_t)event->program);
        }
        end_track(file);
    }
}

static bool precedes(const said *a, const said *b) {
    if (a->tick != b->tick) return a->tick < b->tick;
    return a->track != b->track ? a->track < b->track : a->place < b->place;
}

static unsigned in_force(const said *note, unsigned format) {
    const said *last = NULL;
    for (size_t i = 0; i < TRACKS * EVENTS; i++) {
        const said *change = &all[i];
        if (change->is_note || change->channel != note->channel || !precedes(change, note)) continue;
        if (format == 2 && change->track != note->track) continue;
        if (last == NULL || precedes(last, change)) last = change;
    }
    return last == NULL ? 0 : last->program;
}

int main(void) {
    midi_file file = {0};
    fc_song song = {0};
    for (unsigned round = 0; round < 3000; round++) {
        const unsigned format = round % 3;
        size_t offset, notes = 0;
        make(&file, format);
        CHECK(fc_smf_read(&song, file.bytes, file.len, &offset) == FC_SMF_OK);
        for (size_t i = 0; i < TRACKS * EVENTS; i++) {
            if (!all[i].is_note) continue;
            notes++;
            for (size_t n = 0; n < song.notes_len; n++)
                if (song.notes[n].track == all[i].track && song.notes[n].pitch == all[i].place)
                    CHECK(song.notes[n].program == in_force(&all[i], format));
        }
        CHECK(notes == song.notes_len);
    }
    fc_song_free(&song);
    free(file.bytes);
    return finish();
}
