#define _GNU_SOURCE
#include "fc_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fc_file_seen {
    size_t len, capacity;
    struct {
        uint64_t device, inode;
        bool used;
    } slots[];
};
typedef struct fc_file_seen seen_set;

static size_t slot_of(const seen_set *set, uint64_t device, uint64_t inode) {
    const uint64_t hash = (inode * 0x9e3779b97f4a7c15u) ^ (device * 0xc2b2ae3d27d4eb4fu);
    size_t at = (size_t)(hash ^ hash >> 32) & (set->capacity - 1);
    while (set->slots[at].used && (set->slots[at].device != device || set->slots[at].inode != inode))
        at = (at + 1) & (set->capacity - 1);
    return at;
}

/* Add a (device, inode); *out_new is false if it was there. */
static fc_status add_seen(seen_set **set, uint64_t device, uint64_t inode, bool *out_new) {
    seen_set *old = *set;
    if (old == NULL || old->len * 2 >= old->capacity) {
        const size_t capacity = old == NULL ? 64 : old->capacity * 2;
        seen_set *grown = calloc(1, sizeof *grown + capacity * sizeof grown->slots[0]);
        if (grown == NULL) return FC_NO_MEMORY;
        grown->capacity = capacity;
        for (size_t i = 0; old != NULL && i < old->capacity; i++)
            if (old->slots[i].used)
                grown->slots[slot_of(grown, old->slots[i].device, old->slots[i].inode)] = old->slots[i];
        grown->len = old == NULL ? 0 : old->len;
        free(old);
        *set = grown;
    }
    const size_t at = slot_of(*set, device, inode);
    *out_new = !(*set)->slots[at].used;
    if (*out_new) {
        (*set)->slots[at].device = device;
        (*set)->slots[at].inode = inode;
        (*set)->slots[at].used = true;
        (*set)->len++;
    }
    return FC_OK;
}

static fc_file_info info_of(const struct stat *st) {
    return (fc_file_info){.device = (uint64_t)st->st_dev,
                          .inode = (uint64_t)st->st_ino,
                          .size = st->st_size < 0 ? 0 : (uint64_t)st->st_size,
                          .mtime_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec,
                          .ctime_ns = (int64_t)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec};
}

static char *copy_path(const char *path, size_t len) {
    char *copy = malloc(len + 1);
    if (copy == NULL) return NULL;
    memcpy(copy, path, len);
    copy[len] = 0;
    return copy;
}

static bool grow(void **items, size_t len, size_t *capacity, size_t size) {
    if (len < *capacity) return true;
    const size_t wanted = *capacity ? *capacity * 2 : 64;
    void *grown = realloc(*items, wanted * size);
    if (grown == NULL) return false;
    *items = grown;
    *capacity = wanted;
    return true;
}

static fc_status add_error(fc_file_list *list, const char *path, size_t len, int code) {
    void *items = list->errors;
    if (!grow(&items, list->errors_len, &list->errors_capacity, sizeof *list->errors)) return FC_NO_MEMORY;
    list->errors = items;
    char *copy = copy_path(path, len);
    if (copy == NULL) return FC_NO_MEMORY;
    list->errors[list->errors_len++] = (fc_file_error){copy, len, code};
    return FC_OK;
}

static void free_entry(const fc_file_entry *entry) {
    free(entry->path);
    free(entry->place);
}

/* Append an entry and take over its path and its place, which are freed on failure. */
static fc_status append(fc_file_list *list, const fc_file_entry *entry) {
    void *items = list->entries;
    if (entry->path == NULL || !grow(&items, list->len, &list->capacity, sizeof *list->entries)) {
        free_entry(entry);
        return FC_NO_MEMORY;
    }
    list->entries = items;
    list->entries[list->len++] = *entry;
    return FC_OK;
}

