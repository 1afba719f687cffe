/* fc_batch: each row as by fc_analysis alone, on any number of threads; what is no file; big files; a poll that stops.
 * In the current folder. */
#define _GNU_SOURCE
#include "fc_batch.h"

#include <errno.h>
#include <unistd.h>

#include "fc_pool.h"
#include "midi.h"

enum { FILES = 60, SAME = 20000, BIG = FC_BATCH_KEPT / 4 };

static char names[FILES][16];
static const char *paths[SAME];
static midi_file files[FILES];

static void write_files(void) {
    for (unsigned i = 0; i < FILES; i++) {
        midi_file *file = &files[i];
        begin_file(file, 0, 1, 96);
        begin_track(file);
        PUT(file, 0, 0xff, 3, 1, (uint8_t)('A' + i % 26));
        const unsigned notes = i == 7 ? BIG : i % 11;
        for (unsigned n = 0; n < notes; n++) {
            PUT(file, 0, 0x90, (uint8_t)(40 + (n * 7 + i) % 50), 64);
            PUT(file, 48, 0x80, (uint8_t)(40 + (n * 7 + i) % 50), 0);
        }
        end_track(file);
        if (i == 5) file->len = 3; /* no song */
        snprintf(names[i], sizeof names[i], "%u.mid", i);
        paths[i] = names[i];
        if (i == 9) continue; /* not there */
        FILE *out = fopen(names[i], "wb");
        if (out == NULL || fwrite(file->bytes, 1, file->len, out) != file->len || fclose(out) != 0) exit(2);
    }
}

static int count(void *ctx, uint64_t done, uint64_t total) {
    uint64_t *last = ctx;
    CHECK(done >= *last && done <= total && total == FILES);
    *last = done;
    return 0;
}

static void check_rows(unsigned threads, fc_batch_row *rows) {
    uint64_t last = 0;
    fc_analysis_room room = {0};
    fc_batch batch = {.paths = paths, .count = FILES, .options = {.parts = FC_PARTS_ALL}, .rows = rows,
                      .threads = threads, .poll = count, .poll_ctx = &last};
    memset(rows, 0xa5, FILES * sizeof *rows);
    CHECK(fc_batch_run(fc_pool_runtime(fc_cpu_detect()), &batch) == FC_OK && last == FILES);
    size_t named = 0;
    for (size_t i = 0; i < FILES; i++) {
        const fc_batch_row *row = &rows[i];
        if (i == 9) {
            CHECK(!row->opened && row->number == ENOENT && row->size == 0 && row->analysis.stats.notes == 0);
            continue;
        }
        fc_analysis alone;
        fc_analysis_of(&room, files[i].bytes, files[i].len, &batch.options, &alone);
        CHECK(row->opened && row->size == files[i].len && row->mtime_ns > 0 && row->analysis.code == alone.code);
        CHECK((alone.code == FC_SMF_OK) == (i != 5));
        CHECK(row->analysis.file_hash.hi == alone.file_hash.hi && row->analysis.digest.notes == alone.digest.notes);
        CHECK(row->analysis.stats.notes == alone.stats.notes && row->analysis.tempo.bpm == alone.tempo.bpm);
        CHECK(row->analysis.tonality.key == alone.tonality.key && row->analysis.chords == alone.chords);
        const fc_gathered *texts = &batch.texts[FC_GATHER_NAMES];
        CHECK(texts->row_offsets[i + 1] - texts->row_offsets[i] == (i != 5));
        if (i != 5) CHECK(texts->bytes[named++] == 'A' + i % 26);
    }
    CHECK(batch.texts[FC_GATHER_NAMES].texts == named && batch.texts[FC_GATHER_TEXTS].texts == 0);
    for (int c = 0; c < FC_GATHER_COLUMNS; c++) fc_gathered_free(&batch.texts[c]);
    fc_analysis_room_free(&room);
}

static int stop(void *ctx, uint64_t done, uint64_t total) {
    CHECK(done < total);
    ++*(int *)ctx;
    return 1;
}

int main(void) {
    fc_batch_row *rows = malloc(SAME * sizeof *rows);
    if (rows == NULL) return 2;
    write_files();
    for (unsigned threads = 1; threads < 5; threads++) check_rows(threads, rows);
    const fc_runtime *runtime = fc_pool_runtime(fc_cpu_detect());
    fc_batch none = {.paths = paths, .options = {.parts = FC_PARTS_ALL}, .rows = rows, .threads = 2};
    CHECK(fc_batch_run(runtime, &none) == FC_OK && none.texts[0].texts == 0 && none.texts[0].row_offsets[0] == 0);
    for (int c = 0; c < FC_GATHER_COLUMNS; c++) fc_gathered_free(&none.texts[c]);
    fc_batch plain = {.paths = paths, .count = FILES, .rows = rows, .threads = 1};
    CHECK(fc_batch_run(runtime, &plain) == FC_OK && plain.texts[0].row_offsets == NULL);
    int calls = 0;
    for (size_t i = 0; i < SAME; i++) paths[i] = names[10];
    fc_batch stopped = {.paths = paths, .count = SAME, .options = {.parts = FC_PARTS_ALL}, .rows = rows, .threads = 1,
                        .poll = stop, .poll_ctx = &calls};
    CHECK(fc_batch_run(runtime, &stopped) == FC_STOPPED && calls == 1 && stopped.texts[0].bytes == NULL);
    for (size_t i = 0; i < FILES; i++) unlink(names[i]), free(files[i].bytes);
    free(rows);
    return finish();
}
