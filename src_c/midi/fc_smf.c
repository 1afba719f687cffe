#include "fc_smf.h"

#include <string.h>

#include "fc_program.h"
#include "fc_track.h"

enum { CHUNK_HEAD = 8, HEADER = 14, DEFAULT_TPQN = 480, SEARCHED = 64 * 1024 };

/* What is read: the file, or the part of it that a wrapper names. */
typedef struct fc_smf {
    const uint8_t *bytes;
    size_t len;      /* of the part */
    size_t file_len; /* of the file */
    bool is_counted; /* a header says how many tracks there are */
    bool is_full;    /* there is no memory for another track */
    fc_tracks tracks;
} fc_smf;

static uint32_t big_endian(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t little_endian(const uint8_t *p) {
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static bool is_at(const uint8_t *bytes, size_t len, size_t at, const char *id) {
    return len - at >= 4 && memcmp(bytes + at, id, 4) == 0;
}

/* Where the header begins, if within the bytes that are searched; `len` if it does not. */
static size_t find_header(const uint8_t *bytes, size_t len) {
    const size_t most = len < SEARCHED ? len : SEARCHED;
    for (size_t at = 0; at < most; at++) {
        const uint8_t *found = memchr(bytes + at, 'M', most - at);
        if (found == NULL) break;
        at = (size_t)(found - bytes);
        if (is_at(bytes, len, at, "MThd")) return at;
    }
    return len;
}

static bool is_html(const uint8_t *bytes, size_t len) {
    size_t at = len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (at < len && (bytes[at] == ' ' || (bytes[at] >= '\t' && bytes[at] <= '\r'))) at++;
    return len - at >= 2 && bytes[at] == '<' && bytes[at + 1] < 0x80 && bytes[at + 1] > ' ';
}

/* Why a file without header and track is none, and which byte told. */
static fc_smf_code classify(const uint8_t *bytes, size_t len, size_t *out_offset) {
    size_t zeros = 0;
    while (zeros < len && bytes[zeros] == 0) zeros++;
    *out_offset = 0;
    if (len == 0) return FC_SMF_EMPTY;
    if (zeros == len) return FC_SMF_ZEROS;
    if (len >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b) return FC_SMF_GZIP;
    if (is_html(bytes, len)) return FC_SMF_HTML;
    *out_offset = zeros;
    return FC_SMF_NOT_MIDI;
}

/* Find the data chunk of a RIFF wrapper, whatever comes before it; false if no header lies there. */
static bool unwrap(fc_smf *smf, size_t *out_at) {
    const uint8_t *bytes = smf->bytes;
    if (smf->len < 20 || !is_at(bytes, smf->len, 0, "RIFF") || !is_at(bytes, smf->len, 8, "RMID")) return false;
    for (size_t at = 12; smf->len - at >= CHUNK_HEAD;) {
        const uint64_t size = little_endian(bytes + at + 4), content = at + CHUNK_HEAD;
        if (is_at(bytes, smf->len, at, "data") && is_at(bytes, smf->len, content, "MThd")) {
            if (size <= smf->len - content) smf->len = content + size;
            else fc_song_warn(smf->tracks.song, FC_SMF_RIFF_SIZE, at + 4);
            *out_at = content;
            return true;
        }
        if (size + (size & 1) > smf->len - content) break;
        at = content + size + (size & 1);
    }
    fc_song_warn(smf->tracks.song, FC_SMF_RIFF_SIZE, 4);
    return false;
}

static void set_division(fc_song *song, unsigned division, size_t at) {
    song->tpqn = division;
    if (division == 0) {
        fc_song_warn(song, FC_SMF_DIVISION_ZERO, at);
        song->tpqn = DEFAULT_TPQN;
    } else if (division >= 0x8000) {
        const unsigned frames = 256 - (division >> 8), ticks = (division & 0xff) == 0 ? 40 : division & 0xff;
        const bool usual = frames == 24 || frames == 25 || frames == 29 || frames == 30;
        if (!usual || (division & 0xff) == 0) fc_song_warn(song, FC_SMF_SMPTE_RATE, at);
        song->tpqn = 0;
        song->ticks_per_second = frames == 29 ? ticks * 30000.0 / 1001.0 : (double)(ticks * frames);
    }
}

/* Where the header at `at` ends, by its length if that can be. */
static size_t header_end(const fc_smf *smf, size_t at) {
    const size_t left = smf->len - at;
    if (left < CHUNK_HEAD) return smf->len;
    const uint32_t declared = big_endian(smf->bytes + at + 4);
    if (declared != 6) fc_song_warn(smf->tracks.song, FC_SMF_HEADER_LENGTH, at + 4);
    if (is_at(smf->bytes, smf->len, left < HEADER ? smf->len : at + HEADER, "MTrk")) return at + HEADER;
    if (declared <= left - CHUNK_HEAD) return at + CHUNK_HEAD + declared;
    return fc_track_find(smf->bytes, smf->len, at + CHUNK_HEAD);
}

/* Read the header at `at` and return where it ends. */
static size_t read_header(fc_smf *smf, size_t at) {
    fc_song *song = smf->tracks.song;
    const uint8_t *header = smf->bytes + at;
    const size_t end = header_end(smf, at);
    song->format = 1;
    song->tpqn = DEFAULT_TPQN;
    if (end - at < HEADER) fc_song_warn(song, FC_SMF_HEADER_CUT, at);
    if (end - at >= 10) song->format = (unsigned)(header[8] << 8 | header[9]);
    smf->is_counted = end - at >= 12;
    if (smf->is_counted) song->tracks_declared = (uint32_t)(header[10] << 8 | header[11]);
    if (end - at >= HEADER) set_division(song, (unsigned)(header[12] << 8 | header[13]), at + 12);
    if (song->format > 2) fc_song_warn(song, FC_SMF_FORMAT_UNKNOWN, at + 8);
    return end;
}

/* Find where reading begins: behind the header, or at the first track of a file without one. */
static fc_smf_code begin(fc_smf *smf, size_t *out_at, size_t *out_offset) {
    fc_song *song = smf->tracks.song;
    size_t at = 0;
    if (!is_at(smf->bytes, smf->len, 0, "MThd") && !unwrap(smf, &at)) {
        const fc_smf_code code = classify(smf->bytes, smf->len, out_offset);
        if (code != FC_SMF_NOT_MIDI) return code;
        at = find_header(smf->bytes, smf->len);
        if (at == smf->len) {
            at = fc_track_find(smf->bytes, smf->len, 0);
            if (at >= SEARCHED || at == smf->len) return FC_SMF_NOT_MIDI;
            fc_song_warn(song, FC_SMF_NO_HEADER, at);
            song->format = 1;
            song->tpqn = DEFAULT_TPQN;
            *out_at = at;
            return FC_SMF_OK;
        }
        fc_song_warn(song, FC_SMF_LEADING_BYTES, 0);
    }
    *out_at = read_header(smf, at);
    *out_offset = *out_at;
    return FC_SMF_OK;
}

/* Read the track whose chunk begins at `at` and return where it ends. */
static size_t read_track(fc_smf *smf, size_t at) {
    fc_song *song = smf->tracks.song;
    const size_t begin_at = at + CHUNK_HEAD;
    const uint32_t declared = big_endian(smf->bytes + at + 4);
    if (declared > smf->len - begin_at && declared <= smf->file_len - begin_at) {
        fc_song_warn(song, FC_SMF_RIFF_SIZE, at + 4);
        smf->len = smf->tracks.len = smf->file_len;
    }
    const bool guessed = declared > smf->len - begin_at;
    if (guessed) fc_song_warn(song, FC_SMF_TRACK_PAST_END, at + 4);
    fc_buffer *ends = &song->room->track_ends;
    if (fc_buffer_reserve(ends, (song->tracks + (size_t)1) * sizeof *song->track_ends) != FC_OK) {
        smf->is_full = true;
        return smf->len;
    }
    song->track_ends = (uint64_t *)(void *)ends->data;
    smf->tracks.track = song->tracks;
    const size_t end = fc_track_read(&smf->tracks, begin_at, guessed ? smf->len : begin_at + declared, guessed);
    song->track_ends[song->tracks++] = smf->tracks.tick;
    if (smf->tracks.tick > song->end_tick) song->end_tick = smf->tracks.tick;
    return end;
}

/* Pass over what is no track, and return where the next chunk may begin. Nothing is searched twice. */
static size_t pass_over(fc_smf *smf, size_t at) {
    fc_song *song = smf->tracks.song;
    const bool is_chunk = fc_chunk_begins(smf->bytes, smf->len, at);
    if (is_chunk) {
        const bool is_header = is_at(smf->bytes, smf->len, at, "MThd");
        fc_song_warn(song, is_header ? FC_SMF_SECOND_HEADER : FC_SMF_FOREIGN_CHUNK, at);
        const uint32_t declared = big_endian(smf->bytes + at + 4);
        if (declared <= smf->len - at - CHUNK_HEAD) return at + CHUNK_HEAD + declared;
    }
    const size_t next = fc_track_find(smf->bytes, smf->len, at);
    if (next == smf->len) fc_song_warn(song, FC_SMF_TRAILING_BYTES, at);
    else if (!is_chunk) fc_song_warn(song, FC_SMF_PADDING, at);
    return next;
}

/* A wrapper that ends before the tracks do was wrong: what it holds goes on to the end of the file. */
static void widen(fc_smf *smf, size_t at) {
    fc_song *song = smf->tracks.song;
    if (smf->len == smf->file_len || smf->len - at >= CHUNK_HEAD || song->tracks >= song->tracks_declared) return;
    if (!is_at(smf->bytes, smf->file_len, at, "MTrk")) return;
    fc_song_warn(song, FC_SMF_RIFF_SIZE, at);
    smf->len = smf->tracks.len = smf->file_len;
}

static void read_chunks(fc_smf *smf, size_t at) {
    for (widen(smf, at); at < smf->len; widen(smf, at)) {
        const bool is_track = smf->len - at >= CHUNK_HEAD && is_at(smf->bytes, smf->len, at, "MTrk");
        at = is_track ? read_track(smf, at) : pass_over(smf, at);
    }
}

fc_smf_code fc_smf_read(fc_song *song, const uint8_t *bytes, size_t len, size_t *out_offset) {
    fc_song_reset(song);
    *out_offset = 0;
    if (len > UINT32_MAX) return FC_SMF_TOO_LARGE;
    fc_smf smf = {.bytes = bytes, .len = len, .file_len = len, .tracks = {.song = song, .bytes = bytes}};
    size_t at = 0;
    fc_smf_code code = begin(&smf, &at, out_offset);
    if (code == FC_SMF_OK && fc_song_reserve(song, len) != FC_OK) code = FC_SMF_NO_MEMORY;
    if (code == FC_SMF_OK) {
        fc_song_room *room = song->room;
        smf.tracks.len = smf.len;
        smf.tracks.notes = (fc_note *)(void *)room->events.data;
        smf.tracks.item = (fc_item *)(void *)(room->events.data + room->events.capacity);
        read_chunks(&smf, at);
        if (smf.is_full) code = FC_SMF_NO_MEMORY;
        else if (song->tracks == 0) code = FC_SMF_NO_TRACK;
        else if (fc_song_build(song, smf.tracks.notes_len, smf.tracks.counts, song->tracks == 1) != FC_OK)
            code = FC_SMF_NO_MEMORY;
    }
    if (code != FC_SMF_OK) {
        fc_song_reset(song);
        return code;
    }
    if (smf.is_counted && song->tracks != song->tracks_declared) fc_song_warn(song, FC_SMF_TRACK_COUNT, 0);
    if (song->format == 0 && song->tracks > 1) fc_song_warn(song, FC_SMF_FORMAT_0_TRACKS, 0);
    fc_program_settle(song, &smf.tracks);
    *out_offset = song->damage_offset;
    return FC_SMF_OK;
}

const char *fc_smf_code_name(fc_smf_code code) {
    switch (code) {
    case FC_SMF_OK: return "ok";
    case FC_SMF_EMPTY: return "empty";
    case FC_SMF_ZEROS: return "zeros";
    case FC_SMF_GZIP: return "gzip";
    case FC_SMF_HTML: return "html";
    case FC_SMF_NOT_MIDI: return "not_midi";
    case FC_SMF_NO_TRACK: return "no_track";
    case FC_SMF_TOO_LARGE: return "too_large";
    case FC_SMF_NO_MEMORY: return "no_memory";
    case FC_SMF_CODE_COUNT: break;
    }
    return NULL;
}
