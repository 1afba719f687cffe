#include "fc_sweep.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fc_meter.h"

enum { FEW = 48, DIGIT_BITS = 11, PITCH_BITS = 7, DRUMS = 9 };

/* Notes end nearly in order. */
static void sort_few(uint64_t *words, size_t len) {
    for (size_t i = 1; i < len; i++) {
        const uint64_t word = words[i];
        size_t at = i;
        for (; at != 0 && FC_SWEEP_TICK(words[at - 1]) > FC_SWEEP_TICK(word); at--) words[at] = words[at - 1];
        words[at] = word;
    }
}

/* Move the words to `to` in the order of one digit; those that share it keep their order. */
static void sort_digit(const uint64_t *from, uint64_t *to, size_t len, unsigned shift, unsigned bits) {
    size_t places[1 << DIGIT_BITS];
    const uint64_t mask = ((uint64_t)1 << bits) - 1;
    size_t place = 0;
    memset(places, 0, (size_t)(mask + 1) * sizeof places[0]);
    for (size_t i = 0; i < len; i++) places[from[i] >> shift & mask]++;
    for (size_t digit = 0; digit <= mask; digit++) {
        const size_t count = places[digit];
        places[digit] = place;
        place += count;
    }
    for (size_t i = 0; i < len; i++) to[places[from[i] >> shift & mask]++] = from[i];
}

/* Sort sweep->ends by tick, of which none has more bits than `highest`. */
static void sort_ends(fc_sweep *sweep, uint64_t highest) {
    if (sweep->len < FEW) {
        sort_few(sweep->ends, sweep->len);
        return;
    }
    unsigned bits = 1;
    while (highest >> bits != 0) bits++;
    const unsigned digits = (bits + DIGIT_BITS - 1) / DIGIT_BITS, each = (bits + digits - 1) / digits;
    for (unsigned digit = 0; digit < digits; digit++) {
        sort_digit(sweep->ends, sweep->spare, sweep->len, PITCH_BITS + digit * each, each);
        uint64_t *sorted = sweep->spare;
        sweep->spare = sweep->ends;
        sweep->ends = sorted;
    }
}

static fc_status make_room(fc_sweep *sweep, size_t notes) {
    const size_t each = 3 * sizeof *sweep->starts;
    const bool is_lent = notes <= sweep->lent_size / each;
    if (!is_lent && notes > sweep->room) {
        free(sweep->own);
        sweep->room = 0;
        sweep->own = notes > SIZE_MAX / each ? NULL : malloc(notes * each);
        if (sweep->own == NULL) return FC_NO_MEMORY;
        sweep->room = notes;
    }
    sweep->starts = is_lent ? sweep->lent : sweep->own;
    sweep->ends = sweep->starts + notes;
    sweep->spare = sweep->ends + notes;
    return FC_OK;
}

/* Lay down the events of the notes that count, ticks at most `most`, and return the bits that their ends have. */
static inline __attribute__((always_inline)) uint64_t lay_down(fc_sweep *sweep, const fc_song *song, uint64_t most) {
    uint64_t *starts = sweep->starts, *ends = sweep->ends, highest = 0;
    size_t len = 0;
    for (size_t i = 0; i < song->notes_len; i++) {
        const fc_note *note = &song->notes[i];
        const uint64_t start = note->start < most ? note->start : most, end = note->end < most ? note->end : most;
        starts[len] = start << PITCH_BITS | note->pitch;
        ends[len] = end << PITCH_BITS | note->pitch;
        highest |= end;
        len += (note->channel != DRUMS) & (start < end); /* without a branch: drums come in no order */
    }
    sweep->len = len;
    return highest;
}

fc_status fc_sweep_fill(fc_sweep *sweep, const fc_song *song) {
    sweep->len = 0;
    const fc_status status = make_room(sweep, song->notes_len);
    if (status != FC_OK) return status;
    /* Hardly a song needs the bound. */
    uint64_t highest = lay_down(sweep, song, UINT64_MAX);
    if (highest >= FC_METER_MAX) highest = lay_down(sweep, song, FC_METER_MAX);
    sort_ends(sweep, highest);
    return FC_OK;
}

/* With starts and ends in order, more than m notes sound at start i if and only if end i - m lies behind it; and with
 * each start the count grows by one at most. */
size_t fc_sweep_polyphony(const fc_sweep *sweep) {
    size_t most = 0;
    for (size_t i = 0; i < sweep->len; i++) {
        most += FC_SWEEP_TICK(sweep->ends[i - most]) > FC_SWEEP_TICK(sweep->starts[i]);
    }
    return most;
}

void fc_sweep_free(fc_sweep *sweep) {
    free(sweep->own);
    *sweep = (fc_sweep){0};
}
