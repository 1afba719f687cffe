/* A query made ready: its boolean expression over records, and the probe whose raw filter is sound: a line that it
 * passes over cannot match. A plan is immutable once made and may be shared between threads. */
#ifndef FC_PLAN_H
#define FC_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fc_arena.h"
#include "fc_needle.h"
#include "fc_probe.h"
#include "fc_sketch.h"

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

/* Nodes stand in prefix order; the operands of nodes[i] follow it and end before nodes[i].end. */
typedef struct fc_node {
    fc_op op;
    uint32_t end;
    bool under_not;
    fc_needle needle; /* of a text or field term */
    const fc_sketch_question *question; /* of such a term; NULL: sketches cannot deny it */
} fc_node;

typedef struct fc_plan {
    fc_plan_options options;
    fc_node *nodes;
    size_t count;   /* 0: every record matches */
    fc_probe probe; /* without literals there is no filter: every line is a candidate */
    bool sketches_help; /* there are blocks whose sketch can deny the query */
    fc_arena arena;
} fc_plan;

enum { FC_PLAN_LEVELS_MAX = 1024 };

/* Make a plan; no terms at all match every record. FC_BAD_VALUE: the terms are not one well-formed postfix
 * expression of at most FC_PLAN_LEVELS_MAX levels of operators; FC_NO_MEMORY. O(total length). */
fc_status fc_plan_new(const fc_term *terms, size_t count, const fc_plan_options *options, fc_plan **out);
void fc_plan_free(fc_plan *plan);

/* False only if no record of the sketch's block can match: of what an AND joins one cannot, of an OR none, each term
 * by its own probe. Always true for a plan without a filter. O(terms). Thread-safe. */
bool fc_plan_may_match_sketch(const fc_plan *plan, const fc_sketch *sketch);

#endif
