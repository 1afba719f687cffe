/* fc_file: what a walk finds, in which order and under which name, however the file system lists it; folders full of
 * hostile entries; opening and reading. Works in a new folder below the current one and removes it. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "fc_file.h"

static unsigned long checks;

static void expect(bool good, const char *what, const char *detail) {
    checks++;
    if (good) return;
    printf("%s: %s\n", what, detail);
    exit(1);
}

/* Not every file system lists the type and the inode that stat tells. */
static enum { AS_IT_IS, NO_TYPES, ONE_INODE, OTHER_INODES, LISTINGS } listing;
static const char *const listing_names[] = {"as it is", "no types", "one inode for all", "other inodes"};

struct dirent *readdir(DIR *dir) {
    static struct dirent *(*original)(DIR *);
    void *found = original == NULL ? dlsym(RTLD_NEXT, "readdir") : NULL;
    if (original == NULL) memcpy(&original, &found, sizeof found);
    struct dirent *entry = original(dir);
    if (entry == NULL) return NULL;
    if (listing == NO_TYPES) entry->d_type = DT_UNKNOWN;
    if (listing == ONE_INODE) entry->d_ino = 0xffffffff;
    if (listing == OTHER_INODES) entry->d_ino ^= 0x5555;
    return entry;
}

/* A signal may interrupt a read, before its first byte or after. */
static bool interrupted;

ssize_t pread(int fd, void *out, size_t len, off_t offset) {
    static ssize_t (*original)(int, void *, size_t, off_t);
    static unsigned calls;
    void *found = original == NULL ? dlsym(RTLD_NEXT, "pread") : NULL;
    if (original == NULL) memcpy(&original, &found, sizeof found);
    if (!interrupted) return original(fd, out, len, offset);
    if (++calls % 3 == 0) return errno = EINTR, -1;
    return original(fd, out, len > 3000 ? 3000 : len, offset);
}

static void make_file(const char *path, const char *content) {
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    expect(fd >= 0 && write(fd, content, strlen(content)) == (ssize_t)strlen(content), "cannot write", path);
    close(fd);
}

static void make_folder(const char *path) { expect(mkdir(path, 0755) == 0, "cannot make folder", path); }
static void make_link(const char *to, const char *path) { expect(symlink(to, path) == 0, "cannot link", path); }

/* Remove all that is below an open folder, however deep, and close it. */
static void empty(int fd) {
    fchmod(fd, 0700);
    DIR *dir = fdopendir(fd);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        if (unlinkat(fd, entry->d_name, 0) == 0) continue;
        fchmodat(fd, entry->d_name, 0700, 0);
        empty(openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
        unlinkat(fd, entry->d_name, AT_REMOVEDIR);
    }
    closedir(dir);
}

static void add(fc_file_list *list, const char *path, bool follow) {
    expect(fc_file_list_add_path(list, path, strlen(path), follow) == FC_OK, "add", path);
}

typedef struct want_error {
    const char *path;
    int code;
} want_error;

