/* fc_arrow: what a consumer sees, who holds the owner meanwhile, and that it is given back exactly once. */
#include <pthread.h>

#include "check.h"
#include "fc_arrow.h"

enum { ROWS = 20, COLUMNS = 4, BATCH = 8 };

/* An owner whose buffers lie in blocks of their own and go when it is disposed of, so that a sanitizer sees a late
 * reader; `disposed` counts. */
typedef struct data {
    fc_arrow_column columns[COLUMNS], items;
    uint8_t *blocks[8];
    size_t blocks_len;
    char *names[COLUMNS];
    int *disposed;
} data;

static void dispose(void *ctx) {
    data *d = ctx;
    ++*d->disposed;
    for (size_t i = 0; i < d->blocks_len; i++) free(d->blocks[i]);
    for (size_t i = 0; i < COLUMNS; i++) free(d->names[i]);
    free(d);
}

static const void *keep(data *d, const void *bytes, size_t len) {
    return d->blocks[d->blocks_len++] = exact_copy(bytes, len);
}

/* Row i: number i (null where i % 3 == 0), truth i % 5 < 2, text of i letters 'a' + i % 26, a list of i % 4 numbers. */
static fc_arrow_owner *make_owner(data **out, int *disposed) {
    int64_t numbers[ROWS], text_offsets[ROWS + 1] = {0}, list_offsets[ROWS + 1] = {0};
    uint8_t valid[(ROWS + 7) / 8] = {0}, truths[(ROWS + 7) / 8] = {0}, text[ROWS * ROWS];
    uint16_t items[ROWS * 4];
    for (int64_t i = 0; i < ROWS; i++) {
        numbers[i] = i;
        if (i % 3 != 0) valid[i / 8] |= (uint8_t)(1 << i % 8);
        if (i % 5 < 2) truths[i / 8] |= (uint8_t)(1 << i % 8);
        text_offsets[i + 1] = text_offsets[i] + i;
        memset(text + text_offsets[i], (int)('a' + i % 26), (size_t)i);
        list_offsets[i + 1] = list_offsets[i] + i % 4;
        for (int64_t j = 0; j < i % 4; j++) items[list_offsets[i] + j] = (uint16_t)(100 * i + j);
    }
    data *d = calloc(1, sizeof *d);
    fc_arrow_owner *owner;
    if (d == NULL) exit(2);
    const char *names[COLUMNS] = {"number", "truth", "text", "list"};
    for (size_t i = 0; i < COLUMNS; i++) d->names[i] = (char *)exact_copy(names[i], strlen(names[i]) + 1);
    const size_t items_len = (size_t)list_offsets[ROWS];
    d->columns[0] = (fc_arrow_column){FC_ARROW_INT64, true, d->names[0], ROWS, keep(d, valid, sizeof valid),
                                      keep(d, numbers, sizeof numbers), NULL, NULL};
    d->columns[1] =
        (fc_arrow_column){FC_ARROW_BOOL, false, d->names[1], ROWS, NULL, keep(d, truths, sizeof truths), NULL, NULL};
    d->columns[2] = (fc_arrow_column){FC_ARROW_TEXT, false, d->names[2], ROWS, NULL,
                                      keep(d, text, (size_t)text_offsets[ROWS]),
                                      keep(d, text_offsets, sizeof text_offsets), NULL};
    d->items = (fc_arrow_column){FC_ARROW_UINT16, false, "item", (int64_t)items_len, NULL,
                                 keep(d, items, items_len * sizeof items[0]), NULL, NULL};
    d->columns[3] = (fc_arrow_column){FC_ARROW_LIST, false, d->names[3], ROWS, NULL, NULL,
                                      keep(d, list_offsets, sizeof list_offsets), &d->items};
    d->disposed = disposed;
    *disposed = 0;
    CHECK(fc_arrow_owner_new(dispose, d, &owner) == FC_OK);
    *out = d;
    return owner;
}

/* A stream that alone holds its owner. */
static struct ArrowArrayStream make_stream(int *disposed) {
    data *d;
    fc_arrow_owner *owner = make_owner(&d, disposed);
    struct ArrowArrayStream stream;
    CHECK(fc_arrow_stream(d->columns, COLUMNS, ROWS, BATCH, owner, &stream) == FC_OK);
    fc_arrow_owner_release(owner);
    CHECK(*disposed == 0);
    return stream;
}

static struct ArrowArray next(struct ArrowArrayStream *stream) {
    struct ArrowArray batch;
    CHECK(stream->get_next(stream, &batch) == 0 && stream->get_last_error(stream) == NULL);
    return batch;
}

static bool bit(const void *bits, int64_t i) { return ((const uint8_t *)bits)[i / 8] >> i % 8 & 1; }

