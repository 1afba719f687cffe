/* fc_arrow without memory: whichever allocation fails, the call says so, writes nothing, loses nothing, and works when
 * it is tried again. The code is compiled into this program with an allocator that fails on demand. */
#include "check.h"

static unsigned long until_failure; /* allocations that still succeed; 0: all do */

static int fails(void) { return until_failure != 0 && --until_failure == 0; }
static void *failing_malloc(size_t size) { return fails() ? NULL : malloc(size); }
static void *failing_calloc(size_t count, size_t size) { return fails() ? NULL : calloc(count, size); }

#include <errno.h>
#include <stdatomic.h>
#define malloc failing_malloc
#define calloc failing_calloc
#include "fc_arrow.c"
#undef malloc
#undef calloc

static const int64_t NUMBERS[] = {1, 2, 3}, OFFSETS[] = {0, 1, 1, 3};
static const fc_arrow_column ITEMS = {FC_ARROW_INT64, false, "item", 3, NULL, NUMBERS, NULL, NULL};
static const fc_arrow_column COLUMNS[] = {
    {FC_ARROW_INT64, false, "a", 3, NULL, NUMBERS, NULL, NULL},
    {FC_ARROW_LIST, false, "b", 3, NULL, NULL, OFFSETS, &ITEMS},
};

static void count(void *ctx) { ++*(int *)ctx; }

/* The three kinds of call that allocate; true when it worked. What must not be written on failure is marked. */
static bool schema_works(void) {
    struct ArrowSchema schema = {.name = "untouched"};
    if (fc_arrow_schema(COLUMNS, 2, &schema) != FC_OK) {
        CHECK(strcmp(schema.name, "untouched") == 0 && schema.release == NULL);
        return false;
    }
    schema.release(&schema);
    return true;
}

static bool stream_works(void) {
    int disposed = 0;
    fc_arrow_owner *owner = NULL;
    struct ArrowArrayStream stream = {0};
    if (fc_arrow_owner_new(count, &disposed, &owner) != FC_OK) {
        CHECK(owner == NULL && disposed == 0);
        return false;
    }
    fc_status status = fc_arrow_stream(COLUMNS, 2, 3, 8, owner, &stream);
    fc_arrow_owner_release(owner);
    CHECK(disposed == (status != FC_OK) && (stream.release != NULL) == (status == FC_OK));
    if (status != FC_OK) return false;
    struct ArrowArray batch = {.length = -1};
    struct ArrowSchema schema = {.n_children = -1};
    const int schema_status = stream.get_schema(&stream, &schema);
    CHECK(schema_status == 0 || (schema_status == ENOMEM && schema.n_children == -1));
    CHECK(schema_status == 0 || strcmp(stream.get_last_error(&stream), "out of memory") == 0);
    const int status_of_batch = stream.get_next(&stream, &batch);
    CHECK(status_of_batch == 0 || (status_of_batch == ENOMEM && batch.length == -1));
    if (status_of_batch != 0) {
        CHECK(strcmp(stream.get_last_error(&stream), "out of memory") == 0);
        CHECK(stream.get_next(&stream, &batch) == 0); /* no row was lost */
        CHECK(stream.get_last_error(&stream) == NULL);
    }
    CHECK(batch.length == 3 && batch.children[1]->children[0]->length == 3);
    stream.release(&stream);
    CHECK(disposed == 0);
    batch.release(&batch);
    CHECK(disposed == 1);
    if (schema_status == 0) schema.release(&schema);
    return schema_status == 0 && status_of_batch == 0;
}

int main(void) {
    bool (*const calls[])(void) = {schema_works, stream_works};
    for (size_t i = 0; i < 2; i++) {
        unsigned long failures = 0;
        for (bool worked = false; !worked; failures++) {
            until_failure = failures + 1;
            worked = calls[i]();
            CHECK(worked == (until_failure != 0)); /* it failed just when an allocation did */
            until_failure = 0;
        }
        CHECK(failures > 8);
    }
    return finish();
}
