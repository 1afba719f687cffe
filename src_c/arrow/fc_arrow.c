#include "fc_arrow.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *format;
    size_t width;
} TYPES[FC_ARROW_TYPE_COUNT] = {
    [FC_ARROW_BOOL] = {"bool", "b", 0},        [FC_ARROW_INT8] = {"int8", "c", 1},
    [FC_ARROW_INT16] = {"int16", "s", 2},      [FC_ARROW_INT32] = {"int32", "i", 4},
    [FC_ARROW_INT64] = {"int64", "l", 8},      [FC_ARROW_UINT8] = {"uint8", "C", 1},
    [FC_ARROW_UINT16] = {"uint16", "S", 2},    [FC_ARROW_UINT32] = {"uint32", "I", 4},
    [FC_ARROW_UINT64] = {"uint64", "L", 8},    [FC_ARROW_FLOAT32] = {"float32", "f", 4},
    [FC_ARROW_FLOAT64] = {"float64", "g", 8},  [FC_ARROW_TIME] = {"time", "tsu:UTC", 8},
    [FC_ARROW_TEXT] = {"text", "U", 0},        [FC_ARROW_BYTES] = {"bytes", "Z", 0},
    [FC_ARROW_LIST] = {"list", "+L", 0},
};

fc_arrow_type fc_arrow_type_by_name(const char *name) {
    fc_arrow_type type = FC_ARROW_BOOL;
    while (type < FC_ARROW_TYPE_COUNT && strcmp(TYPES[type].name, name) != 0) type++;
    return type;
}

size_t fc_arrow_type_width(fc_arrow_type type) { return TYPES[type].width; }

struct fc_arrow_owner {
    atomic_size_t count;
    void (*dispose)(void *ctx);
    void *ctx;
};

fc_status fc_arrow_owner_new(void (*dispose)(void *ctx), void *ctx, fc_arrow_owner **out_owner) {
    fc_arrow_owner *owner = malloc(sizeof *owner);
    if (owner == NULL) return FC_NO_MEMORY;
    atomic_init(&owner->count, 1);
    owner->dispose = dispose;
    owner->ctx = ctx;
    *out_owner = owner;
    return FC_OK;
}

static fc_arrow_owner *retain(fc_arrow_owner *owner) {
    atomic_fetch_add_explicit(&owner->count, 1, memory_order_relaxed);
    return owner;
}

void fc_arrow_owner_release(fc_arrow_owner *owner) {
    if (atomic_fetch_sub_explicit(&owner->count, 1, memory_order_acq_rel) != 1) return;
    owner->dispose(owner->ctx);
    free(owner);
}

/* Schemas. The block of a node holds the structs of its children; a child that was moved out has no release there. */

typedef struct schema_node {
    char *name;
    struct ArrowSchema **pointers;
    struct ArrowSchema children[];
} schema_node;

static void release_schema(struct ArrowSchema *schema) {
    schema_node *node = schema->private_data;
    for (int64_t i = 0; i < schema->n_children; i++)
        if (node->children[i].release != NULL) node->children[i].release(&node->children[i]);
    free(node->name);
    free(node->pointers);
    free(node);
    schema->release = NULL;
}

static fc_status make_schema(const char *format, const char *name, bool nullable, const fc_arrow_column *children,
                             size_t children_len, struct ArrowSchema *out_schema) {
    const size_t name_size = strlen(name) + 1;
    schema_node *node = calloc(1, sizeof *node + children_len * sizeof node->children[0]);
    if (node == NULL) return FC_NO_MEMORY;
    node->name = malloc(name_size);
    node->pointers = calloc(children_len + 1, sizeof *node->pointers);
    struct ArrowSchema schema = {
        .format = format,
        .name = node->name,
        .flags = nullable ? ARROW_FLAG_NULLABLE : 0,
        .n_children = (int64_t)children_len,
        .children = children_len == 0 ? NULL : node->pointers,
        .release = release_schema,
        .private_data = node,
    };
    fc_status status = node->name == NULL || node->pointers == NULL ? FC_NO_MEMORY : FC_OK;
    if (status == FC_OK) memcpy(node->name, name, name_size);
    for (size_t i = 0; i < children_len && status == FC_OK; i++) {
        const fc_arrow_column *child = &children[i];
        node->pointers[i] = &node->children[i];
        status = make_schema(TYPES[child->type].format, child->name, child->nullable, child->items,
                             child->type == FC_ARROW_LIST ? 1 : 0, &node->children[i]);
    }
    if (status == FC_OK) *out_schema = schema;
    else release_schema(&schema);
    return status;
}

fc_status fc_arrow_schema(const fc_arrow_column *columns, size_t columns_len, struct ArrowSchema *out_schema) {
    return make_schema("+s", "", false, columns, columns_len, out_schema);
}

/* Arrays, in the same way. */

typedef struct array_node {
    fc_arrow_owner *owner;
    const void *buffers[3];
    struct ArrowArray **pointers;
    struct ArrowArray children[];
} array_node;

