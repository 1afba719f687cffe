/* A growable private byte buffer whose capacity is always followed by FC_BUFFER_PADDING readable bytes. */
#ifndef FC_BUFFER_H
#define FC_BUFFER_H

#include <stddef.h>
#include <stdint.h>

#include "fc_status.h"

enum { FC_BUFFER_PADDING = 64 };

typedef struct fc_buffer {
    uint8_t *data;
    size_t len;
    size_t capacity;
} fc_buffer;

/* Make room for at least `capacity` bytes, keeping the first `len`. Grows by at least a half.
 * A zeroed struct is an empty buffer. FC_NO_MEMORY leaves it as it was. */
fc_status fc_buffer_reserve(fc_buffer *buffer, size_t capacity);

/* Free the memory and zero the struct. */
void fc_buffer_free(fc_buffer *buffer);

#endif
