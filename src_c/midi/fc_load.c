#include "fc_load.h"

static fc_status read_all(int fd, uint64_t size, fc_buffer *content, int *out_errno) {
    size_t wanted = size < FC_LOAD_MAX ? (size_t)size + 1 : FC_LOAD_MAX;
    for (;;) {
        size_t found = 0;
        fc_status status = fc_buffer_reserve(content, content->len + wanted);
        if (status != FC_OK) return status;
        uint8_t *to = content->data + content->len;
        /* A file that ends where it was said to end needs no second look. */
        if (content->len == 0) status = fc_file_read_once(fd, 0, to, wanted, &found, out_errno);
        if (status == FC_OK && (content->len != 0 || found != size)) {
            const size_t before = found;
            status = fc_file_read(fd, content->len + before, to + before, wanted - before, &found, out_errno);
            found += before;
        }
        if (status != FC_OK) return status;
        content->len += found;
        if (found < wanted || content->len >= FC_LOAD_MAX) return FC_OK;
        wanted = content->len;
    }
}

fc_status fc_load(const char *path, fc_buffer *content, fc_file_info *out_info, int *out_errno) {
    int fd;
    content->len = 0;
    fc_status status = fc_file_open(path, &fd, out_info, out_errno);
    if (status != FC_OK) return status;
    status = read_all(fd, out_info->size, content, out_errno);
    fc_file_close(fd);
    return status;
}
