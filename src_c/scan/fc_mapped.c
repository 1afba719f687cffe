#define _GNU_SOURCE /* memrchr */
#include "fc_mapped.h"

#include <string.h>

/* The search for the next line of a block that must be judged; places are in the block. */
typedef struct seeking {
    fc_sieve sieve;
    const uint8_t *bytes;
    size_t from, to;
    /* Found by the region. */
    size_t hit, begin, end; /* end: of the line, where its newline stands */
    bool is_whole;          /* there is a newline */
} seeking;

static void seek_region(void *ctx) {
    seeking *s = ctx;
    s->hit = fc_sieve_next(&s->sieve, s->from);
    if (s->hit >= s->to) return;
    const uint8_t *before = memrchr(s->bytes + s->from, '\n', s->hit - s->from);
    const uint8_t *newline = memchr(s->bytes + s->hit, '\n', s->to - s->hit);
    s->begin = before == NULL ? s->from : (size_t)(before - s->bytes) + 1;
    s->is_whole = newline != NULL;
    if (s->is_whole) s->end = (size_t)(newline - s->bytes);
}

/* Copy the line that was found behind the block's base and judge it. */
static fc_status take_found(fc_worker *w, const seeking *s, uint64_t base) {
    const size_t len = s->end - s->begin;
    fc_block_start(&w->block, base + s->begin);
    if (fc_block_reserve(&w->block, len + 1) != FC_OK) return FC_NO_MEMORY;
    if (!fc_member_copy(w->source.member, base + s->begin, w->block.bytes, len)) return FC_OS;
    w->block.bytes[len] = '\n';
    w->block.len = w->complete = len + 1;
    w->scratch.hint = w->block.bytes + (s->hit - s->begin);
    const fc_status judged = fc_worker_take_line(w, 0, len, len + 1, true);
    w->scratch.hint = NULL;
    return judged;
}

/* Scan one block, of which the bytes before *out_from are done. FC_OS: what stands there is not as it was any more. */
static fc_status scan_block(fc_worker *w, const fc_extent *block, uint64_t *out_from) {
    const fc_shared *shared = w->shared;
    const fc_member *member = w->source.member;
    seeking s = {.bytes = member->bytes + block->begin, .to = (size_t)(block->end - block->begin)};
    fc_sieve_start(&s.sieve, &shared->plan->probe, shared->find, s.bytes, s.to);
    *out_from = block->begin;
    while (s.from < s.to) {
        size_t fault;
        if (!shared->runtime->guard_run(s.bytes, s.to, seek_region, &s, &fault)) return FC_OS;
        if (s.hit >= s.to) {
            *out_from = block->end;
            break;
        }
        if (!s.is_whole) return FC_OS;
        const fc_status status = take_found(w, &s, block->begin);
        if (status != FC_OK) return status;
        s.from = s.end + 1;
        *out_from = block->begin + s.from;
    }
    return FC_OK;
}

/* A block that long may hold a line that is too long to be a record, which is an error whatever the filter says. */
static bool may_hold_long_line(const fc_worker *w, const fc_extent *block) {
    return block->end - block->begin > w->shared->options->max_line;
}

/* False: nothing of the block need be looked at. */
static bool may_matter(const fc_worker *w, const fc_extent *block) {
    return may_hold_long_line(w, block) ||
           fc_blocks_may_match(block, w->shared->plan, w->shared->options->use);
}

bool fc_mapped_passes(fc_worker *w, const fc_span *span, fc_member *member) {
    const fc_blocks *blocks = member == NULL || w->shared->options->use == 0 ? NULL : atomic_load(&member->blocks);
    if (blocks == NULL || (span->end > blocks->end && blocks->end < member->info.size)) return false;
    const size_t first = fc_blocks_at(blocks, span->begin);
    size_t i = first;
    for (; i < blocks->len && blocks->items[i]->begin < span->end; i++)
        if (may_matter(w, blocks->items[i])) return false;
    w->blocks += i - first;
    w->blocks_passed += i - first;
    return true;
}

fc_status fc_mapped_scan(fc_worker *w) {
    fc_shared *shared = w->shared;
    const fc_span *span = w->span;
    const fc_blocks *blocks = fc_member_blocks(w->source.member, shared->options->block);
    if (blocks == NULL) return fc_worker_scan_lines(w, span->begin, span->end);
    const uint64_t end = span->end < blocks->end ? span->end : blocks->end;
    for (size_t i = fc_blocks_at(blocks, span->begin); i < blocks->len && blocks->items[i]->begin < end; i++) {
        const fc_extent *block = blocks->items[i];
        fc_status status;
        if (may_hold_long_line(w, block)) {
            status = fc_worker_scan_lines(w, block->begin, block->end);
        } else {
            uint64_t from;
            w->blocks++;
            if (!fc_blocks_may_match(block, shared->plan, shared->options->use)) {
                w->blocks_passed++;
                continue;
            }
            const uint64_t candidates = w->candidates;
            status = scan_block(w, block, &from);
            w->blocks_idle += status == FC_OK && w->candidates == candidates;
            w->bytes += from - block->begin;
            if (status == FC_OS) return fc_worker_scan_lines(w, from, span->end);
            atomic_fetch_add(&shared->done_bytes, block->end - block->begin);
        }
        if (status == FC_OK && fc_worker_should_stop(w)) status = FC_STOPPED;
        if (status != FC_OK) return status;
    }
    /* What stands behind the last newline. */
    if (span->end <= blocks->end || blocks->end >= w->source.info.size) return FC_OK;
    return fc_worker_scan_lines(w, blocks->end, span->end);
}
