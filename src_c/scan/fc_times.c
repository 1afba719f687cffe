#define _GNU_SOURCE /* memrchr */
#include "fc_times.h"

#include <string.h>

/* Read one line, found at `offset`, for its time alone. */
static fc_status line_time(fc_times *times, const uint8_t *line, size_t len, uint64_t offset, fc_time_found *out) {
    if (len != 0 && line[len - 1] == '\r') len--;
    if (offset == 0 && len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0) {
        line += 3;
        len -= 3;
    }
    if (len == 0 || len > times->max_line) return FC_OK;
    fc_line_reason reason;
    const fc_status status = fc_parser_read(times->parser, line, len, &reason);
    const fc_record *record = &times->parser->record;
    if (status == FC_OK && record->has_time) *out = (fc_time_found){true, record->time_us, offset};
    fc_parser_done(times->parser, len);
    return status == FC_BAD_LINE ? FC_OK : status;
}

static fc_status in_lines(fc_times *times, const uint8_t *bytes, size_t len, uint64_t base, bool last,
                          fc_time_found *out) {
    fc_sieve sieve;
    fc_sieve_start(&sieve, times->stamps, times->find, bytes, len);
    for (size_t from = 0; from < len;) {
        const size_t hit = fc_sieve_next(&sieve, from);
        if (hit >= len) break;
        const uint8_t *before = memrchr(bytes + from, '\n', hit - from);
        const uint8_t *begin = before == NULL ? bytes + from : before + 1;
        const uint8_t *end = memchr(bytes + hit, '\n', len - hit);
        if (end == NULL) end = bytes + len;
        const fc_status status = line_time(times, begin, (size_t)(end - begin), base + (uint64_t)(begin - bytes), out);
        if (status != FC_OK) return status;
        if (out->found && !last) break;
        from = (size_t)(end - bytes) + 1;
    }
    return FC_OK;
}

fc_status fc_times_in_lines(fc_times *times, const uint8_t *bytes, size_t len, uint64_t base, fc_time_found *out) {
    *out = (fc_time_found){0};
    return in_lines(times, bytes, len, base, false, out);
}

fc_status fc_times_in_source(fc_times *times, const fc_source *source, uint64_t from, uint64_t to, bool at_line,
                             bool last, fc_time_found *out) {
    *out = (fc_time_found){0};
    if (to > source->info.size) to = source->info.size;
    fc_buffer *buffer = &times->buffer;
    buffer->len = 0;
    /* Bytes up to the next newline belong to a line that begins before `from`, or is too long to be a record. */
    bool dropping = from != 0 && !at_line;
    uint64_t at = from - (dropping ? 1 : 0), base = at;
    /* The answer is mostly in the next line or two. */
    size_t step = times->chunk < 16384 ? times->chunk : 16384;
    for (;;) {
        if (times->should_stop != NULL && times->should_stop(times->stop_ctx)) return FC_STOPPED;
        fc_status status = fc_buffer_reserve(buffer, buffer->len + step + 1);
        if (status != FC_OK) return status;
        size_t got;
        int code;
        (void)fc_source_read(source, at, buffer->data + buffer->len, step, &got, &code);
        at += got;
        buffer->len += got;
        const bool ended = got < step;
        if (step < times->chunk) step = step * 2 < times->chunk ? step * 2 : times->chunk;

        size_t begin = 0;
        if (dropping) {
            const uint8_t *newline = memchr(buffer->data, '\n', buffer->len);
            begin = newline == NULL ? buffer->len : (size_t)(newline - buffer->data) + 1;
            dropping = newline == NULL;
        }
        const uint8_t *newline = memrchr(buffer->data + begin, '\n', buffer->len - begin);
        size_t end = newline == NULL ? begin : (size_t)(newline - buffer->data) + 1;
        if (ended) {
            end = buffer->len;
            buffer->data[end] = 0;
        }
        bool past = base + begin >= to;
        if (!past && base + end >= to) {
            /* Only lines that begin before `to` count. */
            const size_t last_begin = (size_t)(to - base);
            const uint8_t *stop = NULL;
            if (last_begin > begin) stop = memchr(buffer->data + last_begin - 1, '\n', end - (last_begin - 1));
            if (stop != NULL) {
                end = (size_t)(stop - buffer->data) + 1;
                past = true;
            }
        }
        if (base + begin < to && end > begin) {
            status = in_lines(times, buffer->data + begin, end - begin, base + begin, last, out);
            if (status != FC_OK || (out->found && !last)) return status;
        }
        if (past || ended) return FC_OK;
        if (buffer->len - end > times->max_line + 1) {
            dropping = true;
            end = buffer->len;
        }
        memmove(buffer->data, buffer->data + end, buffer->len - end);
        buffer->len -= end;
        base += end;
    }
}

void fc_times_free(fc_times *times) { fc_buffer_free(&times->buffer); }
