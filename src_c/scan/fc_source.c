#include "fc_source.h"

#include <string.h>

fc_status fc_source_open(const fc_file_entry *entry, fc_source *out, int *out_errno) {
    fc_source source = {.fd = -1, .memory = entry->memory, .info = entry->info};
    if (source.memory == NULL) {
        const fc_status status = fc_file_open(entry->path, &source.fd, &source.info, out_errno);
        if (status != FC_OK) return status;
    }
    *out = source;
    return FC_OK;
}

fc_status fc_source_read(const fc_source *source, uint64_t offset, uint8_t *out, size_t len, size_t *out_len,
                         int *out_errno) {
    if (source->memory == NULL) return fc_file_read(source->fd, offset, out, len, out_len, out_errno);
    const uint64_t left = offset < source->info.size ? source->info.size - offset : 0;
    if (len > left) len = (size_t)left;
    if (len != 0) memcpy(out, source->memory + offset, len);
    *out_len = len;
    return FC_OK;
}

fc_source_fate fc_source_judge(const fc_source *source, uint64_t *out_size) {
    *out_size = source->info.size;
    if (source->memory != NULL) return FC_SOURCE_SAME;
    fc_file_info now;
    int code;
    if (fc_file_stat(source->fd, &now, &code) != FC_OK) return FC_SOURCE_CHANGED;
    *out_size = now.size;
    if (now.size < source->info.size) return FC_SOURCE_TRUNCATED;
    return now.size == source->info.size && now.mtime_ns != source->info.mtime_ns ? FC_SOURCE_CHANGED
                                                                                 : FC_SOURCE_SAME;
}

void fc_source_close(fc_source *source) {
    if (source->fd >= 0) fc_file_close(source->fd);
    source->fd = -1;
}
