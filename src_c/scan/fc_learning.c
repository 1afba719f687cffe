#include "fc_learning.h"

#include <stdlib.h>
#include <string.h>

#include "fc_clock.h"

typedef struct item {
    const fc_file_entry *entry;
    fc_extent *extent;
    uint64_t stays; /* as for fc_member_drop */
} item;

typedef struct pupil {
    fc_parser parser;
    fc_learner learner;
    fc_buffer buffer;
} pupil;

typedef struct learning {
    const fc_runtime *runtime;
    const fc_file_list *files;
    const fc_learning_options *options;
    fc_probe key;
    fc_job job;
    pthread_mutex_t long_lines;
    item *items;
    size_t items_len;
    pupil *pupils;
    unsigned pupils_len;
    uint64_t total_bytes;
    atomic_uint_least64_t done_bytes;
    atomic_size_t learnt;
    atomic_int status; /* the first failure */
    uint64_t *stays; /* by file */
    bool asked_to_stop;
} learning;

static bool is_mapped(const fc_file_entry *entry) { return entry->member != NULL && entry->member->bytes != NULL; }

static bool is_wanted(const learning *l, const fc_extent *extent) {
    if (extent->end - extent->begin > FC_FACTS_LEN_MAX) return false;
    return fc_extent_facts(extent) == NULL || (l->options->names && fc_extent_names(extent) == NULL);
}

static int poll_learning(void *ctx) {
    learning *l = ctx;
    if (l->options->poll == NULL) return 0;
    l->asked_to_stop = l->options->poll(l->options->poll_ctx, atomic_load(&l->done_bytes), l->total_bytes) != 0;
    return l->asked_to_stop;
}

static void cut_file(void *ctx, size_t file, unsigned worker) {
    const learning *l = ctx;
    const fc_file_entry *entry = &l->files->entries[file];
    (void)worker;
    if (!is_mapped(entry) || atomic_load(&entry->member->blocks) != NULL) return;
    const bool was_blocked = l->runtime->guard_begin();
    (void)fc_member_blocks(entry->member, l->options->block);
    l->runtime->guard_end(was_blocked);
    fc_member_drop(entry->member, l->stays[file], 0, UINT64_MAX);
}

/* Learn of the block's bytes, which are private, what is unknown. */
static fc_status learn_bytes(learning *l, pupil *p, fc_extent *extent, size_t len) {
    fc_status status = FC_OK;
    fc_extent_put_hash(extent, fc_extent_hash_of(p->buffer.data, len));
    if (fc_extent_facts(extent) == NULL) {
        fc_facts *facts = malloc(sizeof *facts);
        if (facts == NULL) return FC_NO_MEMORY;
        status = fc_facts_learn(&p->learner, p->buffer.data, len, extent->begin, facts);
        if (status != FC_OK) {
            free(facts);
            return status;
        }
        fc_extent_put_newlines(extent, facts->newlines);
        (void)fc_extent_put_facts(extent, facts);
    }
    if (l->options->names && fc_extent_names(extent) == NULL) {
        fc_names *names;
        status = fc_names_learn(&p->learner, p->buffer.data, len, extent->begin, &names);
        if (status == FC_OK) (void)fc_extent_put_names(extent, names);
    }
    return status;
}

static void learn_block(void *ctx, size_t number, unsigned worker) {
    learning *l = ctx;
    pupil *p = &l->pupils[worker];
    const fc_file_entry *entry = l->items[number].entry;
    fc_extent *extent = l->items[number].extent;
    const size_t len = (size_t)(extent->end - extent->begin);
    bool is_there = false;
    fc_status status = fc_buffer_reserve(&p->buffer, len);
    if (status == FC_OK) {
        const bool was_blocked = l->runtime->guard_begin();
        is_there = fc_member_copy(entry->member, extent->begin, p->buffer.data, len);
        l->runtime->guard_end(was_blocked);
        fc_member_drop(entry->member, l->items[number].stays, extent->begin, extent->end);
    }
    if (l->job.forked) return; /* the lock of long lines may be held by a thread that is no more */
    /* Where a file was cut short the rest of its last page reads as zeros. */
    if (is_there && p->buffer.data[len - 1] == '\n') {
        status = learn_bytes(l, p, extent, len);
        atomic_fetch_add(&l->learnt, 1);
    }
    atomic_fetch_add(&l->done_bytes, len);
    if (p->buffer.capacity > 4 * l->options->block + FC_PARSER_LONG_LINE) fc_buffer_free(&p->buffer);
    if (status == FC_OK) return;
    int none = FC_OK;
    atomic_compare_exchange_strong(&l->status, &none, (int)status);
    atomic_store(&l->job.stop, true);
}

