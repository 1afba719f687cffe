/* The facts of files as bytes that outlive the process: written, checked and read again.
 *
 * The form is of this machine and this version alone; anything else, and anything damaged, is refused as a whole. */
#ifndef FC_STORED_H
#define FC_STORED_H

#include "fc_names.h"

/* What a file was when its facts were taken. */
typedef struct fc_stored_state {
    uint64_t device, inode, size;
    int64_t mtime_ns, ctime_ns;
    uint64_t tail_hash; /* of its last bytes, by whoever takes it */
} fc_stored_state;

/* One block, from the end of the one before it (0 for the first) up to `end`. */
typedef struct fc_stored_block {
    uint64_t end;
    uint64_t hash; /* of its bytes, by whoever takes it; 0: unknown */
    bool has_facts;
    fc_facts facts; /* when has_facts */
    const fc_names *names; /* NULL: unknown */
} fc_stored_block;

/* Begin, continue and finish writing into an empty buffer: after each file as many blocks as were told, whose ends
 * ascend within the file. FC_NO_MEMORY: what was written is of no use. */
fc_status fc_stored_begin(fc_buffer *out);
fc_status fc_stored_add_file(fc_buffer *out, const fc_stored_state *state, size_t blocks);
fc_status fc_stored_add_block(fc_buffer *out, const fc_stored_block *block);
void fc_stored_end(fc_buffer *out);

/* A place in stored bytes, which belong to the caller. */
typedef struct fc_stored {
    const uint8_t *bytes;
    size_t len, at;
    size_t blocks; /* of the file read last, that were not read yet */
    uint64_t end;  /* of the block read last, 0 at first */
    uint64_t size; /* of the file read last */
} fc_stored;

/* Begin reading. FC_BAD_VALUE: the bytes are of another version or machine, or damaged. O(len). */
fc_status fc_stored_open(const uint8_t *bytes, size_t len, fc_stored *out);

/* Read the next file, passing over what is left of the one before; *out_more is false, and nothing read, behind the
 * last one. *out_blocks of fc_stored_next_block follow. Both are FC_BAD_VALUE for what is not well formed, which ends
 * the reading. */
fc_status fc_stored_next_file(fc_stored *stored, bool *out_more, fc_stored_state *out_state, size_t *out_blocks);

/* Read the next block of the file; there must be one. `names` is malloc'ed and the caller's, or NULL. FC_NO_MEMORY. */
fc_status fc_stored_next_block(fc_stored *stored, fc_stored_block *out, fc_names **out_names);

#endif
