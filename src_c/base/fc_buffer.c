#include "fc_buffer.h"

#include <stdlib.h>
#include <string.h>

fc_status fc_buffer_reserve(fc_buffer *buffer, size_t capacity) {
    if (capacity <= buffer->capacity) return FC_OK;
    size_t wanted = buffer->capacity + buffer->capacity / 2;
    if (wanted < capacity) wanted = capacity;
    if (wanted > SIZE_MAX - FC_BUFFER_PADDING) return FC_NO_MEMORY;
    uint8_t *data = realloc(buffer->data, wanted + FC_BUFFER_PADDING);
    if (data == NULL) return FC_NO_MEMORY;
    memset(data + wanted, 0, FC_BUFFER_PADDING);
    buffer->data = data;
    buffer->capacity = wanted;
    return FC_OK;
}

void fc_buffer_free(fc_buffer *buffer) {
    free(buffer->data);
    *buffer = (fc_buffer){0};
}