/* The list is exactly these paths, and its errors, in any order, exactly those; both end with NULL. Frees the list. */
static void expect_list(fc_file_list *list, const char *const *paths, const want_error *errors, const char *what) {
    size_t i = 0;
    for (; paths != NULL && paths[i] != NULL; i++) {
        expect(i < list->len, what, paths[i]);
        const fc_file_entry *entry = &list->entries[i];
        if (strcmp(entry->path, paths[i]) != 0) printf("instead of %s\n", paths[i]);
        expect(strcmp(entry->path, paths[i]) == 0, what, entry->path);
        expect(entry->path_len == strlen(paths[i]), "length of the path", paths[i]);
        struct stat st;
        if (!entry->has_size || stat(paths[i], &st) != 0) continue;
        expect(entry->info.size == (uint64_t)st.st_size && entry->info.inode == st.st_ino, "info", paths[i]);
        expect(entry->info.device == st.st_dev, "device", paths[i]);
        expect(entry->info.mtime_ns == (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec, "time", paths[i]);
    }
    if (i < list->len) printf("too much\n");
    expect(i == list->len, what, i < list->len ? list->entries[i].path : "length");
    size_t count = 0;
    for (; errors != NULL && errors[count].path != NULL; count++) {
        bool found = false;
        for (size_t e = 0; e < list->errors_len; e++)
            found |= list->errors[e].code == errors[count].code &&
                     strcmp(list->errors[e].path, errors[count].path) == 0;
        expect(found, "missing error", errors[count].path);
    }
    if (count != list->errors_len)
        for (size_t e = 0; e < list->errors_len; e++) printf("%s: %d\n", list->errors[e].path, list->errors[e].code);
    expect(count == list->errors_len, "number of errors", what);
    fc_file_list_free(list);
    expect(list->entries == NULL && list->errors == NULL && list->seen == NULL && list->len == 0, "freed", what);
}

static void check_names(void) {
    make_folder("names");
    make_folder("names/a");
    make_folder("names/.hidden");
    make_folder("names/.hidden/deeper");
    make_folder("names/folder.jsonl");
    make_folder("names/empty");
    const char *const logs[] = {".hidden/deeper/x.ndjson", ".jsonl", "a.jsonl", "a/b.jsonl", "a/b.ndjson", "a0.jsonl",
                                "folder.jsonl/inner.jsonl", "new\nline.jsonl", "sp ace.jsonl", "\xc3\xa9.jsonl",
                                "\xff\xfe.jsonl"};
    const char *const others[] = {"c.json", "d.jsonl.gz", "e.JSONL", "jsonl", "xjsonl", "f.jsonl~", "a/.ndjso"};
    enum { LOGS = sizeof logs / sizeof logs[0] };
    char path[64];
    for (size_t i = 0; i < LOGS; i++) make_file((snprintf(path, sizeof path, "names/%s", logs[i]), path), logs[i]);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        make_file((snprintf(path, sizeof path, "names/%s", others[i]), path), "x");

    const char *const arguments[][2] = {{"names", "names/"}, {"names/", "names/"}, {"names//", "names//"},
                                        {"./names", "./names/"}, {"names/../names", "names/../names/"}};
    for (size_t a = 0; a < 5; a++) {
        for (int follow = 0; follow < 2; follow++) {
            char joined[LOGS][64];
            const char *want[LOGS + 1] = {NULL};
            for (size_t i = 0; i < LOGS; i++) {
                snprintf(joined[i], sizeof joined[i], "%s%s", arguments[a][1], logs[i]);
                want[i] = joined[i];
            }
            fc_file_list list = {0};
            add(&list, arguments[a][0], follow);
            expect_list(&list, want, NULL, listing_names[listing]);
        }
    }
    expect(chdir("names/a") == 0, "chdir", "names/a");
    fc_file_list list = {0};
    add(&list, ".", false);
    expect_list(&list, (const char *[]){"./b.jsonl", "./b.ndjson", NULL}, NULL, "the current folder");
    expect(chdir("../..") == 0, "chdir", "back");
    add(&list, "names/empty", false);
    add(&list, "names/c.json", false);
    expect_list(&list, (const char *[]){"names/c.json", NULL}, NULL, "a named file, whatever its name");
}

static void check_twice(void) {
    make_folder("twice");
    make_folder("twice/in");
    make_file("twice/b.jsonl", "b");
    make_file("twice/in/c.jsonl", "c");
    make_file("twice/z.log", "z");
    expect(link("twice/b.jsonl", "twice/d.jsonl") == 0, "link", "twice/d.jsonl");
    expect(link("twice/z.log", "twice/in/y.jsonl") == 0, "link", "twice/in/y.jsonl");
    make_link("in/c.jsonl", "twice/a.jsonl");

    const char *const walked[] = {"twice/b.jsonl", "twice/in/c.jsonl", "twice/in/y.jsonl", NULL};
    const char *const followed[] = {"twice/a.jsonl", "twice/b.jsonl", "twice/in/y.jsonl", NULL};
    const char *const inner_first[] = {"twice/in/c.jsonl", "twice/in/y.jsonl", "./twice/b.jsonl", NULL};
    const char *const files_first[] = {"twice/z.log", "twice/d.jsonl", "twice/in/c.jsonl", NULL};
    fc_file_list list = {0};
    add(&list, "twice", false);
    expect_list(&list, walked, NULL, "hard links");
    add(&list, "twice", true);
    expect_list(&list, followed, NULL, "symbolic links too");
    add(&list, "twice/in", false);
    add(&list, "twice/in/c.jsonl", false);
    add(&list, "twice/a.jsonl", false);
    add(&list, "./twice", false);
    add(&list, "twice/z.log", false);
    expect_list(&list, inner_first, NULL, "the inner folder first");
    add(&list, "twice/z.log", false);
    add(&list, "twice/d.jsonl", false);
    add(&list, "twice", false);
    expect_list(&list, files_first, NULL, "the files first");
    for (int round = 0; round < 3; round++) add(&list, "twice", round == 1);
    expect_list(&list, walked, NULL, "three times");
}

/* A walk believes its folders where it may; what vanishes before it is asked stays: opening it says why. */
static void check_loose(void) {
    make_folder("loose");
    make_file("loose/p.jsonl", "p");
    make_file("loose/q.jsonl", "q");
    const char *const both[] = {"loose/p.jsonl", "loose/q.jsonl", NULL};
    const bool believed = listing == AS_IT_IS || listing == OTHER_INODES;
    fc_file_list list = {0};
    add(&list, "loose", false);
    expect(list.is_loose == believed && list.entries[0].has_size == !believed, "believed", listing_names[listing]);
    expect_list(&list, both, NULL, "believed");
    add(&list, "loose", true);
    expect(!list.is_loose && list.entries[0].has_size, "not believed with links", listing_names[listing]);
    fc_file_list_free(&list);
    add(&list, "loose", false);
    expect(unlink("loose/p.jsonl") == 0, "unlink", "loose/p.jsonl");
    add(&list, "loose", false);
    expect(!list.is_loose && list.entries[1].has_size, "settled", listing_names[listing]);
    expect_list(&list, both, NULL, "vanished");
}

static void check_links(void) {
    make_folder("links");
    make_folder("links/real");
    make_file("links/real/x.jsonl", "x");
    make_file("outside.log", "outside");
    /* Whatever order the system lists them in, the first name counts. */
    for (const char *last = "bcdefgahijklmn"; *last; last++) {
        char path[] = "links/aa?";
        path[8] = *last;
        make_link("real", path);
    }
    make_link("..", "links/real/back");
    make_link("../outside.log", "links/file.jsonl");
    make_link("real/x.jsonl", "links/zzz.jsonl");
    make_link("nowhere", "links/gone.jsonl");
    make_link("self.jsonl", "links/self.jsonl");
    make_link(".", "links/here");
    make_link("/dev/null", "links/null.jsonl");
    fc_file_list list = {0};
    add(&list, "links", false);
    expect_list(&list, (const char *[]){"links/real/x.jsonl", NULL}, NULL, "links are passed over");
    add(&list, "links", true);
    expect_list(&list, (const char *[]){"links/aaa/x.jsonl", "links/file.jsonl", NULL}, NULL, "links are followed");
    add(&list, "links/aaa", false);
    add(&list, "links/file.jsonl", false);
    add(&list, "links/gone.jsonl", false);
    add(&list, "links/self.jsonl", false);
    add(&list, "links/null.jsonl", false);
    add(&list, "links/file.jsonl/x", false);
    add(&list, "", false);
    expect_list(&list, (const char *[]){"links/aaa/x.jsonl", "links/file.jsonl", NULL},
                (const want_error[]){{"links/gone.jsonl", ENOENT}, {"links/self.jsonl", ELOOP}, {"links/null.jsonl", 0},
                                     {"links/file.jsonl/x", ENOTDIR}, {"", ENOENT}, {NULL, 0}},
                "named links are followed");
}

static int try_open(const char *path) {
    int fd = -7, code = -7;
    fc_file_info info = {.size = 7};
    const fc_status status = fc_file_open(path, &fd, &info, &code);
    if (status == FC_OK) {
        expect(fd >= 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC) && (fcntl(fd, F_GETFL) & O_NONBLOCK), "open", path);
        fc_file_close(fd);
        return -1;
    }
    expect(status == FC_OS && fd == -7 && info.size == 7, "nothing but the errno is written", path);
    return code;
}

