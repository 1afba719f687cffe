#include "fc_run.h"

#include <stdlib.h>
#include <string.h>

#include "fc_clock.h"
#include "fc_learning.h"
#include "fc_numbers.h"

typedef struct run {
    fc_shared shared;
    fc_probe stamps; /* shared.stamps, made in the arena */
    fc_outlook outlook; /* shared.outlook, if that is wanted */
    uint64_t learnt_bytes;
    fc_arena arena;
    size_t *ranks; /* shared.ranks */
    fc_source_mark *marks; /* of the files in pieces */
    size_t spans_len;
    size_t *visits; /* spans in the order in which they are taken */
    size_t visits_len;
    fc_worker *workers;
    bool has_sizes; /* and times, of all files that can be asked */
    uint64_t total_bytes;
    int64_t deadline_ns;
    int64_t cpu_ns; /* of the threads that helped the caller */
    bool timed_out, asked_to_stop, shared_pool;
} run;

/* How long the pieces of a big file are: several a thread, but each worth an open of its own. */
static uint64_t piece_size(const run *r, uint64_t size) {
    const fc_shared *shared = &r->shared;
    const uint64_t most = shared->options->span, least = most / 4 + 1;
    const uint64_t fair = size / (4 * (uint64_t)shared->options->threads);
    return fair < least ? least : fair > most ? most : fair;
}

static int poll_run(void *ctx) {
    run *r = ctx;
    const fc_shared *shared = &r->shared;
    const fc_run_options *options = shared->options;
    if (r->deadline_ns >= 0 && fc_clock_ns() >= r->deadline_ns) {
        r->timed_out = true;
    } else if (options->poll != NULL) {
        const uint64_t done = atomic_load(&shared->done_bytes), total = r->total_bytes > done ? r->total_bytes : done;
        r->asked_to_stop = options->poll(options->poll_ctx, done, total) != 0; /* files may have grown */
    }
    return r->timed_out || r->asked_to_stop;
}

/* Tell whoever watches that a whole scan is done. */
static void poll_end(run *r) {
    fc_shared *shared = &r->shared;
    const uint64_t done = atomic_load(&shared->done_bytes), all = done > r->total_bytes ? done : r->total_bytes;
    if (shared->options->poll == NULL || r->timed_out || r->asked_to_stop || atomic_load(&shared->job.stop)) return;
    r->asked_to_stop = shared->options->poll(shared->options->poll_ctx, all, all) != 0;
}

typedef struct named {
    const fc_file_entry *entry;
    size_t file;
} named;

static int by_path(const void *a, const void *b) {
    const named *x = a, *y = b;
    const size_t len = x->entry->path_len < y->entry->path_len ? x->entry->path_len : y->entry->path_len;
    const int order = memcmp(x->entry->path, y->entry->path, len);
    if (order != 0) return order;
    if (x->entry->path_len != y->entry->path_len) return x->entry->path_len < y->entry->path_len ? -1 : 1;
    return x->file < y->file ? -1 : 1;
}

static fc_status rank_files(run *r) {
    const fc_shared *shared = &r->shared;
    const size_t count = shared->files->len;
    named *order = malloc((count + 1) * sizeof *order);
    if (order == NULL) return FC_NO_MEMORY;
    for (size_t i = 0; i < count; i++) order[i] = (named){&shared->files->entries[i], i};
    qsort(order, count, sizeof *order, by_path);
    for (size_t i = 0; i < count; i++) r->ranks[order[i].file] = i;
    free(order);
    return FC_OK;
}

/* Files that are not worth a look by two threads are statted up front, and all are when their total is wanted. */
static void learn_sizes(run *r) {
    const fc_shared *shared = &r->shared;
    const bool all = shared->options->poll_total || shared->files->len < 32;
    r->has_sizes = true;
    for (size_t i = 0; i < shared->files->len; i++) {
        const fc_file_entry *entry = &shared->files->entries[i];
        fc_shared_file *state = &shared->states[i];
        state->info = entry->info;
        state->has_size = entry->has_size;
        int code;
        if (all && !state->has_size && fc_file_stat_path(fc_file_entry_place(entry), &state->info, &code) == FC_OK)
            state->has_size = true;
        if (state->has_size) r->total_bytes += state->info.size;
        r->has_sizes &= state->has_size || all;
    }
}

typedef struct visit {
    uint64_t rank, span;
} visit;

