#include "fc_plan.h"

#include <stdlib.h>

/* Copy the terms in prefix order (postfix read backwards) and find where each subtree ends. */
static fc_status arrange(fc_plan *plan, const fc_term *terms, size_t count) {
    uint32_t left[FC_PLAN_LEVELS_MAX], at[FC_PLAN_LEVELS_MAX];
    size_t open = 0;
    for (size_t i = 0; i < count; i++) {
        const fc_term *term = &terms[count - 1 - i];
        fc_node *n = &plan->nodes[i];
        if ((unsigned)term->op >= FC_OP_COUNT || (open == 0 && i != 0)) return FC_BAD_VALUE;
        n->op = term->op;
        if (open != 0) {
            const fc_node *parent = &plan->nodes[at[open - 1]];
            n->under_not = parent->under_not || parent->op == FC_OP_NOT;
        }
        if (term->op >= FC_OP_NOT) {
            const bool well_formed = term->op == FC_OP_NOT ? term->operands == 1 : term->operands >= 2;
            if (!well_formed || open == FC_PLAN_LEVELS_MAX) return FC_BAD_VALUE;
            at[open] = (uint32_t)i;
            left[open++] = term->operands;
            continue;
        }
        n->end = (uint32_t)(i + 1);
        while (open != 0 && --left[open - 1] == 0) plan->nodes[at[--open]].end = (uint32_t)(i + 1);
    }
    return open == 0 ? FC_OK : FC_BAD_VALUE;
}

/* How rare a field's value can be: most records of a tree share their role, and many their folder. */
static double bits_cap(fc_op op) {
    switch (op) {
    case FC_OP_ROLE: case FC_OP_TYPE: case FC_OP_IS_HUMAN: return 1;
    case FC_OP_CWD: case FC_OP_BRANCH: case FC_OP_MODEL: return 4;
    case FC_OP_TOOL: case FC_OP_IS_ERROR: return 8;
    default: return 64;
    }
}

static fc_status leaf_probe(fc_plan *plan, fc_node *n, fc_probe *out) {
    const uint8_t *bytes = n->needle.bytes;
    size_t len = n->needle.len;
    *out = (fc_probe){0};
    if (n->op == FC_OP_PROJECT) return FC_OK; /* the folder's name is not in the line */
    if (n->op == FC_OP_IS_ERROR) { /* `is_error` or `api_error` */
        bytes = (const uint8_t *)"_error";
        len = 6;
    } else if (n->op == FC_OP_IS_HUMAN) {
        bytes = (const uint8_t *)"user";
        len = 4;
    }
    const bool fold = n->op == FC_OP_TEXT && !plan->options.case_sensitive;
    fc_probe widest; /* costs a sketch no more */
    fc_status status = fc_probe_choose_widest(&plan->arena, bytes, len, fold, &widest);
    if (status == FC_OK) status = fc_sketch_question_new(&plan->arena, &widest, &n->question);
    if (status == FC_OK) status = fc_probe_choose(&plan->arena, bytes, len, fold, out);
    if (out->bits > bits_cap(n->op)) out->bits = bits_cap(n->op);
    return status;
}

/* Choose the probe of the subtree at `at` into spare[0]; spare[1] and on serve the levels below it. AND takes its
 * rarest operand's probe, OR all of them or none, NOT none. */
static fc_status choose_probe(fc_plan *plan, size_t at, fc_probe *spare) {
    fc_node *n = &plan->nodes[at];
    if (n->op < FC_OP_NOT) return leaf_probe(plan, n, spare);
    fc_probe *out = spare, *probe = spare + 1;
    *out = (fc_probe){0};
    if (n->op == FC_OP_NOT) return FC_OK;
    for (size_t child = at + 1; child < n->end; child = plan->nodes[child].end) {
        const fc_status status = choose_probe(plan, child, probe);
        if (status != FC_OK) return status;
        if (n->op == FC_OP_AND) {
            if (probe->literals_len != 0 && (out->literals_len == 0 || probe->bits > out->bits)) *out = *probe;
        } else if (probe->literals_len == 0) {
            out->literals_len = 0;
            return FC_OK;
        } else if (child == at + 1) {
            *out = *probe;
        } else if (!fc_probe_join(out, probe)) {
            out->literals_len = 0;
            return FC_OK;
        }
    }
    return FC_OK;
}

/* A probe is large and a query may be deep: the levels' probes do not lie on the stack, which may be small. */
static fc_status choose_plan_probe(fc_plan *plan) {
    const size_t levels = plan->count < FC_PLAN_LEVELS_MAX ? plan->count : FC_PLAN_LEVELS_MAX;
    fc_probe *spare = malloc((levels + 1) * sizeof *spare);
    if (spare == NULL) return FC_NO_MEMORY;
    const fc_status status = choose_probe(plan, 0, spare);
    if (status == FC_OK) plan->probe = spare[0];
    free(spare);
    return status;
}

/* Whether records of the sketch's block can satisfy the subtree; no sketch denies all that any could. */
static bool is_possible(const fc_plan *plan, size_t at, const fc_sketch *sketch) {
    const fc_node *n = &plan->nodes[at];
    if (n->op == FC_OP_NOT) return true;
    if (n->op < FC_OP_NOT) return sketch == NULL ? n->question == NULL : fc_sketch_may_match(sketch, n->question);
    const bool one_decides = n->op == FC_OP_OR; /* the first that is possible, else the first that is not */
    for (size_t child = at + 1; child < n->end; child = plan->nodes[child].end)
        if (is_possible(plan, child, sketch) == one_decides) return one_decides;
    return !one_decides;
}

bool fc_plan_may_match_sketch(const fc_plan *plan, const fc_sketch *sketch) {
    return !plan->sketches_help || is_possible(plan, 0, sketch);
}

static fc_status make(fc_plan *plan, const fc_term *terms, size_t count) {
    if (count > UINT32_MAX - 1) return FC_BAD_VALUE;
    plan->count = count;
    if (count == 0) return FC_OK;
    plan->nodes = fc_arena_alloc(&plan->arena, count * sizeof *plan->nodes);
    if (plan->nodes == NULL) return FC_NO_MEMORY;
    fc_status status = arrange(plan, terms, count);
    for (size_t i = 0; i < count && status == FC_OK; i++) {
        const fc_term *term = &terms[count - 1 - i];
        const bool fold = term->op == FC_OP_TEXT && !plan->options.case_sensitive;
        if (term->op < FC_OP_NOT)
            status = fc_needle_init(&plan->nodes[i].needle, &plan->arena, term->value, term->len, fold);
    }
    if (status == FC_OK && !plan->options.no_prefilter) {
        status = choose_plan_probe(plan);
        plan->sketches_help = status == FC_OK && plan->probe.literals_len != 0 && !is_possible(plan, 0, NULL);
    }
    return status;
}

fc_status fc_plan_new(const fc_term *terms, size_t count, const fc_plan_options *options, fc_plan **out) {
    fc_plan *plan = calloc(1, sizeof *plan);
    if (plan == NULL) return FC_NO_MEMORY;
    plan->options = *options;
    const fc_status status = make(plan, terms, count);
    if (status == FC_OK) *out = plan;
    else fc_plan_free(plan);
    return status;
}

void fc_plan_free(fc_plan *plan) {
    if (plan == NULL) return;
    fc_arena_free(&plan->arena);
    free(plan);
}
