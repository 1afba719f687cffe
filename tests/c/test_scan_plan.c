/* fc_plan: which postfix expressions are plans, in which order their nodes stand, and which probe they choose. */
#include <stdbool.h>

#include "check.h"
#include "fc_plan.h"

static fc_term text(const char *value) {
    return (fc_term){.op = FC_OP_TEXT, .value = (const uint8_t *)value, .len = strlen(value)};
}

static fc_term join(fc_op op, uint32_t operands) { return (fc_term){.op = op, .operands = operands}; }

static const fc_plan_options folded = {0}, exactly = {.case_sensitive = true}, unfiltered = {.no_prefilter = true};

static fc_plan *plan_of(const fc_term *terms, size_t count, const fc_plan_options *options) {
    fc_plan *plan = NULL;
    CHECK(fc_plan_new(terms, count, options, &plan) == FC_OK);
    return plan;
}

static bool refused(const fc_term *terms, size_t count) {
    fc_plan *plan = (fc_plan *)&plan;
    const fc_status status = fc_plan_new(terms, count, &folded, &plan);
    CHECK(status == FC_OK || plan == (fc_plan *)&plan);
    if (status == FC_OK) fc_plan_free(plan);
    return status == FC_BAD_VALUE;
}

static void check_shapes(void) {
    const fc_term a = text("a"), b = text("b");
    CHECK(!refused(NULL, 0));
    CHECK(!refused((fc_term[]){a}, 1));
    CHECK(refused((fc_term[]){a, b}, 2));
    CHECK(!refused((fc_term[]){a, b, join(FC_OP_AND, 2)}, 3));
    CHECK(refused((fc_term[]){a, join(FC_OP_AND, 2)}, 2));
    CHECK(refused((fc_term[]){a, join(FC_OP_AND, 1)}, 2));
    CHECK(refused((fc_term[]){a, b, join(FC_OP_NOT, 2)}, 3));
    CHECK(!refused((fc_term[]){a, join(FC_OP_NOT, 1)}, 2));
    CHECK(refused((fc_term[]){join(FC_OP_NOT, 1)}, 1));
    CHECK(refused((fc_term[]){{.op = FC_OP_COUNT}}, 1));
    fc_term nested[FC_PLAN_LEVELS_MAX + 2] = {a};
    for (size_t i = 1; i < FC_PLAN_LEVELS_MAX + 2; i++) nested[i] = join(FC_OP_NOT, 1);
    CHECK(!refused(nested, FC_PLAN_LEVELS_MAX + 1));
    CHECK(refused(nested, FC_PLAN_LEVELS_MAX + 2));
}

/* a (b OR NOT c) in prefix order: AND a OR b NOT c. */
static void check_order(void) {
    const fc_term terms[] = {text("a"), text("B"), text("c"), join(FC_OP_NOT, 1), join(FC_OP_OR, 2), join(FC_OP_AND, 2)};
    fc_plan *plan = plan_of(terms, 6, &folded);
    static const fc_op ops[] = {FC_OP_AND, FC_OP_OR, FC_OP_NOT, FC_OP_TEXT, FC_OP_TEXT, FC_OP_TEXT};
    static const char values[] = "   cba";
    static const uint32_t ends[] = {6, 5, 4, 4, 5, 6};
    CHECK(plan->count == 6);
    for (size_t i = 0; i < 6; i++) {
        const fc_node *node = &plan->nodes[i];
        CHECK(node->op == ops[i] && node->end == ends[i] && node->under_not == (i == 3));
        if (values[i] != ' ') CHECK(node->needle.len == 1 && node->needle.bytes[0] == values[i]); /* folded */
    }
    fc_plan_free(plan);
}

static size_t probes(const fc_term *terms, size_t count, const fc_plan_options *options, const char *holds) {
    fc_plan *plan = plan_of(terms, count, options);
    const size_t found = plan->probe.literals_len;
    if (holds != NULL) {
        bool any = false;
        for (size_t i = 0; i < found; i++) {
            const fc_literal *literal = &plan->probe.literals[i];
            any |= literal->len == strlen(holds) && memcmp(literal->bytes, holds, literal->len) == 0;
        }
        CHECK(any);
    }
    fc_plan_free(plan);
    return found;
}

