#define _GNU_SOURCE /* memrchr */
#include "fc_worker.h"

#include <stdlib.h>
#include <string.h>

#include "fc_mapped.h"

static void set_failure(fc_shared *shared, fc_status status) {
    if (status == FC_STOPPED) return; /* who stopped the job knows why */
    int none = FC_OK;
    atomic_compare_exchange_strong(&shared->status, &none, (int)status);
    atomic_store(&shared->job.stop, true);
}

/* What may befall a file meanwhile: the first thing that does is what its report says. */
static const unsigned fates = 1u << FC_REPORT_TRUNCATED | 1u << FC_REPORT_CHANGED;

/* Report something about a whole file, once per kind; of its fates only one. */
static void report_file(fc_worker *w, size_t file, fc_report_kind kind, int reason, uint64_t offset) {
    fc_shared *shared = w->shared;
    const unsigned bit = 1u << kind;
    pthread_mutex_lock(&shared->lock);
    const bool known = (shared->states[file].reported & (bit & fates ? fates : bit)) != 0;
    shared->states[file].reported |= bit;
    pthread_mutex_unlock(&shared->lock);
    if (known) return;
    if (kind == FC_REPORT_OS) {
        w->files_failed++;
        if (shared->options->stop_on_os_error) atomic_store(&shared->job.stop, true);
    }
    const fc_report report = {.file = file, .kind = kind, .reason = reason, .offset = offset};
    if (fc_first_reports_accept(&w->reports, &report) && fc_first_reports_push(&w->reports, &report) != FC_OK)
        set_failure(shared, FC_NO_MEMORY);
}

bool fc_worker_should_stop(const fc_worker *w) { return w->shared->runtime->should_stop(&w->shared->job, w->id); }

static bool should_stop(void *ctx) { return fc_worker_should_stop(ctx); }

/* Count the newlines of a stretch of the file that has left the block; false when the scan ends meanwhile. */
static bool count_newlines(fc_worker *w, uint64_t from, uint64_t to, uint64_t *out) {
    fc_buffer *buffer = &w->times.buffer;
    *out = 0;
    if (fc_buffer_reserve(buffer, w->shared->options->chunk) != FC_OK) {
        set_failure(w->shared, FC_NO_MEMORY);
        return false;
    }
    while (from < to) {
        size_t want = w->shared->options->chunk, got;
        int code;
        if (should_stop(w)) return false;
        if (want > to - from) want = (size_t)(to - from);
        (void)fc_source_read(&w->source, from, buffer->data, want, &got, &code);
        *out += w->shared->find->newlines(buffer->data, got);
        if (got < want) break;
        from += got;
    }
    return true;
}

/* The line's number within its span, from 1; 0 when the scan ends before it is known, or it is found later. */
static uint64_t line_number(fc_worker *w, size_t begin) {
    if (w->numbered_later) return 0;
    if (w->lost_count) {
        if (!count_newlines(w, 0, w->block.base, &w->newlines)) return 0;
        w->lost_count = false;
    }
    w->counting = true;
    const fc_find *find = w->shared->find;
    if (begin > w->counted) w->newlines += find->newlines(w->block.bytes + w->counted, begin - w->counted);
    else w->newlines -= find->newlines(w->block.bytes + begin, w->counted - begin);
    w->counted = begin;
    return w->newlines + 1;
}

static void report_line(fc_worker *w, size_t begin, size_t end, fc_line_reason reason) {
    w->errors++;
    fc_report report = {.file = w->span->file, .kind = FC_REPORT_LINE, .reason = (int)reason,
                        .offset = w->block.base + begin};
    if (!fc_first_reports_accept(&w->reports, &report)) return;
    report.line = line_number(w, begin);
    report.excerpt_len = end - begin < FC_EXCERPT_MAX ? end - begin : FC_EXCERPT_MAX;
    memcpy(report.excerpt, w->block.bytes + begin, report.excerpt_len);
    if (fc_first_reports_push(&w->reports, &report) != FC_OK) set_failure(w->shared, FC_NO_MEMORY);
}

