/* What the C tests of a corpus share: the runtime, a file that can be written again, its member. */
#ifndef MEMBERS_H
#define MEMBERS_H

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "fc_member.h"
#include "fc_pool.h"

static const fc_runtime *runtime;

/* Make the file hold these bytes and nothing else; its times are long past. */
static inline void write_file(const char *path, const void *bytes, size_t len) {
    const int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
    CHECK(fd >= 0 && write(fd, bytes, len) == (ssize_t)len && close(fd) == 0);
}

static inline void make_old(const char *path, int seconds) {
    const struct timespec past[2] = {{seconds, 0}, {seconds, 0}};
    CHECK(utimensat(AT_FDCWD, path, past, 0) == 0);
}

static inline void append_file(const char *path, const void *bytes, size_t len) {
    const int fd = open(path, O_WRONLY | O_APPEND);
    CHECK(fd >= 0 && write(fd, bytes, len) == (ssize_t)len && close(fd) == 0);
}

static inline fc_member *open_member(const char *path) {
    fc_member *member = NULL;
    int code;
    CHECK(fc_member_open(runtime, path, &member, &code) == FC_OK);
    return member;
}

#endif
