/* What is known of the times in a block of whole lines, so that the block can be passed over unread.
 *
 * A record without a time of its own takes the next one's in its file, else the previous one's, else the file's. So a
 * block's own times bound all its records but those behind its last own time, and those take the time of a block behind
 * it: fc_facts_ranges follows them there. */
#ifndef FC_FACTS_H
#define FC_FACTS_H

#include "fc_parser.h"
#include "fc_plan.h"
#include "fc_sieve.h"

/* Of one block; one malloc'ed piece. */
typedef struct fc_facts {
    int64_t first_us, last_us; /* no own time lies outside; first_us > last_us: there is none */
    uint32_t newlines;
    bool has_own;      /* some record has a time of its own */
    bool ends_untimed; /* the last record may have none */
} fc_facts;

/* What learning needs; one a thread. `key` belongs to the caller: made by fc_facts_key. */
typedef struct fc_learner {
    fc_parser *parser; /* its record is overwritten */
    const fc_probe *key;
    const fc_find *find;
} fc_learner;

/* Make the probe that lets through each place where a record's own time may stand: the key `"timestamp"`, and every
 * escape of one of its characters. Its literal is static. */
void fc_facts_key(fc_probe *out);

/* Learn the facts of a block that begins at `base` in its file. The byte at bytes[len] must be readable, and the last
 * line end in a newline. Lines are judged as a scan with validate="candidates" does that takes lines of any length; one
 * that takes only shorter ones may use the facts of blocks that are no longer. Parses a line or two, and those that
 * spell the key with escapes. FC_BAD_VALUE: longer than FC_FACTS_LEN_MAX; FC_NO_MEMORY. O(len). */
fc_status fc_facts_learn(fc_learner *learner, const uint8_t *bytes, size_t len, uint64_t base, fc_facts *out);

/* A block longer than this is one line, which is not parsed for the sake of its facts. */
enum { FC_FACTS_LEN_MAX = 16 << 20 };

/* Where the times of records may lie, own or inherited; both inclusive. first_us > last_us: there are no records. */
typedef struct fc_time_range {
    int64_t first_us, last_us;
} fc_time_range;

/* Find the ranges of all blocks of a file; a fact may be NULL, if it is unknown. `ends_known`: the last block's end is
 * the end of the file, no line stands behind it. O(count). */
void fc_facts_ranges(const fc_facts *const *facts, size_t count, bool ends_known, fc_time_range *out);

/* False only if no record of such a range lies within the plan's bounds. O(1). */
bool fc_time_range_meets(const fc_time_range *range, const fc_plan_options *bounds);

#endif
