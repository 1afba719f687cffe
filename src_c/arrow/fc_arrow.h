/* Columns as Arrow: its C data interface and C stream interface over buffers that somebody else owns. Nothing of the
 * data is copied: what a consumer gets points into the owner's buffers, and every array, child arrays included, holds a
 * count of its own on the owner, so that children may be moved out and released in any order.
 *
 * Release callbacks may be called from any thread. One schema, array or stream is not to be used by two threads at a
 * time (Arrow's own rule); different ones over one owner may. */
#ifndef FC_ARROW_H
#define FC_ARROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fc_status.h"

/* The three structs of Arrow's stable binary interface; the names and the guards are those that it prescribes. */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4
struct ArrowSchema {
    const char *format, *name, *metadata;
    int64_t flags, n_children;
    struct ArrowSchema **children, *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};
struct ArrowArray {
    int64_t length, null_count, offset, n_buffers, n_children;
    const void **buffers;
    struct ArrowArray **children, *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};
#endif
#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE
struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};
#endif

/* A count of users, and what to do when the last one leaves. */
typedef struct fc_arrow_owner fc_arrow_owner;

/* Make an owner with a count of one, which is the caller's. `dispose` is called with `ctx` exactly once, by the thread
 * that gives the last count back. FC_NO_MEMORY. O(1). */
fc_status fc_arrow_owner_new(void (*dispose)(void *ctx), void *ctx, fc_arrow_owner **out_owner);

/* Give a count of the owner back. O(1), thread-safe. */
void fc_arrow_owner_release(fc_arrow_owner *owner);

typedef enum fc_arrow_type {
    FC_ARROW_BOOL = 0, /* one bit a row, the lowest of a byte first */
    FC_ARROW_INT8,
    FC_ARROW_INT16,
    FC_ARROW_INT32,
    FC_ARROW_INT64,
    FC_ARROW_UINT8,
    FC_ARROW_UINT16,
    FC_ARROW_UINT32,
    FC_ARROW_UINT64,
    FC_ARROW_FLOAT32,
    FC_ARROW_FLOAT64,
    FC_ARROW_TIME,  /* int64, microseconds since 1970 in UTC */
    FC_ARROW_TEXT,  /* UTF-8 with 64-bit offsets */
    FC_ARROW_BYTES, /* the same of any bytes */
    FC_ARROW_LIST,  /* 64-bit offsets into another column */
    FC_ARROW_TYPE_COUNT
} fc_arrow_type;

/* Return the type called "bool", "int8", ..., "time", "text", "bytes" or "list", FC_ARROW_TYPE_COUNT for any other
 * name. `name` is NUL-terminated. */
fc_arrow_type fc_arrow_type_by_name(const char *name);

/* Return the bytes of one value; 0 for bool, text, bytes and list. */
size_t fc_arrow_type_width(fc_arrow_type type);

/* One column of `len` rows. Buffers are aligned to their values' width and may be NULL where nothing is to be read. */
typedef struct fc_arrow_column {
    fc_arrow_type type;
    bool nullable;           /* as the schema says it; without it `validity` is NULL */
    const char *name;        /* NUL-terminated UTF-8 */
    int64_t len;
    const uint8_t *validity; /* one bit a row, the lowest of a byte first, 0 for null; NULL: no nulls */
    const void *values;      /* numbers, bits, or the bytes of all texts; unused in a list */
    const int64_t *offsets;  /* of text, bytes and list: len + 1, ascending; row i is [offsets[i], offsets[i + 1]) */
    const struct fc_arrow_column *items; /* of a list: what its offsets count; its own `len` is at least the last */
} fc_arrow_column;

/* Describe columns as a struct, the Arrow form of a table. The schema keeps nothing of what it is made from. Only
 * type, nullable, name and items of the columns are read. FC_NO_MEMORY. O(columns). */
fc_status fc_arrow_schema(const fc_arrow_column *columns, size_t columns_len, struct ArrowSchema *out_schema);

/* Stream `len` rows in batches of `batch_len`, in order, the last one shorter; no rows are no batch. The stream takes a
 * count of the owner, which must keep `columns` and all that they point to unchanged until its `dispose` is called.
 * FC_BAD_VALUE unless len >= 0, batch_len is a positive multiple of 8, and every column has `len` rows; FC_NO_MEMORY.
 * O(columns), and so is each batch. The stream's get_schema and get_next return 0 or ENOMEM, after which the same call
 * may be tried again. */
fc_status fc_arrow_stream(const fc_arrow_column *columns, size_t columns_len, int64_t len, int64_t batch_len,
                          fc_arrow_owner *owner, struct ArrowArrayStream *out_stream);

#endif
