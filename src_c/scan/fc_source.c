#define _GNU_SOURCE /* clock_gettime */
#include "fc_source.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* File times are as coarse as the kernel's tick, at most 10 ms: a write within the tick of another leaves no trace. */
enum { RACY_NS = 20 * 1000 * 1000 };

static const uint64_t hash_start = 0xcbf29ce484222325u;

/* FNV-1a, by Fowler, Noll and Vo. */
static uint64_t hash_bytes(uint64_t hash, const uint8_t *bytes, size_t len) {
    for (size_t i = 0; i < len; i++) hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash;
}

/* True if nothing is to be opened: the member's bytes are mapped, or it has none. */
static bool is_mapped(const fc_source *source) {
    return source->member != NULL && (source->member->bytes != NULL || source->member->info.size == 0);
}

/* Read an open file as the member that it is; false, and closed, when it is another file. */
static bool take_member(fc_source *source, const fc_member *member) {
    const bool same = source->info.inode == member->info.inode && source->info.device == member->info.device;
    source->info = member->info;
    if (!same) fc_file_close(source->fd);
    return same;
}

fc_status fc_source_open(const fc_file_entry *entry, fc_source *out, int *out_errno) {
    fc_source source = {.fd = -1, .memory = entry->memory, .member = entry->member, .info = entry->info,
                        .place = fc_file_entry_place(entry)};
    if (is_mapped(&source)) {
        source.has_time = true;
    } else if (entry->is_open) {
        source.fd = entry->fd;
        source.is_lent = true;
        const fc_status status = fc_file_stat(source.fd, &source.info, out_errno);
        if (status != FC_OK) return status;
    } else if (source.memory == NULL) {
        source.has_time = true;
        const fc_status status = fc_file_open(source.place, &source.fd, &source.info, out_errno);
        if (status != FC_OK) return status;
        if (entry->member != NULL && !take_member(&source, entry->member)) {
            *out_errno = ESTALE;
            return FC_OS;
        }
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        source.racy = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec - source.info.mtime_ns < RACY_NS;
    }
    source.hash = hash_start;
    *out = source;
    return FC_OK;
}

fc_status fc_source_read(const fc_source *source, uint64_t offset, uint8_t *out, size_t len, size_t *out_len,
                         int *out_errno) {
    const uint64_t left = offset < source->info.size ? source->info.size - offset : 0;
    if (source->memory != NULL || source->member != NULL) {
        if (len > left) len = (size_t)left;
    }
    if (is_mapped(source)) return fc_member_read(source->member, source->place, offset, out, len, out_len, out_errno);
    if (source->memory == NULL) return fc_file_read(source->fd, offset, out, len, out_len, out_errno);
    if (len != 0) memcpy(out, source->memory + offset, len);
    *out_len = len;
    return FC_OK;
}

void fc_source_note(fc_source *source, uint64_t offset, const uint8_t *bytes, size_t len) {
    fc_source_mark *mark = &source->mark;
    if (len == 0) return;
    if (mark->len == 0) source->hash_begin = offset;
    mark->end = offset + len;
    mark->len = len < sizeof mark->bytes ? len : sizeof mark->bytes;
    memcpy(mark->bytes, bytes + len - mark->len, mark->len);
    if (source->racy) source->hash = hash_bytes(source->hash, bytes, len);
}

/* True if the bytes from `at` to `end` still have this hash. */
static bool still_hash(const fc_source *source, uint64_t at, uint64_t end, uint64_t wanted) {
    uint8_t bytes[4096];
    uint64_t hash = hash_start;
    while (at < end) {
        size_t want = sizeof bytes, got;
        int code;
        if (want > end - at) want = (size_t)(end - at);
        if (fc_file_read(source->fd, at, bytes, want, &got, &code) != FC_OK || got < want) return false;
        hash = hash_bytes(hash, bytes, got);
        at += got;
    }
    return hash == wanted;
}

static bool still_marked(const fc_source *source, const fc_source_mark *mark) {
    return still_hash(source, mark->end - mark->len, mark->end, hash_bytes(hash_start, mark->bytes, mark->len));
}

/* Wait for 1 ms, whatever signals come. */
static void wait_a_moment(void) {
    struct timespec left = {.tv_nsec = 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) continue;
}

/* Say by sizes and times what happened to a file that was `before` and is *now; *out_written: it was written to, at its
 * end at the most. The system sets the time of a file that is appended to before its size: where the time alone has
 * changed the file is asked once more. */
static fc_source_fate fate_of(const fc_source *source, const fc_file_info *before, fc_file_info *now,
                              bool *out_written) {
    *out_written = now->mtime_ns != before->mtime_ns;
    if (*out_written && now->size == before->size) {
        int code;
        wait_a_moment();
        if (fc_file_stat(source->fd, now, &code) != FC_OK || now->size == before->size) return FC_SOURCE_CHANGED;
    }
    return now->size < before->size ? FC_SOURCE_TRUNCATED : FC_SOURCE_SAME;
}

fc_source_fate fc_source_judge(const fc_source *source, uint64_t *out_size) {
    *out_size = source->info.size;
    if (source->memory != NULL) return FC_SOURCE_SAME;
    if (is_mapped(source)) {
        const fc_member_fate fate = fc_member_judge(source->member, source->place, out_size);
        return fate == FC_MEMBER_TRUNCATED ? FC_SOURCE_TRUNCATED
               : fate == FC_MEMBER_REPLACED ? FC_SOURCE_CHANGED
                                            : FC_SOURCE_SAME;
    }
    fc_file_info now;
    int code;
    if (fc_file_stat(source->fd, &now, &code) != FC_OK) return FC_SOURCE_CHANGED;
    bool written, same = true;
    const fc_source_fate fate = fate_of(source, &source->info, &now, &written);
    *out_size = now.size;
    if (fate != FC_SOURCE_SAME) return fate;
    if (source->racy) same = still_hash(source, source->hash_begin, source->mark.end, source->hash);
    else if (written) same = still_marked(source, &source->mark);
    return same ? FC_SOURCE_SAME : FC_SOURCE_CHANGED;
}

fc_status fc_source_look_again(fc_source *source) {
    int code;
    return source->fd < 0 ? FC_OK : fc_file_stat(source->fd, &source->info, &code);
}

fc_source_fate fc_source_compare(const fc_source *source, const fc_file_info *before, const fc_source_mark *mark,
                                 uint64_t *out_size) {
    fc_file_info now = source->info;
    *out_size = now.size;
    if (source->fd < 0) return FC_SOURCE_SAME; /* one memory, or one mapping, all along */
    if (now.inode != before->inode || now.device != before->device) return FC_SOURCE_CHANGED;
    bool written;
    const fc_source_fate fate = fate_of(source, before, &now, &written);
    *out_size = now.size;
    if (fate != FC_SOURCE_SAME) return fate;
    /* Where the file ends before the mark, its size has told so already. */
    const bool same = !(written || source->racy) || mark->end > now.size || still_marked(source, mark);
    return same ? FC_SOURCE_SAME : FC_SOURCE_CHANGED;
}

void fc_source_close(fc_source *source) {
    if (source->fd >= 0 && !source->is_lent) fc_file_close(source->fd);
    source->fd = -1;
}
