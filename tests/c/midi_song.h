/* Songs made by hand: 480 ticks a quarter note, 960 a second. */
#ifndef MIDI_SONG_H
#define MIDI_SONG_H

#include "check.h"
#include "fc_song.h"

enum { TPQN = 480, ROOM = 4096, DRUM_CHANNEL = 9 };

static fc_note song_notes[ROOM];
static fc_time_signature song_time_signatures[ROOM];
static fc_key_signature song_key_signatures[ROOM];
static fc_control song_controls[ROOM];
static fc_text song_texts[ROOM];

static inline fc_song new_song(void) {
    fc_song song;
    memset(&song, 0, sizeof song);
    song.format = 1;
    song.tpqn = TPQN;
    song.notes = song_notes;
    song.time_signatures = song_time_signatures;
    song.key_signatures = song_key_signatures;
    song.controls = song_controls;
    song.texts = song_texts;
    return song;
}

/* Add a note, in order of the starts. */
static inline void add_note(fc_song *song, unsigned channel, unsigned pitch, uint64_t start, uint64_t end) {
    CHECK(song->notes_len < ROOM && end >= start);
    CHECK(song->notes_len == 0 || song->notes[song->notes_len - 1].start <= start);
    song->notes[song->notes_len++] = (fc_note){
        .start = start,
        .end = end,
        .start_s = (double)start / (2 * TPQN),
        .end_s = (double)end / (2 * TPQN),
        .channel = (uint8_t)channel,
        .pitch = (uint8_t)pitch,
        .velocity = 64,
    };
    if (end > song->end_tick) song->end_tick = end;
}

/* Add notes of one time, each so far above the lowest. */
static inline void add_chord(fc_song *song, unsigned lowest, const int *above, size_t len, uint64_t start,
                             uint64_t end) {
    for (size_t i = 0; i < len; i++) add_note(song, 0, lowest + (unsigned)above[i], start, end);
}

static inline void add_time_signature(fc_song *song, uint64_t tick, unsigned numerator, unsigned exponent) {
    CHECK(song->time_signatures_len < ROOM);
    song->time_signatures[song->time_signatures_len++] =
        (fc_time_signature){.tick = tick, .numerator = (uint8_t)numerator, .denominator_exponent = (uint8_t)exponent};
}

/* Add `count` notes in any order at random, and put them in order. */
static inline void add_random_notes(fc_song *song, size_t count, uint64_t ticks, uint64_t longest) {
    uint64_t starts[ROOM];
    CHECK(count <= ROOM);
    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        const uint64_t start = random_below(ticks);
        for (; at != 0 && starts[at - 1] > start; at--) starts[at] = starts[at - 1];
        starts[at] = start;
    }
    for (size_t i = 0; i < count; i++) {
        const unsigned channel = random_below(4) == 0 ? DRUM_CHANNEL : (unsigned)random_below(3);
        add_note(song, channel, (unsigned)random_below(128), starts[i], starts[i] + random_below(longest + 1));
    }
}

#endif
