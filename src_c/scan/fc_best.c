#include "fc_best.h"

#include <stdlib.h>
#include <string.h>

int fc_best_compare(const fc_best_order *order, const fc_hit *a, const fc_hit *b) {
    if (order->order != FC_ORDER_FILE) {
        if (a->has_time != b->has_time) return a->has_time ? -1 : 1;
        if (a->has_time && a->time_us != b->time_us)
            return (a->time_us > b->time_us) == (order->order == FC_ORDER_NEWEST) ? -1 : 1;
    }
    const size_t rank_a = order->ranks[a->file], rank_b = order->ranks[b->file];
    if (rank_a != rank_b) return rank_a < rank_b ? -1 : 1;
    return (a->offset > b->offset) - (a->offset < b->offset);
}

bool fc_best_accepts(const fc_best *best, const fc_hit *hit) {
    if (best->len < best->limit) return true;
    return best->limit != 0 && fc_best_compare(&best->order, hit, &best->items[0]) < 0;
}

const fc_hit *fc_best_last(const fc_best *best) {
    return best->len != 0 && best->len == best->limit ? &best->items[0] : NULL;
}

/* Let the hit at `at` sink until none below it comes after it. */
static void sift_down(fc_best *best, size_t at) {
    fc_hit *items = best->items;
    for (;;) {
        size_t last = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < best->len; child++)
            if (fc_best_compare(&best->order, &items[child], &items[last]) > 0) last = child;
        if (last == at) return;
        const fc_hit swapped = items[at];
        items[at] = items[last];
        items[last] = swapped;
        at = last;
    }
}

static void sift_up(fc_best *best, size_t at) {
    fc_hit *items = best->items;
    while (at != 0) {
        const size_t parent = (at - 1) / 2;
        if (fc_best_compare(&best->order, &items[at], &items[parent]) <= 0) return;
        const fc_hit swapped = items[at];
        items[at] = items[parent];
        items[parent] = swapped;
        at = parent;
    }
}

/* Insert a hit whose line is its own; when full, the last hit's line is freed. */
static fc_status insert(fc_best *best, fc_hit hit) {
    if (best->len == best->limit) {
        free(best->items[0].raw);
        best->items[0] = hit;
        sift_down(best, 0);
        return FC_OK;
    }
    if (best->len == best->capacity) {
        size_t capacity = best->capacity ? best->capacity * 2 : 64;
        if (capacity > best->limit) capacity = best->limit;
        fc_hit *items = realloc(best->items, capacity * sizeof *items);
        if (items == NULL) return FC_NO_MEMORY;
        best->items = items;
        best->capacity = capacity;
    }
    best->items[best->len++] = hit;
    sift_up(best, best->len - 1);
    return FC_OK;
}

fc_status fc_best_push(fc_best *best, const fc_hit *hit) {
    fc_hit kept = *hit;
    kept.raw = malloc(hit->raw_len + 1);
    if (kept.raw == NULL) return FC_NO_MEMORY;
    memcpy(kept.raw, hit->raw, hit->raw_len);
    const fc_status status = insert(best, kept);
    if (status != FC_OK) free(kept.raw);
    return status;
}

fc_status fc_best_merge(fc_best *best, fc_best *other) {
    while (other->len != 0) {
        const fc_hit hit = other->items[other->len - 1];
        if (fc_best_accepts(best, &hit)) {
            const fc_status status = insert(best, hit);
            if (status != FC_OK) return status;
        } else {
            free(hit.raw);
        }
        other->len--;
    }
    return FC_OK;
}

void fc_best_sort(fc_best *best) {
    /* The last hit is on top: take it off to the end, again and again. */
    const size_t len = best->len;
    while (best->len > 1) {
        const fc_hit last = best->items[0];
        best->items[0] = best->items[--best->len];
        best->items[best->len] = last;
        sift_down(best, 0);
    }
    best->len = len;
}

void fc_best_free(fc_best *best) {
    for (size_t i = 0; i < best->len; i++) free(best->items[i].raw);
    free(best->items);
    *best = (fc_best){0};
}

static int compare_places(const size_t *ranks, const fc_report *a, const fc_report *b) {
    if (ranks[a->file] != ranks[b->file]) return ranks[a->file] < ranks[b->file] ? -1 : 1;
    if (a->offset != b->offset) return a->offset < b->offset ? -1 : 1;
    return (int)a->kind - (int)b->kind;
}

/* Negative if `a` is kept rather than `b`. */
static int compare_reports(const fc_first_reports *reports, const fc_report *a, const fc_report *b) {
    const bool line_a = a->kind == FC_REPORT_LINE, line_b = b->kind == FC_REPORT_LINE;
    return line_a != line_b ? line_a - line_b : compare_places(reports->ranks, a, b);
}

bool fc_first_reports_accept(const fc_first_reports *reports, const fc_report *report) {
    return reports->len < FC_REPORTS_MAX || compare_reports(reports, report, &reports->items[0]) < 0;
}

static void sink_report(fc_first_reports *reports, size_t at) {
    fc_report *items = reports->items;
    for (;;) {
        size_t last = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < reports->len; child++)
            if (compare_reports(reports, &items[child], &items[last]) > 0) last = child;
        if (last == at) return;
        const fc_report swapped = items[at];
        items[at] = items[last];
        items[last] = swapped;
        at = last;
    }
}

fc_status fc_first_reports_push(fc_first_reports *reports, const fc_report *report) {
    if (reports->len == FC_REPORTS_MAX) {
        reports->items[0] = *report;
        sink_report(reports, 0);
        return FC_OK;
    }
    if (reports->len == reports->capacity) {
        const size_t capacity = reports->capacity ? reports->capacity * 2 : 8;
        fc_report *items = realloc(reports->items, capacity * sizeof *items);
        if (items == NULL) return FC_NO_MEMORY;
        reports->items = items;
        reports->capacity = capacity;
    }
    size_t at = reports->len++;
    reports->items[at] = *report;
    for (; at != 0; at = (at - 1) / 2) {
        fc_report *child = &reports->items[at], *parent = &reports->items[(at - 1) / 2];
        if (compare_reports(reports, child, parent) <= 0) break;
        const fc_report swapped = *child;
        *child = *parent;
        *parent = swapped;
    }
    return FC_OK;
}

void fc_first_reports_sort(fc_first_reports *reports) {
    fc_report *items = reports->items;
    const size_t len = reports->len;
    while (reports->len > 1) {
        const fc_report last = items[0];
        items[0] = items[--reports->len];
        items[reports->len] = last;
        sink_report(reports, 0);
    }
    reports->len = len;
    /* Now whole files stand in order, then lines in order: each line goes to its place among the files. */
    for (size_t i = 1; i < len; i++) {
        const fc_report report = items[i];
        size_t at = i;
        for (; at != 0 && compare_places(reports->ranks, &report, &items[at - 1]) < 0; at--) items[at] = items[at - 1];
        items[at] = report;
    }
}

void fc_first_reports_free(fc_first_reports *reports) {
    free(reports->items);
    reports->items = NULL;
    reports->len = reports->capacity = 0;
}