static void keep_tail(fc_worker *w, uint64_t offset) {
    if (w->tails_len == w->tails_capacity) {
        const size_t capacity = w->tails_capacity ? w->tails_capacity * 2 : 8;
        fc_tail *tails = realloc(w->tails, capacity * sizeof *tails);
        if (tails == NULL) {
            set_failure(w->shared, FC_NO_MEMORY);
            return;
        }
        w->tails = tails;
        w->tails_capacity = capacity;
    }
    w->tails[w->tails_len++] = (fc_tail){w->span->file, offset};
}

/* The first time in a span, found once per span. */
static fc_status span_first(fc_worker *w, fc_span *s, fc_time_found *out) {
    fc_shared *shared = w->shared;
    pthread_mutex_lock(&shared->lock);
    const bool known = s->has_first;
    *out = s->first;
    pthread_mutex_unlock(&shared->lock);
    if (known) return FC_OK;
    const fc_status status = fc_times_in_source(&w->times, &w->source, s->begin, s->end, false, false, out);
    if (status != FC_OK) return status;
    pthread_mutex_lock(&shared->lock);
    s->first = *out;
    s->has_first = true;
    pthread_mutex_unlock(&shared->lock);
    return FC_OK;
}

/* The last time in a file, found once per file. */
static fc_status file_last(fc_worker *w, fc_shared_file *state, fc_time_found *out) {
    fc_shared *shared = w->shared;
    pthread_mutex_lock(&shared->lock);
    const bool known = state->has_last;
    *out = state->last;
    pthread_mutex_unlock(&shared->lock);
    if (known) return FC_OK;
    fc_status status = FC_OK;
    *out = (fc_time_found){0};
    for (size_t i = state->spans; i-- > 0 && status == FC_OK && !out->found;) {
        fc_span *s = &shared->spans[state->first_span + i];
        fc_time_found first;
        status = span_first(w, s, &first);
        if (status == FC_OK && first.found)
            status = fc_times_in_source(&w->times, &w->source, s->begin, s->end, false, true, out);
    }
    if (status != FC_OK) return status;
    pthread_mutex_lock(&shared->lock);
    state->last = *out;
    state->has_last = true;
    pthread_mutex_unlock(&shared->lock);
    return FC_OK;
}

/* The first time among the span's lines from `next` in the block on that begin before `to` in the file. */
static fc_status first_time(fc_worker *w, size_t next, uint64_t to, fc_time_found *out) {
    const uint64_t from = w->block.base + next, complete = w->block.base + w->complete;
    const uint64_t held = to < complete ? to : complete, read = from > complete ? from : complete;
    fc_status status = FC_OK;
    *out = (fc_time_found){0};
    if (from < held)
        status = fc_times_in_lines(&w->times, w->block.bytes + next, (size_t)(held - from), from, out);
    if (status == FC_OK && !out->found && read < to)
        status = fc_times_in_source(&w->times, &w->source, read, to, true, false, out);
    return status;
}

/* The time of a record that has none, whose line ends before `next` in the block: the next record's that has one,
 * else the previous one's, else the file's. Each stretch is searched once, so a file without times stays linear. */
