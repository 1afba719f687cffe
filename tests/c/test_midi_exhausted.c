/* MIDI files without memory: whichever allocation fails, the row says so and its neighbours stay, or the call does;
 * nothing stays behind, and it works when it is tried again. In the current folder. */
#define _GNU_SOURCE
#include "exhausted.h"
#include "fc_batch.h"
#include "fc_pool.h"
#include "midi.h"

enum { FILES = 4, NOTES = 700 };

static const char *const paths[FILES] = {"0.mid", "1.mid", "2.mid", "3.mid"};

/* Songs of two tracks with names, texts, tempi, signatures and notes in no grid, the second one a SMPTE file. */
static void write_files(void) {
    midi_file file = {0};
    for (unsigned i = 0; i < FILES; i++) {
        begin_file(&file, i == 2 ? 2 : 1, 2, i == 1 ? 0xe728 : 96);
        for (unsigned track = 0; track < 2; track++) {
            begin_track(&file);
            PUT(&file, 0, 0xff, 3, 1, (uint8_t)('A' + i), 0, 0xff, 1, 1, 'x', 0, 0xff, 5, 2, 'l', 'a');
            PUT(&file, 0, 0xff, 0x58, 4, 3, 2, 24, 8, 0, 0xff, 0x59, 2, 1, 0, 0, 0xc0, (uint8_t)(i + track));
            for (unsigned n = 0; n < NOTES; n++) {
                if (n % 50 == 0) PUT(&file, 0, 0xff, 0x51, 3, (uint8_t)(7 + n % 3), (uint8_t)n, 0);
                PUT(&file, (uint8_t)random_below(60), 0x90, (uint8_t)(40 + random_below(40)), 64);
                PUT(&file, (uint8_t)random_below(60), 0x90, (uint8_t)(40 + random_below(40)), 0);
            }
            end_track(&file);
        }
        FILE *out = fopen(paths[i], "wb");
        CHECK(out != NULL && fwrite(file.bytes, 1, file.len, out) == file.len && fclose(out) == 0);
    }
    free(file.bytes);
}

static fc_analysis_options options;
static uint32_t told[FILES]; /* the notes of each file, as they were told first */

static bool batch(void) {
    fc_batch_row rows[FILES];
    fc_batch batch = {.paths = paths, .count = FILES, .options = options, .rows = rows, .threads = 1};
    const fc_status status = fc_batch_run(fc_pool_runtime(fc_cpu_detect()), &batch);
    CHECK(status == FC_OK || status == FC_NO_MEMORY);
    if (status != FC_OK) return false;
    bool whole = true;
    for (size_t i = 0; i < FILES; i++) {
        const fc_analysis *a = &rows[i].analysis;
        CHECK(rows[i].opened && (a->code == FC_SMF_OK || (a->code == FC_SMF_NO_MEMORY && has_failed)));
        whole = whole && a->code == FC_SMF_OK;
        if (a->code == FC_SMF_OK && told[i] == 0) told[i] = (uint32_t)a->stats.notes;
        if (a->code == FC_SMF_OK) CHECK(a->stats.notes == told[i] && a->stats.notes != 0);
    }
    for (int c = 0; c < FC_GATHER_COLUMNS; c++) {
        if (whole && options.parts & FC_PART_TEXTS) CHECK(batch.texts[c].texts >= FILES);
        fc_gathered_free(&batch.texts[c]);
    }
    return whole;
}

int main(void) {
    write_files();
    static const fc_tempo_choice tempi[] = {FC_TEMPO_AUTO, FC_TEMPO_FROM_ONSETS};
    for (int i = 0; i < 2; i++) {
        options = (fc_analysis_options){.parts = FC_PARTS_ALL, .tempo = tempi[i]};
        CHECK(exhaust(batch) > 30);
    }
    options = (fc_analysis_options){.parts = FC_PART_STATS | FC_PART_KEY};
    CHECK(exhaust(batch) > FILES);
    return finish();
}
