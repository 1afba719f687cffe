/* One file or stretch of memory being scanned: opened, read into private buffers, and judged at the end. */
#ifndef FC_SOURCE_H
#define FC_SOURCE_H

#include "fc_file.h"

typedef struct fc_source {
    int fd;                /* -1 for memory */
    const uint8_t *memory; /* NULL for a file; may change meanwhile, so it is only ever copied from */
    fc_file_info info;     /* as of opening */
} fc_source;

/* Open an entry. FC_OS writes the errno, 0 when it is no regular file. */
fc_status fc_source_open(const fc_file_entry *entry, fc_source *out, int *out_errno);

/* Copy up to `len` bytes from `offset`; less only at the end. FC_OS as fc_file_read. */
fc_status fc_source_read(const fc_source *source, uint64_t offset, uint8_t *out, size_t len, size_t *out_len,
                         int *out_errno);

typedef enum fc_source_fate {
    FC_SOURCE_SAME,      /* unchanged, or only grown */
    FC_SOURCE_TRUNCATED, /* shorter than when it was opened */
    FC_SOURCE_CHANGED    /* written to without growing */
} fc_source_fate;

/* Say what happened to the source since it was opened; *out_size is its size now. */
fc_source_fate fc_source_judge(const fc_source *source, uint64_t *out_size);

void fc_source_close(fc_source *source);

#endif