/* Compare column `which` of the batch that begins with row `start`. */
static void check_column(const struct ArrowArray *a, size_t which, int64_t start) {
    CHECK(a->offset == 0 && a->dictionary == NULL && a->n_children == (which == 3));
    CHECK(a->n_buffers == (which == 2 ? 3 : 2) && a->null_count == (which == 0 ? -1 : 0));
    CHECK((a->buffers[0] != NULL) == (which == 0));
    for (int64_t i = 0; i < a->length; i++) {
        const int64_t row = start + i, *offsets = a->buffers[1];
        if (which == 0) CHECK(bit(a->buffers[0], i) == (row % 3 != 0) && offsets[i] == row);
        if (which == 1) CHECK(bit(a->buffers[1], i) == (row % 5 < 2));
        if (which == 2) {
            CHECK(offsets[i + 1] - offsets[i] == row);
            for (int64_t at = offsets[i]; at < offsets[i + 1]; at++)
                CHECK(((const char *)a->buffers[2])[at] == 'a' + row % 26);
        }
        if (which == 3) {
            CHECK(offsets[i + 1] - offsets[i] == row % 4 && offsets[i + 1] <= a->children[0]->length);
            for (int64_t j = 0; j < row % 4; j++)
                CHECK(((const uint16_t *)a->children[0]->buffers[1])[offsets[i] + j] == 100 * row + j);
        }
    }
}

static void check_schema(struct ArrowSchema *schema) {
    const char *formats[COLUMNS] = {"l", "b", "U", "+L"}, *names[COLUMNS] = {"number", "truth", "text", "list"};
    CHECK(strcmp(schema->format, "+s") == 0 && schema->n_children == COLUMNS && schema->metadata == NULL);
    for (size_t i = 0; i < COLUMNS; i++) {
        const struct ArrowSchema *child = schema->children[i];
        CHECK(strcmp(child->format, formats[i]) == 0 && strcmp(child->name, names[i]) == 0);
        CHECK(child->flags == (i == 0 ? ARROW_FLAG_NULLABLE : 0) && child->n_children == (i == 3));
    }
    CHECK(strcmp(schema->children[3]->children[0]->format, "S") == 0);
    CHECK(strcmp(schema->children[3]->children[0]->name, "item") == 0);
}

static void test_the_whole_stream(void) {
    int disposed;
    struct ArrowArrayStream stream = make_stream(&disposed);
    struct ArrowSchema schema;
    CHECK(stream.get_schema(&stream, &schema) == 0);
    int64_t start = 0;
    for (struct ArrowArray batch = next(&stream); batch.release != NULL; batch = next(&stream)) {
        CHECK(batch.length == (start + BATCH <= ROWS ? BATCH : ROWS - start) && batch.n_children == COLUMNS);
        CHECK(batch.n_buffers == 1 && batch.buffers[0] == NULL && batch.null_count == 0);
        for (size_t i = 0; i < COLUMNS; i++) {
            CHECK(batch.children[i]->length == batch.length);
            check_column(batch.children[i], i, start);
        }
        start += batch.length;
        batch.release(&batch);
        CHECK(batch.release == NULL && disposed == 0);
    }
    CHECK(start == ROWS);
    CHECK(next(&stream).release == NULL); /* the end stays the end */
    stream.release(&stream);
    CHECK(stream.release == NULL && disposed == 1);
    check_schema(&schema); /* keeps nothing of the owner */
    schema.release(&schema);
    CHECK(schema.release == NULL);
}

static void test_a_stream_that_is_dropped(void) {
    for (int batches = 0; batches < 3; batches++) {
        int disposed;
        struct ArrowArrayStream stream = make_stream(&disposed);
        struct ArrowArray last = {0};
        for (int i = 0; i < batches; i++) {
            if (last.release != NULL) last.release(&last);
            last = next(&stream);
        }
        stream.release(&stream);
        CHECK(disposed == (batches == 0));
        if (batches == 0) continue;
        for (size_t i = 0; i < COLUMNS; i++) check_column(last.children[i], i, (batches - 1) * BATCH);
        last.release(&last);
        CHECK(disposed == 1);
    }
}

/* Move the children out, the list's own child too, then let go of all in the order that the digits of `order` say. */
static void release_in_order(unsigned order) {
    enum { HELD = COLUMNS + 3 };
    int disposed;
    struct ArrowArrayStream stream = make_stream(&disposed);
    struct ArrowArray batch = next(&stream), held[COLUMNS + 2];
    for (size_t i = 0; i < COLUMNS; i++) {
        held[i] = *batch.children[i];
        batch.children[i]->release = NULL;
    }
    held[COLUMNS] = *held[3].children[0];
    held[3].children[0]->release = NULL;
    held[COLUMNS + 1] = batch;
    bool gone[HELD] = {false};
    for (unsigned left = HELD; left > 0; left--, order /= left + 1) {
        unsigned pick = order % left, which = 0;
        for (;; which++)
            if (!gone[which] && pick-- == 0) break;
        gone[which] = true;
        for (size_t i = 0; i < 3; i++)
            if (!gone[i] || i == which) check_column(&held[i], i, 0);
        if (which == HELD - 1) stream.release(&stream);
        else held[which].release(&held[which]);
        CHECK(disposed == (left == 1));
    }
}

