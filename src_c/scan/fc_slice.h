/* A slice: the raw inside of a JSON string, between its quotes, with its escapes still in it. It points into a line. */
#ifndef FC_SLICE_H
#define FC_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct fc_slice {
    const uint8_t *bytes; /* NULL: the member is absent or no string */
    uint32_t len;
    bool escaped; /* holds a backslash */
} fc_slice;

/* Slices in order; zero-initialise, free(items) at the end. */
typedef struct fc_slices {
    fc_slice *items;
    size_t len, capacity;
} fc_slices;

/* Append a slice; false, and nothing changed, when there is no memory. */
bool fc_slices_push(fc_slices *slices, fc_slice slice);

/* True if none of the bytes is a backslash; made for keys, ids and other short strings. O(len). */
bool fc_slice_is_plain(const uint8_t *bytes, size_t len);

/* Decode a slice's escapes into `out`, which must hold slice.len bytes, and return the bytes written: valid UTF-8,
 * lone surrogate escapes as U+FFFD. Its escapes must be legal, as those of a record that was read are. O(len). */
size_t fc_slice_decode(fc_slice slice, uint8_t *out);

/* True if the decoded slice equals, or begins with, the given bytes. False for an absent slice. O(len). */
bool fc_slice_equals(fc_slice slice, const uint8_t *value, size_t len);
bool fc_slice_begins(fc_slice slice, const uint8_t *value, size_t len);

#endif
