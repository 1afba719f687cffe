/* fc_buffer: what is appended stays through growth, the padding is there and readable, failure changes nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fc_buffer.h"

static unsigned long checks;

static void expect(int good, const char *what) {
    checks++;
    if (good) return;
    printf("%s\n", what);
    exit(1);
}

/* Append through fc_buffer_reserve, as its users do. */
static fc_status append(fc_buffer *buffer, const void *bytes, size_t len) {
    if (len > SIZE_MAX - buffer->len) return FC_NO_MEMORY;
    const fc_status status = fc_buffer_reserve(buffer, buffer->len + len);
    if (status != FC_OK) return status;
    if (len != 0) memcpy(buffer->data + buffer->len, bytes, len);
    buffer->len += len;
    return FC_OK;
}

int main(void) {
    fc_buffer buffer = {0};
    expect(fc_buffer_reserve(&buffer, 0) == FC_OK && buffer.data == NULL, "nothing is reserved for nothing");
    expect(append(&buffer, NULL, 0) == FC_OK && buffer.len == 0, "nothing is appended");

    uint8_t bytes[300];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * 7 + 1);
    size_t len = 0, growths = 0;
    for (size_t piece = 0; piece < 2000; piece++) {
        const size_t size = piece % 300, before = buffer.capacity;
        expect(append(&buffer, bytes, size) == FC_OK, "append");
        expect(size == 0 || memcmp(buffer.data + len, bytes, size) == 0, "the bytes appended");
        len += size;
        expect(buffer.len == len && buffer.capacity >= len, "length and capacity");
        if (buffer.capacity == before) continue;
        growths++;
        expect(buffer.capacity >= before + before / 2, "growth by at least a half");
        for (size_t i = 0; i < FC_BUFFER_PADDING; i++) expect(buffer.data[buffer.capacity + i] == 0, "padding");
    }
    expect(growths < 40, "growth in few steps");
    size_t at = 0;
    for (size_t piece = 0; piece < 2000; at += piece++ % 300)
        expect(piece % 300 == 0 || memcmp(buffer.data + at, bytes, piece % 300) == 0, "the bytes after all growth");

    const fc_buffer before = buffer;
    expect(fc_buffer_reserve(&buffer, len / 2) == FC_OK && buffer.data == before.data, "less than there is");
    const size_t too_much[] = {SIZE_MAX, SIZE_MAX - FC_BUFFER_PADDING + 1};
    for (size_t i = 0; i < 2; i++) {
        expect(fc_buffer_reserve(&buffer, too_much[i]) == FC_NO_MEMORY, "a capacity that cannot be");
        expect(append(&buffer, bytes, too_much[i]) == FC_NO_MEMORY, "a length that cannot be");
        expect(memcmp(&buffer, &before, sizeof buffer) == 0, "failure leaves the buffer as it was");
    }
    fc_buffer_free(&buffer);
    expect(buffer.data == NULL && buffer.len == 0 && buffer.capacity == 0, "empty after free");
    expect(append(&buffer, "again", 5) == FC_OK && memcmp(buffer.data, "again", 5) == 0, "used again");
    fc_buffer_free(&buffer);
    fc_buffer_free(&buffer);
    printf("%lu checks\n", checks);
    return 0;
}
