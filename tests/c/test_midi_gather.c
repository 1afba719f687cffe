/* fc_gather: which texts are of which column, and rows of several gathers in any order. */
#include "fc_gather.h"

#include "midi_song.h"

static const uint8_t bytes[] = "PianoBassHelloLa la(c)";

static void add_text(fc_song *song, unsigned kind, uint32_t track, size_t offset, size_t len) {
    song->texts[song->texts_len++] = (fc_text){.kind = (uint8_t)kind, .track = track, .offset = offset, .len = len};
}

static fc_gathered laid_out(const fc_gather_row *rows, size_t len, fc_gather_column column, size_t texts,
                            const char *joined) {
    fc_gathered g;
    CHECK(fc_gather_column_of(rows, len, column, &g) == FC_OK);
    CHECK(g.texts == texts && g.bytes_len == strlen(joined) && memcmp(g.bytes, joined, g.bytes_len) == 0);
    CHECK(g.text_offsets[0] == 0 && g.text_offsets[texts] == (int64_t)g.bytes_len);
    CHECK(g.row_offsets[0] == 0 && g.row_offsets[len] == (int64_t)texts);
    return g;
}

static void check_columns(void) {
    fc_gather a = {0}, b = {0};
    fc_gather_row rows[3] = {{0}};
    fc_song song = new_song();
    add_text(&song, 3, 1, 5, 4);  /* Bass */
    add_text(&song, 3, 0, 0, 5);  /* Piano */
    add_text(&song, 3, 0, 9, 5);  /* another name of the track, left out */
    add_text(&song, 3, 2, 9, 0);  /* empty, and so is the track's name */
    add_text(&song, 1, 0, 9, 5);  /* Hello */
    add_text(&song, 5, 0, 14, 3); /* La  */
    add_text(&song, 2, 0, 19, 3); /* (c) */
    add_text(&song, 5, 0, 17, 2);
    add_text(&song, 6, 0, 17, 0);
    CHECK(fc_gather_add(&a, &song, bytes, &rows[2]) == FC_OK);
    song.texts_len = 1;
    CHECK(fc_gather_add(&b, &song, bytes, &rows[0]) == FC_OK);
    song.texts_len = 0;
    CHECK(fc_gather_add(&a, &song, bytes, &rows[1]) == FC_OK);
    fc_gathered g = laid_out(rows, 3, FC_GATHER_NAMES, 3, "BassPianoBass");
    CHECK(g.row_offsets[1] == 1 && g.row_offsets[2] == 1 && g.text_offsets[1] == 4 && g.text_offsets[2] == 9);
    fc_gathered_free(&g);
    g = laid_out(rows, 3, FC_GATHER_TEXTS, 2, "Hello(c)");
    CHECK(g.row_offsets[2] == 0 && g.text_offsets[1] == 5);
    fc_gathered_free(&g);
    g = laid_out(rows, 3, FC_GATHER_LYRICS, 1, "La la");
    fc_gathered_free(&g);
    g = laid_out(rows, 0, FC_GATHER_NAMES, 0, "");
    fc_gathered_free(&g);
    fc_gather_free(&a), fc_gather_free(&b);
    CHECK(a.bytes[0].data == NULL && a.lengths[0].data == NULL);
}

/* Many names, backwards: those of each track in order of the tracks. */
static void check_many(void) {
    enum { TRACKS = 300 };
    fc_gather gather = {0};
    fc_gather_row row;
    fc_song song = new_song();
    uint8_t letters[TRACKS];
    fc_gathered g;
    for (uint32_t i = 0; i < TRACKS; i++) {
        letters[i] = (uint8_t)i;
        add_text(&song, 3, TRACKS - 1 - i, i, 1);
        add_text(&song, 3, TRACKS - 1 - i, 0, 1);
    }
    CHECK(fc_gather_add(&gather, &song, letters, &row) == FC_OK);
    CHECK(fc_gather_column_of(&row, 1, FC_GATHER_NAMES, &g) == FC_OK && g.texts == TRACKS);
    for (unsigned i = 0; i < TRACKS; i++) CHECK(g.bytes[i] == letters[TRACKS - 1 - i]);
    fc_gathered_free(&g);
    fc_gather_free(&gather);
}

int main(void) {
    check_columns();
    check_many();
    return finish();
}
