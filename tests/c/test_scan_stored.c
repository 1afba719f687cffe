/* fc_stored: what was written is read again; whatever is cut, changed or longer is refused. */
#include "check.h"
#include "fc_stored.h"

enum { FILES = 5, BLOCKS = 6 };

static fc_stored_state states[FILES];
static fc_stored_block blocks[FILES][BLOCKS];
static size_t counts[FILES], files;

static void make(void) {
    static const uint8_t entries[] = {0, 3, 'o', 'n', 'e', 2, 0};
    files = (size_t)random_below(FILES + 1);
    for (size_t i = 0; i < files; i++) {
        states[i] = (fc_stored_state){random_below(9), random_below(9), 0, (int64_t)random_below(9) - 4, 7, ~0u};
        counts[i] = (size_t)random_below(BLOCKS + 1);
        uint64_t end = 0;
        for (size_t j = 0; j < counts[i]; j++) {
            fc_stored_block *b = &blocks[i][j];
            const uint64_t len = 1 + random_below(1000);
            *b = (fc_stored_block){.end = end += len, .hash = random_below(3), .has_facts = random_below(2)};
            if (b->has_facts) {
                const bool has_own = random_below(2);
                b->facts = (fc_facts){.first_us = has_own ? -5 : INT64_MAX, .last_us = has_own ? 9 : INT64_MIN,
                                      .newlines = (uint32_t)random_below(len + 1), .has_own = has_own,
                                      .ends_untimed = random_below(2)};
            }
            fc_names *names = NULL;
            if (random_below(2)) CHECK(fc_names_new((uint8_t)random_below(8), entries, 7 * random_below(2), &names) == FC_OK);
            b->names = names;
        }
        states[i].size = end + random_below(2);
    }
}

static void drop(void) {
    for (size_t i = 0; i < files; i++)
        for (size_t j = 0; j < counts[i]; j++) free((void *)(uintptr_t)blocks[i][j].names);
}

static void write_all(fc_buffer *out) {
    CHECK(fc_stored_begin(out) == FC_OK);
    for (size_t i = 0; i < files; i++) {
        CHECK(fc_stored_add_file(out, &states[i], counts[i]) == FC_OK);
        for (size_t j = 0; j < counts[i]; j++) CHECK(fc_stored_add_block(out, &blocks[i][j]) == FC_OK);
    }
    fc_stored_end(out);
}

static bool same_facts(const fc_facts *a, const fc_facts *b) {
    return a->first_us == b->first_us && a->last_us == b->last_us && a->newlines == b->newlines &&
           a->has_own == b->has_own && a->ends_untimed == b->ends_untimed;
}

static void check_block(const fc_stored_block *b, const fc_stored_block *wanted) {
    CHECK(b->end == wanted->end && b->hash == wanted->hash && b->has_facts == wanted->has_facts);
    if (b->has_facts) CHECK(same_facts(&b->facts, &wanted->facts));
    CHECK((b->names == NULL) == (wanted->names == NULL));
    if (b->names == NULL) return;
    CHECK(b->names->kinds == wanted->names->kinds && b->names->len == wanted->names->len);
    CHECK(memcmp(b->names->entries, wanted->names->entries, b->names->len) == 0);
}

static void check_read(const fc_buffer *bytes) {
    uint8_t *copy = exact_copy(bytes->data, bytes->len);
    fc_stored stored;
    bool more;
    fc_stored_state state;
    size_t count;
    CHECK(fc_stored_open(copy, bytes->len, &stored) == FC_OK);
    for (size_t i = 0; i < files; i++) {
        CHECK(fc_stored_next_file(&stored, &more, &state, &count) == FC_OK && more && count == counts[i]);
        CHECK(memcmp(&state, &states[i], sizeof state) == 0);
        /* A file that is left in the middle is passed over. */
        for (size_t j = 0; j < count && random_below(9); j++) {
            fc_stored_block block;
            fc_names *names;
            CHECK(fc_stored_next_block(&stored, &block, &names) == FC_OK && block.names == names);
            check_block(&block, &blocks[i][j]);
            free(names);
        }
    }
    CHECK(fc_stored_next_file(&stored, &more, &state, &count) == FC_OK && !more);
    free(copy);
}

static void check_damage(const fc_buffer *bytes) {
    fc_stored stored;
    for (int i = 0; i < 30; i++) {
        size_t len = bytes->len;
        uint8_t *copy = exact_copy(bytes->data, len);
        if (i < 10) len = (size_t)random_below(len);
        else copy[random_below(len)] ^= (uint8_t)(1 + random_below(255));
        uint8_t *cut = exact_copy(copy, len);
        CHECK(fc_stored_open(cut, len, &stored) == FC_BAD_VALUE);
        free(cut);
        free(copy);
    }
    uint8_t *longer = malloc(bytes->len + 1);
    memcpy(longer, bytes->data, bytes->len);
    longer[bytes->len] = 0;
    CHECK(fc_stored_open(longer, bytes->len + 1, &stored) == FC_BAD_VALUE);
    free(longer);
}

/* One file of one block, wrong in one way, under a right checksum. */
static void check_malformed(void) {
    const fc_stored_state state = {.size = 100};
    const fc_facts fine = {.first_us = 1, .last_us = 2, .newlines = 3, .has_own = true};
    fc_facts backwards = fine, many = fine;
    backwards.first_us = 3;
    many.newlines = 51;
    const struct {
        fc_stored_block block;
        size_t count;
        fc_status status;
    } cases[] = {
        {{.end = 50, .has_facts = true, .facts = fine}, 1, FC_OK}, {{.end = 100}, 1, FC_OK},
        {{.end = 0}, 1, FC_BAD_VALUE}, {{.end = 101}, 1, FC_BAD_VALUE}, {{.end = 50}, 2, FC_BAD_VALUE},
        {{.end = 50, .has_facts = true, .facts = backwards}, 1, FC_BAD_VALUE},
        {{.end = 50, .has_facts = true, .facts = many}, 1, FC_BAD_VALUE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fc_buffer bytes = {0};
        fc_stored stored;
        fc_stored_state read;
        bool more;
        size_t count;
        CHECK(fc_stored_begin(&bytes) == FC_OK && fc_stored_add_file(&bytes, &state, cases[i].count) == FC_OK);
        CHECK(fc_stored_add_block(&bytes, &cases[i].block) == FC_OK);
        fc_stored_end(&bytes);
        CHECK(fc_stored_open(bytes.data, bytes.len, &stored) == FC_OK);
        CHECK(fc_stored_next_file(&stored, &more, &read, &count) == FC_OK && more);
        CHECK(fc_stored_next_file(&stored, &more, &read, &count) == cases[i].status);
        fc_buffer_free(&bytes);
    }
}

int main(void) {
    for (int round = 0; round < 500; round++) {
        fc_buffer bytes = {0};
        make();
        write_all(&bytes);
        check_read(&bytes);
        check_damage(&bytes);
        fc_buffer_free(&bytes);
        drop();
    }
    check_malformed();
    return finish();
}
