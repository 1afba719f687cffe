#define _GNU_SOURCE /* clock_gettime */
#include "fc_member.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fc_hash.h"

/* Times of files may be as coarse as two seconds. */
static const int64_t racy_ns = INT64_C(2000000000);
enum { END_BYTES = 4096, AROUND = 64 * 1024 };

static bool is_racy(const fc_file_info *info) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    const int64_t now_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    const int64_t changed = info->mtime_ns > info->ctime_ns ? info->mtime_ns : info->ctime_ns;
    return now_ns - changed < racy_ns;
}

/* `replaces`: as fc_map_open. */
static fc_status open_member(const fc_runtime *runtime, const char *path, bool replaces, fc_member **out,
                             int *out_errno) {
    int fd;
    fc_member *member = calloc(1, sizeof *member);
    if (member == NULL) return FC_NO_MEMORY;
    const fc_status status = fc_file_open(path, &fd, &member->info, out_errno);
    if (status != FC_OK) {
        free(member);
        return status;
    }
    atomic_init(&member->users, 1);
    atomic_init(&member->blocks, NULL);
    atomic_init(&member->end_hash, 0);
    member->runtime = runtime;
    member->racy = is_racy(&member->info);
    if (member->info.size <= SIZE_MAX) member->bytes = runtime->map_open(fd, (size_t)member->info.size, replaces);
    fc_file_close(fd);
    *out = member;
    return FC_OK;
}

fc_status fc_member_open(const fc_runtime *runtime, const char *path, fc_member **out, int *out_errno) {
    return open_member(runtime, path, false, out, out_errno);
}

fc_member *fc_member_share(fc_member *member) {
    if (member != NULL) atomic_fetch_add(&member->users, 1);
    return member;
}

void fc_member_release(fc_member *member) {
    if (member == NULL || atomic_fetch_sub(&member->users, 1) != 1) return;
    member->runtime->map_close(member->bytes, (size_t)member->info.size);
    fc_blocks_release(atomic_load(&member->blocks));
    fc_blocks_release(member->before);
    free(member);
}

static bool is_same_file(const fc_file_info *a, const fc_file_info *b) {
    return a->device == b->device && a->inode == b->inode;
}

typedef struct copying {
    const uint8_t *from;
    uint8_t *to;
    size_t len;
} copying;

static void copy_region(void *ctx) {
    const copying *c = ctx;
    memcpy(c->to, c->from, c->len);
}

bool fc_member_copy(const fc_member *member, uint64_t offset, uint8_t *out, size_t len) {
    copying copy = {member->bytes + offset, out, len};
    size_t fault;
    return member->runtime->guard_run(copy.from, len, copy_region, &copy, &fault);
}

uint64_t fc_member_stays(const fc_member *member, uint64_t *left) {
    const uint64_t stays = *left;
    if (member != NULL && member->bytes != NULL && *left != UINT64_MAX)
        *left -= member->info.size < stays ? member->info.size : stays;
    return stays;
}

void fc_member_drop(const fc_member *member, uint64_t stays, uint64_t begin, uint64_t end) {
    if (member == NULL || member->bytes == NULL) return;
    /* A fault brings its neighbours in, up to such borders. */
    begin -= begin % AROUND;
    if (begin < stays) begin = stays;
    if (end >= member->info.size - member->info.size % AROUND) end = member->info.size;
    else end += AROUND - 1 - (end - 1) % AROUND;
    if (begin < end) member->runtime->map_drop(member->bytes + begin, (size_t)(end - begin));
}

/* How long the file is that is mapped, as far as its name still tells. */
static uint64_t size_now(const fc_member *member, const char *path) {
    fc_file_info now;
    int code;
    const bool is_there = fc_file_stat_path(path, &now, &code) == FC_OK && is_same_file(&now, &member->info);
    return is_there && now.size < member->info.size ? now.size : member->info.size;
}

bool fc_member_is_untouched(const fc_member *member, const char *path) {
    const fc_file_info *was = &member->info;
    fc_file_info now;
    int code;
    if (fc_file_stat_path(path, &now, &code) != FC_OK || !is_same_file(&now, was)) return true;
    return now.size == was->size && now.mtime_ns == was->mtime_ns && now.ctime_ns == was->ctime_ns;
}

/* Read what the mapping does not give from the file itself, if its name still leads there: it was cut and is long
 * again, or a page is lost indeed. */
static fc_status read_file(const fc_member *member, const char *path, uint64_t offset, uint8_t *out, size_t len,
                           size_t *out_len, int *out_errno) {
    fc_file_info now;
    int fd;
    *out_len = 0;
    const fc_status status = fc_file_open(path, &fd, &now, out_errno);
    if (status != FC_OK || !is_same_file(&now, &member->info)) {
        if (status == FC_OK) fc_file_close(fd);
        *out_errno = EIO;
        return FC_OS;
    }
    const fc_status got = fc_file_read(fd, offset, out, len, out_len, out_errno);
    fc_file_close(fd);
    return got;
}