static void release_array(struct ArrowArray *array) {
    array_node *node = array->private_data;
    for (int64_t i = 0; i < array->n_children; i++)
        if (node->children[i].release != NULL) node->children[i].release(&node->children[i]);
    fc_arrow_owner_release(node->owner);
    free(node->pointers);
    free(node);
    array->release = NULL;
}

static fc_status make_array(int64_t len, size_t children_len, fc_arrow_owner *owner, struct ArrowArray *out_array) {
    array_node *node = calloc(1, sizeof *node + children_len * sizeof node->children[0]);
    if (node == NULL) return FC_NO_MEMORY;
    node->pointers = calloc(children_len + 1, sizeof *node->pointers);
    if (node->pointers == NULL) {
        free(node);
        return FC_NO_MEMORY;
    }
    for (size_t i = 0; i < children_len; i++) node->pointers[i] = &node->children[i];
    node->owner = retain(owner);
    *out_array = (struct ArrowArray){
        .length = len,
        .n_buffers = 1,
        .n_children = (int64_t)children_len,
        .buffers = node->buffers,
        .children = children_len == 0 ? NULL : node->pointers,
        .release = release_array,
        .private_data = node,
    };
    return FC_OK;
}

/* Rows [start, end) of a column; start is a multiple of 8, so that its bits begin with a byte. */
static fc_status column_array(const fc_arrow_column *column, int64_t start, int64_t end, fc_arrow_owner *owner,
                              struct ArrowArray *out_array) {
    const bool is_list = column->type == FC_ARROW_LIST;
    struct ArrowArray array;
    fc_status status = make_array(end - start, is_list ? 1 : 0, owner, &array);
    if (status != FC_OK) return status;
    array_node *node = array.private_data;
    if (column->validity != NULL) {
        node->buffers[0] = column->validity + start / 8;
        array.null_count = -1; /* not counted */
    }
    array.n_buffers = 2;
    if (is_list || column->type == FC_ARROW_TEXT || column->type == FC_ARROW_BYTES) {
        node->buffers[1] = column->offsets + start;
        if (is_list) {
            status = column_array(column->items, 0, column->offsets[end], owner, &node->children[0]);
        } else {
            node->buffers[2] = column->values;
            array.n_buffers = 3;
        }
    } else if (column->values != NULL) {
        const int64_t at = column->type == FC_ARROW_BOOL ? start / 8 : start * (int64_t)TYPES[column->type].width;
        node->buffers[1] = (const uint8_t *)column->values + at;
    }
    if (status == FC_OK) *out_array = array;
    else release_array(&array);
    return status;
}

/* Streams. */

typedef struct stream_node {
    const fc_arrow_column *columns;
    size_t columns_len;
    int64_t len, batch_len, next;
    fc_arrow_owner *owner;
    const char *error;
} stream_node;

static int failed(stream_node *node, fc_status status) {
    node->error = status == FC_OK ? NULL : fc_status_name(status);
    return status == FC_OK ? 0 : ENOMEM;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
    stream_node *node = stream->private_data;
    return failed(node, fc_arrow_schema(node->columns, node->columns_len, out));
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
    stream_node *node = stream->private_data;
    const int64_t left = node->len - node->next;
    const int64_t end = left < node->batch_len ? node->len : node->next + node->batch_len;
    if (left == 0) {
        out->release = NULL; /* the end, as the interface says it */
        return failed(node, FC_OK);
    }
    struct ArrowArray batch;
    fc_status status = make_array(end - node->next, node->columns_len, node->owner, &batch);
    if (status != FC_OK) return failed(node, status);
    struct ArrowArray *children = ((array_node *)batch.private_data)->children;
    for (size_t i = 0; i < node->columns_len && status == FC_OK; i++)
        status = column_array(&node->columns[i], node->next, end, node->owner, &children[i]);
    if (status == FC_OK) {
        *out = batch;
        node->next = end;
    } else {
        release_array(&batch);
    }
    return failed(node, status);
}

static const char *get_last_error(struct ArrowArrayStream *stream) {
    return ((stream_node *)stream->private_data)->error;
}

static void release_stream(struct ArrowArrayStream *stream) {
    stream_node *node = stream->private_data;
    fc_arrow_owner_release(node->owner);
    free(node);
    stream->release = NULL;
}

fc_status fc_arrow_stream(const fc_arrow_column *columns, size_t columns_len, int64_t len, int64_t batch_len,
                          fc_arrow_owner *owner, struct ArrowArrayStream *out_stream) {
    if (len < 0 || batch_len <= 0 || batch_len % 8 != 0) return FC_BAD_VALUE;
    for (size_t i = 0; i < columns_len; i++)
        if (columns[i].len != len) return FC_BAD_VALUE;
    stream_node *node = malloc(sizeof *node);
    if (node == NULL) return FC_NO_MEMORY;
    *node = (stream_node){columns, columns_len, len, batch_len, 0, retain(owner), NULL};
    *out_stream = (struct ArrowArrayStream){get_schema, get_next, get_last_error, release_stream, node};
    return FC_OK;
}
