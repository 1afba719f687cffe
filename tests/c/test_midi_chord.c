/* fc_chord: every root, quality and inversion through the notes of a half bar; spans; names; a walk against a count. */
#include "fc_chord.h"
#include "fc_meter.h"
#include "midi_song.h"

enum { HALF = 2 * TPQN };

static const struct {
    int len, tones[5];
    const char *suffix;
} CHORDS[FC_CHORD_NONE] = {
    {3, {0, 4, 7}, ""},          {3, {0, 3, 7}, "m"},        {3, {0, 3, 6}, "dim"},       {3, {0, 4, 8}, "aug"},
    {3, {0, 2, 7}, "sus2"},      {3, {0, 5, 7}, "sus4"},     {2, {0, 7}, "5"},            {4, {0, 4, 7, 9}, "6"},
    {4, {0, 4, 7, 10}, "7"},     {4, {0, 4, 7, 11}, "maj7"}, {4, {0, 3, 7, 10}, "m7"},    {4, {0, 3, 6, 10}, "m7b5"},
    {4, {0, 3, 6, 9}, "dim7"},   {5, {0, 4, 7, 10, 14}, "9"},
};

static fc_sweep sweep;
static fc_chords chords;

static void read_chords(const fc_song *song) {
    CHECK(fc_sweep_fill(&sweep, song) == FC_OK);
    CHECK(fc_chords_fill(&chords, song, &sweep) == FC_OK);
}

/* The chord of one half bar of these pitches; every order of the tones above the bass sounds alike. */
static fc_chord chord_of(unsigned lowest, const int *above, size_t len) {
    fc_song song = new_song();
    add_chord(&song, lowest, above, len, 0, HALF);
    read_chords(&song);
    CHECK(chords.len == 1 && chords.items[0].start == 0 && chords.items[0].end == HALF);
    return chords.items[0];
}

/* What the quality's inversion is called that is another chord as well; -1 if it keeps its name. The root is counted
 * from the true one. */
static int twin_of(int quality, int inversion, int *root) {
    const int *tones = CHORDS[quality].tones;
    *root = 0;
    if (inversion == 0) return -1;
    if (quality == FC_CHORD_6) return *root = 9, FC_CHORD_M7;
    if (quality == FC_CHORD_M7 && inversion == 1) return *root = 3, FC_CHORD_6;
    if (quality == FC_CHORD_AUG || quality == FC_CHORD_DIM7) return *root = tones[inversion], quality;
    if (quality == FC_CHORD_SUS2 && inversion == 2) return *root = 7, FC_CHORD_SUS4;
    if (quality == FC_CHORD_SUS4) return *root = 5, FC_CHORD_SUS2;
    return -1;
}

static void check_every_chord(void) {
    unsigned twins = 0;
    for (int root = 0; root < 12; root++) {
        for (int quality = 0; quality < FC_CHORD_NONE; quality++) {
            for (int inversion = 0; inversion < CHORDS[quality].len; inversion++) {
                int above[5];
                const int bass = CHORDS[quality].tones[inversion];
                for (int i = 0; i < CHORDS[quality].len; i++) above[i] = (CHORDS[quality].tones[i] + 24 - bass) % 12;
                above[inversion] = 0;
                const unsigned lowest = 48 + (unsigned)(root + bass) % 12;
                const fc_chord chord = chord_of(lowest, above, (size_t)CHORDS[quality].len);
                int from_root;
                const int twin = twin_of(quality, inversion, &from_root);
                twins += twin >= 0;
                CHECK(chord.quality == (twin < 0 ? quality : twin));
                CHECK(chord.root == (root + from_root) % 12);
                CHECK(chord.bass == lowest % 12);
                CHECK(twin >= 0 || chord.inversion == inversion);
                CHECK(chord.inversion >= 0 && (chord.inversion == 0) == (chord.root == chord.bass));
            }
        }
    }
    CHECK(twins == 12 * (3 + 1 + 2 + 3 + 1 + 2));
}

static void check_name(int root, int bass, fc_quality quality, const char *wanted) {
    char name[FC_CHORD_NAME_SIZE];
    const fc_chord chord = {.root = (uint8_t)root, .bass = (uint8_t)bass, .quality = (uint8_t)quality};
    CHECK(fc_chord_name(&chord, name) == strlen(wanted) && strcmp(name, wanted) == 0);
}

