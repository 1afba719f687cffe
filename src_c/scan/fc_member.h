/* A file of a corpus, as it was when the corpus was last refreshed: mapped, with its blocks.
 *
 * It answers for the first info.size bytes; what was appended since is not looked at. A file that is replaced or
 * deleted lives on in its mapping, one that is overwritten shows its new text there, one that is cut short ends
 * earlier. A member is immutable but for its blocks, which are cut once, so that any number of scans may use it side
 * by side. */
#ifndef FC_MEMBER_H
#define FC_MEMBER_H

#include "fc_blocks.h"
#include "fc_file.h"
#include "fc_runtime.h"

typedef struct fc_member {
    atomic_size_t users;
    const fc_runtime *runtime;
    fc_file_info info;
    const uint8_t *bytes;           /* info.size bytes; NULL: nothing is mapped, the file is read */
    bool doubted;                   /* at the next look its bytes are compared and nothing learnt is taken over */
    bool racy;                      /* changed so shortly before that a further change may leave the same times */
    _Atomic(fc_blocks *) blocks;    /* NULL: not cut yet, or not mapped */
    fc_blocks *before;              /* of the shorter file that this one has grown from, else NULL; hold only while */
    uint64_t before_size;           /* the last bytes of so many */
    uint64_t before_hash;           /* have this hash */
    atomic_uint_least64_t end_hash; /* of the last bytes when the blocks were cut; 0 before that */
} fc_member;

/* What has become of a file between two looks. */
typedef enum fc_member_fate {
    FC_MEMBER_SAME = 0,
    FC_MEMBER_GROWN,    /* longer, with the same end where the old end was, as far as that was read */
    FC_MEMBER_REPLACED, /* another file, written over, or touched */
    FC_MEMBER_TRUNCATED /* shorter */
} fc_member_fate;

/* Open and map the regular file at `path`, NUL-terminated. It is not read. Where it cannot be mapped its `bytes` are
 * NULL. The caller owns one use. FC_OS as fc_file_open, FC_NO_MEMORY. */
fc_status fc_member_open(const fc_runtime *runtime, const char *path, fc_member **out, int *out_errno);

/* Look at the file again that `old` has held under this name: *out is `old`, shared, while device, inode, size and
 * times are the same and it was not racy; else it is opened anew, keeps the blocks if it has merely grown, and
 * nothing that was learnt otherwise. A racy one that looks the same is SAME, too. One that was `doubted` is opened
 * anew, keeps nothing, and is REPLACED also where the bytes of a block of which something was learnt, or its last
 * bytes, have another hash. One that is mapped stays so where as many are mapped as may be: the new mapping takes
 * the old one's place, which the caller gives up soon. FC_OS, FC_NO_MEMORY. O(1), doubted O(bytes of which something
 * was learnt). */
fc_status fc_member_renew(fc_member *old, const char *path, fc_member **out, fc_member_fate *out_fate, int *out_errno);

fc_member *fc_member_share(fc_member *member);
/* End a use; the last one ends the mapping. NULL is let pass. Thread-safe. */
void fc_member_release(fc_member *member);

/* Read up to `len` mapped bytes from `offset`, as from a file. *out_len is less only at the member's end, or where the
 * file ends by now (FC_OK), or a page cannot be read (FC_OS with EIO). Between guard_begin and guard_end. */
fc_status fc_member_read(const fc_member *member, const char *path, uint64_t offset, uint8_t *out, size_t len,
                         size_t *out_len, int *out_errno);

/* Copy `len` mapped bytes from `offset`, all of them the member's; false when not all are there any more. Whether the
 * file ends before them, within the last page that it has, is not looked at. Between guard_begin and guard_end. */
bool fc_member_copy(const fc_member *member, uint64_t offset, uint8_t *out, size_t len);

/* True if the file at `path` shows no sign of having been written to since; also where something else stands there by
 * now, or nothing. Asks its size and times only. */
bool fc_member_is_untouched(const fc_member *member, const char *path);

/* Return the member's blocks of at least `size` bytes, cut now if they were not yet; NULL when the file was cut short,
 * cannot be read, or there is no memory. They live as long as the member. Thread-safe; between guard_begin and
 * guard_end. */
const fc_blocks *fc_member_blocks(fc_member *member, size_t size);

/* A bound of what of mapped files stays in this process's memory is shared out in the order of the list, to the same
 * first bytes at each scan, however often the rest is read: whatever reads all of more than the bound, again and
 * again, would find nothing of it left if the bytes that were read last were those that stay. */

/* Take the member's part of *left and return the place in it behind which nothing stays; *left begins as the bound,
 * UINT64_MAX for none. A member that is not mapped, or NULL, takes nothing. */
uint64_t fc_member_stays(const fc_member *member, uint64_t *left);

/* Give pages of [begin, end), or up to the member's end, back to the system, but for those before `stays`; and those
 * that the system mapped with them, as it does up to 64 KB around. They come back when they are read. Thread-safe,
 * also while others read there. */
void fc_member_drop(const fc_member *member, uint64_t stays, uint64_t begin, uint64_t end);

/* Hash the last bytes before `size`, at most the member's size, as they are mapped now; false where they cannot be
 * read. Of the member's whole size it is `end_hash`. Between guard_begin and guard_end. */
bool fc_member_hash_end(const fc_member *member, uint64_t size, uint64_t *out);

/* What happened to the file at `path` since the member was opened, as far as what it answers for is concerned: SAME
 * also where something else stands there now, or nothing; GROWN is told as SAME; TRUNCATED: *out_size is its length
 * now. Where the time alone has changed, waits 1 ms. Between guard_begin and guard_end. */
fc_member_fate fc_member_judge(const fc_member *member, const char *path, uint64_t *out_size);

#endif
