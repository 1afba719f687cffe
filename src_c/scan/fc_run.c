#define _GNU_SOURCE /* memrchr */
#include "fc_run.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fc_best.h"
#include "fc_block.h"
#include "fc_times.h"

/* Lines that begin in [begin, end) of a file. A file's spans stand together, in order. */
typedef struct span {
    size_t file;
    uint64_t begin, end; /* the last span's end is UINT64_MAX: the file may have grown */
    uint64_t newlines;   /* of its lines, when `finished` and the file has more than one span */
    bool finished;
    bool has_first; /* `first` is known; under run->lock */
    fc_time_found first;
} span;

typedef struct file_state {
    size_t first_span, spans;
    fc_file_info info; /* when has_size: as of the walk, or of its last opening, of a file in pieces under run->lock */
    fc_source_mark mark; /* of the piece that was read last, under run->lock */
    bool has_size;
    bool has_last; /* `last` is known; under run->lock */
    fc_time_found last;
    unsigned reported; /* bit per fc_report_kind, under run->lock */
} file_state;

typedef struct worker worker;

typedef struct run {
    const fc_runtime *runtime;
    const fc_file_list *files;
    const fc_plan *plan;
    fc_plan *stamps;
    const fc_find *find;
    const fc_run_options *options;
    fc_plan_options bounds;
    bool every_line; /* no line is passed over */
    fc_job job;
    span *spans;
    size_t spans_len;
    size_t *visits; /* spans in the order in which they are taken */
    size_t visits_len;
    file_state *states;
    size_t *ranks;
    worker *workers;
    pthread_mutex_t lock, long_lines;
    atomic_uint_least64_t done_bytes;
    uint64_t total_bytes;
    int64_t deadline_ns;
    int64_t cpu_ns; /* of the threads that helped the caller */
    bool timed_out, asked_to_stop;
    atomic_int status; /* the first failure */
} run;

struct worker {
    run *run;
    unsigned id;
    fc_parser parser;
    fc_scratch scratch;
    fc_times times;
    fc_best best;
    fc_first_reports reports;
    fc_tail *tails;
    size_t tails_len, tails_capacity;
    uint64_t bytes, lines, blank, records, candidates, matches, errors, files_failed;
    /* The span being scanned. */
    const span *span;
    fc_source source;
    fc_block block;
    size_t complete;   /* end of the last whole line in the block */
    bool counting;     /* newlines are counted as bytes leave the block */
    bool lost_count;   /* bytes left the block uncounted; then the span begins at 0 */
    size_t counted;    /* newlines before this place in the block are in `newlines` */
    uint64_t newlines;
    /* The last inherited time: it holds for records from `since` up to `until`. */
    bool has_inherited;
    uint64_t since, until;
    bool inherited_known;
    int64_t inherited_us;
    int64_t cpu_begin, cpu_end; /* of its thread, since its first span of the job; begin is negative before that */
};