static void check_names(void) {
    check_name(6, 1, FC_CHORD_M7, "F#m7/C#");
    check_name(10, 10, FC_CHORD_MAJ, "Bb");
    check_name(0, 0, FC_CHORD_NONE, "N.C.");
    check_name(1, 1, FC_CHORD_MIN, "C#m");
    check_name(1, 1, FC_CHORD_MAJ7, "Dbmaj7");
    check_name(0, 3, FC_CHORD_MIN, "Cm/Eb");
    check_name(2, 6, FC_CHORD_MAJ, "D/F#");
    check_name(0, 10, FC_CHORD_7, "C7/Bb");
    check_name(4, 8, FC_CHORD_AUG, "Eaug/G#");
    check_name(4, 0, FC_CHORD_AUG, "Eaug/C");         /* not B# */
    check_name(8, 11, FC_CHORD_MIN, "G#m/B");
    check_name(1, 11, FC_CHORD_7, "Db7/B");           /* not Cb */
    check_name(10, 4, FC_CHORD_M7B5, "Bbm7b5/E");     /* not Fb */
    check_name(9, 3, FC_CHORD_DIM, "Adim/Eb");
    check_name(6, 10, FC_CHORD_MAJ, "F#/A#");
    for (int root = 0; root < 12; root++) {
        for (int quality = 0; quality < FC_CHORD_NONE; quality++) {
            for (int bass = 0; bass < 12; bass++) {
                char name[FC_CHORD_NAME_SIZE];
                const fc_chord chord = {.root = (uint8_t)root, .bass = (uint8_t)bass, .quality = (uint8_t)quality};
                const size_t len = fc_chord_name(&chord, name);
                const char *slash = strchr(name, '/');
                CHECK(len == strlen(name) && (slash == NULL) == (root == bass));
                const char *spelled = slash == NULL ? name : slash + 1;
                const int natural = (int)(strchr("C D EF G A B", spelled[0]) - "C D EF G A B");
                CHECK((natural + (spelled[1] == '#') - (spelled[1] == 'b') + 12) % 12 == bass);
                CHECK(strncmp(name + 1 + (name[1] == '#' || name[1] == 'b'), CHORDS[quality].suffix,
                              strlen(CHORDS[quality].suffix)) == 0);
            }
        }
    }
}

static void check_table(void) {
    for (unsigned classes = 1; classes < 4096; classes += 2) {
        unsigned root;
        const fc_quality quality = fc_chord_of(classes, &root);
        CHECK(quality <= FC_CHORD_NONE && root < 12 && (quality != FC_CHORD_NONE || root == 0));
    }
    unsigned root;
    CHECK(fc_chord_of(1, &root) == FC_CHORD_NONE && fc_chord_of(0xfff, &root) == FC_CHORD_NONE);
    CHECK(fc_chord_of(1 | 1 << 4, &root) == FC_CHORD_MAJ && root == 0);
    CHECK(fc_chord_of(1 | 1 << 5, &root) == FC_CHORD_5 && root == 5);
    CHECK(fc_chord_of(1 | 1 << 6, &root) == FC_CHORD_NONE);
    CHECK(fc_chord_of(1 | 1 << 2 | 1 << 4 | 1 << 7, &root) == FC_CHORD_MAJ && root == 0); /* an added ninth */
    CHECK(fc_chord_inversion(FC_CHORD_9, 2) == 4 && fc_chord_inversion(FC_CHORD_MAJ, 2) == -1);
    CHECK(fc_chord_inversion(FC_CHORD_NONE, 0) == -1);
}

static void expect(size_t at, uint64_t start, uint64_t end, int root, fc_quality quality) {
    CHECK(at < chords.len);
    const fc_chord *chord = &chords.items[at];
    CHECK(chord->start == start && chord->end == end && chord->root == root && chord->quality == quality);
}

/* Silence, a chord that is held, another one, drums over it all, and another bass. */
static void check_spans(void) {
    static const int major[] = {0, 4, 7};
    fc_song song = new_song();
    read_chords(&song);
    CHECK(chords.len == 0);
    add_note(&song, 9, 36, 0, 100 * HALF);
    read_chords(&song);
    CHECK(chords.len == 0);
    add_chord(&song, 60, major, 3, 3 * HALF, 7 * HALF);
    add_chord(&song, 65, major, 3, 7 * HALF, 8 * HALF);
    add_chord(&song, 67, major, 3, 10 * HALF + 1, 10 * HALF + 50);
    read_chords(&song);
    CHECK(chords.len == 5);
    expect(0, 0, 3 * HALF, 0, FC_CHORD_NONE);
    expect(1, 3 * HALF, 7 * HALF, 0, FC_CHORD_MAJ);
    expect(2, 7 * HALF, 8 * HALF, 5, FC_CHORD_MAJ);
    expect(3, 8 * HALF, 10 * HALF, 0, FC_CHORD_NONE);
    expect(4, 10 * HALF, 11 * HALF, 7, FC_CHORD_MAJ);
    static const int inverted[] = {0, 3, 8};
    song.notes_len = 1;
    add_chord(&song, 60, major, 3, 0, HALF);
    add_chord(&song, 64, inverted, 3, HALF, 3 * HALF);
    add_chord(&song, 67, major, 3, 3 * HALF, 3 * HALF + 1);
    read_chords(&song);
    CHECK(chords.len == 3 && chords.items[1].bass == 4 && chords.items[1].inversion == 1);
    expect(0, 0, HALF, 0, FC_CHORD_MAJ);
    expect(1, HALF, 3 * HALF, 0, FC_CHORD_MAJ);
    expect(2, 3 * HALF, 4 * HALF, 7, FC_CHORD_MAJ);
}

