/* Put what is known of a corpus's blocks into stored bytes, and take it from there for files that are as they were. */
#ifndef FC_KEEPING_H
#define FC_KEEPING_H

#include "fc_member.h"
#include "fc_stored.h"

/* What is stored is about this long at most; what was stored of other files is left out first. */
enum { FC_KEEPING_MAX = 64 << 20 };

/* Write what is known of the members of the list, but for those that were changed so shortly before they were opened
 * that a further change may leave the same times behind. Behind it goes what `before` holds of other files: bytes of
 * fc_stored, NULL, or anything else, of which nothing is taken. The caller frees `out`, which was empty. FC_NO_MEMORY.
 * O(blocks + before_len). */
fc_status fc_keeping_save(const fc_file_list *files, const uint8_t *before, size_t before_len, fc_buffer *out);

/* Take over what the bytes hold of each mapped member: one with the same device, inode, size, times and last bytes as
 * when it was stored, or grown behind those. It is cut into blocks of at least `block` bytes if it was not yet, and
 * only those that are the same get something; what is known already stays. *out_known is false where the bytes are of
 * another version or damaged: then nothing was taken. FC_NO_MEMORY. Thread-safe beside scans. O(len + files). */
fc_status fc_keeping_load(const fc_file_list *files, const uint8_t *bytes, size_t len, size_t block, bool *out_known);

#endif