fc_status fc_member_read(const fc_member *member, const char *path, uint64_t offset, uint8_t *out, size_t len,
                         size_t *out_len, int *out_errno) {
    fc_status status = FC_OK;
    if (offset > member->info.size) offset = member->info.size;
    if (len > member->info.size - offset) len = (size_t)(member->info.size - offset);
    for (;;) {
        copying copy = {member->bytes + offset, out, len};
        size_t fault;
        /* The bytes of the page in which a file ends by now read as zeros: so its size is asked for after the copy. */
        const bool is_whole = len == 0 || member->runtime->guard_run(copy.from, len, copy_region, &copy, &fault);
        const uint64_t size = size_now(member, path), left = offset < size ? size - offset : 0;
        const bool is_short = left < len;
        if (is_short) len = (size_t)left;
        if (is_whole) break;
        if (is_short) continue;
        /* All of it: a copy does not go from the first byte to the last. */
        status = read_file(member, path, offset, out, len, &len, out_errno);
        break;
    }
    *out_len = len;
    return status;
}

/* The blocks of what is mapped, or what is wrong. */
typedef struct cutting {
    const uint8_t *bytes;
    size_t len, size;
    uint64_t before_size, before_hash; /* hash 0: nothing to compare */
    uint64_t from;
    uint64_t *ends;
    size_t count;
    uint64_t end_hash;
    bool is_other; /* not what has grown from the blocks before */
} cutting;

/* Hash the last bytes of `len`. */
static uint64_t hash_last(const uint8_t *bytes, size_t most, uint64_t len) {
    const uint64_t hash = fc_hash_bytes(bytes, most).lo + len;
    return hash == 0 ? 1 : hash;
}

static uint64_t hash_end(const uint8_t *bytes, size_t len) {
    const size_t most = len < END_BYTES ? len : END_BYTES;
    return hash_last(bytes + len - most, most, len);
}

/* The end is hashed first: if the file is written over meanwhile, it is not the old text that the next look
 * compares. */
static void cut_region(void *ctx) {
    cutting *c = ctx;
    c->end_hash = hash_end(c->bytes, c->len);
    c->is_other = c->before_hash != 0 && hash_end(c->bytes, (size_t)c->before_size) != c->before_hash;
    if (c->is_other) c->from = 0;
    c->count = fc_blocks_find_ends(c->bytes + c->from, c->len - (size_t)c->from, c->from, c->size, c->ends);
}

static void hash_region(void *ctx) {
    cutting *c = ctx;
    c->end_hash = hash_end(c->bytes, c->len);
}

const fc_blocks *fc_member_blocks(fc_member *member, size_t size) {
    fc_blocks *there = atomic_load(&member->blocks);
    if (there != NULL || member->bytes == NULL) return there;
    cutting c = {.bytes = member->bytes, .len = (size_t)member->info.size, .size = size,
                 .before_size = member->before_size, .before_hash = member->before_hash};
    const size_t kept = fc_blocks_kept(member->before, size, &c.from);
    c.ends = malloc((c.len / size + 1) * sizeof *c.ends);
    if (c.ends == NULL) return NULL;
    size_t fault;
    fc_blocks *blocks = NULL;
    if (member->runtime->guard_run(c.bytes, c.len, cut_region, &c, &fault) &&
        fc_blocks_new(member->before, c.is_other ? 0 : kept, c.ends, c.count, &blocks) == FC_OK) {
        /* Whoever sees the blocks sees the hash. */
        uint64_t unknown = 0;
        atomic_compare_exchange_strong(&member->end_hash, &unknown, c.end_hash);
        if (!atomic_compare_exchange_strong(&member->blocks, &there, blocks)) {
            fc_blocks_release(blocks);
            blocks = there;
        }
    }
    free(c.ends);
    return blocks;
}

bool fc_member_hash_end(const fc_member *member, uint64_t size, uint64_t *out) {
    if (member->bytes == NULL || size > member->info.size) return false;
    cutting c = {.bytes = member->bytes, .len = (size_t)size};
    size_t fault;
    if (!member->runtime->guard_run(c.bytes, c.len, hash_region, &c, &fault)) return false;
    *out = c.end_hash;
    return true;
}

/* The same for a file that is not mapped. */
static bool has_same_end_in_file(const char *path, uint64_t len, uint64_t wanted) {
    uint8_t bytes[END_BYTES];
    const uint64_t most = len < END_BYTES ? len : END_BYTES;
    int fd, code;
    fc_file_info info;
    size_t got;
    if (fc_file_open(path, &fd, &info, &code) != FC_OK) return false;
    const fc_status status = fc_file_read(fd, len - most, bytes, (size_t)most, &got, &code);
    fc_file_close(fd);
    return status == FC_OK && got == most && hash_last(bytes, (size_t)most, len) == wanted;
}

/* True if the longer file `bytes` has the old member's end where that had it. What nobody has read cannot differ. */
static bool has_same_end(const fc_member *old, const char *path, const uint8_t *bytes) {
    uint64_t wanted = atomic_load(&old->end_hash), size = old->info.size;
    if (wanted == 0) { /* it was not read since it grew */
        wanted = old->before_hash;
        size = old->before_size;
    }
    if (wanted == 0) return true;
    if (bytes == NULL) return has_same_end_in_file(path, size, wanted);
    cutting c = {.bytes = bytes, .len = (size_t)size};
    size_t fault;
    return old->runtime->guard_run(bytes, c.len, hash_region, &c, &fault) && c.end_hash == wanted;
}

