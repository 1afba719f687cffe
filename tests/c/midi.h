/* What the C tests of MIDI share: files made of bytes. */
#ifndef MIDI_H
#define MIDI_H

#include "check.h"

typedef struct midi_file {
    uint8_t *bytes;
    size_t len, capacity, track;
} midi_file;

static inline void put(midi_file *file, const void *bytes, size_t len) {
    if (file->len + len > file->capacity) {
        file->capacity = 2 * (file->len + len);
        file->bytes = realloc(file->bytes, file->capacity);
        if (file->bytes == NULL) exit(2);
    }
    memcpy(file->bytes + file->len, bytes, len);
    file->len += len;
}

#define PUT(file, ...) put(file, (const uint8_t[]){__VA_ARGS__}, sizeof(const uint8_t[]){__VA_ARGS__})

static inline void begin_file(midi_file *file, unsigned format, unsigned tracks, unsigned division) {
    file->len = 0;
    PUT(file, 'M', 'T', 'h', 'd', 0, 0, 0, 6, 0, (uint8_t)format, (uint8_t)(tracks >> 8), (uint8_t)tracks,
        (uint8_t)(division >> 8), (uint8_t)division);
}

static inline void begin_track(midi_file *file) {
    PUT(file, 'M', 'T', 'r', 'k', 0, 0, 0, 0);
    file->track = file->len;
}

static inline void end_track(midi_file *file) {
    PUT(file, 0, 0xff, 0x2f, 0);
    const size_t len = file->len - file->track;
    for (unsigned i = 0; i < 4; i++) file->bytes[file->track - 4 + i] = (uint8_t)(len >> (24 - 8 * i));
}

#endif
