/* Memory of a whole analysis, the file's bytes and the room included: dense files of every kind of event and of several
 * sizes, in a fresh room, by an allocator that counts. The program is linked so that all of src_c allocates here
 * (tests/test_c.py). */
#include <stdalign.h>

#include "fc_analysis.h"
#include "midi.h"

typedef union block {
    size_t size;
    max_align_t align;
} block;

static size_t held, most;

/* What is allowed besides 32 bytes for each of the file. */
enum { FIXED = 65536 };

void *__real_malloc(size_t size);
void __real_free(void *bytes);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *bytes, size_t size);
void __wrap_free(void *bytes);

void *__wrap_malloc(size_t size) {
    block *b = __real_malloc(sizeof *b + size);
    if (b == NULL) return NULL;
    b->size = size;
    held += size;
    if (held > most) most = held;
    return b + 1;
}

void __wrap_free(void *bytes) {
    if (bytes == NULL) return;
    block *b = (block *)bytes - 1;
    held -= b->size;
    __real_free(b);
}

void *__wrap_calloc(size_t count, size_t size) {
    void *bytes = __wrap_malloc(count * size);
    if (bytes != NULL) memset(bytes, 0, count * size);
    return bytes;
}

/* A block that grows is counted once. */
void *__wrap_realloc(void *bytes, size_t size) {
    const size_t old = bytes == NULL ? 0 : ((block *)bytes - 1)->size;
    held -= old;
    void *moved = __wrap_malloc(size);
    held += old;
    if (moved == NULL || bytes == NULL) return moved;
    memcpy(moved, bytes, old < size ? old : size);
    __wrap_free(bytes);
    return moved;
}

/* What is done again and again until a track has its bytes; `n` counts. */
typedef void (*filler)(midi_file *file, unsigned n);

static void note_ons(midi_file *file, unsigned n) {
    if (n == 0) PUT(file, 0, 0x90, 60, 64);
    else PUT(file, 1, (uint8_t)(n * 5 & 127), 64);
}

static void drums(midi_file *file, unsigned n) {
    if (n == 0) PUT(file, 0, 0x99, 60, 64);
    else PUT(file, 0, (uint8_t)(n & 127), 64);
}

/* A chord, none, a chord: one that is held, and tones that come and go. */
static void chords(midi_file *file, unsigned n) {
    static const uint8_t tones[] = {64, 67, 65, 69, 63, 68};
    if (n == 0) PUT(file, 0, 0x90, 48, 64);
    const uint8_t tone = tones[n % sizeof tones];
    PUT(file, 2, tone, 64, 2, tone, 0);
}

static void programs(midi_file *file, unsigned n) {
    if (n == 0) PUT(file, 0, 0xc0, 0);
    else PUT(file, 0, (uint8_t)(n & 127));
}

static void texts(midi_file *file, unsigned n) { PUT(file, 0, 0xff, (uint8_t)(1 + n % 7), 1, 'x'); }
static void names(midi_file *file, unsigned n) { PUT(file, 0, 0xff, 3, 0), (void)n; }
static void tempos(midi_file *file, unsigned n) { PUT(file, 1, 0xff, 0x51, 3, 0, (uint8_t)(n >> 8), (uint8_t)n); }
static void signatures(midi_file *file, unsigned n) { PUT(file, 1, 0xff, 0x58, 2, (uint8_t)(1 + n % 9), 2); }
static void keys(midi_file *file, unsigned n) { PUT(file, 1, 0xff, 0x59, 2, (uint8_t)(n % 7), 0); }
static void nothing(midi_file *file, unsigned n) { (void)file, (void)n; }

/* Notes of any time, which no grid fits. */
static void free_notes(midi_file *file, unsigned n) {
    if (n == 0) PUT(file, 0, 0x90, 60, 64);
    else PUT(file, (uint8_t)random_below(128), (uint8_t)(n * 5 & 127), 64);
}

/* Few notes in pairs that last for minutes, so that even a small file has every window of the estimate. */
static void rare_notes(midi_file *file, unsigned n) {
    if (n == 0) PUT(file, 0, 0x90, 60, 64);
    else PUT(file, n % 2 == 0 ? 60 : 1, (uint8_t)(n & 127), 64);
}