static int by_rank(const void *a, const void *b) {
    const visit *x = a, *y = b;
    if (x->rank != y->rank) return x->rank < y->rank ? -1 : 1;
    return x->span < y->span ? -1 : 1;
}

/* The bits of a number in reverse: counting up, it jumps about evenly. */
static uint64_t scattered(uint64_t number) {
    uint64_t reverse = 0;
    for (int bit = 0; bit < 64; bit++) reverse |= (number >> bit & 1) << (63 - bit);
    return reverse;
}

/* When a file's spans are taken: those that were written last (or first) go first, before them those that could not be
 * asked. With its sign turned round an integer is ordered as its unsigned image. */
static uint64_t time_rank(const fc_shared_file *state, bool newest) {
    const uint64_t ascending = (uint64_t)state->info.mtime_ns ^ (uint64_t)1 << 63;
    return !state->has_size ? 0 : newest ? ~ascending : ascending;
}

/* The same by what is known of the span's blocks. */
static uint64_t outlook_rank(const fc_shared *shared, const fc_span *s) {
    const int64_t rank = fc_outlook_rank(shared->outlook, s->file, s->begin, s->end);
    return ~((uint64_t)rank ^ (uint64_t)1 << 63);
}

/* Where lines may be left unparsed, choose the order of the planned spans: the sooner the best are known, the less is
 * parsed. The times of files bound nothing, they only guide; where it would take a look at each file to know them,
 * spans are taken from everywhere, so that names that ascend with time do no harm. */
static fc_status order_visits(run *r, bool by_time) {
    const fc_shared *shared = &r->shared;
    const size_t len = r->visits_len;
    if (!shared->prunes || len < 2) return FC_OK;
    visit *visits = malloc(len * sizeof *visits);
    if (visits == NULL) return FC_NO_MEMORY;
    const bool newest = shared->options->order == FC_ORDER_NEWEST;
    for (size_t i = 0; i < len; i++) {
        const size_t span = r->visits[newest ? len - 1 - i : i];
        const fc_span *s = &shared->spans[span];
        const uint64_t rank = shared->outlook != NULL ? outlook_rank(shared, s)
                              : by_time               ? time_rank(&shared->states[s->file], newest)
                                                      : scattered(i);
        visits[i] = (visit){rank, newest ? ~(uint64_t)span : span};
    }
    qsort(visits, len, sizeof *visits, by_rank);
    for (size_t i = 0; i < len; i++) r->visits[i] = (size_t)(newest ? ~visits[i].span : visits[i].span);
    free(visits);
    return FC_OK;
}

/* Share out what may stay in memory. */
static void plan_mapped(run *r) {
    const fc_shared *shared = &r->shared;
    uint64_t left = shared->options->max_mapped == 0 ? UINT64_MAX : shared->options->max_mapped;
    for (size_t i = 0; i < shared->files->len; i++)
        shared->states[i].stays = fc_member_stays(shared->files->entries[i].member, &left);
}

/* Drop what was looked at besides. */
static void drop_pages(const run *r) {
    const fc_shared *shared = &r->shared;
    if (shared->options->max_mapped == 0) return;
    for (size_t i = 0; i < shared->files->len; i++) fc_worker_drop_pages(shared, i, 0, UINT64_MAX);
}

/* Put one span for each file that is not known to be big into the first job. */
static fc_status plan_files(run *r) {
    fc_shared *shared = &r->shared;
    const size_t files = shared->files->len;
    shared->spans = calloc(files + 1, sizeof *shared->spans);
    r->visits = malloc((files + 1) * sizeof *r->visits);
    if (shared->spans == NULL || r->visits == NULL) return FC_NO_MEMORY;
    r->spans_len = files;
    for (size_t i = 0; i < files; i++) {
        fc_shared_file *state = &shared->states[i];
        shared->spans[i] = (fc_span){.file = i, .end = UINT64_MAX};
        state->first_span = i;
        state->spans = 1;
        if (!state->has_size || !fc_shared_is_big(shared, state->info.size)) r->visits[r->visits_len++] = i;
    }
    return order_visits(r, r->has_sizes);
}

/* The blocks of a file that is mapped, else NULL. */
static const fc_blocks *blocks_of(const run *r, size_t file) {
    fc_member *member = r->shared.files->entries[file].member;
    if (member == NULL || member->bytes == NULL) return NULL;
    const bool was_blocked = r->shared.runtime->guard_begin();
    const fc_blocks *blocks = fc_member_blocks(member, r->shared.options->block);
    r->shared.runtime->guard_end(was_blocked);
    fc_worker_drop_pages(&r->shared, file, 0, UINT64_MAX);
    return blocks;
}