static int64_t now_ns(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void set_failure(run *r, fc_status status) {
    if (status == FC_STOPPED) return; /* who stopped the job knows why */
    int none = FC_OK;
    atomic_compare_exchange_strong(&r->status, &none, (int)status);
    atomic_store(&r->job.stop, true);
}

/* Report something about a whole file, once per kind. */
static void report_file(worker *w, size_t file, fc_report_kind kind, int reason, uint64_t offset) {
    run *r = w->run;
    pthread_mutex_lock(&r->lock);
    const bool known = r->states[file].reported >> kind & 1;
    r->states[file].reported |= 1u << kind;
    pthread_mutex_unlock(&r->lock);
    if (known) return;
    if (kind == FC_REPORT_OS) {
        w->files_failed++;
        if (r->options->stop_on_os_error) atomic_store(&r->job.stop, true);
    }
    const fc_report report = {.file = file, .kind = kind, .reason = reason, .offset = offset};
    if (fc_first_reports_accept(&w->reports, &report) && fc_first_reports_push(&w->reports, &report) != FC_OK)
        set_failure(r, FC_NO_MEMORY);
}

static bool should_stop(void *ctx) {
    const worker *w = ctx;
    return w->run->runtime->should_stop(&w->run->job, w->id);
}

/* Count the newlines of a stretch of the file that has left the block; false when the scan ends meanwhile. */
static bool count_newlines(worker *w, uint64_t from, uint64_t to, uint64_t *out) {
    fc_buffer *buffer = &w->times.buffer;
    *out = 0;
    if (fc_buffer_reserve(buffer, w->run->options->chunk) != FC_OK) {
        set_failure(w->run, FC_NO_MEMORY);
        return false;
    }
    while (from < to) {
        size_t want = w->run->options->chunk, got;
        int code;
        if (should_stop(w)) return false;
        if (want > to - from) want = (size_t)(to - from);
        (void)fc_source_read(&w->source, from, buffer->data, want, &got, &code);
        *out += w->run->find->newlines(buffer->data, got);
        if (got < want) break;
        from += got;
    }
    return true;
}

static bool is_big(const run *r, uint64_t size) { return size > r->options->span; }

/* How long the pieces of a big file are: several a thread, but each worth an open of its own. */
static uint64_t piece_size(const run *r, uint64_t size) {
    const uint64_t most = r->options->span, least = most / 4 + 1, fair = size / (4 * (uint64_t)r->options->threads);
    return fair < least ? least : fair > most ? most : fair;
}

/* The line's number within its span, from 1; 0 when the scan ends before it is known. */
static uint64_t line_number(worker *w, size_t begin) {
    if (w->lost_count) {
        if (!count_newlines(w, 0, w->block.base, &w->newlines)) return 0;
        w->lost_count = false;
    }
    w->counting = true;
    if (begin > w->counted) {
        w->newlines += w->run->find->newlines(w->block.bytes + w->counted, begin - w->counted);
        w->counted = begin;
    }
    return w->newlines + 1;
}

static void report_line(worker *w, size_t begin, size_t end, fc_line_reason reason) {
    w->errors++;
    fc_report report = {.file = w->span->file, .kind = FC_REPORT_LINE, .reason = (int)reason,
                        .offset = w->block.base + begin};
    if (!fc_first_reports_accept(&w->reports, &report)) return;
    report.line = line_number(w, begin);
    report.excerpt_len = end - begin < FC_EXCERPT_MAX ? end - begin : FC_EXCERPT_MAX;
    memcpy(report.excerpt, w->block.bytes + begin, report.excerpt_len);
    if (fc_first_reports_push(&w->reports, &report) != FC_OK) set_failure(w->run, FC_NO_MEMORY);
}

static void keep_tail(worker *w, uint64_t offset) {
    if (w->tails_len == w->tails_capacity) {
        const size_t capacity = w->tails_capacity ? w->tails_capacity * 2 : 8;
        fc_tail *tails = realloc(w->tails, capacity * sizeof *tails);
        if (tails == NULL) {
            set_failure(w->run, FC_NO_MEMORY);
            return;
        }
        w->tails = tails;
        w->tails_capacity = capacity;
    }
    w->tails[w->tails_len++] = (fc_tail){w->span->file, offset};
}

/* The first time in a span, found once per span. */
static fc_status span_first(worker *w, span *s, fc_time_found *out) {
    run *r = w->run;
    pthread_mutex_lock(&r->lock);
    const bool known = s->has_first;
    *out = s->first;
    pthread_mutex_unlock(&r->lock);
    if (known) return FC_OK;
    const fc_status status = fc_times_in_source(&w->times, &w->source, s->begin, s->end, false, false, out);
    if (status != FC_OK) return status;
    pthread_mutex_lock(&r->lock);
    s->first = *out;
    s->has_first = true;
    pthread_mutex_unlock(&r->lock);
    return FC_OK;
}

/* The last time in a file, found once per file. */
static fc_status file_last(worker *w, file_state *state, fc_time_found *out) {
    run *r = w->run;
    pthread_mutex_lock(&r->lock);
    const bool known = state->has_last;
    *out = state->last;
    pthread_mutex_unlock(&r->lock);
    if (known) return FC_OK;
    fc_status status = FC_OK;
    *out = (fc_time_found){0};
    for (size_t i = state->spans; i-- > 0 && status == FC_OK && !out->found;) {
        span *s = &r->spans[state->first_span + i];
        fc_time_found first;
        status = span_first(w, s, &first);
        if (status == FC_OK && first.found)
            status = fc_times_in_source(&w->times, &w->source, s->begin, s->end, false, true, out);
    }
    if (status != FC_OK) return status;
    pthread_mutex_lock(&r->lock);
    state->last = *out;
    state->has_last = true;
    pthread_mutex_unlock(&r->lock);
    return FC_OK;
}

/* The time of a record that has none, whose line ends before `next` in the block: the next record's that has one,
 * else the previous one's, else the file's. Each stretch is searched once, so a file without times stays linear. */
static fc_status inherit(worker *w, uint64_t offset, size_t next, bool *out_known, int64_t *out_us) {
    if (w->has_inherited && offset >= w->since && offset < w->until) {
        *out_known = w->inherited_known;
        *out_us = w->inherited_us;
        return FC_OK;
    }
    run *r = w->run;
    fc_time_found found = {0};
    fc_status status = FC_OK;
    if (next < w->complete)
        status = fc_times_in_lines(&w->times, w->block.bytes + next, w->complete - next, w->block.base + next, &found);
    const uint64_t read = w->block.base + (next > w->complete ? next : w->complete);
    if (status == FC_OK && !found.found && read < w->span->end)
        status = fc_times_in_source(&w->times, &w->source, read, w->span->end, true, false, &found);
    w->until = found.found ? found.offset : UINT64_MAX;
    file_state *state = &r->states[w->span->file];
    const size_t last_span = state->first_span + state->spans;
    for (size_t i = (size_t)(w->span - r->spans) + 1; i < last_span && status == FC_OK && !found.found; i++)
        status = span_first(w, &r->spans[i], &found);
    if (status == FC_OK && !found.found) status = file_last(w, state, &found);
    if (status != FC_OK) return status;
    w->has_inherited = true;
    w->since = offset;
    w->inherited_known = found.found || w->source.has_time;
    w->inherited_us = found.time_us;
    if (!found.found) {
        const int64_t ns = w->source.info.mtime_ns;
        w->inherited_us = ns / 1000 - (ns % 1000 < 0);
    }
    *out_known = w->inherited_known;
    *out_us = w->inherited_us;
    return FC_OK;
}

static bool within(const fc_plan_options *bounds, const fc_hit *hit) {
    if (!bounds->has_since && !bounds->has_until) return true;
    return hit->has_time && !(bounds->has_since && hit->time_us < bounds->since_us) &&
           !(bounds->has_until && hit->time_us > bounds->until_us);
}

/* Count a matching record and keep it if it is among the best. Overwrites the parser's record. FC_STOPPED: the scan
 * ended before its time was known, so it is not counted either. */
static fc_status take_match(worker *w, size_t begin, size_t line, size_t len, size_t next) {
    run *r = w->run;
    const fc_record *record = &w->parser.record;
    fc_hit hit = {.file = w->span->file, .offset = w->block.base + begin, .has_time = record->has_time,
                  .time_us = record->time_us, .raw = w->block.bytes + line, .raw_len = len};
    const bool bounded = r->bounds.has_since || r->bounds.has_until;
    const bool by_time = r->options->order != FC_ORDER_FILE;
    bool timed = hit.has_time;
    fc_parser_done(&w->parser, len);
    if (!timed && (bounded || (by_time && r->options->limit != 0))) {
        const fc_status status = inherit(w, hit.offset, next, &hit.has_time, &hit.time_us);
        if (status != FC_OK) return status;
        timed = true;
    }
    if (!within(&r->bounds, &hit)) return FC_OK;
    const bool kept = fc_best_accepts(&w->best, &hit);
    if (kept && !timed) {
        const fc_status status = inherit(w, hit.offset, next, &hit.has_time, &hit.time_us);
        if (status != FC_OK) return status;
    }
    w->matches++;
    if (!kept) return FC_OK;
    hit.line = line_number(w, begin);
    return fc_best_push(&w->best, &hit);
}

/* Length of the byte order mark at the start of the file, if `begin` is there and has one. */
static size_t bom_at(const worker *w, size_t begin) {
    const bool marked = w->block.base + begin == 0 && w->block.len - begin >= 3 && memcmp(w->block.bytes + begin, "\xef\xbb\xbf", 3) == 0;
    return marked ? 3 : 0;
}

/* Judge one line of the block: [begin, end) without its newline; `next` is where the next line begins. */
static fc_status take_line(worker *w, size_t begin, size_t end, size_t next, bool terminated) {
    run *r = w->run;
    const uint8_t *data = w->block.bytes;
    size_t line = begin;
    if (bom_at(w, begin) != 0 && end - begin >= 3) {
        line += 3;
        if (line == end && !terminated) return FC_OK; /* a byte order mark alone is no line */
    }
    w->lines++;
    if (end > line && data[end - 1] == '\r') end--;
    const size_t len = end - line;
    if (len > r->options->max_line) {
        report_line(w, begin, end, FC_LINE_TOO_LONG);
        return FC_OK;
    }
    if (fc_record_blank(data + line, len)) {
        w->blank++;
        return FC_OK;
    }
    w->candidates++;
    fc_line_reason reason;
    fc_status status = fc_parser_read(&w->parser, data + line, len, &reason);
    bool matched = false;
    if (status == FC_OK) {
        const fc_file_entry *entry = &r->files->entries[w->span->file];
        w->records++;
        status = fc_plan_match(r->plan, r->find, &w->parser.record, entry->path, entry->path_len, &w->scratch, &matched);
    } else if (status == FC_BAD_LINE) {
        status = FC_OK;
        if (terminated) report_line(w, begin, end, reason);
        else keep_tail(w, w->block.base + begin);
    }
    if (matched) return take_match(w, begin, line, len, next); /* calls fc_parser_done */
    fc_parser_done(&w->parser, len);
    return status;
}

/* The place of the next newline; there is one before `to`. */
static size_t line_end(const uint8_t *data, size_t from, size_t to) {
    return (size_t)((const uint8_t *)memchr(data + from, '\n', to - from) - data);
}

/* Judge the lines of the whole-line stretch [from, to) of the block that must be judged. */
static fc_status take_lines(worker *w, size_t from, size_t to) {
    run *r = w->run;
    const uint8_t *data = w->block.bytes;
    fc_status status = FC_OK;
    if (r->every_line) {
        while (from < to && status == FC_OK) {
            const size_t end = line_end(data, from, to);
            status = take_line(w, from, end, end + 1, true);
            from = end + 1;
        }
        return status;
    }
    /* Only the line that was carried over can be longer than what is read at a time, which max_line exceeds. */
    const size_t carried = line_end(data, from, to);
    if (carried - from > r->options->max_line) {
        status = take_line(w, from, carried, carried + 1, true);
        from = carried + 1;
        if (status != FC_OK || from >= to) return status;
    }
    fc_sieve sieve;
    fc_sieve_start(&sieve, r->plan, r->find, data + from, to - from);
    const size_t start = from;
    while (from < to && status == FC_OK) {
        const size_t hit = start + fc_sieve_next(&sieve, from - start);
        if (hit >= to) break;
        const uint8_t *before = memrchr(data + from, '\n', hit - from);
        const size_t begin = before == NULL ? from : (size_t)(before - data) + 1;
        const size_t end = line_end(data, hit, to);
        w->scratch.hint = data + hit;
        status = take_line(w, begin, end, end + 1, true);
        w->scratch.hint = NULL;
        from = end + 1;
    }
    return status;
}

/* Drop the first `size` bytes of the block. */
static void slide(worker *w, size_t size) {
    if (size == 0) return;
    if (w->counting) {
        if (size > w->counted) w->newlines += w->run->find->newlines(w->block.bytes + w->counted, size - w->counted);
        w->counted = w->counted > size ? w->counted - size : 0;
    } else {
        w->lost_count = true;
    }
    fc_block_drop(&w->block, size);
}

typedef enum step { STEP_MORE, STEP_ENDED, STEP_FAILED } step;

/* Read the next bytes of the span into the block. */
static step read_more(worker *w, uint64_t end, size_t *beyond) {
    const uint64_t at = w->block.base + w->block.len, size = w->source.info.size;
    size_t want = w->run->options->chunk;
    if (at < end) {
        if (want > end - at) want = (size_t)(end - at);
    } else {
        /* Only the rest of one line is wanted. */
        want = *beyond;
        if (*beyond < w->run->options->chunk) *beyond *= 2;
    }
    const bool to_end = at >= size || size - at <= want;
    if (to_end) want = at >= size ? 0 : (size_t)(size - at);
    if (fc_block_reserve(&w->block, want + 1) != FC_OK) { /* never NULL, for an empty file too */
        set_failure(w->run, FC_NO_MEMORY);
        return STEP_FAILED;
    }
    size_t got;
    int code;
    const fc_status status = fc_source_read(&w->source, at, w->block.bytes + w->block.len, want, &got, &code);
    fc_source_note(&w->source, at, w->block.bytes + w->block.len, got);
    w->block.len += got;
    atomic_fetch_add(&w->run->done_bytes, got);
    if (status != FC_OK) {
        report_file(w, w->span->file, FC_REPORT_OS, code, at + got);
        return STEP_FAILED;
    }
    if (got < want) report_file(w, w->span->file, FC_REPORT_TRUNCATED, 0, at + got);
    return to_end || got < want ? STEP_ENDED : STEP_MORE;
}

/* Scan the lines that begin in [begin, end), reading from begin - 1 so that a newline there is seen. True when the
 * span was scanned to its end. */
static bool scan_lines(worker *w, uint64_t begin, uint64_t end) {
    run *r = w->run;
    bool dropping = begin != 0, too_long = false;
    size_t cursor = 0, beyond = r->options->chunk < 4096 ? r->options->chunk : 4096;
    fc_block_start(&w->block, begin - (begin != 0));
    w->complete = w->counted = 0;
    for (;;) {
        slide(w, cursor);
        cursor = 0;
        const size_t old_len = w->block.len;
        const step got = read_more(w, end, &beyond);
        if (got == STEP_FAILED) return false;
        const uint8_t *data = w->block.bytes;
        const size_t len = w->block.len;

        if (dropping) {
            const uint8_t *newline = memchr(data, '\n', len);
            cursor = newline == NULL ? len : (size_t)(newline - data) + 1;
            dropping = newline == NULL;
            if (!too_long) w->counted = cursor; /* the span before counts these lines */
            too_long &= dropping;
        }
        const size_t searched = cursor > old_len ? cursor : old_len;
        const uint8_t *newline = memrchr(data + searched, '\n', len - searched);
        w->complete = newline == NULL ? cursor : (size_t)(newline - data) + 1;

        size_t stop = w->complete;
        bool last = false;
        if (w->block.base + cursor >= end) {
            last = true;
            stop = cursor;
        } else if (w->block.base + stop >= end) {
            const size_t from = (size_t)(end - w->block.base) - 1;
            stop = line_end(data, from, w->complete) + 1;
            last = true;
        }
        if (stop > cursor) {
            const fc_status status = take_lines(w, cursor, stop);
            if (status != FC_OK) {
                set_failure(r, status);
                return false;
            }
            cursor = stop;
        }
        if (!last && got == STEP_ENDED) {
            if (cursor < len && !dropping) {
                w->block.bytes[len] = 0;
                const fc_status status = take_line(w, cursor, len, len, false);
                if (status != FC_OK) {
                    set_failure(r, status);
                    return false;
                }
                cursor = len;
            }
            last = true;
        }
        if (last) {
            slide(w, cursor);
            /* The newline of a line too long to be read on to its end; lines below it exist only if it does. */
            w->newlines += too_long;
            const uint64_t reached = w->block.base < end ? w->block.base : end;
            w->bytes += reached > begin ? reached - begin : 0;
            return true;
        }
        /* Enough is read first for the excerpt, so that it does not depend on the size of a chunk. */
        if (!dropping && len - cursor > FC_EXCERPT_MAX + 1 && len - cursor - 1 > r->options->max_line + bom_at(w, cursor)) {
            w->lines++;
            report_line(w, cursor, len, FC_LINE_TOO_LONG);
            dropping = too_long = true;
            cursor = len;
        }
        if (should_stop(w)) return false;
    }
}

static void report_fate(worker *w, size_t file, fc_source_fate fate, uint64_t size) {
    if (fate == FC_SOURCE_TRUNCATED) report_file(w, file, FC_REPORT_TRUNCATED, 0, size);
    if (fate == FC_SOURCE_CHANGED) report_file(w, file, FC_REPORT_CHANGED, 0, 0);
}

/* Open a file, one in pieces again and again: what befalls it while no piece is open shows at the next opening. */
static fc_status open_span(worker *w, size_t file, int *out_code) {
    run *r = w->run;
    file_state *state = &r->states[file];
    const bool in_pieces = state->spans > 1;
    fc_source_fate fate = FC_SOURCE_SAME;
    if (in_pieces) pthread_mutex_lock(&r->lock);
    const fc_status status = fc_source_open(&r->files->entries[file], &w->source, out_code);
    if (in_pieces) {
        if (status == FC_OK) {
            fate = fc_source_compare(&w->source, &state->info, &state->mark);
            state->info = w->source.info;
        }
        pthread_mutex_unlock(&r->lock);
    }
    if (status != FC_OK) report_file(w, file, FC_REPORT_OS, *out_code, 0);
    report_fate(w, file, fate, w->source.info.size);
    return status;
}

/* Scan an open span and judge what happened to its file. */
static void scan_opened(worker *w, span *s) {
    run *r = w->run;
    file_state *state = &r->states[s->file];
    w->span = s;
    w->has_inherited = false;
    w->newlines = 0;
    w->counting = state->spans > 1 || r->every_line;
    w->lost_count = false;
    const bool finished = scan_lines(w, s->begin, s->end);
    if (r->job.forked) return; /* nothing that threads share can be touched any more */
    if (finished) {
        s->newlines = w->newlines;
        s->finished = true;
    }
    uint64_t size;
    const fc_source_fate fate = fc_source_judge(&w->source, &size);
    report_fate(w, s->file, fate, size);
    if (state->spans > 1 && w->source.mark.len != 0) {
        pthread_mutex_lock(&r->lock);
        state->mark = w->source.mark;
        pthread_mutex_unlock(&r->lock);
    }
    if (w->block.storage.capacity > 4 * r->options->chunk + FC_PARSER_LONG_LINE) fc_block_free(&w->block);
    if (w->scratch.text.capacity > FC_PARSER_LONG_LINE) fc_scratch_free(&w->scratch);
}

static void scan_span(void *ctx, size_t item, unsigned worker_id) {
    run *r = ctx;
    worker *w = &r->workers[worker_id];
    span *s = &r->spans[r->visits[item]];
    file_state *state = &r->states[s->file];
    int code;
    if (w->cpu_begin < 0) w->cpu_begin = now_ns(CLOCK_THREAD_CPUTIME_ID);
    const fc_status status = open_span(w, s->file, &code);
    if (status == FC_OK) {
        if (!state->has_size && is_big(r, w->source.info.size)) {
            /* Found big only now: left for the second job, which shares it out in pieces. */
            state->info = w->source.info;
            state->has_size = true;
        } else {
            scan_opened(w, s);
        }
        fc_source_close(&w->source);
    }
    w->cpu_end = now_ns(CLOCK_THREAD_CPUTIME_ID);
}

static int poll_run(void *ctx) {
    run *r = ctx;
    if (r->deadline_ns >= 0 && now_ns(CLOCK_MONOTONIC) >= r->deadline_ns) {
        r->timed_out = true;
        return 1;
    }
    if (r->options->poll != NULL &&
        r->options->poll(r->options->poll_ctx, atomic_load(&r->done_bytes), r->total_bytes) != 0) {
        r->asked_to_stop = true;
        return 1;
    }
    return 0;
}

/* Tell whoever watches that a whole scan is done. */
static void poll_end(run *r) {
    const uint64_t done = atomic_load(&r->done_bytes), all = done > r->total_bytes ? done : r->total_bytes;
    if (r->options->poll == NULL || r->timed_out || r->asked_to_stop || atomic_load(&r->job.stop)) return;
    r->asked_to_stop = r->options->poll(r->options->poll_ctx, all, all) != 0;
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
    const size_t count = r->files->len;
    named *order = malloc((count + 1) * sizeof *order);
    if (order == NULL) return FC_NO_MEMORY;
    for (size_t i = 0; i < count; i++) order[i] = (named){&r->files->entries[i], i};
    qsort(order, count, sizeof *order, by_path);
    for (size_t i = 0; i < count; i++) r->ranks[order[i].file] = i;
    free(order);
    return FC_OK;
}

/* Files that are not worth a look by two threads are statted up front, and all are when their total is wanted. */
static void learn_sizes(run *r) {
    const bool all = r->options->poll_total || r->files->len < 32;
    for (size_t i = 0; i < r->files->len; i++) {
        const fc_file_entry *entry = &r->files->entries[i];
        file_state *state = &r->states[i];
        state->info = entry->info;
        state->has_size = entry->has_size;
        int code;
        if (all && !state->has_size && fc_file_stat_path(entry->path, &state->info, &code) == FC_OK)
            state->has_size = true;
        if (state->has_size) r->total_bytes += state->info.size;
    }
}

/* Put one span for each file that is not known to be big into the first job. */
static fc_status plan_files(run *r) {
    const size_t files = r->files->len;
    r->spans = calloc(files + 1, sizeof *r->spans);
    r->visits = malloc((files + 1) * sizeof *r->visits);
    if (r->spans == NULL || r->visits == NULL) return FC_NO_MEMORY;
    r->spans_len = files;
    for (size_t i = 0; i < files; i++) {
        r->spans[i] = (span){.file = i, .end = UINT64_MAX};
        r->states[i].first_span = i;
        r->states[i].spans = 1;
        if (!r->states[i].has_size || !is_big(r, r->states[i].info.size)) r->visits[r->visits_len++] = i;
    }
    return FC_OK;
}

/* Cut the big files into pieces for the second job: after the small files, so that the pieces balance the end. */
static fc_status plan_pieces(run *r) {
    size_t pieces = 0;
    r->visits_len = 0;
    for (size_t i = 0; i < r->files->len; i++) {
        file_state *state = &r->states[i];
        if (!state->has_size || !is_big(r, state->info.size)) continue;
        state->first_span = r->spans_len + pieces;
        state->spans = (size_t)((state->info.size - 1) / piece_size(r, state->info.size) + 1);
        pieces += state->spans;
    }
    if (pieces == 0) return FC_OK;
    span *spans = realloc(r->spans, (r->spans_len + pieces) * sizeof *spans);
    if (spans != NULL) r->spans = spans;
    size_t *visits = realloc(r->visits, pieces * sizeof *visits);
    if (visits != NULL) r->visits = visits;
    if (spans == NULL || visits == NULL) return FC_NO_MEMORY;
    for (size_t i = 0; i < r->files->len; i++) {
        const file_state *state = &r->states[i];
        if (state->first_span < r->spans_len) continue;
        const uint64_t size = piece_size(r, state->info.size);
        for (size_t piece = 0; piece < state->spans; piece++) {
            const uint64_t begin = piece * size;
            r->spans[state->first_span + piece] = (span){
                .file = i, .begin = begin, .end = piece + 1 == state->spans ? UINT64_MAX : begin + size};
        }
    }
    /* Logs grow forwards: the wanted end of time is mostly at the wanted end of the file. */
    for (size_t i = 0; i < pieces; i++)
        visits[r->visits_len++] = r->spans_len + (r->options->order == FC_ORDER_NEWEST ? pieces - 1 - i : i);
    r->spans_len += pieces;
    return FC_OK;
}

/* A hand-over is not worth it for less work than this. */
static bool is_small(const run *r) { return r->total_bytes < 256 * 1024 && r->files->len < 8; }

/* Run the planned visits on the pool; true to go on. */
static bool run_job(run *r, unsigned threads, unsigned *took) {
    r->job = (fc_job){.work = scan_span, .ctx = r, .items = r->visits_len, .threads = threads, .poll = poll_run,
                      .poll_ctx = r};
    if (r->visits_len == 0) return true;
    if (poll_run(r) != 0) return false;
    for (unsigned i = 0; i < threads; i++) r->workers[i].cpu_begin = -1;
    const unsigned threads_used = r->runtime->run(r->runtime, &r->job);
    if (r->job.forked) return false;
    if (threads_used > *took) *took = threads_used;
    /* The caller, worker 0, is measured as a whole. A number may fall to another thread in the next job. */
    for (unsigned i = 1; i < threads; i++)
        if (r->workers[i].cpu_begin >= 0) r->cpu_ns += r->workers[i].cpu_end - r->workers[i].cpu_begin;
    return !atomic_load(&r->job.stop);
}

static fc_status make_workers(run *r, unsigned threads) {
    r->workers = calloc(threads, sizeof *r->workers);
    if (r->workers == NULL) return FC_NO_MEMORY;
    for (unsigned i = 0; i < threads; i++) {
        worker *w = &r->workers[i];
        w->run = r;
        w->id = i;
        w->source.fd = -1;
        w->best = (fc_best){.order = {r->options->order, r->ranks}, .limit = r->options->limit};
        w->reports.ranks = r->ranks;
        const fc_status status = fc_parser_init(&w->parser, &r->long_lines, r->find, r->options->validate_all);
        if (status != FC_OK) return status;
        w->times = (fc_times){.parser = &w->parser, .stamps = r->stamps, .find = r->find,
                              .max_line = r->options->max_line, .chunk = r->options->chunk,
                              .should_stop = should_stop, .stop_ctx = w};
    }
    return FC_OK;
}

/* Turn a line's number in its span into one in its file; 0 when a span above was not finished. */
static uint64_t absolute_line(const run *r, size_t file, uint64_t offset, uint64_t line) {
    if (line == 0) return 0;
    const file_state *state = &r->states[file];
    for (size_t i = 0; i < state->spans; i++) {
        const span *s = &r->spans[state->first_span + i];
        if (offset < s->end) return line;
        if (!s->finished) return 0;
        line += s->newlines;
    }
    return 0;
}

static int by_rank(const void *a, const void *b) {
    const fc_tail *x = a, *y = b;
    return x->file < y->file ? -1 : x->file > y->file;
}

static fc_status merge(run *r, unsigned threads, fc_run_result *out) {
    worker *all = &r->workers[0];
    fc_status status = FC_OK;
    for (unsigned i = 1; i < threads && status == FC_OK; i++) {
        worker *w = &r->workers[i];
        status = fc_best_merge(&all->best, &w->best);
        for (size_t j = 0; j < w->reports.len && status == FC_OK; j++)
            if (fc_first_reports_accept(&all->reports, &w->reports.items[j]))
                status = fc_first_reports_push(&all->reports, &w->reports.items[j]);
        if (status != FC_OK || w->tails_len == 0) continue;
        fc_tail *tails = realloc(all->tails, (all->tails_len + w->tails_len) * sizeof *tails);
        if (tails == NULL) return FC_NO_MEMORY;
        memcpy(tails + all->tails_len, w->tails, w->tails_len * sizeof *tails);
        all->tails = tails;
        all->tails_len += w->tails_len;
    }
    if (status != FC_OK) return status;
    for (unsigned i = 0; i < threads; i++) {
        const worker *w = &r->workers[i];
        out->bytes += w->bytes;
        out->lines += w->lines;
        out->blank += w->blank;
        out->records += w->records;
        out->candidates += w->candidates;
        out->matches += w->matches;
        out->errors += w->errors;
        out->files_failed += w->files_failed;
    }
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
    for (size_t i = 0; i < all->tails_len; i++) all->tails[i].file = r->ranks[all->tails[i].file];
    if (all->tails_len != 0) qsort(all->tails, all->tails_len, sizeof *all->tails, by_rank);
    size_t *files = malloc((r->files->len + 1) * sizeof *files);
    if (files == NULL) return FC_NO_MEMORY;
    for (size_t i = 0; i < r->files->len; i++) files[r->ranks[i]] = i;
    for (size_t i = 0; i < all->tails_len; i++) all->tails[i].file = files[all->tails[i].file];
    free(files);

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

static fc_status prepare(run *r, const fc_run_options *options) {
    const fc_term stamp = {.op = FC_OP_TEXT, .value = (const uint8_t *)"timestamp", .len = 9};
    const fc_plan_options exactly = {.case_sensitive = true};
    fc_status status = fc_plan_new(&stamp, 1, &exactly, &r->stamps);
    if (status != FC_OK) return status;
    r->bounds = *fc_plan_get_options(r->plan);
    /* A chunk that could hold a whole over-long line must be looked at line by line. */
    r->every_line = options->validate_all || !fc_plan_has_filter(r->plan) || options->max_line < options->chunk;
    r->states = calloc(r->files->len + 1, sizeof *r->states);
    r->ranks = malloc((r->files->len + 1) * sizeof *r->ranks);
    if (r->states == NULL || r->ranks == NULL) return FC_NO_MEMORY;
    status = rank_files(r);
    learn_sizes(r);
    return status == FC_OK ? plan_files(r) : status;
}

static void release(run *r, unsigned threads) {
    for (unsigned i = 0; r->workers != NULL && i < threads; i++) {
        worker *w = &r->workers[i];
        fc_parser_free(&w->parser);
        fc_scratch_free(&w->scratch);
        fc_times_free(&w->times);
        fc_best_free(&w->best);
        fc_first_reports_free(&w->reports);
        fc_block_free(&w->block);
        free(w->tails);
    }
    free(r->workers);
    free(r->spans);
    free(r->visits);
    free(r->states);
    free(r->ranks);
    fc_plan_free(r->stamps);
    pthread_mutex_destroy(&r->lock);
    pthread_mutex_destroy(&r->long_lines);
}

fc_status fc_run(const fc_runtime *runtime, const fc_file_list *files, const fc_plan *plan,
                 const fc_run_options *options, fc_run_result *out) {
    if (options->chunk == 0 || options->span == 0 || options->max_line == 0 || options->threads == 0 ||
        options->threads > 256)
        return FC_BAD_VALUE;
    const int64_t start = now_ns(CLOCK_MONOTONIC), cpu_start = now_ns(CLOCK_THREAD_CPUTIME_ID);
    fc_run_options own = *options;
    if (own.max_line > FC_STRUCTURE_LEN_MAX) own.max_line = FC_STRUCTURE_LEN_MAX;
    run r = {.runtime = runtime, .files = files, .plan = plan, .options = &own, .find = fc_find_for(runtime->cpu)};
    fc_run_result result = {0};
    pthread_mutex_init(&r.lock, NULL);
    pthread_mutex_init(&r.long_lines, NULL);
    r.deadline_ns = options->timeout_ns < 0 ? -1 : start + options->timeout_ns;
    unsigned threads = 0;
    fc_status status = prepare(&r, &own);
    if (status == FC_OK) {
        threads = is_small(&r) ? 1 : own.threads;
        status = make_workers(&r, threads);
    }
    if (status == FC_OK) {
        if (run_job(&r, threads, &result.threads)) {
            status = plan_pieces(&r);
            if (status == FC_OK) run_job(&r, threads, &result.threads);
        }
        /* In the child of a fork during the job, what its workers held may be half written: it is left alone. */
        if (r.job.forked) return FC_FORKED;
        poll_end(&r);
        result.scan_ns = now_ns(CLOCK_MONOTONIC) - start;
        if (status == FC_OK) status = (fc_status)atomic_load(&r.status);
        if (status == FC_OK && r.asked_to_stop) status = FC_STOPPED;
    }
    if (status == FC_OK) {
        status = merge(&r, threads, &result);
        result.counted = r.every_line;
        result.timed_out = r.timed_out;
        result.cpu_ns = now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_start + r.cpu_ns;
        result.merge_ns = now_ns(CLOCK_MONOTONIC) - start - result.scan_ns;
    }
    release(&r, threads);
    if (status == FC_OK) *out = result;
    return status;
}

void fc_run_result_free(fc_run_result *result) {
    for (size_t i = 0; i < result->hits_len; i++) free(result->hits[i].raw);
    free(result->hits);
    free(result->reports);
    free(result->tails);
    *result = (fc_run_result){0};
}
