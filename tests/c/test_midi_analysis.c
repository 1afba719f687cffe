/* fc_analysis: each part as by itself, whatever else is asked for; the other system's numbers; no song; rooms that are
 * used again. */
#include "fc_analysis.h"

#include <math.h>

#include "midi.h"

static void fifths(midi_file *file) {
    static const uint8_t above[] = {0, 7, 5, 12, 7, 2, 11, 4}; /* fifths, a half bar each */
    for (unsigned i = 0; i < 8; i++) {
        PUT(file, 0, 0x90, (uint8_t)(60 + above[i]), 64);
        PUT(file, 0, 0x99, 36, 64);
        PUT(file, 0x60, 0x80, (uint8_t)(60 + above[i]), 0);
        PUT(file, 0, 0x89, 36, 0);
    }
}

/* A bar and more at 60, then as many ticks at 240. */
static midi_file song_file(void) {
    midi_file file = {0};
    begin_file(&file, 1, 1, 96);
    begin_track(&file);
    PUT(&file, 0, 0xff, 0x51, 3, 0x0f, 0x42, 0x40);
    fifths(&file);
    PUT(&file, 0, 0xff, 0x51, 3, 0x03, 0xd0, 0x90);
    fifths(&file);
    end_track(&file);
    return file;
}

static fc_analysis analysed(fc_analysis_room *room, const midi_file *file, fc_analysis_options options) {
    fc_analysis a;
    memset(&a, 0xa5, sizeof a);
    fc_analysis_of(room, file->bytes, file->len, &options, &a);
    return a;
}

static void check_all(fc_analysis_room *room, const midi_file *file) {
    const fc_analysis a = analysed(room, file, (fc_analysis_options){.parts = FC_PARTS_ALL});
    CHECK(a.code == FC_SMF_OK && !a.damaged && a.offset == 0 && a.warnings == 0);
    CHECK(a.format == 1 && a.tracks == 1 && a.tpqn == 96 && a.duration == 10);
    CHECK(a.stats.notes == 32 && a.stats.pitched == 16 && a.stats.pitch_min == 60 && a.stats.pitch_max == 72);
    CHECK(a.tempo.source == FC_TEMPO_WRITTEN && fabs(a.tempo.bpm - 96) < 1e-9 && a.tempo.initial == 60);
    CHECK(a.tonality.key == 0 && a.digest.present && a.grid == 1 && a.chords == 8);
    const fc_hash hash = fc_hash_bytes(file->bytes, file->len);
    CHECK(a.file_hash.hi == hash.hi && a.file_hash.lo == hash.lo);
    CHECK(room->song.notes_len == 32 && room->timeline.segments_len == 2 && room->chords.len > 0);
}

static void check_parts(fc_analysis_room *room, const midi_file *file) {
    const fc_analysis all = analysed(room, file, (fc_analysis_options){.parts = FC_PARTS_ALL});
    for (unsigned parts = 0; parts <= FC_PARTS_ALL; parts++) {
        const fc_analysis a = analysed(room, file, (fc_analysis_options){.parts = parts});
        CHECK(a.code == FC_SMF_OK && a.duration == all.duration);
        CHECK(a.stats.notes == ((parts & FC_PART_STATS) != 0 ? all.stats.notes : 0));
        CHECK(a.stats.polyphony_max == ((parts & FC_PART_STATS) != 0 ? all.stats.polyphony_max : 0));
        CHECK(a.tempo.bpm == ((parts & FC_PART_TEMPO) != 0 ? all.tempo.bpm : 0));
        CHECK(a.tonality.confidence == ((parts & FC_PART_KEY) != 0 ? all.tonality.confidence : 0));
        CHECK(a.chords == ((parts & FC_PART_CHORDS) != 0 ? all.chords : 0));
        CHECK(a.grid == ((parts & FC_PART_GRID) != 0 ? all.grid : 0));
        CHECK((parts & FC_PART_SWING) != 0 ? isnan(a.swing) : a.swing == 0); /* too few beats to tell */
        CHECK(a.file_hash.lo == ((parts & FC_PART_FILE_HASH) != 0 ? all.file_hash.lo : 0));
        CHECK(a.digest.notes == ((parts & FC_PART_DIGEST) != 0 ? all.digest.notes : 0));
    }
}

static void check_reference(fc_analysis_room *room, const midi_file *file) {
    fc_analysis a = analysed(room, file, (fc_analysis_options){.parts = FC_PARTS_ALL, .reference = true});
    fc_tonality key;
    CHECK(fabs(a.tempo.bpm - 150) < 1e-9); /* (60 + 240) / 2 */
    CHECK(a.tempo.source == FC_TEMPO_WRITTEN && a.tempo.min == 60 && a.tempo.max == 240);
    fc_tonality_of(&room->song, FC_ALL_COUNT, FC_KRUMHANSL_KESSLER, &key);
    CHECK(a.tonality.key == key.key && a.tonality.confidence == key.confidence);
    midi_file plain = {0};
    begin_file(&plain, 0, 1, 96);
    begin_track(&plain);
    fifths(&plain);
    end_track(&plain);
    a = analysed(room, &plain, (fc_analysis_options){.parts = FC_PART_TEMPO, .reference = true});
    CHECK(a.tempo.source == FC_TEMPO_DEFAULT && a.tempo.bpm == 120);
    plain.bytes[12] = 0xe7; /* 25 frames a second */
    a = analysed(room, &plain, (fc_analysis_options){.parts = FC_PART_TEMPO, .reference = true});
    CHECK(a.tempo.source == FC_TEMPO_NONE && a.tempo.bpm == 0);
    free(plain.bytes);
}

static void check_no_song(fc_analysis_room *room) {
    static const uint8_t page[] = "\n<html>";
    const fc_analysis_options options = {.parts = FC_PARTS_ALL};
    fc_analysis a;
    fc_analysis_of(room, page, sizeof page - 1, &options, &a);
    const fc_hash hash = fc_hash_bytes(page, sizeof page - 1);
    CHECK(a.code == FC_SMF_HTML && a.file_hash.hi == hash.hi && a.stats.notes == 0 && a.duration == 0);
    fc_analysis_of(room, NULL, 0, &options, &a);
    CHECK(a.code == FC_SMF_EMPTY && a.offset == 0);
}

int main(void) {
    midi_file file = song_file();
    fc_analysis_room room = {0};
    for (int i = 0; i < 2; i++) {
        check_all(&room, &file);
        check_parts(&room, &file);
        check_reference(&room, &file);
        check_no_song(&room);
        fc_analysis_room_free(&room);
    }
    for (size_t len = 0; len < file.len; len++) { /* whatever is there, of exactly so many bytes */
        midi_file cut = {.bytes = exact_copy(file.bytes, len), .len = len};
        const fc_analysis a = analysed(&room, &cut, (fc_analysis_options){.parts = FC_PARTS_ALL});
        CHECK(a.code == FC_SMF_OK ? a.damaged && a.offset <= len : a.stats.notes == 0);
        free(cut.bytes);
    }
    fc_analysis_room_free(&room);
    free(file.bytes);
    return finish();
}