/* List the blocks of which something is to be learnt. */
static fc_status list_blocks(learning *l) {
    size_t count = 0;
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < l->files->len; i++) {
            const fc_file_entry *entry = &l->files->entries[i];
            const fc_blocks *blocks = is_mapped(entry) ? atomic_load(&entry->member->blocks) : NULL;
            for (size_t j = 0; blocks != NULL && j < blocks->len; j++) {
                if (!is_wanted(l, blocks->items[j])) continue;
                if (pass == 0) {
                    count++;
                } else if (l->items_len < count) {
                    l->items[l->items_len++] = (item){entry, blocks->items[j], l->stays[i]};
                    l->total_bytes += blocks->items[j]->end - blocks->items[j]->begin;
                }
            }
        }
        if (pass == 0) l->items = malloc((count + 1) * sizeof *l->items);
        if (l->items == NULL) return FC_NO_MEMORY;
    }
    return FC_OK;
}

static fc_status share_stays(learning *l) {
    uint64_t left = l->options->max_mapped == 0 ? UINT64_MAX : l->options->max_mapped;
    l->stays = malloc((l->files->len + 1) * sizeof *l->stays);
    if (l->stays == NULL) return FC_NO_MEMORY;
    for (size_t i = 0; i < l->files->len; i++) l->stays[i] = fc_member_stays(l->files->entries[i].member, &left);
    return FC_OK;
}

static fc_status make_pupils(learning *l, unsigned threads) {
    const fc_find *find = fc_find_for(l->runtime->cpu);
    l->pupils = calloc(threads, sizeof *l->pupils);
    if (l->pupils == NULL) return FC_NO_MEMORY;
    l->pupils_len = threads;
    fc_status status = FC_OK;
    for (unsigned i = 0; i < threads && status == FC_OK; i++) {
        pupil *p = &l->pupils[i];
        status = fc_parser_init(&p->parser, &l->long_lines, find, false);
        p->learner = (fc_learner){.parser = &p->parser, .key = &l->key, .find = find};
    }
    return status;
}

static unsigned run_job(learning *l, void (*work)(void *, size_t, unsigned), size_t items, unsigned threads) {
    l->job = (fc_job){.work = work, .ctx = l, .items = items, .threads = threads, .poll = poll_learning, .poll_ctx = l};
    return items == 0 ? 0 : l->runtime->run(l->runtime, &l->job);
}

static fc_status learn(learning *l, fc_learning_result *out) {
    if (poll_learning(l) != 0) return FC_STOPPED;
    if (share_stays(l) != FC_OK) return FC_NO_MEMORY;
    run_job(l, cut_file, l->files->len, l->files->len < 8 ? 1 : l->options->threads);
    if (l->job.forked) return FC_FORKED;
    if (l->asked_to_stop) return FC_STOPPED;
    fc_status status = list_blocks(l);
    if (status != FC_OK || l->items_len == 0) return status;
    const int64_t began = fc_clock_ns();
    const fc_cost_work work = fc_learning_work(l->items_len, l->total_bytes, l->options->names);
    const unsigned threads = l->runtime->choose(l->runtime, &work, l->options->threads);
    status = make_pupils(l, threads);
    if (status != FC_OK) return status;
    out->threads = run_job(l, learn_block, l->items_len, threads);
    if (l->job.forked) return FC_FORKED;
    out->bytes = atomic_load(&l->done_bytes);
    out->blocks = atomic_load(&l->learnt);
    status = (fc_status)atomic_load(&l->status);
    if (status == FC_OK && l->asked_to_stop) return FC_STOPPED;
    if (status == FC_OK && !l->job.shared) l->runtime->learn(l->runtime, &work, threads, fc_clock_ns() - began);
    return status;
}

fc_status fc_learning_run(const fc_runtime *runtime, const fc_file_list *files, const fc_learning_options *options,
                          fc_learning_result *out) {
    learning l = {.runtime = runtime, .files = files, .options = options};
    fc_facts_key(&l.key);
    pthread_mutex_init(&l.long_lines, NULL);
    *out = (fc_learning_result){0};
    const fc_status status = learn(&l, out);
    /* In the child of a fork meanwhile, what the pupils held may be half written: it is left alone. */
    if (status == FC_FORKED) return status;
    for (unsigned i = 0; i < l.pupils_len; i++) {
        fc_parser_free(&l.pupils[i].parser);
        fc_buffer_free(&l.pupils[i].buffer);
    }
    free(l.pupils);
    free(l.items);
    free(l.stays);
    pthread_mutex_destroy(&l.long_lines);
    return status;
}

fc_cost_work fc_learning_work(size_t blocks, uint64_t bytes, bool names) {
    static const char facts[] = "scan, facts", all[] = "scan, facts and names";
    /* Until there is experience: 4 GB/s and 2 GB/s. */
    const double guess = (double)bytes * (names ? 0.5 : 0.25);
    return (fc_cost_work){.name = names ? all : facts, .name_len = names ? sizeof all - 1 : sizeof facts - 1,
                          .items = blocks, .bytes = bytes, .guess_ns = guess < 9e18 ? (int64_t)guess : INT64_MAX};
}