static void check_signature_within(void) {
    static const int major[] = {0, 4, 7};
    fc_song song = new_song();
    add_chord(&song, 60, major, 3, 0, 7 * HALF);
    add_chord(&song, 65, major, 3, 7 * HALF, 8 * HALF);
    add_time_signature(&song, 7 * HALF + TPQN, 3, 2);
    read_chords(&song);
    expect(0, 0, 7 * HALF, 0, FC_CHORD_MAJ);
    expect(1, 7 * HALF, 7 * HALF + TPQN + 3 * TPQN / 2, 5, FC_CHORD_MAJ); /* F until the half bar of 3/4 ends */
    song.tpqn = 0;
    song.ticks_per_second = 960;
    read_chords(&song);
    CHECK(chords.len == 0);
}

/* A passing note of an eighth of the half bar is not heard; a low one of a quarter is the bass. */
static void check_weights(void) {
    static const int minor[] = {0, 3, 7};
    fc_song song = new_song();
    add_chord(&song, 60, minor, 3, 0, HALF);
    add_note(&song, 1, 66, HALF - HALF / 8, HALF);
    read_chords(&song);
    CHECK(chords.len == 1 && chords.items[0].quality == FC_CHORD_MIN && chords.items[0].inversion == 0);
    song = new_song();
    add_note(&song, 1, 43, 0, HALF / 4);
    add_chord(&song, 60, minor, 3, 0, HALF);
    read_chords(&song);
    CHECK(chords.items[0].quality == FC_CHORD_MIN && chords.items[0].inversion == 2 && chords.items[0].bass == 7);
    song.notes[0].end--;
    read_chords(&song);
    CHECK(chords.items[0].inversion == 0);
    /* A class is heard from a quarter of the heaviest on; that is at most the length, however many notes hold it. */
    song = new_song();
    add_chord(&song, 48, minor, 3, 0, HALF);
    for (unsigned i = 1; i < 5; i++) add_chord(&song, 48 + 12 * i, minor, 3, 0, HALF);
    add_note(&song, 1, 58, HALF - HALF / 4, HALF);
    read_chords(&song);
    CHECK(chords.items[0].quality == FC_CHORD_M7 && chords.items[0].root == 0);
    song.notes[15].start++;
    read_chords(&song);
    CHECK(chords.items[0].quality == FC_CHORD_MIN && chords.items[0].root == 0);
}

/* The half bars of long songs by their number alone: spans lie end to end, and neighbours differ. */
static void check_random(size_t count, uint64_t ticks, uint64_t longest) {
    fc_song song = new_song();
    song.tpqn = 1 + (uint32_t)random_below(480);
    for (uint64_t tick = 0, i = 0; i < random_below(4); i++, tick += random_below(ticks)) {
        add_time_signature(&song, tick, 1 + (unsigned)random_below(12), (unsigned)random_below(8));
    }
    add_random_notes(&song, count, ticks, longest);
    read_chords(&song);
    CHECK(chords.len <= 3 * count + 3);
    uint64_t last_end = 0;
    for (size_t i = 0; i < chords.len; i++) {
        const fc_chord *chord = &chords.items[i];
        CHECK(chord->start == (i == 0 ? 0 : chord[-1].end) && chord->end > chord->start);
        CHECK(i == 0 || chord->root != chord[-1].root || chord->quality != chord[-1].quality ||
              chord->bass != chord[-1].bass);
    }
    for (size_t i = 0; i < song.notes_len; i++) {
        const fc_note *note = &song.notes[i];
        if (note->channel != DRUM_CHANNEL && note->start < note->end && note->end > last_end) last_end = note->end;
    }
    CHECK(last_end == 0 ? chords.len == 0 : chords.items[chords.len - 1].end >= last_end);
}

/* A note of 2^55 ticks costs no more than one of ten. */
static void check_endless(void) {
    static const int minor[] = {0, 3, 7};
    fc_song song = new_song();
    add_chord(&song, 60, minor, 3, 5, (uint64_t)1 << 55);
    add_note(&song, 0, 48, 900000, UINT64_MAX);
    read_chords(&song);
    CHECK(chords.len >= 1 && chords.items[0].quality == FC_CHORD_MIN);
    CHECK(chords.items[chords.len - 1].end >= FC_METER_MAX);
}

int main(void) {
    check_every_chord();
    check_names();
    check_table();
    check_spans();
    check_signature_within();
    check_weights();
    check_endless();
    for (int i = 0; i < 3000; i++) {
        const uint64_t ticks = (uint64_t)1 << (3 + i % 40);
        check_random((size_t)random_below(60), ticks, i % 2 ? ticks : 2000);
    }
    fc_sweep_free(&sweep);
    fc_chords_free(&chords);
    CHECK(chords.items == NULL && chords.room == 0);
    return finish();
}
