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
    size_t at = (size_t)((inode * 0x9e3779b97f4a7c15u) ^ (device * 0xc2b2ae3d27d4eb4fu)) & (set->capacity - 1);
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
    return (fc_file_info){(uint64_t)st->st_dev, (uint64_t)st->st_ino, st->st_size < 0 ? 0 : (uint64_t)st->st_size,
                          (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec};
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

static fc_status append(fc_file_list *list, const fc_file_entry *entry) {
    void *items = list->entries;
    if (!grow(&items, list->len, &list->capacity, sizeof *list->entries)) return FC_NO_MEMORY;
    list->entries = items;
    char *copy = copy_path(entry->path, entry->path_len);
    if (copy == NULL) return FC_NO_MEMORY;
    list->entries[list->len] = *entry;
    list->entries[list->len++].path = copy;
    return FC_OK;
}

static bool is_log(const char *name, size_t len) {
    return (len > 6 && memcmp(name + len - 6, ".jsonl", 6) == 0) ||
           (len > 7 && memcmp(name + len - 7, ".ndjson", 7) == 0);
}

/* A walk under way: folders still to be read, files found. */
typedef struct walk {
    fc_file_list *list;
    bool follow;
    char **folders;
    size_t folders_len, folders_capacity;
    fc_file_entry *found; /* paths owned */
    size_t found_len, found_capacity;
    seen_set *visited;
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

/* Judge one entry of a folder by its type, and stat it where the type is not enough: that costs as much as all the
 * rest of the walk. */
static fc_status take_entry(walk *w, int folder_fd, uint64_t device, const char *folder, const struct dirent *entry) {
    const char *name = entry->d_name;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return FC_OK;
    const size_t name_len = strlen(name);
    const bool log = is_log(name, name_len);
    const unsigned char type = entry->d_type;
    if (type == DT_LNK && !w->follow) return FC_OK;
    if (type != DT_LNK && type != DT_UNKNOWN && type != DT_DIR && !(type == DT_REG && log)) return FC_OK;

    struct stat st;
    bool is_folder = type == DT_DIR;
    const bool known = type == DT_REG || (is_folder && !w->follow);
    if (!known) {
        if (fstatat(folder_fd, name, &st, w->follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0) return FC_OK;
        is_folder = S_ISDIR(st.st_mode);
        if (!is_folder && !(S_ISREG(st.st_mode) && log)) return FC_OK;
    }
    if (is_folder && w->follow) {
        bool fresh;
        const fc_status status = add_seen(&w->visited, (uint64_t)st.st_dev, (uint64_t)st.st_ino, &fresh);
        if (status != FC_OK || !fresh) return status;
    }
    size_t len;
    char *path = join(folder, name, name_len, &len);
    if (path == NULL) return FC_NO_MEMORY;
    if (is_folder) return add_folder(w, path);
    void *items = w->found;
    if (!grow(&items, w->found_len, &w->found_capacity, sizeof *w->found)) {
        free(path);
        return FC_NO_MEMORY;
    }
    w->found = items;
    const fc_file_info info = known ? (fc_file_info){.device = device, .inode = (uint64_t)entry->d_ino} : info_of(&st);
    w->found[w->found_len++] = (fc_file_entry){.path = path, .path_len = len, .info = info, .has_size = !known};
    return FC_OK;
}

static fc_status read_folder(walk *w, const char *folder) {
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL) {
        const int code = errno;
        if (fd >= 0) close(fd);
        return add_error(w->list, folder, strlen(folder), code);
    }
    struct stat st;
    fc_status status = FC_OK;
    if (fstat(fd, &st) != 0) {
        status = add_error(w->list, folder, strlen(folder), errno);
        closedir(dir);
        return status;
    }
    while (status == FC_OK) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (entry == NULL) {
            if (errno != 0) status = add_error(w->list, folder, strlen(folder), errno);
            break;
        }
        status = take_entry(w, fd, (uint64_t)st.st_dev, folder, entry);
    }
    closedir(dir);
    return status;
}

static int by_path(const void *a, const void *b) {
    const fc_file_entry *x = a, *y = b;
    const int order = memcmp(x->path, y->path, x->path_len < y->path_len ? x->path_len : y->path_len);
    return order != 0 ? order : (x->path_len > y->path_len) - (x->path_len < y->path_len);
}

static fc_status walk_folder(fc_file_list *list, const char *path, size_t len, const struct stat *st, bool follow) {
    walk w = {.list = list, .follow = follow};
    bool fresh;
    fc_status status = add_seen(&w.visited, (uint64_t)st->st_dev, (uint64_t)st->st_ino, &fresh);
    char *start = copy_path(path, len);
    if (start == NULL) status = FC_NO_MEMORY;
    else if (status == FC_OK) status = add_folder(&w, start);
    else free(start);
    while (status == FC_OK && w.folders_len != 0) {
        char *folder = w.folders[--w.folders_len];
        status = read_folder(&w, folder);
        free(folder);
    }
    if (w.found_len != 0) qsort(w.found, w.found_len, sizeof *w.found, by_path);
    for (size_t i = 0; i < w.found_len; i++) {
        if (status == FC_OK) status = add_seen(&list->seen, w.found[i].info.device, w.found[i].info.inode, &fresh);
        if (status == FC_OK && fresh) status = append(list, &w.found[i]);
        free(w.found[i].path);
    }
    while (w.folders_len != 0) free(w.folders[--w.folders_len]);
    free(w.folders);
    free(w.found);
    free(w.visited);
    return status;
}

fc_status fc_file_list_add_path(fc_file_list *list, const char *path, size_t path_len, bool follow) {
    struct stat st;
    if (stat(path, &st) != 0) return add_error(list, path, path_len, errno);
    if (S_ISDIR(st.st_mode)) return walk_folder(list, path, path_len, &st, follow);
    if (!S_ISREG(st.st_mode)) return add_error(list, path, path_len, 0);
    const fc_file_entry entry = {.path = (char *)path, .path_len = path_len, .info = info_of(&st), .has_size = true};
    bool fresh;
    const fc_status status = add_seen(&list->seen, entry.info.device, entry.info.inode, &fresh);
    return status == FC_OK && fresh ? append(list, &entry) : status;
}

fc_status fc_file_list_add_memory(fc_file_list *list, const char *path, size_t path_len, const uint8_t *bytes,
                                  size_t len) {
    const fc_file_entry entry = {.path = (char *)path, .path_len = path_len,
                                 .memory = bytes != NULL ? bytes : (const uint8_t *)"", .info = {.size = len}, .has_size = true};
    return append(list, &entry);
}

void fc_file_list_free(fc_file_list *list) {
    for (size_t i = 0; i < list->len; i++) free(list->entries[i].path);
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
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        /* A socket cannot be opened at all. */
        *out_errno = errno == ENXIO ? 0 : errno;
        return FC_OS;
    }
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        *out_errno = 0;
        close(fd);
        return FC_OS;
    }
    *out_info = info_of(&st);
    *out_fd = fd;
    return FC_OK;
}

fc_status fc_file_read(int fd, uint64_t offset, uint8_t *out, size_t len, size_t *out_len, int *out_errno) {
    size_t done = 0;
    while (done < len) {
        const ssize_t got = pread(fd, out + done, len - done, (off_t)(offset + done));
        if (got == 0) break;
        if (got > 0) {
            done += (size_t)got;
        } else if (errno != EINTR) {
            *out_errno = errno;
            *out_len = done;
            return FC_OS;
        }
    }
    *out_len = done;
    return FC_OK;
}

void fc_file_close(int fd) { close(fd); }