static midi_file file_of(filler fill, size_t size, unsigned format, unsigned tracks, unsigned division) {
    midi_file file = {0};
    begin_file(&file, format, tracks, division);
    for (unsigned i = 0; i < tracks; i++) {
        begin_track(&file);
        for (unsigned n = 0; file.len - file.track < size / tracks; n++) {
            fill(&file, n);
            if (fill == nothing) break;
        }
        end_track(&file);
    }
    return file;
}

/* A track with a tempo of its own, so that in format 2 notes come in no order of their times. */
static void own_tempo(midi_file *file, unsigned n) {
    if (n == 0) PUT(file, 0, 0xff, 0x51, 3, (uint8_t)(1 + file->len % 13), 0, 0);
    free_notes(file, n);
}

static const struct {
    const char *name;
    filler fill;
    unsigned division;
} KINDS[] = {
    {"note-ons", note_ons, 480},
    {"note-ons, ticks of 1", note_ons, 1},
    {"drums", drums, 480},
    {"chords", chords, 1},
    {"programs", programs, 480},
    {"texts", texts, 480},
    {"names", names, 480},
    {"tempos", tempos, 1},
    {"time signatures", signatures, 1},
    {"key signatures", keys, 480},
    {"nothing", nothing, 0x7fff},
    {"free notes", free_notes, 20},
    {"free notes, fine ticks", free_notes, 0x7fff},
    {"free notes, SMPTE", free_notes, 0xe728},
    {"free notes, own tempi", own_tempo, 96},
    {"rare notes", rare_notes, 1},
};

static fc_analysis analysed(const midi_file *file, fc_tempo_choice tempo, size_t *out_used) {
    const fc_analysis_options options = {.parts = FC_PARTS_ALL, .tempo = tempo};
    fc_analysis_room *room = calloc(1, sizeof *room);
    uint8_t *bytes = exact_copy(file->bytes, file->len); /* to see a read behind them */
    fc_analysis a;
    CHECK(room != NULL);
    const size_t before = held;
    most = held;
    fc_analysis_of(room, bytes, file->len, &options, &a);
    *out_used = most - before + sizeof *room + file->len;
    CHECK(a.code == FC_SMF_OK);
    fc_analysis_room_free(room);
    CHECK(held == before);
    free(bytes);
    free(room);
    return a;
}

/* Return the bytes beyond 64 KB for each of the file. */
static double check_file(size_t kind, size_t size, unsigned format, unsigned tracks, fc_tempo_choice tempo) {
    const midi_file file = file_of(KINDS[kind].fill, size, format, tracks, KINDS[kind].division);
    size_t used;
    analysed(&file, tempo, &used);
    if (used > 32 * file.len + FIXED)
        printf("%s, %zu bytes, format %u, %u tracks, tempo %d: %zu\n", KINDS[kind].name, file.len, format, tracks,
               (int)tempo, used);
    CHECK(used <= 32 * file.len + FIXED);
    free(file.bytes);
    return used > FIXED ? (double)(used - FIXED) / (double)file.len : 0;
}

/* Every shape of a file of about so many bytes. */
static double check_size(size_t kind, size_t size) {
    double each = 0;
    for (unsigned shape = 0; shape < 12; shape++) {
        const unsigned tracks = shape & 1 ? 7 : 1, format = shape & 2 ? 2 : 1;
        const double here = check_file(kind, size, format, tracks, (fc_tempo_choice)(shape >> 2));
        each = here > each ? here : each;
    }
    return each;
}

int main(void) {
    static const size_t sizes[] = {100, 2000, 17000, 60000, 1000000};
    for (size_t kind = 0; kind < sizeof KINDS / sizeof KINDS[0]; kind++) {
        printf("%-22s  bytes for each of a file of", KINDS[kind].name);
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
            printf("  %zu: %.1f", sizes[i], check_size(kind, sizes[i]));
        printf("\n");
    }
    return finish();
}
