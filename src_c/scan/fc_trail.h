/* Where the lines of a scan's matches stand, for a later scan that can match in those lines only. */
#ifndef FC_TRAIL_H
#define FC_TRAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fc_status.h"

/* A longer trail is not kept: it takes 4 MB. */
enum { FC_TRAIL_MAX = 1 << 18 };

/* A line without its newline: `len` bytes from `offset` in a file of the list. */
typedef struct fc_trail_line {
    uint64_t offset;
    uint32_t file, len;
} fc_trail_line;

/* Zero-initialise. Not thread-safe while it grows. */
typedef struct fc_trail {
    fc_trail_line *lines;
    size_t len, capacity;
    bool is_lost; /* there were too many, or no memory: it is empty, and stays so */
} fc_trail;

/* Add a line. What cannot be taken loses the trail. */
void fc_trail_push(fc_trail *trail, uint64_t file, uint64_t offset, uint64_t len);

/* Add the lines of `other`, which is left empty. O(len). */
void fc_trail_merge(fc_trail *trail, fc_trail *other);

/* Put the lines in order, by file and offset. O(len log len). */
void fc_trail_sort(fc_trail *trail);

/* The number of the first line, of a sorted trail, at a place or behind it; trail->len if there is none. O(log len). */
size_t fc_trail_at(const fc_trail *trail, uint64_t file, uint64_t offset);

void fc_trail_free(fc_trail *trail);

#endif
