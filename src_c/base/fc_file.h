/* Files: finding them (walk), opening them without ever blocking, and reading them. The only room that touches
 * the file system. Paths are bytes of any encoding, NUL-terminated for the system and with their length beside. */
#ifndef FC_FILE_H
#define FC_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fc_status.h"

typedef struct fc_file_info {
    uint64_t device, inode, size;
    int64_t mtime_ns; /* since 1970-01-01 UTC */
    int64_t ctime_ns; /* of the last change of anything about the file, which nobody can set */
} fc_file_info;

typedef struct fc_file_entry {
    char *path; /* owned by the list, NUL-terminated */
    size_t path_len;
    char *place;           /* owned by the list, NUL-terminated: where the file lies if not at `path`, else NULL */
    const uint8_t *memory; /* the bytes of an in-memory source, else NULL; not owned */
    bool is_open;          /* read `fd` instead of the path */
    int fd;                /* an open regular file, when is_open; not owned */
    struct fc_member *member; /* the file as a corpus holds it, else NULL; not owned */
    fc_file_info info;     /* as of the walk; of memory only the size is set */
    bool has_size; /* info is the file's own; else only what its folder told, a device and an inode that may be wrong */
} fc_file_entry;

typedef struct fc_file_error {
    char *path; /* owned by the list */
    size_t path_len;
    int code; /* errno; 0 means that a named path is no regular file (FIFO, socket, device) */
} fc_file_error;

/* Files in the order in which they were named; within one walk in ascending byte order of their paths. Each
 * (device, inode) stands once, under the first name given. Not thread-safe. Zero-initialise. */
typedef struct fc_file_list {
    fc_file_entry *entries;
    size_t len, capacity;
    fc_file_error *errors;
    size_t errors_len, errors_capacity;
    struct fc_file_seen *seen; /* open-addressing set of (device, inode) */
    bool is_loose;             /* some entries have no info of their own; adding a path settles them */
} fc_file_list;

/* Add what `path` names, following it if it is a symbolic link: a regular file, whatever its name, or every
 * regular file below a folder whose name ends in ".jsonl" or ".ndjson" (hidden folders included). Links met in
 * the walk are followed only if `follow`, loops are cut. A path below a folder is the argument joined with the
 * walk's part by one '/'. What cannot be listed or is no regular file becomes an entry in `errors` if it was named
 * or is a folder that cannot be read; other things met in a walk are passed over silently. Keeps at most one
 * descriptor open at a time. FC_NO_MEMORY is the only failure. */
fc_status fc_file_list_add_path(fc_file_list *list, const char *path, size_t path_len, bool follow);

/* Add `len` bytes of memory under the name `path`; they must outlive the list. Never deduplicated. */
fc_status fc_file_list_add_memory(fc_file_list *list, const char *path, size_t path_len, const uint8_t *bytes,
                                  size_t len);

/* Add the whole content of an open regular file under the name `path`, as if it were memory: it has no time and is
 * never deduplicated. The descriptor must outlive the list, its position is neither used nor moved. FC_OS writes the
 * errno. */
fc_status fc_file_list_add_open(fc_file_list *list, const char *path, size_t path_len, int fd, int *out_errno);

/* Add the file that lies at `place`, NUL-terminated and copied, under the name `path`. It is not looked at: what it is
 * shows when it is opened. Never deduplicated. FC_NO_MEMORY is the only failure. */
fc_status fc_file_list_add_file(fc_file_list *list, const char *path, size_t path_len, const char *place);

/* Where to open or stat an entry that is a file. O(1). */
const char *fc_file_entry_place(const fc_file_entry *entry);

void fc_file_list_free(fc_file_list *list);

/* Open a regular file for reading with O_NONBLOCK | O_CLOEXEC | O_NOCTTY. Anything else is closed again and is
 * FC_OS with *out_errno = 0. Other failures are FC_OS with the errno (written on failure, the one exception to the
 * out_ rule). */
fc_status fc_file_open(const char *path, int *out_fd, fc_file_info *out_info, int *out_errno);

/* Stat a path, following symbolic links. */
fc_status fc_file_stat_path(const char *path, fc_file_info *out_info, int *out_errno);

/* Stat an open file again. */
fc_status fc_file_stat(int fd, fc_file_info *out_info, int *out_errno);

/* Read `len` bytes at `offset`, retrying short reads and EINTR: *out_len < len only at the end of the file.
 * On FC_OS *out_len holds what was read before the error. */
fc_status fc_file_read(int fd, uint64_t offset, uint8_t *out, size_t len, size_t *out_len, int *out_errno);

/* Read up to `len` bytes at `offset` by one call of the system, retrying EINTR: *out_len < len need not be the end.
 * FC_OS writes the errno. */
fc_status fc_file_read_once(int fd, uint64_t offset, uint8_t *out, size_t len, size_t *out_len, int *out_errno);

void fc_file_close(int fd);

#endif