/* Nineteen entries of one folder, walked and then named one by one; nothing may block. */
static void check_hostile(void) {
    make_folder("hostile");
    expect(mkfifo("hostile/fifo.jsonl", 0644) == 0, "mkfifo", "hostile/fifo.jsonl");
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "hostile/socket.jsonl"};
    expect(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0, "bind", address.sun_path);
    close(fd);
    const bool devices = mknod("hostile/char.jsonl", S_IFCHR | 0644, makedev(1, 5)) == 0 &&
                         mknod("hostile/block.jsonl", S_IFBLK | 0644, makedev(7, 1000)) == 0;
    if (!devices) printf("no device nodes: %s\n", strerror(errno));
    make_link("fifo.jsonl", "hostile/to_fifo.jsonl");
    make_link("/dev/zero", "hostile/to_zero.jsonl");
    make_link("self.jsonl", "hostile/self.jsonl");
    make_link("nowhere", "hostile/dangling.jsonl");
    make_link("..", "hostile/up");
    make_link(".", "hostile/here");
    make_link("good.jsonl", "hostile/a_link.jsonl");
    make_folder("hostile/shut");
    make_file("hostile/shut/x.jsonl", "x");
    make_folder("hostile/unsearchable");
    make_file("hostile/unsearchable/x.jsonl", "x");
    make_folder("hostile/unlistable");
    make_file("hostile/unlistable/x.jsonl", "x");
    make_file("hostile/shut.jsonl", "x");
    make_file("hostile/new\nline.jsonl", "x");
    make_file("hostile/\xff\xc3.jsonl", "x");
    char longest[300] = "hostile/";
    memset(longest + 8, 'n', 255 - 6);
    strcpy(longest + 8 + 255 - 6, ".jsonl");
    make_file(longest, "x");
    make_file("hostile/good.jsonl", "x");
    chmod("hostile/shut", 0);
    chmod("hostile/shut.jsonl", 0);
    chmod("hostile/unsearchable", 0444);
    chmod("hostile/unlistable", 0111);

    /* Root may read everything: be nobody for a while. */
    const bool root = geteuid() == 0;
    const bool bound = !root || seteuid(65534) == 0;
    if (!bound) printf("permissions are not checked: root cannot become another user\n");
    const want_error denied[] = {{"hostile/shut", EACCES}, {"hostile/unlistable", EACCES}, {NULL, 0}};
    const char *const files[] = {"hostile/good.jsonl", "hostile/new\nline.jsonl", longest, "hostile/shut.jsonl",
                                 "hostile/unsearchable/x.jsonl", "hostile/\xff\xc3.jsonl", NULL};
    for (listing = AS_IT_IS; bound && listing < LISTINGS; listing++) {
        fc_file_list list = {0};
        add(&list, "hostile", false);
        expect_list(&list, files, denied, "hostile entries");
        add(&list, "outside.log", false);
        add(&list, "hostile", false);
        expect(list.len == 7, "every file is looked at, and those that do not let it stay", listing_names[listing]);
        fc_file_list_free(&list);
        add(&list, "hostile/here", true);
        expect(list.len > 6 && list.errors_len >= 2, "links are followed up and around", listing_names[listing]);
        for (size_t i = 0; i < list.len; i++)
            expect(strstr(list.entries[i].path, "fifo") == NULL && strstr(list.entries[i].path, "zero") == NULL &&
                       strstr(list.entries[i].path, "self") == NULL, "no regular file", list.entries[i].path);
        fc_file_list_free(&list);
    }
    listing = AS_IT_IS;

    const want_error named[] = {
        {"hostile/fifo.jsonl", 0},    {"hostile/socket.jsonl", 0},         {"hostile/to_fifo.jsonl", 0},
        {"hostile/to_zero.jsonl", 0}, {"hostile/self.jsonl", ELOOP},       {"hostile/dangling.jsonl", ENOENT},
        {NULL, 0}};
    fc_file_list list = {0};
    for (size_t i = 0; named[i].path != NULL; i++) {
        add(&list, named[i].path, false);
        expect(try_open(named[i].path) == named[i].code, "open", named[i].path);
    }
    expect_list(&list, NULL, named, "named");
    if (bound) {
        expect(try_open("hostile/shut.jsonl") == EACCES, "open", "hostile/shut.jsonl");
        expect(try_open("hostile/unsearchable/x.jsonl") == EACCES, "open", "hostile/unsearchable/x.jsonl");
        expect(try_open("hostile/unlistable/x.jsonl") == -1, "open", "hostile/unlistable/x.jsonl");
        add(&list, "hostile/shut/x.jsonl", false);
        add(&list, "hostile/unlistable/x.jsonl", false);
        expect_list(&list, (const char *[]){"hostile/unlistable/x.jsonl", NULL},
                    (const want_error[]){{"hostile/shut/x.jsonl", EACCES}, {NULL, 0}}, "named below a closed folder");
    }
    if (root && bound) expect(seteuid(0) == 0, "seteuid", "root again");
    if (devices) {
        add(&list, "hostile/char.jsonl", false);
        add(&list, "hostile/block.jsonl", false);
        const want_error nodes[] = {{"hostile/char.jsonl", 0}, {"hostile/block.jsonl", 0}, {NULL, 0}};
        expect_list(&list, NULL, nodes, "devices");
        expect(try_open("hostile/char.jsonl") == 0, "open", "hostile/char.jsonl");
    }
    expect(try_open("hostile") == 0 && try_open("hostile/up") == 0, "a folder is no file", "hostile");
    expect(try_open("nowhere") == ENOENT && try_open("outside.log/x") == ENOTDIR, "open", "nowhere");
}

