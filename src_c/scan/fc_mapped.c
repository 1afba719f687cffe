#define _GNU_SOURCE /* memrchr */
#include "fc_mapped.h"

#include <string.h>

/* The search for the next line of a block that must be judged; places are in the block. */
typedef struct seeking {
    const fc_worker *worker;
    uint64_t base; /* of the block, in the file */
    fc_sieve sieve;
    const uint8_t *bytes;
    size_t from, to;
    /* Found by the region. */
    size_t hit, begin, end; /* end: of the line, where its newline stands */
    bool is_whole;          /* there is a newline */
    size_t pruned;          /* lines that were passed by meanwhile */
} seeking;

static void seek_region(void *ctx) {
    seeking *s = ctx;
    for (s->pruned = 0;; s->pruned++) {
        s->hit = fc_sieve_next(&s->sieve, s->from);
        if (s->hit >= s->to) return;
        const uint8_t *before = memrchr(s->bytes + s->from, '\n', s->hit - s->from);
        const uint8_t *newline = memchr(s->bytes + s->hit, '\n', s->to - s->hit);
        s->begin = before == NULL ? s->from : (size_t)(before - s->bytes) + 1;
        s->is_whole = newline != NULL;
        if (!s->is_whole) return;
        s->end = (size_t)(newline - s->bytes);
        if (!fc_worker_prunes(s->worker, s->bytes + s->begin, s->end - s->begin, s->base + s->begin)) return;
        s->from = s->end + 1;
    }
}

/* Copy a line and judge it; the filter saw something `hint` bytes behind its begin, if it is less than `len`. FC_OS:
 * it is not there any more. */
static fc_status take_copy(fc_worker *w, uint64_t begin, size_t len, size_t hint) {
    fc_block_start(&w->block, begin);
    if (fc_block_reserve(&w->block, len + 1) != FC_OK) return FC_NO_MEMORY;
    if (!fc_member_copy(w->source.member, begin, w->block.bytes, len)) return FC_OS;
    w->block.bytes[len] = '\n';
    w->block.len = w->complete = len + 1;
    w->scratch.hint = hint < len ? w->block.bytes + hint : NULL;
    const fc_status judged = fc_worker_take_line(w, 0, len, len + 1, true);
    w->scratch.hint = NULL;
    return judged;
}

/* Scan one block, of which the bytes before *out_from are done. FC_OS: what stands there is not as it was any more. */
static fc_status scan_block(fc_worker *w, const fc_extent *block, uint64_t *out_from) {
    const fc_shared *shared = w->shared;
    const fc_member *member = w->source.member;
    seeking s = {.worker = w, .base = block->begin, .bytes = member->bytes + block->begin,
                 .to = (size_t)(block->end - block->begin)};
    fc_sieve_start(&s.sieve, &shared->plan->probe, shared->find, s.bytes, s.to);
    *out_from = block->begin;
    while (s.from < s.to) {
        size_t fault;
        if (!shared->runtime->guard_run(s.bytes, s.to, seek_region, &s, &fault)) return FC_OS;
        w->pruned += s.pruned;
        if (s.hit >= s.to) {
            *out_from = block->end;
            break;
        }
        if (!s.is_whole) return FC_OS;
        const fc_status status = take_copy(w, block->begin + s.begin, s.end - s.begin, s.hit - s.begin);
        if (status != FC_OK) return status;
        s.from = s.end + 1;
        *out_from = block->begin + s.from;
    }
    return FC_OK;
}

/* Judge those lines of a block that are listed. *out_from is as for scan_block. */
static fc_status scan_listed(fc_worker *w, const fc_extent *block, uint64_t *out_from) {
    const fc_trail *only = w->shared->options->only;
    const size_t file = w->span->file;
    *out_from = block->begin;
    for (size_t i = fc_trail_at(only, file, block->begin); i < only->len; i++) {
        const fc_trail_line *line = &only->lines[i];
        if (line->file != file || line->offset >= block->end) break;
        *out_from = line->offset;
        const fc_status status = take_copy(w, line->offset, line->len, SIZE_MAX);
        if (status != FC_OK) return status;
        w->bytes += line->len;
    }
    return FC_OK;
}

/* A block that long may hold a line that is too long to be a record, which is an error whatever the filter says. */
static bool may_hold_long_line(const fc_worker *w, const fc_extent *block) {
    return block->end - block->begin > w->shared->options->max_line;
}

/* True if the facts say that nothing is wanted of block number `i` of the file. */
static bool is_excluded(const fc_worker *w, size_t file, size_t i) {
    return w->shared->outlook != NULL && fc_outlook_excludes(w->shared->outlook, file, i);
}

static bool is_denied(const fc_worker *w, const fc_extent *block) {
    return !fc_blocks_may_match(block, w->shared->plan, w->shared->options->use);
}

static void ask_for(const void *memory) { __builtin_prefetch(memory); }

/* Ask for the sketch of a block some blocks ahead, before it is read. */
static void foresee_block(const fc_blocks *blocks, size_t i) {
    enum { STEP = 4 };
    if (blocks->len - i > 2 * STEP) ask_for(blocks->items[i + 2 * STEP]);
    if (blocks->len - i > STEP) ask_for(fc_extent_sketch(blocks->items[i + STEP]));
}

