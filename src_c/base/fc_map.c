#define _GNU_SOURCE /* madvise */
#include "fc_map.h"

#include <sys/mman.h>
#include <unistd.h>

static atomic_size_t mappings;

const uint8_t *fc_map_open(int fd, size_t len, bool replaces) {
    if (len == 0) return NULL;
    const size_t most = replaces ? 2 * FC_MAP_MAX : FC_MAP_MAX;
    if (atomic_fetch_add(&mappings, 1) < most) {
        void *bytes = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
        if (bytes != MAP_FAILED) return bytes;
    }
    atomic_fetch_sub(&mappings, 1);
    return NULL;
}

void fc_map_close(const uint8_t *bytes, size_t len) {
    if (bytes == NULL) return;
    munmap((void *)(uintptr_t)bytes, len);
    atomic_fetch_sub(&mappings, 1);
}

void fc_map_drop(const uint8_t *bytes, size_t len) {
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    const uintptr_t begin = ((uintptr_t)bytes + page - 1) & ~(page - 1);
    const uintptr_t end = ((uintptr_t)bytes + len + page - 1) & ~(page - 1);
    if (begin < end) madvise((void *)begin, end - begin, MADV_DONTNEED);
}

size_t fc_map_count(void) { return atomic_load(&mappings); }