/* Folders deeper than the system opens by one path. */
static void check_deep(void) {
    make_folder("deep");
    char name[251];
    memset(name, 'd', 250);
    name[250] = 0;
    int fd = open("deep", O_RDONLY | O_DIRECTORY);
    for (int level = 0; level < 20; level++) {
        const int file = openat(fd, "x.jsonl", O_WRONLY | O_CREAT, 0644);
        expect(file >= 0 && mkdirat(fd, name, 0755) == 0, "cannot make", "deep");
        close(file);
        const int next = openat(fd, name, O_RDONLY | O_DIRECTORY);
        close(fd);
        fd = next;
    }
    close(fd);
    for (int follow = 0; follow < 2; follow++) {
        fc_file_list list = {0};
        add(&list, "deep", follow);
        /* 4 + 16 * 251 bytes is the last folder below 4,096. */
        expect(list.len == 17 && list.errors_len == 1, "a folder too deep is an error", listing_names[listing]);
        expect(list.errors[0].code == ENAMETOOLONG && list.errors[0].path_len == 4 + 17 * 251, "deep", "too long");
        fc_file_list_free(&list);
    }
}

static int lowest_free(void) {
    const int fd = open(".", O_RDONLY | O_DIRECTORY);
    close(fd);
    return fd;
}