/* Where a piece that should begin at `at` does: at the beginning of a block, or behind the last. */
static uint64_t block_border(const fc_blocks *blocks, uint64_t at) {
    if (blocks == NULL) return at;
    const size_t next = fc_blocks_at(blocks, at);
    return next < blocks->len ? blocks->items[next]->begin : blocks->end;
}

/* Cut the big files into pieces for the second job: after the small files, so that the pieces balance the end. */
static fc_status plan_pieces(run *r) {
    fc_shared *shared = &r->shared;
    size_t pieces = 0, big = 0;
    r->visits_len = 0;
    for (size_t i = 0; i < shared->files->len; i++) {
        fc_shared_file *state = &shared->states[i];
        if (!state->has_size || !fc_shared_is_big(shared, state->info.size)) continue;
        state->first_span = r->spans_len + pieces;
        state->spans = (size_t)((state->info.size - 1) / piece_size(r, state->info.size) + 1);
        pieces += state->spans;
        big++;
    }
    if (pieces == 0) return FC_OK;
    r->marks = calloc(big, sizeof *r->marks);
    if (r->marks == NULL) return FC_NO_MEMORY;
    fc_span *spans = realloc(shared->spans, (r->spans_len + pieces) * sizeof *spans);
    if (spans != NULL) shared->spans = spans;
    size_t *visits = realloc(r->visits, pieces * sizeof *visits);
    if (visits != NULL) r->visits = visits;
    if (spans == NULL || visits == NULL) return FC_NO_MEMORY;
    for (size_t i = 0; i < shared->files->len; i++) {
        fc_shared_file *state = &shared->states[i];
        if (state->first_span < r->spans_len) continue;
        state->mark = &r->marks[--big];
        const uint64_t size = piece_size(r, state->info.size);
        const fc_blocks *blocks = blocks_of(r, i);
        for (size_t piece = 0; piece < state->spans; piece++) {
            const bool is_last = piece + 1 == state->spans;
            shared->spans[state->first_span + piece] =
                (fc_span){.file = i,
                          .begin = block_border(blocks, piece * size),
                          .end = is_last ? UINT64_MAX : block_border(blocks, (piece + 1) * size)};
        }
    }
    /* Logs grow forwards: the wanted end of time is mostly at the wanted end of the file. */
    for (size_t i = 0; i < pieces; i++)
        visits[r->visits_len++] = r->spans_len + (shared->options->order == FC_ORDER_NEWEST ? pieces - 1 - i : i);
    r->spans_len += pieces;
    return order_visits(r, true);
}

/* Opening, reading and closing a small file takes as long as scanning so many bytes. */
enum { OPENING = 64 * 1024 };

fc_cost_work fc_run_work(size_t parts, size_t files, uint64_t bytes, bool every_line) {
    static const char filtered[] = "scan", parsed[] = "scan, every line";
    fc_cost_work work = {.name = filtered, .name_len = sizeof filtered - 1, .items = parts,
                         .bytes = bytes + (uint64_t)files * OPENING};
    double ns_per_byte = 0.12; /* until there is experience: 8 GB/s are passed over, 3 GB/s parsed */
    if (every_line) {
        work.name = parsed;
        work.name_len = sizeof parsed - 1;
        ns_per_byte = 0.35;
    }
    const double guess = (double)work.bytes * ns_per_byte;
    work.guess_ns = guess < 9e18 ? (int64_t)guess : INT64_MAX;
    return work;
}

/* How many spans there will be, of files whose size is known. */
static size_t count_parts(const run *r) {
    const fc_shared *shared = &r->shared;
    size_t parts = r->visits_len;
    for (size_t i = 0; i < shared->files->len; i++) {
        const fc_shared_file *state = &shared->states[i];
        if (state->has_size && fc_shared_is_big(shared, state->info.size))
            parts += (size_t)((state->info.size - 1) / piece_size(r, state->info.size) + 1);
    }
    return parts;
}

static unsigned choose_threads(const run *r) {
    const fc_shared *shared = &r->shared;
    const fc_cost_work work = fc_run_work(count_parts(r), shared->files->len, r->total_bytes, shared->every_line);
    return shared->runtime->choose(shared->runtime, &work, shared->options->threads);
}

