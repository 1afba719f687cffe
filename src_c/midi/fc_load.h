/* Read a whole file. */
#ifndef FC_LOAD_H
#define FC_LOAD_H

#include "fc_buffer.h"
#include "fc_file.h"
#include "fc_status.h"

/* Read the regular file at `path` into `content`, whose memory is kept, to its end, which may be another than it was
 * when the file was opened; at most a little more than FC_LOAD_MAX bytes. Never blocks on what is no regular file.
 * FC_OS writes the errno, 0 for what is no regular file, the one exception to the out_ rule; FC_NO_MEMORY. */
#define FC_LOAD_MAX ((size_t)1 << 32) /* from which on fc_smf_read refuses a file */
fc_status fc_load(const char *path, fc_buffer *content, fc_file_info *out_info, int *out_errno);

#endif