/* Ask each file for the identity that its folder told, and keep the first of those that are the same. */
static fc_status settle(fc_file_list *list) {
    free(list->seen);
    list->seen = NULL;
    list->is_loose = false;
    fc_status status = FC_OK;
    size_t kept = 0;
    for (size_t i = 0; i < list->len; i++) {
        fc_file_entry entry = list->entries[i];
        struct stat st;
        if (!entry.has_size && entry.place == NULL && stat(entry.path, &st) == 0) {
            entry.info = info_of(&st);
            entry.has_size = true;
        }
        bool fresh = true; /* what is gone by now stays: opening it says why */
        if (entry.has_size && entry.memory == NULL && !entry.is_open && status == FC_OK)
            status = add_seen(&list->seen, entry.info.device, entry.info.inode, &fresh);
        if (fresh) list->entries[kept++] = entry;
        else free_entry(&entry);
    }
    list->len = kept;
    return status;
}

static bool is_log(const char *name, size_t len) {
    return (len >= 6 && memcmp(name + len - 6, ".jsonl", 6) == 0) ||
           (len >= 7 && memcmp(name + len - 7, ".ndjson", 7) == 0);
}

/* A walk under way: folders still to be read, files found.
 *
 * A folder's list tells each file's inode without a stat, which would cost as much as all the rest of the walk. Some
 * file systems tell another number there than stat does (overlays, mounted files) or one number for all (FUSE), so
 * it is believed only where it cannot lose a file: while one walk without links fills an empty list and no number
 * comes twice. Else, and as soon as something more is added, every file is asked (`settle`). What can then be left
 * is a file that one walk meets at two mount points. */
typedef struct walk {
    fc_file_list *list;
    bool follow, exact;
    char **folders; /* a stack */
    size_t folders_len, folders_capacity;
    fc_file_entry *found; /* paths owned */
    size_t found_len, found_capacity;
    seen_set *visited; /* folders read, if `follow` */
} walk;

static fc_status add_folder(walk *w, char *path) {
    void *items = w->folders;
    if (!grow(&items, w->folders_len, &w->folders_capacity, sizeof *w->folders)) {
        free(path);
        return FC_NO_MEMORY;
    }
    w->folders = items;
    w->folders[w->folders_len++] = path;
    return FC_OK;
}

static char *join(const char *folder, const char *name, size_t name_len, size_t *out_len) {
    size_t len = strlen(folder);
    const bool slash = len != 0 && folder[len - 1] != '/';
    char *path = malloc(len + slash + name_len + 1);
    if (path == NULL) return NULL;
    memcpy(path, folder, len);
    if (slash) path[len++] = '/';
    memcpy(path + len, name, name_len);
    path[len + name_len] = 0;
    *out_len = len + name_len;
    return path;
}

/* Judge one entry of a folder by its type, and stat it where the type is not enough. */
static fc_status take_entry(walk *w, int folder_fd, uint64_t device, const char *folder, const struct dirent *entry) {
    const char *name = entry->d_name;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return FC_OK;
    const size_t name_len = strlen(name);
    const bool log = is_log(name, name_len);
    const unsigned char type = entry->d_type;
    if (type == DT_LNK && !w->follow) return FC_OK;
    if (type != DT_LNK && type != DT_UNKNOWN && type != DT_DIR && !(type == DT_REG && log)) return FC_OK;

    bool is_folder = type == DT_DIR, has_size = false;
    fc_file_info info = {.device = device, .inode = (uint64_t)entry->d_ino};
    int code = 0;
    if (type == DT_LNK || type == DT_UNKNOWN || (type == DT_REG && w->exact)) {
        struct stat st;
        if (fstatat(folder_fd, name, &st, w->follow ? 0 : AT_SYMLINK_NOFOLLOW) == 0) {
            is_folder = S_ISDIR(st.st_mode);
            if (!is_folder && !(S_ISREG(st.st_mode) && log)) return FC_OK;
            info = info_of(&st);
            has_size = true;
        } else {
            if (errno == ENOENT || errno == ELOOP || type == DT_LNK) return FC_OK; /* gone, or leads nowhere */
            if (!log) code = errno;
        }
    }
    size_t len;
    char *path = join(folder, name, name_len, &len);
    if (path == NULL) return FC_NO_MEMORY;
    if (code != 0) {
        const fc_status status = add_error(w->list, path, len, code);
        free(path);
        return status;
    }
    if (is_folder) return add_folder(w, path);
    void *items = w->found;
    if (!grow(&items, w->found_len, &w->found_capacity, sizeof *w->found)) {
        free(path);
        return FC_NO_MEMORY;
    }
    w->found = items;
    w->found[w->found_len++] = (fc_file_entry){.path = path, .path_len = len, .info = info, .has_size = has_size};
    return FC_OK;
}