/* Take over what is known of the member that this one has grown from. */
static void take_over(fc_member *now, const fc_member *old) {
    fc_blocks *blocks = atomic_load(&old->blocks);
    now->before = fc_blocks_share(blocks != NULL ? blocks : old->before);
    now->before_size = blocks != NULL ? old->info.size : old->before_size;
    now->before_hash = blocks != NULL ? atomic_load(&old->end_hash) : old->before_hash;
}

static fc_member_fate fate_of(const fc_member *old, const fc_member *now, const char *path) {
    if (!is_same_file(&old->info, &now->info)) return FC_MEMBER_REPLACED;
    if (now->info.size < old->info.size) return FC_MEMBER_TRUNCATED;
    if (now->info.size > old->info.size)
        return has_same_end(old, path, now->bytes) ? FC_MEMBER_GROWN : FC_MEMBER_REPLACED;
    const bool is_untouched = now->info.mtime_ns == old->info.mtime_ns && now->info.ctime_ns == old->info.ctime_ns;
    return is_untouched ? FC_MEMBER_SAME : FC_MEMBER_REPLACED;
}

typedef struct hashing {
    const uint8_t *bytes;
    size_t len;
    uint64_t hash;
} hashing;

static void hash_block_region(void *ctx) {
    hashing *h = ctx;
    h->hash = fc_extent_hash_of(h->bytes, h->len);
}

/* True if bytes of which something was learnt are not what they were: what is as old as that is read. */
static bool differs(const fc_member *old, const fc_member *now, const char *path) {
    const fc_blocks *blocks = atomic_load(&old->blocks);
    if (blocks == NULL) blocks = old->before;
    if (!has_same_end(old, path, now->bytes)) return true;
    for (size_t i = 0; blocks != NULL && now->bytes != NULL && i < blocks->len; i++) {
        const fc_extent *extent = blocks->items[i];
        const uint64_t wanted = fc_extent_hash(extent);
        if (wanted == 0) continue;
        hashing h = {.bytes = now->bytes + extent->begin, .len = (size_t)(extent->end - extent->begin)};
        size_t fault;
        if (!now->runtime->guard_run(h.bytes, h.len, hash_block_region, &h, &fault)) return true;
        /* This mapping is new: it is no one else's loss, and no bound of what may stay is exceeded. */
        now->runtime->map_drop(h.bytes, h.len);
        if (h.hash != wanted) return true;
    }
    return false;
}

fc_status fc_member_renew(fc_member *old, const char *path, fc_member **out, fc_member_fate *out_fate,
                          int *out_errno) {
    fc_file_info info;
    fc_status status = fc_file_stat_path(path, &info, out_errno);
    if (status != FC_OK) return status;
    const fc_file_info *was = &old->info;
    const bool is_untouched = is_same_file(&info, was) && info.size == was->size &&
                              info.mtime_ns == was->mtime_ns && info.ctime_ns == was->ctime_ns;
    if (is_untouched && !old->racy && !old->doubted) {
        *out_fate = FC_MEMBER_SAME;
        *out = fc_member_share(old);
        return FC_OK;
    }
    fc_member *now;
    status = open_member(old->runtime, path, old->bytes != NULL, &now, out_errno);
    if (status != FC_OK) return status;
    const bool was_blocked = old->runtime->guard_begin();
    *out_fate = fate_of(old, now, path);
    if (*out_fate == FC_MEMBER_GROWN && !old->doubted) take_over(now, old);
    if (old->doubted && (*out_fate == FC_MEMBER_SAME || *out_fate == FC_MEMBER_GROWN) && differs(old, now, path))
        *out_fate = FC_MEMBER_REPLACED;
    old->runtime->guard_end(was_blocked);
    *out = now;
    return FC_OK;
}

/* Wait for 1 ms, whatever signals come. */
static void wait_a_moment(void) {
    struct timespec left = {.tv_nsec = 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) continue;
}

fc_member_fate fc_member_judge(const fc_member *member, const char *path, uint64_t *out_size) {
    const fc_file_info *was = &member->info;
    fc_file_info now;
    int code;
    *out_size = was->size;
    if (fc_file_stat_path(path, &now, &code) != FC_OK || !is_same_file(was, &now)) return FC_MEMBER_SAME;
    if (now.size == was->size && now.mtime_ns != was->mtime_ns) {
        /* The time of a file that is appended to is set before its size. */
        wait_a_moment();
        if (fc_file_stat_path(path, &now, &code) != FC_OK || !is_same_file(was, &now)) return FC_MEMBER_SAME;
        if (now.size == was->size) return FC_MEMBER_REPLACED;
    }
    *out_size = now.size;
    if (now.size < was->size) return FC_MEMBER_TRUNCATED;
    return now.size == was->size || has_same_end(member, path, member->bytes) ? FC_MEMBER_SAME : FC_MEMBER_REPLACED;
}
