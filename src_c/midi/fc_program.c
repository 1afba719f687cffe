#include "fc_program.h"

#include <stdbool.h>

static bool comes_before(const fc_control *control, const fc_note *note) {
    return control->tick < note->start || (control->tick == note->start && control->track < note->track);
}

/* True if a program is changed by another track than the one that plays: no track alone knows what is in force. */
static bool is_shared(const fc_tracks *tracks) {
    for (unsigned channel = 0; channel < 16; channel++) {
        const fc_owner *changes = &tracks->program_owners[channel], *plays = &tracks->note_owners[channel];
        if (!changes->used || !plays->used) continue;
        if (changes->shared || plays->shared || changes->track != plays->track) return true;
    }
    return false;
}

void fc_program_settle(fc_song *song, const fc_tracks *tracks) {
    const bool shared = song->format != 2 && is_shared(tracks);
    if (!shared && !tracks->any_fresh) return;
    uint8_t programs[16] = {0};
    size_t next = 0;
    for (size_t i = 0; i < song->notes_len; i++) {
        fc_note *note = &song->notes[i];
        if (!shared && note->start > tracks->last_fresh) break;
        if (shared && !(note->program & FC_PROGRAM_FRESH)) {
            for (; next < song->controls_len && comes_before(&song->controls[next], note); next++) {
                const fc_control *control = &song->controls[next];
                if (control->kind == FC_CONTROL_PROGRAM) programs[control->channel] = control->number;
            }
            note->program = programs[note->channel];
        }
        note->program &= FC_PROGRAM_FRESH - 1;
    }
}