static void check_one_descriptor(void) {
    const int fd = lowest_free();
    struct rlimit before, one;
    getrlimit(RLIMIT_NOFILE, &before);
    one = before;
    one.rlim_cur = (rlim_t)fd + 1;
    expect(setrlimit(RLIMIT_NOFILE, &one) == 0, "setrlimit", "one descriptor");
    fc_file_list list = {0};
    for (int follow = 0; follow < 2; follow++) {
        add(&list, "names", follow);
        expect(list.len == 11 && list.errors_len == 0, "one descriptor is enough", "names");
    }
    fc_file_list_free(&list);
    one.rlim_cur = (rlim_t)fd;
    setrlimit(RLIMIT_NOFILE, &one);
    add(&list, "names", false);
    expect_list(&list, NULL, (const want_error[]){{"names", EMFILE}, {NULL, 0}}, "no descriptor left");
    expect(try_open("outside.log") == EMFILE, "no descriptor left", "open");
    setrlimit(RLIMIT_NOFILE, &before);
    expect(lowest_free() == fd, "no descriptor is lost", "walks and opens");
}

static void check_read(void) {
    enum { SIZE = 100000 };
    uint8_t *bytes = calloc(1, SIZE), *got = calloc(1, SIZE + 1);
    for (size_t i = 0; i < SIZE; i++) bytes[i] = (uint8_t)(i * 31 >> 3);
    int out = open("read.bin", O_WRONLY | O_CREAT, 0644);
    expect(write(out, bytes, SIZE) == SIZE, "write", "read.bin");

    int fd, code = 0;
    fc_file_info info, again;
    expect(fc_file_open("read.bin", &fd, &info, &code) == FC_OK && info.size == SIZE, "open", "read.bin");
    const size_t places[] = {0, 1, 4095, 4096, 65537, SIZE - 1, SIZE, SIZE + 1};
    for (size_t i = 0; i < 8; i++) {
        for (size_t j = 0; j < 16; j++) {
            interrupted = j >= 8;
            const size_t at = places[i], len = places[j % 8], left = at < SIZE ? SIZE - at : 0;
            const size_t want = len < left ? len : left;
            size_t done = 777;
            memset(got, 0xee, SIZE + 1);
            expect(fc_file_read(fd, at, got, len, &done, &code) == FC_OK && done == want, "read", "length");
            expect(want == 0 || memcmp(got, bytes + at, want) == 0, "read", "bytes");
            expect(got[want] == 0xee, "read", "nothing behind");
        }
    }
    interrupted = false;
    size_t done = 777;
    expect(fc_file_read(fd, UINT64_MAX - 4, got, 4, &done, &code) == FC_OS, "read", "an offset that cannot be");
    expect(code == EINVAL && done == 0, "read", "an offset that cannot be");
    expect(write(out, "more", 4) == 4, "append", "read.bin");
    expect(fc_file_stat(fd, &again, &code) == FC_OK && again.size == SIZE + 4, "stat again", "size");
    expect(again.inode == info.inode && again.device == info.device, "stat again", "the same file");
    expect(again.mtime_ns >= info.mtime_ns, "stat again", "not older");
    expect(fc_file_stat_path("read.bin", &again, &code) == FC_OK && again.size == SIZE + 4, "stat a path", "size");
    expect(fc_file_stat_path("nowhere", &again, &code) == FC_OS && code == ENOENT, "stat a path", "nowhere");
    expect(ftruncate(out, 10) == 0, "truncate", "read.bin");
    expect(fc_file_read(fd, 4, got, 100, &done, &code) == FC_OK && done == 6, "read", "truncated");
    expect(unlink("read.bin") == 0, "unlink", "read.bin");
    expect(fc_file_read(fd, 0, got, 100, &done, &code) == FC_OK && done == 10, "read", "unlinked");
    fc_file_close(fd);
    close(out);
    done = 777;
    expect(fc_file_read(fd, 0, got, 4, &done, &code) == FC_OS && code == EBADF && done == 0, "read", "closed");
    expect(fc_file_stat(fd, &again, &code) == FC_OS && code == EBADF, "stat", "closed");
    free(bytes);
    free(got);
}