static void test_moved_schema_children(void) {
    data *d;
    int disposed;
    fc_arrow_owner *owner = make_owner(&d, &disposed);
    struct ArrowSchema schema, moved;
    CHECK(fc_arrow_schema(d->columns, COLUMNS, &schema) == FC_OK);
    fc_arrow_owner_release(owner);
    CHECK(disposed == 1);
    moved = *schema.children[3];
    schema.children[3]->release = NULL;
    schema.release(&schema);
    CHECK(strcmp(moved.name, "list") == 0 && strcmp(moved.children[0]->name, "item") == 0);
    moved.release(&moved);
}

static void test_streams_over_one_owner(void) {
    data *d;
    int disposed;
    fc_arrow_owner *owner = make_owner(&d, &disposed);
    struct ArrowArrayStream streams[3];
    for (size_t i = 0; i < 3; i++)
        CHECK(fc_arrow_stream(d->columns, COLUMNS, ROWS, BATCH << i, owner, &streams[i]) == FC_OK);
    struct ArrowArray first = next(&streams[0]), second = next(&streams[1]);
    CHECK(first.length == 8 && second.length == 16);
    CHECK(first.children[0]->buffers[1] == second.children[0]->buffers[1]); /* the owner's, not a copy */
    fc_arrow_owner_release(owner);
    for (size_t i = 0; i < 3; i++) streams[i].release(&streams[i]);
    first.release(&first);
    CHECK(disposed == 0);
    second.release(&second);
    CHECK(disposed == 1);
}

static void *release_one(void *array) {
    ((struct ArrowArray *)array)->release(array);
    return NULL;
}

static void test_releases_by_many_threads(void) {
    for (int round = 0; round < 50; round++) {
        int disposed;
        struct ArrowArrayStream stream = make_stream(&disposed);
        struct ArrowArray batch = next(&stream), held[COLUMNS];
        pthread_t threads[COLUMNS];
        for (size_t i = 0; i < COLUMNS; i++) {
            held[i] = *batch.children[i];
            batch.children[i]->release = NULL;
        }
        for (size_t i = 0; i < COLUMNS; i++) CHECK(pthread_create(&threads[i], NULL, release_one, &held[i]) == 0);
        batch.release(&batch);
        stream.release(&stream);
        for (size_t i = 0; i < COLUMNS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
        CHECK(disposed == 1);
    }
}

static void test_bounds(void) {
    data *d;
    int disposed;
    fc_arrow_owner *owner = make_owner(&d, &disposed);
    struct ArrowArrayStream stream = {0};
    CHECK(fc_arrow_stream(d->columns, COLUMNS, ROWS, 0, owner, &stream) == FC_BAD_VALUE);
    CHECK(fc_arrow_stream(d->columns, COLUMNS, ROWS, 12, owner, &stream) == FC_BAD_VALUE);
    CHECK(fc_arrow_stream(d->columns, COLUMNS, ROWS - 1, BATCH, owner, &stream) == FC_BAD_VALUE);
    CHECK(fc_arrow_stream(NULL, 0, -1, BATCH, owner, &stream) == FC_BAD_VALUE);
    CHECK(stream.release == NULL);
    CHECK(fc_arrow_stream(NULL, 0, 0, BATCH, owner, &stream) == FC_OK); /* no columns, no rows */
    CHECK(next(&stream).release == NULL);
    stream.release(&stream);
    CHECK(fc_arrow_stream(NULL, 0, 9, BATCH, owner, &stream) == FC_OK); /* rows of nothing */
    struct ArrowArray batch = next(&stream);
    CHECK(batch.length == 8 && batch.n_children == 0);
    batch.release(&batch);
    stream.release(&stream);
    fc_arrow_owner_release(owner);
    CHECK(disposed == 1);
}

static void test_types(void) {
    const char *names[] = {"bool",   "int8",    "int16",   "int32", "int64", "uint8", "uint16", "uint32",
                           "uint64", "float32", "float64", "time",  "text",  "bytes", "list"};
    const size_t widths[] = {0, 1, 2, 4, 8, 1, 2, 4, 8, 4, 8, 8, 0, 0, 0};
    for (unsigned i = 0; i < FC_ARROW_TYPE_COUNT; i++) {
        CHECK(fc_arrow_type_by_name(names[i]) == (fc_arrow_type)i);
        CHECK(fc_arrow_type_width((fc_arrow_type)i) == widths[i]);
    }
    CHECK(fc_arrow_type_by_name("int128") == FC_ARROW_TYPE_COUNT && fc_arrow_type_by_name("") == FC_ARROW_TYPE_COUNT);
}

int main(void) {
    test_types();
    test_bounds();
    test_the_whole_stream();
    test_a_stream_that_is_dropped();
    test_moved_schema_children();
    test_streams_over_one_owner();
    test_releases_by_many_threads();
    for (unsigned order = 0; order < 5040; order++) release_in_order(order); /* 7! */
    return finish();
}
