/* One file: no crash, everything within bounds and in order, the same again, and a song where there is a track. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fc_smf.h"
#include "fc_timeline.h"

#define NEED(condition) \
    do {                \
        if (!(condition)) abort(); \
    } while (0)

static void check_song(const fc_song *song, size_t size) {
    NEED(song->tracks > 0 && song->notes_len == song->note_ons && song->notes_len <= size / 3);
    for (size_t i = 0; i < song->notes_len; i++) {
        const fc_note *note = &song->notes[i];
        NEED(note->start <= note->end && note->end <= song->track_ends[note->track] && note->end <= FC_TICK_MAX);
        NEED(note->channel < 16 && note->pitch < 128 && note->program < 128 && note->velocity - 1 < 127);
        NEED(note->start_s >= 0 && note->start_s <= note->end_s);
        if (i == 0) continue;
        NEED(note[-1].start < note->start || (note[-1].start == note->start && note[-1].track <= note->track));
    }
    for (size_t i = 0; i < song->texts_len; i++)
        NEED(song->texts[i].offset <= size && song->texts[i].len <= size - song->texts[i].offset);
    for (size_t i = 0; i < song->controls_len; i++) {
        const fc_control *control = &song->controls[i];
        NEED(control->channel < 16 && control->number < 128 && control->value >= -8192 && control->value < 8192);
        NEED(i == 0 || control[-1].tick <= control->tick);
    }
    for (size_t i = 0; i < song->time_signatures_len; i++)
        NEED(song->time_signatures[i].numerator > 0 && song->time_signatures[i].denominator_exponent < 8);
    for (size_t i = 0; i < song->key_signatures_len; i++)
        NEED(song->key_signatures[i].sharps >= -7 && song->key_signatures[i].sharps <= 7);
    const fc_song_room *room = song->room;
    NEED(room->events.len == 0 && song->damaged == ((song->warnings & FC_SMF_DAMAGE) != 0));
    for (size_t i = 0; i < 16 * 128; i++) NEED(room->open[i].first == UINT32_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static fc_song used;
    fc_song fresh = {0};
    fc_timeline timeline = {0};
    size_t offset = 0, again = 0;
    const fc_smf_code code = fc_smf_read(&fresh, data, size, &offset);
    NEED(fc_smf_read(&used, data, size, &again) == code && again == offset && offset <= size);
    if (code == FC_SMF_OK) {
        NEED(fc_timeline_read(&timeline, &fresh) == FC_OK && timeline.segments_len > 0 && timeline.duration >= 0);
        check_song(&fresh, size);
        NEED(fc_timeline_read(&timeline, &used) == FC_OK);
        NEED(used.notes_len == fresh.notes_len && used.warnings == fresh.warnings && used.end_tick == fresh.end_tick);
        for (size_t i = 0; i < used.notes_len; i++) NEED(memcmp(&used.notes[i], &fresh.notes[i], sizeof(fc_note)) == 0);
    } else {
        NEED(size < 14 || memcmp(data, "MThd\0\0\0\6", 8) != 0 || size < 22 || memcmp(data + 14, "MTrk", 4) != 0);
    }
    fc_timeline_free(&timeline);
    fc_song_free(&fresh);
    return 0;
}