static void check_memory(void) {
    fc_file_list list = {0};
    const uint8_t bytes[3] = {'a', 'b', 'c'};
    for (int i = 0; i < 2; i++) {
        expect(fc_file_list_add_memory(&list, "<memory>", 8, bytes, 3) == FC_OK, "memory", "add");
        expect(fc_file_list_add_memory(&list, "<stdin>", 7, NULL, 0) == FC_OK, "memory", "add nothing");
        add(&list, "twice", false);
    }
    const char *const names[] = {"<memory>",          "<stdin>",  "twice/b.jsonl", "twice/in/c.jsonl",
                                 "twice/in/y.jsonl", "<memory>", "<stdin>"};
    expect(list.len == 7, "memory", "is never the same");
    for (size_t i = 0; i < 7; i++) {
        const fc_file_entry *entry = &list.entries[i];
        expect(strcmp(entry->path, names[i]) == 0 && entry->has_size, "memory among files", names[i]);
        expect((entry->memory != NULL) == (names[i][0] == '<'), "memory", "bytes");
        if (entry->memory != NULL) expect(entry->info.size == (names[i][1] == 'm' ? 3 : 0), "memory", "size");
    }
    fc_file_list_free(&list);
    fc_file_list_free(&list);
}

static void check_open(void) {
    fc_file_list list = {0};
    make_file("lent.bin", "abc");
    const int fd = open("lent.bin", O_RDWR);
    int code = 77;
    expect(fc_file_list_add_open(&list, "<stdin>", 7, -1, &code) == FC_OS && code == EBADF, "open", "no descriptor");
    expect(list.len == 0, "open", "nothing added");
    for (int i = 0; i < 2; i++) expect(fc_file_list_add_open(&list, "<stdin>", 7, fd, &code) == FC_OK, "open", "add");
    add(&list, "lent.bin", false);
    add(&list, "twice", false);
    expect(list.len == 6, "open", "is never the same");
    for (size_t i = 0; i < 2; i++) {
        const fc_file_entry *entry = &list.entries[i];
        expect(entry->is_open && entry->fd == fd && entry->memory == NULL, "open", "descriptor");
        expect(strcmp(entry->path, "<stdin>") == 0 && entry->path_len == 7, "open", "path");
        expect(entry->has_size && entry->info.size == 3, "open", "size");
    }
    expect(!list.entries[2].is_open, "open", "a path beside it");
    fc_file_list_free(&list);
    expect(lseek(fd, 0, SEEK_CUR) == 0 && close(fd) == 0, "open", "is left open, where it stood");
}

