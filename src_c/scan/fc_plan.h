/* A query made ready: its boolean expression over records, and the raw filter that says which lines can match.
 *
 * The filter is sound: a line that it passes over cannot match. A plan is immutable once made and may be shared
 * between threads; what changes from record to record lives in an fc_sieve and an fc_scratch of the thread's own. */
#ifndef FC_PLAN_H
#define FC_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fc_buffer.h"
#include "fc_find.h"
#include "fc_record.h"

typedef enum fc_op {
    FC_OP_TEXT = 0, /* the value is a substring of the record's text */
    /* Field terms, compared exactly and case-sensitively. */
    FC_OP_ROLE,
    FC_OP_TYPE,
    FC_OP_SESSION, /* equal, or a prefix of 8 characters and more */
    FC_OP_UUID,    /* as session */
    FC_OP_CWD,     /* that directory or below */
    FC_OP_PROJECT, /* the record's cwd as above, else the folder below `projects` in the file's path */
    FC_OP_BRANCH,
    FC_OP_MODEL,
    FC_OP_TOOL, /* any of the record's tools */
    FC_OP_IS_ERROR,
    FC_OP_IS_HUMAN,
    FC_OP_NOT,
    FC_OP_AND,
    FC_OP_OR,
    FC_OP_COUNT
} fc_op;

/* One step of a query in postfix order. `value` is valid UTF-8 and copied; `operands` counts what an operator takes
 * (1 for NOT, 2 and more for AND and OR). */
typedef struct fc_term {
    fc_op op;
    uint32_t operands;
    const uint8_t *value;
    size_t len;
} fc_term;

typedef struct fc_plan_options {
    bool case_sensitive;
    bool no_prefilter; /* every line is a candidate */
    bool has_since, has_until;
    int64_t since_us, until_us; /* both inclusive */
} fc_plan_options;

typedef struct fc_plan fc_plan;

enum { FC_PLAN_LEVELS_MAX = 1024, FC_PLAN_PROBES_MAX = 16 };

/* Make a plan; no terms at all match every record. FC_BAD_VALUE: the terms are not one well-formed postfix
 * expression of at most FC_PLAN_LEVELS_MAX levels of operators. O(total length). */
fc_status fc_plan_new(const fc_term *terms, size_t count, const fc_plan_options *options, fc_plan **out);
void fc_plan_free(fc_plan *plan);

const fc_plan_options *fc_plan_get_options(const fc_plan *plan);

/* True if the plan has a filter; without one every line is a candidate. */
bool fc_plan_has_filter(const fc_plan *plan);

/* The filter's place in a stretch of bytes. */
typedef struct fc_sieve {
    const fc_plan *plan;
    const fc_find *find;
    const uint8_t *bytes;
    size_t len;
    struct {
        size_t clear; /* none begins before this place (and from the last one asked for on) */
        bool found;   /* one begins there */
    } searched[FC_PLAN_PROBES_MAX + 1]; /* each literal, then the escapes */
} fc_sieve;

/* Point the sieve at a stretch of whole lines. */
void fc_sieve_start(fc_sieve *sieve, const fc_plan *plan, const fc_find *find, const uint8_t *bytes, size_t len);

/* Return the offset, from `from` on, of the first byte whose line must be parsed; `len` if no line must. Successive
 * calls must not go back. */
size_t fc_sieve_next(fc_sieve *sieve, size_t from);

typedef struct fc_scratch {
    const uint8_t *hint; /* a place in the record's line where the filter saw something; NULL: none */
    fc_buffer text, folded;
    bool has_text; /* they hold the current record's whole text */
} fc_scratch;
void fc_scratch_free(fc_scratch *scratch);

/* Say whether a record that was read matches. `path` is the file's path, for `project`. FC_NO_MEMORY. */
fc_status fc_plan_match(const fc_plan *plan, const fc_find *find, const fc_record *record, const char *path,
                        size_t path_len, fc_scratch *scratch, bool *out_match);

typedef struct fc_range {
    size_t start, end;
} fc_range;

/* Find every needle that is not under NOT in `text` (valid UTF-8): ranges in characters, ascending, overlapping ones
 * merged. *out_ranges is malloc'ed, NULL when there are none. O(needles x length). */
fc_status fc_plan_spans(const fc_plan *plan, const fc_find *find, const uint8_t *text, size_t len,
                        fc_range **out_ranges, size_t *out_count);

#endif