/* Tell what a whole scan took. */
static void learn(const run *r, unsigned threads, int64_t took_ns, int64_t cpu_ns) {
    const fc_shared *shared = &r->shared;
    uint64_t bytes = 0;
    for (unsigned i = 0; i < threads; i++) bytes += r->workers[i].bytes;
    fc_cost_work work = fc_run_work(r->spans_len, shared->files->len, bytes, shared->every_line);
    work.cpu_ns = cpu_ns;
    shared->runtime->learn(shared->runtime, &work, threads, took_ns);
}

static void scan_visit(void *ctx, size_t item, unsigned worker) {
    run *r = ctx;
    fc_worker_scan(&r->workers[worker], &r->shared.spans[r->visits[item]]);
}

/* Run the planned visits on the pool; true to go on. */
static bool run_job(run *r, unsigned threads, unsigned *took) {
    r->shared.job = (fc_job){.work = scan_visit, .ctx = r, .items = r->visits_len, .threads = threads, .poll = poll_run,
                             .poll_ctx = r, .timed = true};
    if (r->visits_len == 0) return true;
    if (poll_run(r) != 0) return false;
    const unsigned threads_used = r->shared.runtime->run(r->shared.runtime, &r->shared.job);
    if (r->shared.job.forked) return false;
    if (threads_used > *took) *took = threads_used;
    r->shared_pool |= r->shared.job.shared;
    r->cpu_ns += r->shared.job.helped_cpu_ns; /* the caller is measured as a whole */
    return !atomic_load(&r->shared.job.stop);
}

static fc_status make_workers(run *r, unsigned threads) {
    r->workers = calloc(threads, sizeof *r->workers);
    if (r->workers == NULL) return FC_NO_MEMORY;
    fc_status status = FC_OK;
    for (unsigned i = 0; i < threads && status == FC_OK; i++) status = fc_worker_init(&r->workers[i], &r->shared, i);
    return status;
}

/* Turn a line's number in its span into one in its file; 0 when a span above was not finished. */
static uint64_t absolute_line(const run *r, size_t file, uint64_t offset, uint64_t line) {
    const fc_shared *shared = &r->shared;
    if (line == 0) return 0;
    const fc_shared_file *state = &shared->states[file];
    for (size_t i = 0; i < state->spans; i++) {
        const fc_span *s = &shared->spans[state->first_span + i];
        if (offset < s->end) return line;
        if (!s->finished) return 0;
        line += s->newlines;
    }
    return 0;
}

/* Append the tails of all workers to those of the first, in order by path. A file has one at the most. */
static fc_status merge_tails(run *r, unsigned threads) {
    fc_worker *all = &r->workers[0];
    const size_t files = r->shared.files->len;
    size_t count = 0;
    for (unsigned i = 0; i < threads; i++) count += r->workers[i].tails_len;
    if (count == 0) return FC_OK;
    const fc_tail **by_rank = calloc(files, sizeof *by_rank);
    fc_tail *tails = malloc(count * sizeof *tails);
    fc_status status = by_rank == NULL || tails == NULL ? FC_NO_MEMORY : FC_OK;
    if (status == FC_OK) {
        for (unsigned i = 0; i < threads; i++)
            for (size_t j = 0; j < r->workers[i].tails_len; j++)
                by_rank[r->ranks[r->workers[i].tails[j].file]] = &r->workers[i].tails[j];
        count = 0;
        for (size_t rank = 0; rank < files; rank++)
            if (by_rank[rank] != NULL) tails[count++] = *by_rank[rank];
        free(all->tails);
        all->tails = tails;
        all->tails_len = count;
    } else {
        free(tails);
    }
    free(by_rank);
    return status;
}

static void add_counts(const fc_worker *w, fc_run_result *out) {
    out->bytes += w->bytes;
    out->lines += w->lines;
    out->blank += w->blank;
    out->records += w->records;
    out->candidates += w->candidates;
    out->pruned += w->pruned;
    out->matches += w->matches;
    out->errors += w->errors;
    out->files_failed += w->files_failed;
    out->blocks += w->blocks;
    out->blocks_passed += w->blocks_passed;
    out->blocks_idle += w->blocks_idle;
}

