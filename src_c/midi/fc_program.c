#include "fc_program.h"

#include <stdbool.h>

#include "fc_track.h"

static bool comes_before(const fc_control *control, const fc_note *note) {
    return control->tick < note->start || (control->tick == note->start && control->track < note->track);
}

/* True if every program change is of the track of every note on its channel: then the reader has seen it all. */
static bool is_settled(const fc_song *song) {
    enum { NOBODY = -1 };
    int64_t owners[16];
    for (unsigned i = 0; i < 16; i++) owners[i] = NOBODY;
    for (size_t i = 0; i < song->controls_len; i++) {
        const fc_control *control = &song->controls[i];
        if (control->kind != FC_CONTROL_PROGRAM) continue;
        int64_t *owner = &owners[control->channel];
        if (*owner != NOBODY && *owner != control->track) return false;
        *owner = control->track;
    }
    for (size_t i = 0; i < song->notes_len; i++) {
        const int64_t owner = owners[song->notes[i].channel];
        if (owner != NOBODY && owner != song->notes[i].track) return false;
    }
    return true;
}

void fc_program_settle(fc_song *song) {
    const bool merge = song->tracks > 1 && song->format != 2 && !is_settled(song);
    uint8_t programs[16] = {0};
    size_t next = 0;
    for (size_t i = 0; i < song->notes_len; i++) {
        fc_note *note = &song->notes[i];
        if (merge && !(note->program & FC_PROGRAM_FRESH)) {
            for (; next < song->controls_len && comes_before(&song->controls[next], note); next++) {
                const fc_control *control = &song->controls[next];
                if (control->kind == FC_CONTROL_PROGRAM) programs[control->channel] = control->number;
            }
            note->program = programs[note->channel];
        }
        note->program &= FC_PROGRAM_FRESH - 1;
    }
}
