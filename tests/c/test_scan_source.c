/* fc_source: memory, paths and lent descriptors read alike, and what happened to a file meanwhile is told. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "fc_source.h"

enum { SIZE = 5000 };

static char path[] = "fc_source.XXXXXX";
static uint8_t content[SIZE];

static void write_file(const void *bytes, size_t len) {
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0 && write(fd, bytes, len) == (ssize_t)len && close(fd) == 0);
}

static void set_age(int64_t seconds) {
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {0}};
    clock_gettime(CLOCK_REALTIME, &times[1]);
    times[1].tv_sec -= seconds;
    CHECK(utimensat(AT_FDCWD, path, times, 0) == 0);
}

static fc_file_entry entry(void) { return (fc_file_entry){.path = path, .path_len = strlen(path)}; }

static void read_all(fc_source *source, size_t step) {
    uint8_t bytes[SIZE + 100];
    for (uint64_t at = 0;;) {
        size_t got;
        int code;
        CHECK(fc_source_read(source, at, bytes, step, &got, &code) == FC_OK);
        CHECK(at + got <= SIZE && memcmp(bytes, content + at, got) == 0);
        fc_source_note(source, at, bytes, got);
        at += got;
        if (got == step) continue;
        CHECK(at == SIZE);
        return;
    }
}

static fc_source opened(const fc_file_entry *from) {
    fc_source source;
    int code;
    CHECK(fc_source_open(from, &source, &code) == FC_OK && source.info.size == SIZE);
    return source;
}

static void check_kinds(void) {
    write_file(content, SIZE);
    uint8_t *copy = exact_copy(content, SIZE);
    const int fd = open(path, O_RDONLY);
    const fc_file_entry kinds[] = {
        entry(),
        {.path = path, .memory = copy, .info.size = SIZE, .has_size = true},
        {.path = path, .is_open = true, .fd = fd, .info.size = SIZE, .has_size = true},
    };
    for (size_t kind = 0; kind < 3; kind++)
        for (size_t step = 1; step <= SIZE + 1; step = step * 3 + (step == 1)) {
            fc_source source = opened(&kinds[kind]);
            CHECK(source.has_time == (kind == 0));
            read_all(&source, step);
            uint64_t size;
            CHECK(fc_source_judge(&source, &size) == FC_SOURCE_SAME && size == SIZE);
            fc_source_close(&source);
            CHECK(source.fd == -1);
        }
    CHECK(fcntl(fd, F_GETFD) != -1); /* what was lent stays open */
    close(fd);
    free(copy);
    fc_source source;
    int code = 77;
    fc_file_entry missing = {.path = (char *)"fc_source.missing", .path_len = 17};
    CHECK(fc_source_open(&missing, &source, &code) == FC_OS && code == ENOENT);
    fc_file_entry folder = {.path = (char *)".", .path_len = 1};
    CHECK(fc_source_open(&folder, &source, &code) == FC_OS && code == 0);
    fc_file_entry closed = {.path = path, .is_open = true, .fd = fd};
    CHECK(fc_source_open(&closed, &source, &code) == FC_OS && code == EBADF);
}

typedef enum event { NOTHING, GROW, TRUNCATE, OVERWRITE, OVERWRITE_AND_GROW, EVENTS } event;

static void disturb(event what) {
    const int fd = open(path, O_RDWR);
    CHECK(fd >= 0);
    if (what == GROW || what == OVERWRITE_AND_GROW) CHECK(pwrite(fd, "more", 4, SIZE) == 4);
    if (what == TRUNCATE) CHECK(ftruncate(fd, SIZE / 2) == 0);
    if (what == OVERWRITE) CHECK(pwrite(fd, "#", 1, 17) == 1);
    if (what == OVERWRITE_AND_GROW) CHECK(pwrite(fd, "#", 1, SIZE - 3) == 1);
    close(fd);
}

static void check_fates(bool racy) {
    static const fc_source_fate fates[EVENTS] = {FC_SOURCE_SAME, FC_SOURCE_SAME, FC_SOURCE_TRUNCATED, FC_SOURCE_CHANGED,
                                                 FC_SOURCE_CHANGED};
    static const uint64_t sizes[EVENTS] = {SIZE, SIZE + 4, SIZE / 2, SIZE, SIZE + 4};
    for (event what = NOTHING; what < EVENTS; what++) {
        write_file(content, SIZE);
        set_age(racy ? 0 : 3600);
        const fc_file_entry from = entry();
        fc_source source = opened(&from);
        if (racy) source.racy = true; /* as it is unless this process was held up */
        else CHECK(!source.racy);
        read_all(&source, 700);
        disturb(what);
        uint64_t size;
        CHECK(fc_source_judge(&source, &size) == fates[what] && size == sizes[what]);
        fc_source_close(&source);
    }
}

/* A write in the same tick of the clock leaves the time as it was: only the bytes tell. */
static void check_same_time(void) {
    write_file(content, SIZE);
    const fc_file_entry from = entry();
    fc_source source = opened(&from);
    source.racy = true;
    read_all(&source, SIZE + 1);
    disturb(OVERWRITE);
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
                                {source.info.mtime_ns / 1000000000, source.info.mtime_ns % 1000000000}};
    CHECK(utimensat(AT_FDCWD, path, times, 0) == 0);
    uint64_t size;
    CHECK(fc_source_judge(&source, &size) == FC_SOURCE_CHANGED);
    fc_source_close(&source);
}

static void check_unlinked(void) {
    write_file(content, SIZE);
    set_age(3600);
    const fc_file_entry from = entry();
    fc_source source = opened(&from);
    CHECK(unlink(path) == 0);
    read_all(&source, 999);
    uint64_t size;
    CHECK(fc_source_judge(&source, &size) == FC_SOURCE_SAME && size == SIZE);
    fc_source_close(&source);
}

int main(void) {
    for (size_t i = 0; i < SIZE; i++) content[i] = (uint8_t)('a' + random_below(26));
    const int fd = mkstemp(path);
    CHECK(fd >= 0 && close(fd) == 0);
    check_kinds();
    check_fates(false);
    check_fates(true);
    check_same_time();
    check_unlinked();
    return finish();
}
