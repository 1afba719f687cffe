/* One file or stretch of memory being scanned: opened, read into private buffers, and judged at the end. */
#ifndef FC_SOURCE_H
#define FC_SOURCE_H

#include "fc_member.h"

/* The last bytes that were read of a file, to be compared later. */
typedef struct fc_source_mark {
    uint64_t end; /* their place */
    uint8_t bytes[64];
    size_t len; /* 0: none were read */
} fc_source_mark;

typedef struct fc_source {
    int fd;                /* -1 for memory */
    const uint8_t *memory; /* NULL for a file; may change meanwhile, so it is only ever copied from */
    fc_member *member;     /* of a corpus: info is the member's, what was appended since is not read; else NULL */
    const char *place;     /* where the file lies, when it is a member */
    bool is_lent;          /* fd belongs to the entry: it stays open */
    bool has_time;         /* info.mtime_ns counts: neither for memory nor for what is lent */
    fc_file_info info;     /* as of opening */
    /* What was read, for the judgement at the end. */
    bool racy;      /* written to so shortly before opening that a further write may leave the same time behind */
    uint64_t hash, hash_begin; /* of all bytes read, when racy, and where they begin */
    fc_source_mark mark;
} fc_source;

/* Open an entry. FC_OS writes the errno, 0 when it is no regular file, ESTALE when a member that is not mapped has been
 * replaced. A member that is mapped is read between guard_begin and guard_end. */
fc_status fc_source_open(const fc_file_entry *entry, fc_source *out, int *out_errno);

/* Copy up to `len` bytes from `offset`; less only at the end. FC_OS as fc_file_read. */
fc_status fc_source_read(const fc_source *source, uint64_t offset, uint8_t *out, size_t len, size_t *out_len,
                         int *out_errno);

/* Remember bytes that were read and scanned; called for consecutive stretches. O(len) only if the source is racy. */
void fc_source_note(fc_source *source, uint64_t offset, const uint8_t *bytes, size_t len);

typedef enum fc_source_fate {
    FC_SOURCE_SAME,      /* unchanged, or grown behind bytes that are still the same */
    FC_SOURCE_TRUNCATED, /* shorter than when it was opened */
    FC_SOURCE_CHANGED    /* overwritten */
} fc_source_fate;

/* Say what happened to the source since it was opened: a smaller size is TRUNCATED, the same size with another time
 * CHANGED. A source that grew is judged by the last bytes that were read, a racy one by all of them. *out_size is its
 * size now. Reads what it compares; where the time alone has changed, waits 1 ms. */
fc_source_fate fc_source_judge(const fc_source *source, uint64_t *out_size);

/* Take the size and times that an open source has now for those of its opening. FC_OS. */
fc_status fc_source_look_again(fc_source *source);

/* Say what happened to a file between an earlier opening and this one, for a file that is read in pieces: it had the
 * size and times `before`, and `mark` when it was last read. Judged as above; another file under the name is CHANGED.
 */
fc_source_fate fc_source_compare(const fc_source *source, const fc_file_info *before, const fc_source_mark *mark,
                                 uint64_t *out_size);

void fc_source_close(fc_source *source);

#endif
