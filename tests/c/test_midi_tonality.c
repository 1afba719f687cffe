/* fc_tonality: scales and profiles themselves, each moved to all twelve tonics; none where nothing can be said. */
#include "fc_tonality.h"

#include <math.h>

#include "midi_song.h"

static void moved(const double from[12], int tonic, double to[12]) {
    for (int i = 0; i < 12; i++) to[(i + tonic) % 12] = from[i];
}

/* A profile correlates with itself perfectly; what is scaled or shifted correlates alike. */
static void check_profiles(void) {
    static const double major[12] = {.238, .006, .111, .006, .137, .094, .016, .214, .009, .080, .008, .081};
    static const double minor[12] = {6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17};
    for (int tonic = 0; tonic < 12; tonic++) {
        double weights[12];
        fc_tonality found, scaled;
        moved(major, tonic, weights);
        fc_tonality_find(weights, FC_ALBRECHT_SHANAHAN, &found);
        CHECK(found.key == tonic && fabs(found.correlation - 1) < 1e-12 && found.confidence > 0.1);
        CHECK(found.second >= 0 && found.second < FC_KEYS && found.second != found.key);
        for (int i = 0; i < 12; i++) weights[i] = weights[i] * 1e300 + 1e299;
        fc_tonality_find(weights, FC_ALBRECHT_SHANAHAN, &scaled);
        CHECK(scaled.key == tonic && scaled.second == found.second);
        CHECK(fabs(scaled.confidence - found.confidence) < 1e-9);
        moved(minor, tonic, weights);
        fc_tonality_find(weights, FC_KRUMHANSL_KESSLER, &found);
        CHECK(found.key == 12 + tonic && fabs(found.correlation - 1) < 1e-12);
    }
}

static void expect_none(const fc_tonality *found) {
    CHECK(found->key == FC_KEY_NONE && found->second == FC_KEY_NONE);
    CHECK(isnan(found->correlation) && isnan(found->confidence));
}

static void check_none_and_ties(void) {
    double weights[12] = {0};
    fc_tonality found;
    fc_tonality_find(weights, FC_ALBRECHT_SHANAHAN, &found);
    expect_none(&found);
    for (int i = 0; i < 12; i++) weights[i] = 0.1 + 1e-12 * i;
    fc_tonality_find(weights, FC_ALBRECHT_SHANAHAN, &found);
    expect_none(&found);
    /* Pitch classes that lie evenly: as many keys tie as there are of them, and the lowest number is first. */
    static const int apart[] = {2, 3, 4, 6};
    for (int i = 0; i < 4; i++) {
        for (int first = 0; first < apart[i]; first++) {
            for (int c = 0; c < 12; c++) weights[c] = (c % apart[i] == first ? 0.7 : 0.1) + 1e-12 * c;
            for (int profile = 0; profile < FC_PROFILE_COUNT; profile++) {
                fc_tonality_find(weights, (fc_profile)profile, &found);
                CHECK(found.key % 12 < apart[i] && found.second == found.key + apart[i] && found.confidence == 0);
            }
        }
    }
}

static void add_scale(fc_song *song, unsigned tonic, const int *steps) {
    for (unsigned i = 0; i < 8; i++) {
        const uint64_t start = (uint64_t)i * TPQN;
        add_note(song, 0, tonic + (unsigned)steps[i], start, start + (i == 0 || i == 7 ? 2 * TPQN : TPQN));
    }
}

static void check_scales(void) {
    static const int major[] = {0, 2, 4, 5, 7, 9, 11, 12}, minor[] = {0, 2, 3, 5, 7, 8, 11, 12};
    for (unsigned tonic = 48; tonic < 60; tonic++) {
        fc_tonality found;
        fc_song song = new_song();
        add_scale(&song, tonic, major);
        fc_tonality_of(&song, FC_PITCHED_SECONDS, FC_ALBRECHT_SHANAHAN, &found);
        CHECK(found.key == (int)tonic - 48);
        song = new_song();
        add_scale(&song, tonic, minor);
        fc_tonality_of(&song, FC_PITCHED_SECONDS, FC_ALBRECHT_SHANAHAN, &found);
        CHECK(found.key == 12 + (int)tonic - 48);
    }
}

/* Seven notes are too few; drums are none of them, unless they are taken for melody. */
static void check_weights(void) {
    fc_song song = new_song();
    fc_tonality found;
    double weights[12];
    for (unsigned i = 0; i < 7; i++) add_note(&song, 0, 60 + i, 0, 480 * (1 + i));
    for (unsigned i = 0; i < 5; i++) add_note(&song, 9, 38, 0, 4800);
    CHECK(fc_tonality_weights(&song, FC_PITCHED_SECONDS, weights) == 7);
    CHECK(weights[0] == 0.5 && weights[6] == 3.5 && weights[7] == 0 && weights[2] == 1.5);
    CHECK(fc_tonality_weights(&song, FC_PITCHED_COUNT, weights) == 7 && weights[2] == 1 && weights[11] == 0);
    CHECK(fc_tonality_weights(&song, FC_ALL_COUNT, weights) == 12 && weights[2] == 6);
    fc_tonality_of(&song, FC_PITCHED_SECONDS, FC_ALBRECHT_SHANAHAN, &found);
    expect_none(&found);
    fc_tonality_of(&song, FC_ALL_COUNT, FC_KRUMHANSL_KESSLER, &found);
    CHECK(found.key != FC_KEY_NONE);
    add_note(&song, 3, 127, 0, 480);
    fc_tonality_of(&song, FC_PITCHED_SECONDS, FC_ALBRECHT_SHANAHAN, &found);
    CHECK(found.key != FC_KEY_NONE);
    for (size_t i = 0; i < song.notes_len; i++) song.notes[i].end_s = song.notes[i].start_s;
    fc_tonality_of(&song, FC_PITCHED_SECONDS, FC_ALBRECHT_SHANAHAN, &found);
    expect_none(&found);
}

static void check_names(void) {
    CHECK(strcmp(fc_tonality_name(18), "F# minor") == 0 && strcmp(fc_tonality_name(10), "Bb major") == 0);
    CHECK(strcmp(fc_tonality_name(FC_KEY_NONE), "") == 0 && strcmp(fc_tonality_name(24), "") == 0);
    for (int key = 0; key < FC_KEYS; key++) {
        const char *name = fc_tonality_name(key);
        const int natural = (int)(strchr("C D EF G A B", name[0]) - "C D EF G A B");
        const int tonic = natural + (name[1] == '#') - (name[1] == 'b');
        CHECK(tonic == key % 12 && strstr(name, key < 12 ? " major" : " minor") != NULL);
    }
}

int main(void) {
    check_profiles();
    check_none_and_ties();
    check_scales();
    check_weights();
    check_names();
    return finish();
}
