/* Find the times that records without one of their own inherit from their neighbours in the file. */
#ifndef FC_TIMES_H
#define FC_TIMES_H

#include "fc_parser.h"
#include "fc_sieve.h"
#include "fc_source.h"

typedef struct fc_times {
    fc_parser *parser; /* its record is overwritten */
    const fc_probe *stamps; /* lets through every line that can have a time of its own */
    const fc_find *find;
    size_t max_line, chunk;
    /* True once the search in a file should be given up; asked at every chunk. NULL: never. */
    bool (*should_stop)(void *stop_ctx);
    void *stop_ctx;
    fc_buffer buffer;
} fc_times;

typedef struct fc_time_found {
    bool found;
    int64_t time_us;
    uint64_t offset; /* of the record's line */
} fc_time_found;

/* Find the first record with a time of its own among whole lines in memory; `base` is their offset in the file.
 * The byte at bytes[len] must be readable. */
fc_status fc_times_in_lines(fc_times *times, const uint8_t *bytes, size_t len, uint64_t base, fc_time_found *out);

/* Find the first (or the last) record with a time of its own whose line begins in [from, to). Unless from is 0 or
 * `at_line`, lines begin after the first newline at from - 1 or behind it. A file that cannot be read any further
 * ends there. FC_STOPPED: given up, nothing is known. O(to - from). */
fc_status fc_times_in_source(fc_times *times, const fc_source *source, uint64_t from, uint64_t to, bool at_line,
                             bool last, fc_time_found *out);

void fc_times_free(fc_times *times);

#endif