static void check_place(void) {
    fc_file_list list = {0};
    char place[] = "twice/b.jsonl";
    for (int i = 0; i < 2; i++)
        expect(fc_file_list_add_file(&list, "other\0 name", 5, place) == FC_OK, "place", "add");
    expect(fc_file_list_add_file(&list, "nowhere", 7, "nowhere") == FC_OK, "place", "is not looked at");
    place[0] = 'T';
    add(&list, "twice", false); /* that is where the others are asked who they are */
    add(&list, "twice/b.jsonl", false);
    const char *const names[] = {"other", "other", "nowhere", "twice/b.jsonl", "twice/in/c.jsonl", "twice/in/y.jsonl"};
    const char *const places[] = {"twice/b.jsonl", "twice/b.jsonl", "nowhere"};
    expect(list.len == 6 && list.errors_len == 0, "place", "is never the same");
    for (size_t i = 0; i < 6; i++) {
        const fc_file_entry *entry = &list.entries[i];
        expect(strcmp(entry->path, names[i]) == 0 && entry->path_len == strlen(names[i]), "place", names[i]);
        expect(strcmp(fc_file_entry_place(entry), i < 3 ? places[i] : names[i]) == 0, "place", names[i]);
        expect(i >= 3 || (!entry->has_size && entry->memory == NULL && !entry->is_open), "place", "no size");
    }
    fc_file_list_free(&list);
}

static void remove_all(const char *path) {
    const int fd = open(path, O_RDONLY | O_DIRECTORY);
    if (fd >= 0) empty(fd);
    rmdir(path);
}

int main(void) {
    char folder[] = "fc_file.XXXXXX";
    umask(022);
    expect(mkdtemp(folder) != NULL && chmod(folder, 0755) == 0 && chdir(folder) == 0, "mkdtemp", folder);
    for (listing = AS_IT_IS; listing < LISTINGS; listing++) {
        const char *const made[] = {"names", "twice", "loose", "links", "deep"};
        for (size_t i = 0; i < 5; i++) remove_all(made[i]);
        check_names();
        check_twice();
        check_loose();
        check_links();
        check_deep();
    }
    listing = AS_IT_IS;
    check_one_descriptor();
    check_memory();
    check_open();
    check_place();
    check_read();
    check_hostile();
    expect(chdir("..") == 0, "chdir", "back");
    remove_all(folder);
    printf("%lu checks\n", checks);
    return 0;
}
