/* fc_timeline: ticks and seconds by maps whose answers are known, for every format, and there and back. */
#include <math.h>

#include "fc_smf.h"
#include "fc_timeline.h"
#include "midi.h"

static midi_file file;
static fc_song song;
static fc_timeline timeline;

static bool near(double a, double b) {
    return fabs(a - b) <= 1e-12 * (1 + fabs(b));
}

static void put_tempo(unsigned delta, unsigned us) {
    PUT(&file, (uint8_t)delta, 0xff, 0x51, 3, (uint8_t)(us >> 16), (uint8_t)(us >> 8), (uint8_t)us);
}

static void put_note(unsigned delta, unsigned length) {
    PUT(&file, (uint8_t)delta, 0x90, 60, 1, (uint8_t)length, 60, 0);
}

static void read_file(void) {
    size_t offset;
    CHECK(fc_smf_read(&song, file.bytes, file.len, &offset) == FC_SMF_OK);
    CHECK(fc_timeline_read(&timeline, &song) == FC_OK);
}

static void check_one_map(void) {
    begin_file(&file, 1, 2, 100);
    begin_track(&file);
    put_note(50, 100); /* from half a quarter at 120 to half of one at 60 */
    put_note(0, 0);
    end_track(&file);
    begin_track(&file);
    put_tempo(100, 7);       /* counts for nothing: */
    put_tempo(0, 1000000);   /* the last of a tick does */
    put_tempo(10, 1000000);  /* no change */
    put_tempo(60, 250000);   /* behind the last note, before the end */
    PUT(&file, 100, 0xff, 1, 0);
    put_tempo(0, 1); /* at the end: holds for nothing */
    end_track(&file);
    read_file();
    CHECK(timeline.segments_len == 4 && timeline.changes == 2 && timeline.has_tempo);
    CHECK(near(song.notes[0].start_s, 0.25) && near(song.notes[0].end_s, 1.0));
    CHECK(near(song.notes[1].start_s, 1.0) && near(song.notes[1].end_s, 1.0));
    CHECK(near(timeline.duration, 0.5 + 0.7 + 0.25));
    CHECK(near(timeline.bpm, 60e6 * 270 / (100 * 500000.0 + 70 * 1000000.0 + 100 * 250000.0)));
    CHECK(near(timeline.bpm_initial, 120) && near(timeline.bpm_min, 60) && near(timeline.bpm_max, 240));
    CHECK(near(fc_timeline_seconds(&timeline, 9, 170), 1.2) && near(fc_timeline_tick(&timeline, 9, 1.2), 170));
    CHECK(fc_timeline_tick(&timeline, 0, -1) == 0 && fc_timeline_tick(&timeline, 0, 0) == 0);
}

static void check_format_2(void) {
    begin_file(&file, 2, 3, 100);
    for (unsigned t = 0; t < 3; t++) {
        begin_track(&file);
        if (t == 2) put_tempo(0, 250000);
        put_note(0, 100);
        if (t == 1) put_tempo(0, 1000000);
        put_note(0, 100);
        end_track(&file);
    }
    read_file();
    CHECK(timeline.segments_len == 4 && timeline.changes == 1 && near(timeline.duration, 1.5));
    static const double ends[] = {1.0, 1.5, 0.5};
    for (uint32_t t = 0; t < 3; t++) CHECK(near(fc_timeline_seconds(&timeline, t, 200), ends[t]));
    for (size_t i = 3; i < 6; i++) CHECK(near(song.notes[i].end_s, ends[song.notes[i].track]));
    CHECK(near(timeline.bpm, 60e6 * 600 / (200 * 500000.0 + 100 * 500000.0 + 100 * 1000000.0 + 200 * 250000.0)));
}

static void check_smpte(void) {
    begin_file(&file, 0, 1, 0xe728);
    begin_track(&file);
    put_tempo(0, 1);
    put_note(0, 100);
    end_track(&file);
    read_file();
    CHECK(!timeline.has_tempo && timeline.bpm == 0 && timeline.bpm_min == 0 && timeline.segments_len == 1);
    CHECK(near(timeline.duration, 0.1) && near(song.notes[0].end_s, 0.1) && timeline.segments[0].us_per_quarter == 0);
}

static void check_empty(void) {
    begin_file(&file, 0, 1, 96);
    begin_track(&file);
    put_tempo(0, 1000000);
    end_track(&file);
    read_file();
    CHECK(timeline.duration == 0 && near(timeline.bpm, 60) && near(timeline.bpm_min, 60) && near(timeline.bpm_max, 60));
    CHECK(timeline.changes == 0 && timeline.segments_len == 1);
}

/* Long notes over many tempos: each second is that of its tick, which is that of the second. */
static void check_many(void) {
    for (unsigned round = 0; round < 50; round++) {
        begin_file(&file, round % 3, 2, 1 + (unsigned)random_below(960));
        for (unsigned t = 0; t < 2; t++) {
            begin_track(&file);
            for (unsigned i = 0; i < 40; i++) {
                PUT(&file, (uint8_t)random_below(3), 0x90, (uint8_t)random_below(4), (uint8_t)random_below(2));
                if (random_below(2)) put_tempo((unsigned)random_below(3), 1 + (unsigned)random_below(999999));
            }
            end_track(&file);
        }
        read_file();
        double last = 0;
        for (uint64_t tick = 0; tick <= song.end_tick; tick++) {
            const double seconds = fc_timeline_seconds(&timeline, 0, tick);
            CHECK(tick == 0 || seconds > last);
            CHECK(fabs(fc_timeline_tick(&timeline, 0, seconds) - (double)tick) < 1e-6);
            last = seconds;
        }
        for (size_t i = 0; i < song.notes_len; i++) {
            const fc_note *note = &song.notes[i];
            CHECK(note->start_s == fc_timeline_seconds(&timeline, note->track, note->start));
            CHECK(note->end_s == fc_timeline_seconds(&timeline, note->track, note->end));
        }
        for (size_t i = 1; i < timeline.segments_len; i++) {
            const fc_segment *a = &timeline.segments[i - 1], *b = a + 1;
            if (a->track != b->track) continue;
            CHECK(a->tick < b->tick && a->seconds < b->seconds && a->us_per_quarter != b->us_per_quarter);
        }
    }
}

int main(void) {
    check_one_map();
    check_format_2();
    check_smpte();
    check_empty();
    check_many();
    fc_song_free(&song);
    fc_timeline_free(&timeline);
    CHECK(timeline.segments == NULL);
    free(file.bytes);
    return finish();
}
