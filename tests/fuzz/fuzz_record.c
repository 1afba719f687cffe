/* One line as a record: no crash, decoded slices within bounds, and what the strict reading accepts the usual one does. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fc_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static fc_structure *structure;
    static fc_record record;
    if (structure == NULL && fc_structure_new(&structure) != FC_OK) abort();
    if (size < 2 || memchr(data, '\n', size) != NULL) return 0;
    record.find = fc_find_for((fc_cpu_level)(data[0] % FC_CPU_COUNT));
    const size_t len = size - 1;
    uint8_t *line = malloc(len + 1);
    memcpy(line, data + 1, len);
    line[len] = 0;
    if (fc_structure_reserve(structure, len) != FC_OK) abort();
    fc_line_reason reason = FC_LINE_OK;
    const fc_status strict = fc_record_read(structure, line, len, true, &record, &reason);
    const fc_status usual = fc_record_read(structure, line, len, false, &record, &reason);
    if (strict == FC_OK && usual != FC_OK) abort();
    if (usual == FC_BAD_LINE && (reason <= FC_LINE_OK || reason >= FC_LINE_REASON_COUNT)) abort();
    if (usual == FC_OK) {
        fc_buffer text = {0};
        if (fc_record_text(&record, &text) != FC_OK || text.len > len + record.pieces.len) abort();
        for (size_t i = 0; i < record.tools.len; i++) {
            const fc_slice tool = record.tools.items[i];
            uint8_t *decoded = malloc(tool.len + 1);
            const size_t decoded_len = fc_slice_decode(tool, decoded);
            if (decoded_len > tool.len || !fc_slice_equals(tool, decoded, decoded_len)) abort();
            free(decoded);
        }
        fc_buffer_free(&text);
    }
    free(line);
    return 0;
}