static int downwards(const void *a, const void *b) { return strcmp(*(char *const *)b, *(char *const *)a); }

static fc_status read_folder(walk *w, const char *folder) {
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return add_error(w->list, folder, strlen(folder), errno);
    struct stat st;
    DIR *dir = fstat(fd, &st) == 0 ? fdopendir(fd) : NULL;
    if (dir == NULL) {
        const int code = errno;
        close(fd);
        return add_error(w->list, folder, strlen(folder), code);
    }
    fc_status status = FC_OK;
    bool fresh = true;
    if (w->follow) status = add_seen(&w->visited, (uint64_t)st.st_dev, (uint64_t)st.st_ino, &fresh);
    const size_t first = w->folders_len;
    while (status == FC_OK && fresh) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (entry == NULL) {
            if (errno != 0) status = add_error(w->list, folder, strlen(folder), errno);
            break;
        }
        status = take_entry(w, fd, (uint64_t)st.st_dev, folder, entry);
    }
    closedir(dir);
    /* Which of two ways to a folder counts must not depend on the order in which the system lists them. */
    if (w->follow && w->folders_len - first > 1)
        qsort(w->folders + first, w->folders_len - first, sizeof *w->folders, downwards);
    return status;
}

static int by_path(const void *a, const void *b) {
    const fc_file_entry *x = a, *y = b;
    const int order = memcmp(x->path, y->path, x->path_len < y->path_len ? x->path_len : y->path_len);
    return order != 0 ? order : (x->path_len > y->path_len) - (x->path_len < y->path_len);
}

/* Move what a walk found to the list. */
static fc_status take_found(walk *w, fc_status status) {
    fc_file_list *list = w->list;
    bool doubtful = false;
    if (w->found_len != 0) qsort(w->found, w->found_len, sizeof *w->found, by_path);
    for (size_t i = 0; i < w->found_len; i++) {
        const fc_file_entry *entry = &w->found[i];
        bool fresh = true;
        if (status == FC_OK && (entry->has_size || !w->exact))
            status = add_seen(&list->seen, entry->info.device, entry->info.inode, &fresh);
        if (status != FC_OK || (!fresh && w->exact)) {
            free(entry->path);
            continue;
        }
        status = append(list, entry);
        doubtful |= !fresh;
        list->is_loose |= !entry->has_size;
    }
    free(w->found);
    return status == FC_OK && doubtful ? settle(list) : status;
}

static fc_status walk_folder(fc_file_list *list, const char *path, size_t len, bool follow) {
    walk w = {.list = list, .follow = follow, .exact = follow || list->len != 0};
    char *start = copy_path(path, len);
    fc_status status = start == NULL ? FC_NO_MEMORY : add_folder(&w, start);
    while (status == FC_OK && w.folders_len != 0) {
        char *folder = w.folders[--w.folders_len];
        status = read_folder(&w, folder);
        free(folder);
    }
    while (w.folders_len != 0) free(w.folders[--w.folders_len]);
    free(w.folders);
    free(w.visited);
    return take_found(&w, status);
}

fc_status fc_file_list_add_path(fc_file_list *list, const char *path, size_t path_len, bool follow) {
    struct stat st;
    if (stat(path, &st) != 0) return add_error(list, path, path_len, errno);
    if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode)) return add_error(list, path, path_len, 0);
    fc_status status = list->is_loose ? settle(list) : FC_OK;
    if (status != FC_OK) return status;
    if (S_ISDIR(st.st_mode)) return walk_folder(list, path, path_len, follow);
    bool fresh;
    status = add_seen(&list->seen, (uint64_t)st.st_dev, (uint64_t)st.st_ino, &fresh);
    if (status != FC_OK || !fresh) return status;
    const fc_file_entry entry = {
        .path = copy_path(path, path_len), .path_len = path_len, .info = info_of(&st), .has_size = true};
    return append(list, &entry);
}

