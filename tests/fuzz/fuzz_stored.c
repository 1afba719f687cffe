/* Stored facts: any bytes under a right checksum; no crash, and what is read through is written again the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fc_stored.h"

static bool read_blocks(fc_stored *stored, size_t count, fc_buffer *again) {
    for (size_t i = 0; i < count; i++) {
        fc_stored_block block;
        fc_names *names;
        if (fc_stored_next_block(stored, &block, &names) != FC_OK) return false;
        if (fc_stored_add_block(again, &block) != FC_OK) abort();
        free(names);
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fc_stored stored;
    if (fc_stored_open(data, size, &stored) == FC_OK) return 0;
    fc_buffer bytes = {0}, again = {0};
    if (fc_stored_begin(&bytes) != FC_OK || fc_stored_begin(&again) != FC_OK) abort();
    if (fc_buffer_reserve(&bytes, bytes.len + size) != FC_OK) abort();
    memcpy(bytes.data + bytes.len, data, size);
    bytes.len += size;
    fc_stored_end(&bytes);
    uint8_t *exact = malloc(bytes.len);
    memcpy(exact, bytes.data, bytes.len);
    if (fc_stored_open(exact, bytes.len, &stored) != FC_OK) abort();
    bool fine = true, more = true;
    while (fine) {
        fc_stored_state state;
        size_t count;
        fine = fc_stored_next_file(&stored, &more, &state, &count) == FC_OK;
        if (!fine || !more) break;
        if (fc_stored_add_file(&again, &state, count) != FC_OK) abort();
        fine = read_blocks(&stored, count, &again);
    }
    fc_stored_end(&again);
    if (fine && (again.len != bytes.len || memcmp(again.data, exact, again.len) != 0)) abort();
    free(exact);
    fc_buffer_free(&bytes);
    fc_buffer_free(&again);
    return 0;
}
