/* Which sessions, roles and types the records of a block have, so that the block can be passed over unread. */
#ifndef FC_NAMES_H
#define FC_NAMES_H

#include "fc_facts.h"

/* Of one block; one malloc'ed piece. */
typedef struct fc_names {
    uint8_t kinds; /* bit per FC_NAMES_*: all of them are here */
    uint16_t len;
    uint8_t entries[]; /* one after the other: the kind, the length, the decoded name */
} fc_names;

enum { FC_NAMES_SESSION, FC_NAMES_ROLE, FC_NAMES_TYPE, FC_NAMES_KINDS };
enum { FC_NAMES_LEN_MAX = 4096 };

/* Learn the names of a block, parsing every line. Arguments and judgement of lines as fc_facts_learn. A kind of which a
 * name is longer than 255 bytes, or for which there is no room in FC_NAMES_LEN_MAX bytes, is left out of `kinds`.
 * *out is malloc'ed. FC_BAD_VALUE: longer than FC_FACTS_LEN_MAX; FC_NO_MEMORY. O(len). */
fc_status fc_names_learn(fc_learner *learner, const uint8_t *bytes, size_t len, uint64_t base, fc_names **out);

/* Make a piece of entries that come from elsewhere. FC_BAD_VALUE: they are not well formed; FC_NO_MEMORY. O(len). */
fc_status fc_names_new(uint8_t kinds, const uint8_t *entries, size_t len, fc_names **out);

/* False only if no record with these names can satisfy the plan, whatever its time. O(nodes x len). */
bool fc_names_may_match(const fc_names *names, const fc_plan *plan);

/* True if some names could make fc_names_may_match false for this plan. O(nodes). */
bool fc_names_matter(const fc_plan *plan);

#endif