static fc_member *member_at(const fc_shared *shared, size_t file) {
    return file < shared->files->len ? shared->files->entries[file].member : NULL;
}

static const fc_blocks *blocks_at(const fc_shared *shared, size_t file) {
    fc_member *member = member_at(shared, file);
    const fc_blocks *blocks = member == NULL ? NULL : atomic_load(&member->blocks);
    return blocks == NULL || blocks->len == 0 ? NULL : blocks;
}

/* A sketch is found through the member, its blocks and their first, one after the other, and there are too many to
 * stay in cache: each is asked for some files before it is read. A scan that finds next to nothing takes 0.95 times
 * as long. */
static void foresee_files(const fc_shared *shared, size_t file) {
    enum { STEP = 4 };
    const fc_member *member = member_at(shared, file + 4 * STEP), *next = member_at(shared, file + 3 * STEP);
    if (member != NULL) ask_for(&member->blocks);
    if (next != NULL) ask_for(atomic_load(&next->blocks));
    const fc_blocks *blocks = blocks_at(shared, file + 2 * STEP);
    if (blocks != NULL) ask_for(blocks->items[0]);
    blocks = blocks_at(shared, file + STEP);
    if (blocks != NULL) ask_for(fc_extent_sketch(blocks->items[0]));
}

bool fc_mapped_passes(fc_worker *w, const fc_span *span, fc_member *member) {
    const fc_shared *shared = w->shared;
    if (shared->options->use == 0) return false;
    foresee_files(shared, span->file);
    const fc_blocks *blocks = member == NULL ? NULL : atomic_load(&member->blocks);
    if (blocks == NULL || (span->end > blocks->end && blocks->end < member->info.size)) return false;
    const size_t first = fc_blocks_at(blocks, span->begin);
    size_t i = first, denied = 0;
    for (; i < blocks->len && blocks->items[i]->begin < span->end; i++) {
        const fc_extent *block = blocks->items[i];
        foresee_block(blocks, i);
        if (may_hold_long_line(w, block)) return false;
        if (is_excluded(w, span->file, i)) continue;
        if (shared->every_line || !is_denied(w, block)) return false;
        denied++;
    }
    w->blocks += denied;
    w->blocks_passed += denied;
    w->has_passed |= i != first;
    return true;
}

/* Scan a block, unless its sketch denies the query. */
static fc_status scan_undenied(fc_worker *w, const fc_extent *block, uint64_t *out_from) {
    const uint64_t candidates = w->candidates + w->pruned;
    w->blocks++;
    *out_from = block->begin;
    if (is_denied(w, block)) {
        w->blocks_passed++;
        return FC_OK;
    }
    const fc_status status = scan_block(w, block, out_from);
    w->blocks_idle += status == FC_OK && w->candidates + w->pruned == candidates;
    w->bytes += *out_from - block->begin;
    return status;
}

/* Scan block number `i`, and what it cannot be trusted in as any other file is read: from there to the span's end, or
 * only to the block's where the blocks behind it are done. */
static fc_status take_block(fc_worker *w, const fc_blocks *blocks, size_t i, bool backwards, bool *out_ended) {
    fc_shared *shared = w->shared;
    const fc_extent *block = blocks->items[i];
    uint64_t from;
    w->quiet = false;
    if (may_hold_long_line(w, block)) return fc_worker_scan_lines(w, block->begin, block->end);
    if (is_excluded(w, w->span->file, i)) {
        w->has_passed = true;
        return FC_OK;
    }
    w->quiet = shared->outlook != NULL && fc_outlook_is_bounded(shared->outlook, w->span->file, i);
    if (shared->every_line) return fc_worker_scan_lines(w, block->begin, block->end);
    const bool is_listed = shared->options->only != NULL;
    const fc_status status = is_listed ? scan_listed(w, block, &from) : scan_undenied(w, block, &from);
    if (status == FC_OS) {
        w->quiet = false;
        *out_ended = !backwards;
        return fc_worker_scan_lines(w, from, backwards ? block->end : w->span->end);
    }
    atomic_fetch_add(&shared->done_bytes, block->end - block->begin);
    return status;
}

fc_status fc_mapped_scan(fc_worker *w) {
    const fc_shared *shared = w->shared;
    const fc_span *span = w->span;
    const fc_blocks *blocks = fc_member_blocks(w->source.member, shared->options->block);
    if (blocks == NULL) return fc_worker_scan_lines(w, span->begin, span->end);
    const bool backwards = fc_shared_goes_backwards(shared);
    const size_t first = fc_blocks_at(blocks, span->begin), end = fc_blocks_at(blocks, span->end);
    bool ended = false;
    for (size_t n = first; n < end && !ended; n++) {
        fc_status status = take_block(w, blocks, backwards ? first + (end - 1 - n) : n, backwards, &ended);
        if (status == FC_OK && fc_worker_should_stop(w)) status = FC_STOPPED;
        if (status != FC_OK) return status;
    }
    w->quiet = false;
    /* What stands behind the last newline. */
    if (ended || span->end <= blocks->end || blocks->end >= w->source.info.size) return FC_OK;
    return fc_worker_scan_lines(w, blocks->end, span->end);
}