static void check_probe(void) {
    const fc_term rare = text("quartz"), common = text("the"), none = text("\n");
    CHECK(probes(&rare, 1, &folded, "quartz") == 1 && probes(&rare, 1, &unfiltered, NULL) == 0);
    CHECK(probes(NULL, 0, &folded, NULL) == 0 && probes(&none, 1, &folded, NULL) == 0);
    CHECK(probes((fc_term[]){common, rare, join(FC_OP_AND, 2)}, 3, &folded, "quartz") == 1);
    CHECK(probes((fc_term[]){rare, none, join(FC_OP_AND, 2)}, 3, &folded, "quartz") == 1);
    CHECK(probes((fc_term[]){common, rare, join(FC_OP_OR, 2)}, 3, &folded, "the") == 2);
    CHECK(probes((fc_term[]){rare, none, join(FC_OP_OR, 2)}, 3, &folded, NULL) == 0);
    CHECK(probes((fc_term[]){rare, join(FC_OP_NOT, 1)}, 2, &folded, NULL) == 0);
    const fc_term cased = text("Quartz"), project = {.op = FC_OP_PROJECT, .value = (const uint8_t *)"/q", .len = 2};
    CHECK(probes(&cased, 1, &exactly, "Quartz") == 1 && probes(&project, 1, &folded, NULL) == 0);
    /* What most records of a tree share is no probe where there is a rarer one. */
    const fc_term role = {.op = FC_OP_ROLE, .value = (const uint8_t *)"assistant", .len = 9};
    CHECK(probes((fc_term[]){role, common, join(FC_OP_AND, 2)}, 3, &folded, "the") == 1);
}

static bool sketches_help(const fc_term *terms, size_t count, const fc_plan_options *options) {
    fc_plan *plan = plan_of(terms, count, options);
    const bool help = plan->sketches_help;
    fc_plan_free(plan);
    return help;
}

static void check_sketches(void) {
    const fc_term quartz = text("quartz"), lamp = text("lamp"), sea = text("sea");
    const fc_term both[] = {quartz, lamp, join(FC_OP_AND, 2)}, either[] = {quartz, lamp, join(FC_OP_OR, 2)};
    const fc_term vague[] = {quartz, sea, join(FC_OP_OR, 2)}, precise[] = {quartz, sea, join(FC_OP_AND, 2)};
    CHECK(sketches_help(&quartz, 1, &folded) && !sketches_help(&quartz, 1, &unfiltered));
    CHECK(!sketches_help(NULL, 0, &folded));
    CHECK(!sketches_help(&sea, 1, &folded) && sketches_help(both, 3, &folded) && sketches_help(either, 3, &folded));
    CHECK(!sketches_help(vague, 3, &folded) && sketches_help(precise, 3, &folded));
    CHECK(!sketches_help((fc_term[]){quartz, join(FC_OP_NOT, 1)}, 2, &folded));
    static fc_sketch_draft draft;
    fc_sketch *sketch;
    fc_sketch_gather(&draft, fc_grams_for(FC_CPU_BASE), fc_find_for(FC_CPU_BASE), (const uint8_t *)"a Quartz\n", 9);
    CHECK(fc_sketch_new(&draft, &sketch) == FC_OK);
    const fc_term *const queries[] = {both, either, vague, precise};
    static const bool possible[] = {false, true, true, true};
    for (size_t i = 0; i < 4; i++) {
        fc_plan *plan = plan_of(queries[i], 3, &folded);
        CHECK(fc_plan_may_match_sketch(plan, sketch) == possible[i]);
        fc_plan_free(plan);
    }
    free(sketch);
}

int main(void) {
    check_shapes();
    check_sketches();
    check_order();
    check_probe();
    fc_plan_free(NULL);
    return finish();
}
