#include "fc_sketches.h"

#include <stdlib.h>

#include "fc_clock.h"
#include "fc_sketch.h"

/* Blocks that one thread takes at a time: 2 ms of work. For fewer in all a second thread is not worth its hand-over. */
enum { ITEM_BLOCKS = 16 };

typedef struct missing {
    const fc_file_entry *entry;
    fc_extent *block;
    uint64_t stays; /* as for fc_member_drop */
} missing;

typedef struct making {
    const fc_runtime *runtime;
    const fc_sketches_options *options;
    const fc_find *find;
    fc_grams_mark mark;
    missing *items;
    size_t len, capacity;
    uint64_t bytes;
    fc_sketch_draft **drafts; /* by worker, NULL before its first item */
    fc_job job;
    int64_t deadline_ns; /* negative: none */
    atomic_uint_least64_t done_bytes;
    atomic_int status; /* the first failure */
    bool asked_to_stop, timed_out;
} making;

/* What is done over memory that may fault. */
typedef struct gathering {
    const making *m;
    fc_sketch_draft *draft;
    const uint8_t *bytes;
    size_t len, newlines;
    uint64_t hash;
} gathering;

static void gather_region(void *ctx) {
    gathering *g = ctx;
    fc_sketch_gather(g->draft, g->m->mark, g->m->find, g->bytes, g->len);
    g->newlines = g->m->find->newlines(g->bytes, g->len);
    g->hash = fc_extent_hash_of(g->bytes, g->len);
}

/* The file is looked at after the reading: the rest of the page in which a file ends by now reads as zeros. */
static fc_status make_one(const making *m, fc_sketch_draft *draft, const missing *item) {
    fc_extent *block = item->block;
    const fc_member *member = item->entry->member;
    gathering g = {m, draft, member->bytes + block->begin, (size_t)(block->end - block->begin), 0, 0};
    size_t fault;
    uint64_t size;
    if (!m->runtime->guard_run(g.bytes, g.len, gather_region, &g, &fault)) return FC_OK;
    fc_member_drop(member, item->stays, block->begin, block->end);
    if (fc_member_judge(member, fc_file_entry_place(item->entry), &size) != FC_MEMBER_SAME) return FC_OK;
    fc_sketch *sketch;
    const fc_status status = fc_sketch_new(draft, &sketch);
    if (status != FC_OK) return status;
    fc_extent_put_hash(block, g.hash);
    fc_extent_put_sketch(block, sketch);
    fc_extent_put_newlines(block, g.newlines);
    return FC_OK;
}

static void fail(making *m, fc_status status) {
    int none = FC_OK;
    atomic_compare_exchange_strong(&m->status, &none, (int)status);
    atomic_store(&m->job.stop, true);
}

static void work(void *ctx, size_t item, unsigned worker) {
    making *m = ctx;
    if (m->drafts[worker] == NULL) m->drafts[worker] = malloc(sizeof *m->drafts[worker]);
    if (m->drafts[worker] == NULL) {
        fail(m, FC_NO_MEMORY);
        return;
    }
    size_t end = (item + 1) * ITEM_BLOCKS;
    if (end > m->len) end = m->len;
    const bool was_blocked = m->runtime->guard_begin();
    for (size_t i = item * ITEM_BLOCKS; i < end && !m->runtime->should_stop(&m->job, worker); i++) {
        const fc_status status = make_one(m, m->drafts[worker], &m->items[i]);
        if (status != FC_OK) fail(m, status);
        atomic_fetch_add(&m->done_bytes, m->items[i].block->end - m->items[i].block->begin);
    }
    m->runtime->guard_end(was_blocked);
}

static int poll(void *ctx) {
    making *m = ctx;
    const fc_sketches_options *options = m->options;
    m->timed_out = m->deadline_ns >= 0 && fc_clock_ns() >= m->deadline_ns;
    if (options->poll != NULL)
        m->asked_to_stop = options->poll(options->poll_ctx, atomic_load(&m->done_bytes), m->bytes) != 0;
    return m->timed_out || m->asked_to_stop;
}

static bool push(making *m, const fc_file_entry *entry, fc_extent *block, uint64_t stays) {
    if (m->len == m->capacity) {
        const size_t capacity = m->capacity ? m->capacity * 2 : 256;
        missing *items = realloc(m->items, capacity * sizeof *items);
        if (items == NULL) return false;
        m->items = items;
        m->capacity = capacity;
    }
    m->items[m->len++] = (missing){entry, block, stays};
    m->bytes += block->end - block->begin;
    return true;
}

static fc_status list_missing(making *m, const fc_file_list *files) {
    fc_status status = FC_OK;
    uint64_t left = m->options->max_mapped == 0 ? UINT64_MAX : m->options->max_mapped;
    const bool was_blocked = m->runtime->guard_begin();
    for (size_t i = 0; i < files->len && status == FC_OK; i++) {
        const fc_file_entry *entry = &files->entries[i];
        fc_member *member = entry->member;
        const uint64_t stays = fc_member_stays(member, &left);
        const fc_blocks *blocks = member == NULL ? NULL : fc_member_blocks(member, m->options->block);
        for (size_t j = 0; blocks != NULL && j < blocks->len && status == FC_OK; j++)
            if (fc_extent_sketch(blocks->items[j]) == NULL && !push(m, entry, blocks->items[j], stays))
                status = FC_NO_MEMORY;
        fc_member_drop(member, stays, 0, UINT64_MAX);
    }
    m->runtime->guard_end(was_blocked);
    return status;
}

static fc_status run_all(making *m) {
    const fc_sketches_options *options = m->options;
    const unsigned threads = m->len <= ITEM_BLOCKS ? 1 : options->threads;
    m->drafts = calloc(threads, sizeof *m->drafts);
    if (m->drafts == NULL) return FC_NO_MEMORY;
    m->job = (fc_job){.work = work, .ctx = m, .items = (m->len + ITEM_BLOCKS - 1) / ITEM_BLOCKS, .threads = threads,
                      .poll = poll, .poll_ctx = m};
    if (poll(m) != 0) atomic_store(&m->job.stop, true);
    else m->runtime->run(m->runtime, &m->job);
    /* The threads that are gone may have been at work on what would be freed. */
    if (m->job.forked) return FC_FORKED;
    for (unsigned i = 0; i < threads; i++) free(m->drafts[i]);
    free(m->drafts);
    fc_status status = (fc_status)atomic_load(&m->status);
    if (status == FC_OK && !atomic_load(&m->job.stop) && options->poll != NULL)
        m->asked_to_stop = options->poll(options->poll_ctx, m->bytes, m->bytes) != 0;
    if (status == FC_OK && m->asked_to_stop) status = FC_STOPPED;
    return status;
}

fc_status fc_sketches_make(const fc_runtime *runtime, const fc_file_list *files, const fc_sketches_options *options,
                           bool *out_whole) {
    if (options->threads == 0 || options->threads > 256 || options->block == 0) return FC_BAD_VALUE;
    making m = {.runtime = runtime, .options = options, .find = fc_find_for(runtime->cpu),
                .mark = fc_grams_for(runtime->cpu),
                .deadline_ns = options->timeout_ns < 0 ? -1 : fc_clock_ns() + options->timeout_ns};
    fc_status status = list_missing(&m, files);
    if (status == FC_OK) status = run_all(&m);
    if (status == FC_FORKED) return status;
    free(m.items);
    if (status == FC_OK) *out_whole = !m.timed_out;
    return status;
}