/* Gather what the workers found in the first of them, and hand it over. */
static fc_status merge(run *r, unsigned threads, fc_run_result *out) {
    fc_worker *all = &r->workers[0];
    fc_status status = merge_tails(r, threads);
    for (unsigned i = 1; i < threads && status == FC_OK; i++) {
        fc_worker *w = &r->workers[i];
        status = fc_best_merge(&all->best, &w->best);
        for (size_t j = 0; j < w->reports.len && status == FC_OK; j++)
            if (fc_first_reports_accept(&all->reports, &w->reports.items[j]))
                status = fc_first_reports_push(&all->reports, &w->reports.items[j]);
    }
    if (status != FC_OK) return status;
    for (unsigned i = 0; i < threads; i++) {
        add_counts(&r->workers[i], out);
        fc_trail_merge(&out->trail, &r->workers[i].trail);
    }
    if (r->timed_out) out->trail.is_lost = true;
    fc_trail_sort(&out->trail);
    fc_best_sort(&all->best);
    fc_first_reports_sort(&all->reports);
    for (size_t i = 0; i < all->best.len; i++) {
        fc_hit *hit = &all->best.items[i];
        hit->line = absolute_line(r, hit->file, hit->offset, hit->line);
    }
    for (size_t i = 0; i < all->reports.len; i++) {
        fc_report *report = &all->reports.items[i];
        if (report->kind == FC_REPORT_LINE)
            report->line = absolute_line(r, report->file, report->offset, report->line);
    }
    status = fc_numbers_fill(&r->shared, all->best.items, all->best.len, all->reports.items, all->reports.len, threads);
    if (status != FC_OK) return status;
    out->hits = all->best.items;
    out->hits_len = all->best.len;
    out->reports = all->reports.items;
    out->reports_len = all->reports.len;
    out->tails = all->tails;
    out->tails_len = all->tails_len;
    all->best.items = NULL;
    all->best.len = 0;
    all->reports.items = NULL;
    all->tails = NULL;
    return FC_OK;
}

static int poll_learning(void *ctx, uint64_t done_bytes, uint64_t total_bytes) {
    (void)done_bytes;
    (void)total_bytes;
    return poll_run(ctx);
}

/* Learn what the query can use of the blocks, and look at it. */
static fc_status look_out(run *r) {
    fc_shared *shared = &r->shared;
    const fc_run_options *options = shared->options;
    const bool asks_names = fc_names_matter(shared->plan);
    const bool asks_times = shared->prunes || shared->bounds.has_since || shared->bounds.has_until;
    bool mapped = false;
    for (size_t i = 0; i < shared->files->len && !mapped; i++) {
        const fc_member *member = shared->files->entries[i].member;
        mapped = member != NULL && member->bytes != NULL;
    }
    if (!mapped || !(options->use & FC_USE_FACTS) || options->validate_all || !(asks_names || asks_times)) return FC_OK;
    const fc_learning_options wanted = {.names = asks_names, .block = options->block, .threads = options->threads,
                                        .max_mapped = options->max_mapped, .poll = poll_learning, .poll_ctx = r};
    fc_learning_result learnt;
    fc_status status = fc_learning_run(shared->runtime, shared->files, &wanted, &learnt);
    r->learnt_bytes = learnt.bytes;
    if (status == FC_STOPPED && r->timed_out) return FC_OK; /* nothing is scanned any more either */
    if (status != FC_OK) return status;
    status = fc_outlook_init(&r->outlook, shared->files, shared->plan, options->max_line,
                             shared->prunes ? &shared->floor : NULL);
    if (status == FC_OK) shared->outlook = &r->outlook;
    return status;
}

/* True if every line was counted, whatever the threads did. */
static bool counts_lines(const run *r, unsigned threads) {
    if (!r->shared.every_line || (r->shared.outlook != NULL && r->shared.prunes)) return false;
    for (unsigned i = 0; i < threads; i++)
        if (r->workers[i].has_passed) return false;
    return true;
}

