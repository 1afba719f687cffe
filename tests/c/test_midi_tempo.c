/* fc_tempo: which source is taken, coherence against a plain sum, stability of a map, and what has no tempo. */
#include "fc_tempo.h"

#include <math.h>

#include "fc_smf.h"
#include "midi.h"

static midi_file file;
static fc_song song;
static fc_timeline timeline;
static fc_tempo_room room;

static void put_delta(unsigned delta) {
    if (delta >= 1 << 14) PUT(&file, (uint8_t)(0x80 | delta >> 14));
    if (delta >= 1 << 7) PUT(&file, (uint8_t)(0x80 | (delta >> 7 & 127)));
    PUT(&file, delta & 127);
}

static void put_tempo(unsigned delta, unsigned us) {
    put_delta(delta);
    PUT(&file, 0xff, 0x51, 3, (uint8_t)(us >> 16), (uint8_t)(us >> 8), (uint8_t)us);
}

static void put_note(unsigned delta) {
    put_delta(delta);
    PUT(&file, 0x90, 60, 100, 10, 60, 0);
}

static void begin(unsigned division) {
    begin_file(&file, 0, 1, division);
    begin_track(&file);
}

static fc_tempo_result told(fc_tempo_choice choice) {
    size_t offset;
    fc_tempo_result r;
    end_track(&file);
    CHECK(fc_smf_read(&song, file.bytes, file.len, &offset) == FC_SMF_OK);
    CHECK(fc_timeline_read(&timeline, &song) == FC_OK);
    CHECK(fc_tempo_tell(&song, &timeline, choice, &room, &r) == FC_OK);
    file.len -= 4; /* the end of the track, so that more may follow */
    return r;
}

static double plain_coherence(void) {
    const int multiples[] = {1, 2, 3, 4, 6};
    double most = 0;
    for (int m = 0; m < 5; m++) {
        double re = 0, im = 0, count = 0;
        for (size_t i = 0; i < song.notes_len; i++) {
            if (i > 0 && song.notes[i].start == song.notes[i - 1].start) continue;
            const double angle = 2 * acos(-1) * multiples[m] * (double)song.notes[i].start / song.tpqn;
            re += cos(angle), im += sin(angle), count++;
        }
        most = fmax(most, sqrt(re * re + im * im) / count);
    }
    return most;
}

/* Eighths at 100, all on the grid. */
static void on_the_grid(void) {
    begin(96);
    put_tempo(0, 600000);
    for (int i = 0; i < 40; i++) put_note(38);
    fc_tempo_result r = told(FC_TEMPO_AUTO);
    CHECK(r.source == FC_TEMPO_WRITTEN && fabs(r.bpm - 100) < 1e-9 && fabs(r.coherence - 1) < 1e-9);
    CHECK(r.confidence == r.coherence && r.stability == 0 && r.alternatives_len == 0);
    CHECK(r.initial == r.bpm && r.min == r.bpm && r.max == r.bpm && r.changes == 0);
    r = told(FC_TEMPO_FROM_ONSETS);
    CHECK(r.source == FC_TEMPO_ONSETS && fabs(r.bpm - 100) < 0.5 && r.coherence == -1 && r.alternatives_len == 3);
    begin(96);
    for (int i = 0; i < 40; i++) put_note(38);
    r = told(FC_TEMPO_AUTO);
    CHECK(r.source == FC_TEMPO_DEFAULT && r.bpm == 120 && r.initial == 0);
    r = told(FC_TEMPO_AS_WRITTEN);
    CHECK(r.source == FC_TEMPO_NONE && r.bpm == 0 && r.confidence == 0);
}

/* Half a second apart by a header of 90 whose quarter notes they ignore. */
static void off_the_grid(void) {
    begin(480);
    put_tempo(0, 666667);
    for (int i = 0; i < 100; i++) put_note(350 + (unsigned)random_below(3));
    fc_tempo_result r = told(FC_TEMPO_AUTO);
    CHECK(r.source == FC_TEMPO_ONSETS && r.coherence < 0.3 && fabs(r.coherence - plain_coherence()) < 1e-9);
    const double exact = 60 / (361.0 / 480 * 0.666667); /* with the note's 10 ticks */
    CHECK(fabs(r.bpm / exact - 1) < 0.005 || fabs(2 * r.bpm / exact - 1) < 0.005);
    CHECK(fabs(r.initial - 90) < 0.001);
    r = told(FC_TEMPO_AS_WRITTEN);
    CHECK(r.source == FC_TEMPO_WRITTEN && fabs(r.bpm - 90) < 0.001 && r.confidence < 0.3);
}