fc_status fc_file_list_add_memory(fc_file_list *list, const char *path, size_t path_len, const uint8_t *bytes,
                                  size_t len) {
    const fc_file_entry entry = {.path = copy_path(path, path_len),
                                 .path_len = path_len,
                                 .memory = bytes != NULL ? bytes : (const uint8_t *)"",
                                 .info = {.size = len},
                                 .has_size = true};
    return append(list, &entry);
}

fc_status fc_file_list_add_open(fc_file_list *list, const char *path, size_t path_len, int fd, int *out_errno) {
    fc_file_info info;
    const fc_status status = fc_file_stat(fd, &info, out_errno);
    if (status != FC_OK) return status;
    const fc_file_entry entry = {.path = copy_path(path, path_len),
                                 .path_len = path_len,
                                 .is_open = true,
                                 .fd = fd,
                                 .info = info,
                                 .has_size = true};
    return append(list, &entry);
}

fc_status fc_file_list_add_file(fc_file_list *list, const char *path, size_t path_len, const char *place) {
    const fc_file_entry entry = {
        .path = copy_path(path, path_len), .path_len = path_len, .place = copy_path(place, strlen(place))};
    if (entry.place != NULL) return append(list, &entry);
    free_entry(&entry);
    return FC_NO_MEMORY;
}

const char *fc_file_entry_place(const fc_file_entry *entry) {
    return entry->place != NULL ? entry->place : entry->path;
}

void fc_file_list_free(fc_file_list *list) {
    for (size_t i = 0; i < list->len; i++) free_entry(&list->entries[i]);
    for (size_t i = 0; i < list->errors_len; i++) free(list->errors[i].path);
    free(list->entries);
    free(list->errors);
    free(list->seen);
    *list = (fc_file_list){0};
}

fc_status fc_file_stat_path(const char *path, fc_file_info *out_info, int *out_errno) {
    struct stat st;
    if (stat(path, &st) != 0) {
        *out_errno = errno;
        return FC_OS;
    }
    *out_info = info_of(&st);
    return FC_OK;
}

fc_status fc_file_stat(int fd, fc_file_info *out_info, int *out_errno) {
    struct stat st;
    if (fstat(fd, &st) != 0) {
        *out_errno = errno;
        return FC_OS;
    }
    *out_info = info_of(&st);
    return FC_OK;
}

fc_status fc_file_open(const char *path, int *out_fd, fc_file_info *out_info, int *out_errno) {
    int fd;
    do fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    while (fd < 0 && errno == EINTR);
    if (fd < 0) {
        /* A socket, or a device that nothing drives, cannot be opened at all. */
        *out_errno = errno == ENXIO ? 0 : errno;
        return FC_OS;
    }
    struct stat st;
    const int code = fstat(fd, &st) != 0 ? errno : 0;
    if (code != 0 || !S_ISREG(st.st_mode)) {
        *out_errno = code;
        close(fd);
        return FC_OS;
    }
    *out_info = info_of(&st);
    *out_fd = fd;
    return FC_OK;
}

fc_status fc_file_read_once(int fd, uint64_t offset, uint8_t *out, size_t len, size_t *out_len, int *out_errno) {
    ssize_t got;
    do got = pread(fd, out, len, (off_t)offset);
    while (got < 0 && errno == EINTR);
    *out_len = got < 0 ? 0 : (size_t)got;
    if (got < 0) *out_errno = errno;
    return got < 0 ? FC_OS : FC_OK;
}

fc_status fc_file_read(int fd, uint64_t offset, uint8_t *out, size_t len, size_t *out_len, int *out_errno) {
    size_t done = 0, got = 1;
    fc_status status = FC_OK;
    while (status == FC_OK && done < len && got != 0) {
        status = fc_file_read_once(fd, offset + done, out + done, len - done, &got, out_errno);
        done += got;
    }
    *out_len = done;
    return status;
}

void fc_file_close(int fd) { close(fd); }
