/* fc_digest: what counts changes it, what does not leaves it; the grid by plain division. */
#include "fc_digest.h"
#include "fc_hash.h"
#include "midi_song.h"

static fc_digest digest_of(const fc_song *song) {
    fc_digest digest;
    fc_digest_of(song, &digest);
    return digest;
}

static int same(fc_digest a, fc_digest b) { return a.notes == b.notes && a.shape == b.shape; }

static void add_tune(fc_song *song, unsigned up, uint64_t by) {
    add_note(song, 0, 60 + up, by, by + 480);
    add_note(song, 9, 36, by, by + 10);
    add_note(song, 1, 48 + up, by, by + 960);
    add_note(song, 0, 67 + up, by + 480, by + 960);
}

static void check_what_counts(void) {
    fc_song song = new_song();
    CHECK(!digest_of(&song).present && digest_of(&song).notes == 0);
    add_tune(&song, 0, 0);
    const fc_digest first = digest_of(&song);
    CHECK(first.present && first.notes != first.shape);
    for (size_t i = 0; i < 4; i++) {
        const fc_note kept = song.notes[i];
        song.notes[i].velocity = 3;
        song.notes[i].program = 77;
        song.notes[i].track = 9;
        if (kept.channel != 9) song.notes[i].channel = 12;
        song.notes[i].start_s = 99;
        CHECK(same(first, digest_of(&song)));
        song.notes[i].start += 4; /* less than half a step of 10 ticks */
        song.notes[i].end += 4;
        CHECK(same(first, digest_of(&song)));
        song.notes[i].end += 1;
        CHECK(digest_of(&song).notes != first.notes && digest_of(&song).shape != first.shape);
        song.notes[i] = kept;
        song.notes[i].pitch++;
        CHECK(digest_of(&song).notes != first.notes && digest_of(&song).shape != first.shape);
        song.notes[i] = kept;
        song.notes[i].channel = kept.channel == 9 ? 0 : 9;
        CHECK(digest_of(&song).notes != first.notes);
        song.notes[i] = kept;
    }
    const fc_note swapped = song.notes[0];
    song.notes[0] = song.notes[2];
    song.notes[2] = swapped;
    CHECK(same(first, digest_of(&song)));
    song.notes[song.notes_len++] = swapped; /* a note twice is another song */
    CHECK(digest_of(&song).notes != first.notes);
}

static void check_transposed(void) {
    fc_song song = new_song();
    add_tune(&song, 0, 0);
    const fc_digest first = digest_of(&song);
    for (unsigned up = 1; up < 60; up++) {
        song = new_song();
        add_tune(&song, up, 0);
        CHECK(digest_of(&song).notes != first.notes && digest_of(&song).shape == first.shape);
        song.notes[1].pitch++; /* another drum */
        CHECK(digest_of(&song).shape != first.shape);
        song = new_song();
        add_tune(&song, up, 10);
        CHECK(digest_of(&song).shape != first.shape);
    }
}

/* One note, by the formula of the header. */
static uint64_t by_formula(uint64_t start, uint64_t end, unsigned pitch) {
    const uint64_t *k = fc_hash_constants;
    const uint64_t t = fc_hash_mix(start ^ k[0], (end - start) ^ k[1]);
    return fc_hash_mix(fc_hash_mix(t ^ k[2], pitch ^ k[3]) ^ k[4], 1 ^ k[5]);
}

static void check_grid(unsigned tpqn, uint64_t start, uint64_t end) {
    fc_song song = new_song();
    song.tpqn = tpqn;
    add_note(&song, 0, 60, start, end);
    const uint64_t from = (96 * start + tpqn) / (2 * tpqn), until = (96 * end + tpqn) / (2 * tpqn);
    CHECK(digest_of(&song).notes == by_formula(from, until, 60));
    CHECK(digest_of(&song).shape == by_formula(from, until, 0));
}

/* The same music at another resolution. */
static void check_resolutions(void) {
    fc_song song = new_song();
    add_tune(&song, 0, 480);
    const fc_digest first = digest_of(&song);
    static const unsigned others[] = {48, 96, 192, 240, 960, 24000};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        fc_song other = song;
        fc_note notes[4];
        memcpy(notes, song.notes, sizeof notes);
        other.notes = notes;
        other.tpqn = others[i];
        for (size_t n = 0; n < 4; n++) {
            notes[n].start = notes[n].start * others[i] / TPQN;
            notes[n].end = notes[n].end * others[i] / TPQN;
        }
        CHECK(same(first, digest_of(&other)));
    }
    song.tpqn = 0;
    song.ticks_per_second = 960; /* of a quarter note every half second */
    CHECK(same(first, digest_of(&song)));
}

int main(void) {
    check_what_counts();
    check_transposed();
    check_resolutions();
    for (int i = 0; i < 200000; i++) {
        const unsigned bits = 1 + (unsigned)(i % 55);
        const uint64_t any = random_below(1u << 31) << 31 | random_below(1u << 31);
        const uint64_t start = any & (((uint64_t)1 << bits) - 1);
        check_grid(1 + (unsigned)random_below(i % 2 ? 32767 : 100), start, start + random_below(1000000));
    }
    return finish();
}