static fc_status prepare(run *r, const fc_run_options *options) {
    fc_shared *shared = &r->shared;
    fc_status status = fc_probe_choose(&r->arena, (const uint8_t *)"timestamp", 9, false, &r->stamps);
    if (status != FC_OK) return status;
    shared->stamps = &r->stamps;
    shared->bounds = shared->plan->options;
    shared->uncounted = options->uncounted && !options->validate_all && options->order != FC_ORDER_FILE;
    shared->prunes = shared->uncounted && !options->no_prune && options->limit != 0;
    fc_line_time_init(&shared->line_time, shared->find);
    fc_floor_init(&shared->floor, options->order);
    /* A chunk that could hold a whole over-long line must be looked at line by line. */
    shared->every_line =
        options->validate_all || shared->plan->probe.literals_len == 0 || options->max_line < options->chunk;
    shared->states = calloc(shared->files->len + 1, sizeof *shared->states);
    shared->ranks = r->ranks = malloc((shared->files->len + 1) * sizeof *r->ranks);
    if (shared->states == NULL || r->ranks == NULL) return FC_NO_MEMORY;
    status = rank_files(r);
    learn_sizes(r);
    plan_mapped(r);
    if (status == FC_OK) status = look_out(r);
    return status == FC_OK ? plan_files(r) : status;
}

static void release(run *r, unsigned threads) {
    for (unsigned i = 0; r->workers != NULL && i < threads; i++) fc_worker_free(&r->workers[i]);
    free(r->workers);
    free(r->shared.spans);
    free(r->visits);
    free(r->marks);
    free(r->shared.states);
    free(r->ranks);
    fc_outlook_free(&r->outlook);
    fc_arena_free(&r->arena);
    pthread_mutex_destroy(&r->shared.lock);
    pthread_mutex_destroy(&r->shared.long_lines);
}

fc_status fc_run(const fc_runtime *runtime, const fc_file_list *files, const fc_plan *plan,
                 const fc_run_options *options, fc_run_result *out) {
    if (options->chunk == 0 || options->span == 0 || options->max_line == 0 || options->threads == 0 ||
        options->threads > 256)
        return FC_BAD_VALUE;
    const int64_t start = fc_clock_ns(), cpu_start = fc_clock_cpu_ns();
    fc_run_options own = *options;
    if (own.max_line > FC_STRUCTURE_LEN_MAX) own.max_line = FC_STRUCTURE_LEN_MAX;
    if (own.block == 0) own.block = FC_BLOCKS_SIZE;
    run r = {.shared = {.runtime = runtime, .files = files, .plan = plan, .options = &own,
                        .find = fc_find_for(runtime->cpu)}};
    fc_run_result result = {0};
    pthread_mutex_init(&r.shared.lock, NULL);
    pthread_mutex_init(&r.shared.long_lines, NULL);
    r.deadline_ns = options->timeout_ns < 0 ? -1 : start + options->timeout_ns;
    unsigned threads = 0;
    fc_status status = prepare(&r, &own);
    const int64_t prepared = fc_clock_ns(), cpu_prepared = fc_clock_cpu_ns();
    if (status == FC_OK) {
        threads = choose_threads(&r);
        status = make_workers(&r, threads);
    }
    if (status == FC_OK) {
        if (run_job(&r, threads, &result.threads)) {
            status = plan_pieces(&r);
            if (status == FC_OK) run_job(&r, threads, &result.threads);
        }
        /* In the child of a fork during the job, what its workers held may be half written: it is left alone. */
        if (r.shared.job.forked) return FC_FORKED;
        poll_end(&r);
        const int64_t ended = fc_clock_ns();
        result.scan_ns = ended - start;
        if (status == FC_OK) status = (fc_status)atomic_load(&r.shared.status);
        if (status == FC_OK && !r.shared_pool && !atomic_load(&r.shared.job.stop))
            learn(&r, threads, ended - prepared, fc_clock_cpu_ns() - cpu_prepared + r.cpu_ns);
        if (status == FC_OK && r.asked_to_stop) status = FC_STOPPED;
    }
    if (status == FC_OK) {
        status = merge(&r, threads, &result);
        if (status == FC_FORKED) return status;
        drop_pages(&r);
        result.counted = counts_lines(&r, threads);
        result.bytes += r.learnt_bytes;
        result.timed_out = r.timed_out;
        result.cpu_ns = fc_clock_cpu_ns() - cpu_start + r.cpu_ns;
        result.merge_ns = fc_clock_ns() - start - result.scan_ns;
    }
    release(&r, threads);
    if (status == FC_OK) *out = result;
    else fc_run_result_free(&result);
    return status;
}

void fc_run_result_free(fc_run_result *result) {
    for (size_t i = 0; i < result->hits_len; i++) free(result->hits[i].raw);
    free(result->hits);
    free(result->reports);
    free(result->tails);
    fc_trail_free(&result->trail);
    *result = (fc_run_result){0};
}
