/* Which blocks of mapped files a scan can pass over, by what is known of them. */
#ifndef FC_OUTLOOK_H
#define FC_OUTLOOK_H

#include "fc_floor.h"
#include "fc_member.h"
#include "fc_names.h"

/* Of one file. */
typedef struct fc_outlook_file {
    const fc_blocks *blocks; /* NULL: nothing is known of the file */
    fc_time_range *ranges;   /* by block */
    uint64_t size;
} fc_outlook_file;

typedef struct fc_outlook {
    const fc_plan *plan;
    const fc_floor *floor;
    size_t max_line;
    bool asks_names;
    fc_outlook_file *files; /* by file */
    fc_time_range *ranges;  /* of all files */
} fc_outlook;

/* Look at the blocks of every mapped member of the list as far as they are cut. `floor` may be NULL: no block is passed
 * over for its sake. What is pointed to must outlive the outlook, and the members be held. FC_NO_MEMORY. O(blocks). */
fc_status fc_outlook_init(fc_outlook *out, const fc_file_list *files, const fc_plan *plan, size_t max_line,
                          const fc_floor *floor);
void fc_outlook_free(fc_outlook *outlook);

/* True only if no line of the file's block number `block` can hold a wanted record, and none is longer than max_line.
 * Once true it stays so. Thread-safe. O(1), with names to be asked O(nodes x names). */
bool fc_outlook_excludes(const fc_outlook *outlook, size_t file, size_t block);

/* True if the floor could come to exclude the block at some moment. */
bool fc_outlook_is_bounded(const fc_outlook *outlook, size_t file, size_t block);

/* Return the best time that a line that begins in [begin, end) may have, as a rank that ascends towards the best in the
 * floor's order; INT64_MAX where that is unknown. There is a floor. O(blocks). */
int64_t fc_outlook_rank(const fc_outlook *outlook, size_t file, uint64_t begin, uint64_t end);

#endif
