/* fc_smf: what is a song and what is none, every cut of a file, and damage at every byte. */
#include "fc_smf.h"
#include "fc_timeline.h"
#include "midi.h"

static fc_song song;
static fc_timeline timeline;
static midi_file file;

static fc_smf_code read_exact(const uint8_t *bytes, size_t len) {
    uint8_t *exact = exact_copy(bytes, len);
    size_t offset = 77;
    const fc_smf_code code = fc_smf_read(&song, exact, len, &offset);
    CHECK(offset <= len);
    if (code != FC_SMF_OK) {
        CHECK(song.notes_len == 0 && song.tracks == 0 && song.warnings == 0 && song.controls == NULL);
    } else {
        CHECK(song.tracks > 0 && (!song.damaged || offset == song.damage_offset));
        CHECK(song.damaged == ((song.warnings & FC_SMF_DAMAGE) != 0));
        CHECK(fc_timeline_read(&timeline, &song) == FC_OK);
        for (size_t i = 0; i < song.notes_len; i++) {
            const fc_note *note = &song.notes[i];
            CHECK(note->start <= note->end && note->end <= song.track_ends[note->track] && note->track < song.tracks);
            CHECK(note->channel < 16 && note->pitch < 128 && note->program < 128);
            CHECK(note->velocity > 0 && note->velocity < 128 && note->start_s <= note->end_s);
        }
        for (size_t i = 0; i < song.texts_len; i++) CHECK(song.texts[i].offset + song.texts[i].len <= len);
    }
    free(exact);
    return code;
}

static fc_smf_code read_text(const char *text) {
    return read_exact((const uint8_t *)text, strlen(text));
}

static void make(void) {
    begin_file(&file, 1, 3, 480);
    for (unsigned t = 0; t < 3; t++) {
        begin_track(&file);
        PUT(&file, 0, 0xff, 3, 4, 'n', 'a', 'm', 'e', 0, 0xff, 0x51, 3, 7, 0xa1, 0x20, 0, 0xc0, 5);
        for (uint8_t i = 0; i < 8; i++) {
            const uint8_t pitch = (uint8_t)(60 + i);
            PUT(&file, i, 0x90, pitch, 80, 0x83, 0x60, pitch, 0);
        }
        PUT(&file, 0, 0xf0, 3, 1, 2, 0xf7, 0, 0xe0, 0, 64);
        end_track(&file);
    }
}

static void check_codes(void) {
    static const uint8_t zeros[100];
    CHECK(read_exact(zeros, 0) == FC_SMF_EMPTY);
    CHECK(read_exact(zeros, 100) == FC_SMF_ZEROS);
    CHECK(read_text("\x1f\x8bxyz") == FC_SMF_GZIP);
    CHECK(read_text("  <html>") == FC_SMF_HTML && read_text("\xef\xbb\xbf\n<!doctype") == FC_SMF_HTML);
    CHECK(read_text("< ") == FC_SMF_NOT_MIDI && read_text("<") == FC_SMF_NOT_MIDI && read_text("M") == FC_SMF_NOT_MIDI);
    CHECK(read_text("MThd") == FC_SMF_NO_TRACK && read_text("xMThdxxxx") == FC_SMF_NO_TRACK);
    size_t offset;
    CHECK(fc_smf_read(&song, zeros, (size_t)UINT32_MAX + 1, &offset) == FC_SMF_TOO_LARGE);
    for (int i = 0; i < FC_SMF_CODE_COUNT; i++) {
        const char *name = fc_smf_code_name((fc_smf_code)i);
        CHECK(name != NULL);
        for (int j = 0; j < i; j++) CHECK(strcmp(name, fc_smf_code_name((fc_smf_code)j)) != 0);
    }
    CHECK(fc_smf_code_name(FC_SMF_CODE_COUNT) == NULL);
}

static void check_whole(void) {
    make();
    CHECK(read_exact(file.bytes, file.len) == FC_SMF_OK);
    CHECK(song.warnings == 0 && !song.damaged && song.format == 1 && song.tracks == 3 && song.tpqn == 480);
    CHECK(song.notes_len == 24 && song.note_ons == 24 && song.tempos_len == 3 && song.texts_len == 3);
    CHECK(song.controls_len == 6 && song.notes[5].program == 5 && song.texts[2].track == 2);
}

static void check_every_cut(void) {
    size_t notes = 0;
    for (size_t len = 0; len <= file.len; len++) {
        const fc_smf_code code = read_exact(file.bytes, len);
        /* Whatever was whole before the cut is there. */
        CHECK((code == FC_SMF_OK) == (len >= 22) && song.notes_len >= notes);
        notes = song.notes_len;
    }
    CHECK(notes == 24);
}

static void check_every_byte(void) {
    static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0x90, 0xf0, 0xff, 'M'};
    for (size_t at = 0; at < file.len; at++) {
        const uint8_t kept = file.bytes[at];
        for (size_t i = 0; i < sizeof values; i++) {
            file.bytes[at] = values[i];
            const fc_smf_code code = read_exact(file.bytes, file.len);
            CHECK(code == FC_SMF_OK && song.tracks >= 1);
        }
        file.bytes[at] = kept;
    }
}

/* Seeded noise over every byte, also through the same song, whose memory is used again. */
static void check_noise(void) {
    midi_file noisy = {0};
    for (unsigned round = 0; round < 20000; round++) {
        noisy.len = 0;
        put(&noisy, file.bytes, file.len);
        const uint64_t changes = 1 + random_below(30);
        for (uint64_t i = 0; i < changes; i++) noisy.bytes[random_below(noisy.len)] = (uint8_t)random_below(256);
        read_exact(noisy.bytes, random_below(noisy.len + 1));
    }
    free(noisy.bytes);
}

static void check_many_tracks(void) {
    begin_file(&file, 1, 65535, 480);
    for (unsigned t = 0; t < 65535; t++) {
        begin_track(&file);
        PUT(&file, 0, 0x90, 60, 1);
        end_track(&file);
    }
    CHECK(read_exact(file.bytes, file.len) == FC_SMF_OK && song.tracks == 65535 && song.notes_len == 65535);
    CHECK(song.notes[65534].track == 65534);
    CHECK(song.warnings == (FC_SMF_BIT(FC_SMF_UNCLOSED_NOTE) | FC_SMF_BIT(FC_SMF_EMPTY_NOTE)));
}

int main(void) {
    check_codes();
    check_whole();
    check_every_cut();
    check_every_byte();
    check_noise();
    check_many_tracks();
    fc_song_free(&song);
    fc_timeline_free(&timeline);
    free(file.bytes);
    return finish();
}