static void coherence_of_anything(void) {
    for (int repeat = 0; repeat < 300; repeat++) {
        const unsigned tpqn = 1 + (unsigned)random_below(32767), step = 1 + (unsigned)random_below(2 * tpqn);
        begin(tpqn);
        put_tempo(0, 500000);
        for (int i = (int)random_below(60); i >= 0; i--) put_note(random_below(2) ? step : (unsigned)random_below(9));
        const fc_tempo_result r = told(FC_TEMPO_AUTO);
        CHECK(fabs(r.coherence - plain_coherence()) < 1e-9);
    }
}

/* 1 s of 60, 2 s of 120, 1 s of 240: quartiles 60 and 120. */
static void stability(void) {
    begin(100);
    put_tempo(0, 1000000);
    for (int i = 0; i < 10; i++) put_note(0);
    put_tempo(0, 500000);
    put_delta(400);
    PUT(&file, 0xff, 1, 0);
    put_tempo(0, 250000);
    for (int i = 0; i < 40; i++) put_note(0);
    const fc_tempo_result r = told(FC_TEMPO_AS_WRITTEN);
    CHECK(timeline.segments_len == 3 && fabs(timeline.duration - 4) < 1e-9);
    CHECK(r.changes == 2 && r.min == 60 && r.max == 240 && fabs(r.bpm - 60 * 9 / 4.0) < 1e-9);
    CHECK(fabs(r.stability - (120 - 60) / 120.0) < 1e-9);
}

static void few_and_smpte(void) {
    for (int notes = 0; notes < 12; notes++) {
        begin(96);
        put_tempo(0, 500000);
        for (int i = 0; i < notes; i++) put_note(86);
        const fc_tempo_result r = told(FC_TEMPO_AUTO);
        CHECK(r.source == (notes < 8 ? FC_TEMPO_NONE : FC_TEMPO_WRITTEN));
        CHECK((r.bpm > 0) == (notes >= 8) && (r.confidence > 0) == (notes >= 8));
    }
    begin(0xe764); /* 25 frames of 100 ticks: 2,500 a second */
    put_tempo(0, 600000);
    for (int i = 0; i < 60; i++) put_note(1240);
    const fc_tempo_result r = told(FC_TEMPO_AUTO);
    CHECK(r.source == FC_TEMPO_ONSETS && r.coherence == -1 && r.initial == 0);
    CHECK(fabs(r.bpm - 120) < 0.1 || fabs(r.bpm - 60) < 0.1);
    CHECK(told(FC_TEMPO_AS_WRITTEN).source == FC_TEMPO_NONE);
}

static void format_2(void) {
    begin_file(&file, 2, 2, 100);
    for (int track = 0; track < 2; track++) {
        begin_track(&file);
        put_tempo(0, track ? 400000 : 800000);
        for (int i = 0; i < 20; i++) put_note(90);
        if (track == 0) end_track(&file);
    }
    const fc_tempo_result r = told(FC_TEMPO_AUTO);
    CHECK(r.source == FC_TEMPO_WRITTEN && fabs(r.stability - 1) < 1e-9); /* 16 s of 75 and 8 s of 150 */
}

int main(void) {
    on_the_grid();
    off_the_grid();
    coherence_of_anything();
    stability();
    few_and_smpte();
    format_2();
    for (int i = 0; i < FC_TEMPO_SOURCE_COUNT; i++) CHECK(fc_tempo_source_name((fc_tempo_source)i) != NULL);
    CHECK(fc_tempo_source_name(FC_TEMPO_SOURCE_COUNT) == NULL);
    fc_tempo_room_free(&room);
    fc_song_free(&song);
    fc_timeline_free(&timeline);
    free(file.bytes);
    return finish();
}