static fc_status inherit(fc_worker *w, uint64_t offset, size_t next, bool *out_known, int64_t *out_us) {
    if (w->has_inherited && offset >= w->since && offset < w->until) {
        *out_known = w->inherited_known;
        *out_us = w->inherited_us;
        return FC_OK;
    }
    fc_shared *shared = w->shared;
    fc_time_found found;
    /* What holds from `since` on holds here too unless a time stands between. */
    const bool known_behind = w->has_inherited && offset < w->since;
    fc_status status = first_time(w, next, known_behind ? w->since : w->span->end, &found);
    if (status == FC_OK && !found.found && known_behind) {
        w->since = offset;
        *out_known = w->inherited_known;
        *out_us = w->inherited_us;
        return FC_OK;
    }
    w->until = found.found ? found.offset : UINT64_MAX;
    fc_shared_file *state = &shared->states[w->span->file];
    const size_t last_span = state->first_span + state->spans;
    for (size_t i = (size_t)(w->span - shared->spans) + 1; i < last_span && status == FC_OK && !found.found; i++)
        status = span_first(w, &shared->spans[i], &found);
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

bool fc_worker_prunes(const fc_worker *w, const uint8_t *line, size_t len, uint64_t offset) {
    const fc_shared *shared = w->shared;
    if (!shared->prunes) return false;
    const bool bounded = shared->bounds.has_since || shared->bounds.has_until;
    if (!bounded && !fc_floor_is_known(&shared->floor)) return false;
    fc_hit hit = {.file = w->span->file, .offset = offset, .has_time = true};
    if (!fc_line_time_read(&shared->line_time, line, len, &hit.time_us)) return false;
    return !within(&shared->bounds, &hit) || fc_floor_excludes(&shared->floor, hit.time_us) ||
           !fc_best_accepts(&w->best, &hit);
}

/* True if the line could be pruned at some moment. */
static bool shows_time(const fc_worker *w, const uint8_t *line, size_t len) {
    int64_t us;
    return fc_line_time_read(&w->shared->line_time, line, len, &us);
}

/* Keep a hit; where no more fit, what is as good as the last of them is the least that is wanted from now on. */
static fc_status keep(fc_worker *w, const fc_hit *hit) {
    const fc_status status = fc_best_push(&w->best, hit);
    const fc_hit *last = fc_best_last(&w->best);
    if (last != NULL && last->has_time) fc_floor_raise(&w->shared->floor, last->time_us);
    return status;
}

/* Count a matching record and keep it if it is among the best. Overwrites the parser's record. FC_STOPPED: the scan
 * ended before its time was known, so it is not counted either. */
static fc_status take_match(fc_worker *w, size_t begin, size_t line, size_t len, size_t next) {
    fc_shared *shared = w->shared;
    const fc_record *record = &w->parser.record;
    fc_hit hit = {.file = w->span->file, .offset = w->block.base + begin, .has_time = record->has_time,
                  .time_us = record->time_us, .raw = w->block.bytes + line, .raw_len = len};
    const bool bounded = shared->bounds.has_since || shared->bounds.has_until;
    const bool by_time = shared->options->order != FC_ORDER_FILE;
    bool timed = hit.has_time;
    fc_parser_done(&w->parser, len);
    if (!timed && (bounded || (by_time && shared->options->limit != 0))) {
        const fc_status status = inherit(w, hit.offset, next, &hit.has_time, &hit.time_us);
        if (status != FC_OK) return status;
        timed = true;
    }
    if (!within(&shared->bounds, &hit)) return FC_OK;
    const bool kept = fc_best_accepts(&w->best, &hit);
    if (kept && !timed) {
        const fc_status status = inherit(w, hit.offset, next, &hit.has_time, &hit.time_us);
        if (status != FC_OK) return status;
    }
    w->matches++;
    if (shared->options->keep_trail) fc_trail_push(&w->trail, hit.file, hit.offset, next - 1 - begin);
    if (!kept) return FC_OK;
    hit.line = line_number(w, begin);
    return keep(w, &hit);
}

/* Length of the byte order mark at the start of the file, if `begin` is there and has one. */
static size_t bom_at(const fc_worker *w, size_t begin) {
    const bool first = w->block.base + begin == 0 && w->block.len - begin >= 3;
    return first && memcmp(w->block.bytes + begin, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

fc_status fc_worker_take_line(fc_worker *w, size_t begin, size_t end, size_t next, bool terminated) {
    fc_shared *shared = w->shared;
    const uint8_t *data = w->block.bytes;
    size_t line = begin;
    if (shared->job.forked) return FC_STOPPED; /* the lock of long lines may be held by a thread that is no more */
    if (bom_at(w, begin) != 0 && end - begin >= 3) {
        line += 3;
        if (line == end && !terminated) return FC_OK; /* a byte order mark alone is no line */
    }
    w->lines++;
    if (end > line && data[end - 1] == '\r') end--;
    const size_t len = end - line;
    if (len > shared->options->max_line) {
        report_line(w, begin, end, FC_LINE_TOO_LONG);
        return FC_OK;
    }
    if (fc_record_blank(data + line, len)) {
        w->blank++;
        return FC_OK;
    }
    if (terminated && fc_worker_prunes(w, data + line, len, w->block.base + begin)) {
        w->pruned++;
        return FC_OK;
    }
    w->candidates++;
    fc_line_reason reason;
    fc_status status = fc_parser_read(&w->parser, data + line, len, &reason);
    bool matched = false;
    if (status == FC_OK) {
        const fc_file_entry *entry = &shared->files->entries[w->span->file];
        w->records++;
        status = fc_match_record(shared->plan, shared->find, &w->parser.record, entry->path, entry->path_len,
                                 &w->scratch, &matched);
    } else if (status == FC_BAD_LINE) {
        status = FC_OK;
        if (!terminated) keep_tail(w, w->block.base + begin);
        else if (w->quiet || (shared->uncounted && shows_time(w, data + line, len))) w->pruned++;
        else report_line(w, begin, end, reason);
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
static fc_status take_lines(fc_worker *w, size_t from, size_t to) {
    fc_shared *shared = w->shared;
    const uint8_t *data = w->block.bytes;
    fc_status status = FC_OK;
    if (shared->every_line) {
        while (from < to && status == FC_OK) {
            const size_t end = line_end(data, from, to);
            status = fc_worker_take_line(w, from, end, end + 1, true);
            from = end + 1;
        }
        return status;
    }
    /* Only the line that was carried over can be longer than what is read at a time, which max_line exceeds. */
    const size_t carried = line_end(data, from, to);
    if (carried - from > shared->options->max_line) {
        status = fc_worker_take_line(w, from, carried, carried + 1, true);
        from = carried + 1;
        if (status != FC_OK || from >= to) return status;
    }
    fc_sieve sieve;
    fc_sieve_start(&sieve, &shared->plan->probe, shared->find, data + from, to - from);
    const size_t start = from;
    while (from < to && status == FC_OK) {
        const size_t hit = start + fc_sieve_next(&sieve, from - start);
        if (hit >= to) break;
        const uint8_t *before = memrchr(data + from, '\n', hit - from);
        const size_t begin = before == NULL ? from : (size_t)(before - data) + 1;
        const size_t end = line_end(data, hit, to);
        w->scratch.hint = data + hit;
        status = fc_worker_take_line(w, begin, end, end + 1, true);
        w->scratch.hint = NULL;
        from = end + 1;
    }
    return status;
}

/* The same for a stretch that may be empty. Where lines may be left unparsed, the newest first, it is judged from its
 * end, part by part: a log grows forwards, so that its older records are not parsed. */
static fc_status take_stretch(fc_worker *w, size_t from, size_t to) {
    const size_t part = fc_shared_goes_backwards(w->shared) ? w->shared->options->chunk / 16 + 1 : SIZE_MAX;
    const uint8_t *data = w->block.bytes;
    fc_status status = FC_OK;
    while (from < to && status == FC_OK) {
        const uint8_t *newline = to - from > part ? memrchr(data + from, '\n', to - from - part) : NULL;
        const size_t begin = newline == NULL ? from : (size_t)(newline - data) + 1;
        status = take_lines(w, begin, to);
        to = begin;
    }
    return status;
}

/* Drop the first `size` bytes of the block. */
static void slide(fc_worker *w, size_t size) {
    if (size == 0) return;
    if (w->counting) {
        if (size > w->counted) w->newlines += w->shared->find->newlines(w->block.bytes + w->counted, size - w->counted);
        w->counted = w->counted > size ? w->counted - size : 0;
    } else {
        w->lost_count = true;
    }
    fc_block_drop(&w->block, size);
}

typedef enum step { STEP_MORE, STEP_ENDED, STEP_FAILED } step;

/* How many of the bytes in [from, to) lie in the stretch: what its first and last lines need beyond it is not its
 * own. */
static uint64_t own_bytes(const fc_worker *w, uint64_t from, uint64_t to) {
    if (from < w->begin) from = w->begin;
    if (to > w->end) to = w->end;
    return to > from ? to - from : 0;
}

/* Read the next bytes of the stretch into the block. */
static step read_more(fc_worker *w, size_t *beyond) {
    const uint64_t at = w->block.base + w->block.len, size = w->source.info.size, end = w->end;
    size_t want = w->shared->options->chunk;
    if (at < end) {
        if (want > end - at) want = (size_t)(end - at);
    } else {
        /* Only the rest of one line is wanted. */
        want = *beyond;
        if (*beyond < w->shared->options->chunk) *beyond *= 2;
    }
    const bool to_end = at >= size || size - at <= want;
    if (to_end) want = at >= size ? 0 : (size_t)(size - at);
    if (fc_block_reserve(&w->block, want + 1) != FC_OK) { /* never NULL, for an empty file too */
        set_failure(w->shared, FC_NO_MEMORY);
        return STEP_FAILED;
    }
    size_t got;
    int code;
    const fc_status status = fc_source_read(&w->source, at, w->block.bytes + w->block.len, want, &got, &code);
    fc_source_note(&w->source, at, w->block.bytes + w->block.len, got);
    w->block.len += got;
    atomic_fetch_add(&w->shared->done_bytes, own_bytes(w, at, at + got));
    if (status != FC_OK) {
        report_file(w, w->span->file, FC_REPORT_OS, code, at + got);
        return STEP_FAILED;
    }
    if (got < want) {
        w->ended_early = true;
        w->ended_at = at + got;
    }
    return to_end || got < want ? STEP_ENDED : STEP_MORE;
}

/* Pass over the rest of a line that is another span's, or was given up: where the next line begins. */
static size_t pass_over(fc_worker *w) {
    const uint8_t *newline = memchr(w->block.bytes, '\n', w->block.len);
    const size_t next = newline == NULL ? w->block.len : (size_t)(newline - w->block.bytes) + 1;
    w->passing = newline == NULL;
    if (!w->gave_up) w->counted = next; /* the span before counts these lines */
    w->gave_up &= w->passing;
    return next;
}

/* Give up the line at `begin`, which is longer than any may be: it is an error now, nothing of it is held. */
static void give_up_line(fc_worker *w, size_t begin) {
    w->lines++;
    report_line(w, begin, w->block.len, FC_LINE_TOO_LONG);
    w->passing = w->gave_up = true;
}

/* True if the unfinished line at `begin` is too long. Enough is read first for the excerpt, so that it does not depend
 * on the size of a chunk. */
static bool is_too_long(const fc_worker *w, size_t begin) {
    const size_t left = w->block.len - begin, most = w->shared->options->max_line + bom_at(w, begin);
    return !w->passing && left > FC_EXCERPT_MAX + 1 && left - 1 > most;
}

/* Where the stretch's whole lines stop, from `begin` on; *out_last if no others are its own. No newline stands in the
 * block behind `begin` and before `searched`. */
static size_t whole_lines(fc_worker *w, size_t begin, size_t searched, bool *out_last) {
    const uint8_t *data = w->block.bytes;
    const uint64_t end = w->end;
    if (searched < begin) searched = begin;
    const uint8_t *newline = memrchr(data + searched, '\n', w->block.len - searched);
    w->complete = newline == NULL ? begin : (size_t)(newline - data) + 1;
    *out_last = w->block.base + w->complete >= end;
    if (w->block.base + begin >= end) return begin;
    return *out_last ? line_end(data, (size_t)(end - w->block.base) - 1, w->complete) + 1 : w->complete;
}

/* Reads from the byte before the stretch so that a newline there is seen. */
fc_status fc_worker_scan_lines(fc_worker *w, uint64_t begin, uint64_t end) {
    w->begin = begin;
    w->end = end;
    size_t cursor = 0, beyond = w->shared->options->chunk < 4096 ? w->shared->options->chunk : 4096;
    fc_block_start(&w->block, begin - (begin != 0));
    w->complete = w->counted = 0;
    w->passing = begin != 0;
    w->gave_up = false;
    for (bool last = false; !last;) {
        slide(w, cursor);
        const size_t old_len = w->block.len;
        const step got = read_more(w, &beyond);
        if (got == STEP_FAILED) return FC_STOPPED;
        cursor = w->passing ? pass_over(w) : 0;
        const size_t stop = whole_lines(w, cursor, old_len, &last);
        fc_status status = take_stretch(w, cursor, stop);
        cursor = stop;
        if (status == FC_OK && !last && got == STEP_ENDED) {
            last = true;
            if (cursor < w->block.len && !w->passing) {
                w->block.bytes[w->block.len] = 0;
                status = fc_worker_take_line(w, cursor, w->block.len, w->block.len, false);
                cursor = w->block.len;
            }
        }
        if (status != FC_OK) return status;
        if (!last && is_too_long(w, cursor)) {
            give_up_line(w, cursor);
            cursor = w->block.len;
        }
        if (!last && should_stop(w)) return FC_STOPPED;
    }
    slide(w, cursor);
    /* The newline of a line that was given up and ends in another span; lines below it exist only if it does. */
    w->newlines += w->gave_up;
    w->bytes += own_bytes(w, begin, w->block.base);
    return FC_OK;
}

void fc_worker_drop_pages(const fc_shared *shared, size_t file, uint64_t begin, uint64_t end) {
    fc_member_drop(shared->files->entries[file].member, shared->states[file].stays, begin, end);
}

static void report_fate(fc_worker *w, size_t file, fc_source_fate fate, uint64_t size) {
    if (fate == FC_SOURCE_TRUNCATED) report_file(w, file, FC_REPORT_TRUNCATED, 0, size);
    if (fate == FC_SOURCE_CHANGED) report_file(w, file, FC_REPORT_CHANGED, 0, 0);
}

/* Say what befell a file in pieces while none of them was open. Its sizes and times are asked for one after another, so
 * that none seems to be older than it is. */
static void compare_openings(fc_worker *w, size_t file) {
    fc_shared *shared = w->shared;
    fc_shared_file *state = &shared->states[file];
    pthread_mutex_lock(&shared->lock);
    const bool told = (state->reported & fates) != 0;
    const fc_file_info before = state->info;
    const fc_source_mark mark = *state->mark;
    const bool known = fc_source_look_again(&w->source) == FC_OK;
    if (known) state->info = w->source.info;
    pthread_mutex_unlock(&shared->lock);
    if (told || !known) return;
    uint64_t size;
    const fc_source_fate fate = fc_source_compare(&w->source, &before, &mark, &size);
    report_fate(w, file, fate, size);
}

/* Say what befell the file of the open span while it was read. */
static void judge_span(fc_worker *w) {
    fc_shared *shared = w->shared;
    const size_t file = w->span->file;
    fc_shared_file *state = &shared->states[file];
    pthread_mutex_lock(&shared->lock);
    const bool told = (state->reported & fates) != 0;
    if (state->mark != NULL && w->source.mark.len != 0) *state->mark = w->source.mark;
    pthread_mutex_unlock(&shared->lock);
    if (told) return;
    uint64_t size;
    const fc_source_fate fate = fc_source_judge(&w->source, &size);
    if (fate != FC_SOURCE_SAME) report_fate(w, file, fate, size);
    else if (w->ended_early) report_fate(w, file, FC_SOURCE_TRUNCATED, w->ended_at);
}

/* Scan an open span and judge what happened to its file. */
static void scan_opened(fc_worker *w, fc_span *s) {
    fc_shared *shared = w->shared;
    fc_shared_file *state = &shared->states[s->file];
    const bool is_mapped = w->source.member != NULL && w->source.member->bytes != NULL;
    w->span = s;
    w->ended_early = false;
    w->has_inherited = false;
    w->newlines = 0;
    w->numbered_later = is_mapped && (!shared->every_line || shared->outlook != NULL);
    w->quiet = false;
    w->counting = !w->numbered_later && (state->spans > 1 || shared->every_line);
    w->lost_count = false;
    const bool was_blocked = is_mapped && shared->runtime->guard_begin();
    const fc_status status = w->numbered_later ? fc_mapped_scan(w) : fc_worker_scan_lines(w, s->begin, s->end);
    if (shared->job.forked) return; /* nothing that threads share can be touched any more */
    if (status != FC_OK) set_failure(shared, status);
    s->newlines = w->newlines;
    s->finished = status == FC_OK;
    judge_span(w);
    if (is_mapped) {
        shared->runtime->guard_end(was_blocked);
        fc_worker_drop_pages(shared, s->file, s->begin, s->end);
    }
    if (w->block.storage.capacity > 4 * shared->options->chunk + FC_PARSER_LONG_LINE) fc_block_free(&w->block);
    if (w->scratch.text.capacity > FC_PARSER_LONG_LINE) fc_scratch_free(&w->scratch);
}

bool fc_shared_goes_backwards(const fc_shared *shared) {
    return shared->prunes && shared->options->order == FC_ORDER_NEWEST;
}

bool fc_shared_is_big(const fc_shared *shared, uint64_t size) { return size > shared->options->span; }

void fc_worker_scan(fc_worker *w, fc_span *s) {
    fc_shared *shared = w->shared;
    fc_shared_file *state = &shared->states[s->file];
    int code;
    if (fc_mapped_passes(w, s, shared->files->entries[s->file].member)) {
        s->finished = true;
        return;
    }
    if (fc_source_open(&shared->files->entries[s->file], &w->source, &code) != FC_OK) {
        report_file(w, s->file, FC_REPORT_OS, code, 0);
    } else {
        if (!state->has_size && fc_shared_is_big(shared, w->source.info.size)) {
            /* Found big only now: left for the second job, which shares it out in pieces. */
            state->info = w->source.info;
            state->has_size = true;
        } else {
            if (state->mark != NULL && w->source.member == NULL) compare_openings(w, s->file);
            scan_opened(w, s);
        }
        fc_source_close(&w->source);
    }
}

fc_status fc_worker_init(fc_worker *w, fc_shared *shared, unsigned id) {
    const fc_run_options *options = shared->options;
    *w = (fc_worker){.shared = shared, .id = id, .source.fd = -1, .reports.ranks = shared->ranks,
                     .best = {.order = {options->order, shared->ranks}, .limit = options->limit}};
    const fc_status status = fc_parser_init(&w->parser, &shared->long_lines, shared->find, options->validate_all);
    if (status != FC_OK) return status;
    w->times = (fc_times){.parser = &w->parser, .stamps = shared->stamps, .find = shared->find,
                          .max_line = options->max_line, .chunk = options->chunk, .should_stop = should_stop,
                          .stop_ctx = w};
    return FC_OK;
}

void fc_worker_free(fc_worker *w) {
    fc_parser_free(&w->parser);
    fc_scratch_free(&w->scratch);
    fc_times_free(&w->times);
    fc_best_free(&w->best);
    fc_first_reports_free(&w->reports);
    fc_block_free(&w->block);
    fc_trail_free(&w->trail);
    free(w->tails);
}
