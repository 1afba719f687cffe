#define _GNU_SOURCE /* memmem */
#include "fc_plan.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "fc_fold.h"
#include "fc_probe.h"

_Static_assert((int)FC_PLAN_PROBES_MAX >= (int)FC_PROBE_LITERALS_MAX, "a sieve has a place for each literal");

/* A window is searched for one thing after the other while it lies in the first-level cache. */
enum { LONG_NEEDLE = 256, ESCAPE_LEN = 6, WINDOW_BYTES = 16384 };

/* A needle or a field's value. */
typedef struct needle {
    const uint8_t *bytes; /* folded unless the plan is case-sensitive */
    size_t len;
    fc_literal literal;
    /* Raw text decides for a needle of ASCII without short escapes: a raw match that does not begin inside an escape
     * is a match, and a raw miss is final unless the piece holds one of `escapes` or a variant beyond ASCII. */
    bool raw_decides, has_k, has_s;
    fc_escape_set escapes;
} needle;

/* Nodes stand in prefix order; the operands of nodes[i] follow it and end before nodes[i].end. */
typedef struct node {
    fc_op op;
    uint32_t end;
    bool under_not;
    needle needle;
} node;

struct fc_plan {
    fc_arena arena;
    fc_plan_options options;
    node *nodes;
    size_t count;
    fc_probe probe;
    fc_literal kelvin, long_s; /* the variants beyond ASCII of `k` and `s` */
};

/* Copy the terms in prefix order (postfix read backwards) and find where each subtree ends. */
static fc_status arrange(fc_plan *plan, const fc_term *terms, size_t count) {
    uint32_t left[FC_PLAN_LEVELS_MAX], at[FC_PLAN_LEVELS_MAX];
    size_t open = 0;
    for (size_t i = 0; i < count; i++) {
        const fc_term *term = &terms[count - 1 - i];
        node *n = &plan->nodes[i];
        if ((unsigned)term->op >= FC_OP_COUNT || (open == 0 && i != 0)) return FC_BAD_VALUE;
        n->op = term->op;
        if (open != 0) {
            const node *parent = &plan->nodes[at[open - 1]];
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

static bool raw_decides(const needle *n) {
    for (size_t i = 0; i < n->len; i++) {
        const uint8_t byte = n->bytes[i];
        if (byte < 0x20 || byte >= 0x7f || byte == '"' || byte == '\\' || byte == '/') return false;
    }
    return n->len != 0 && n->len <= LONG_NEEDLE;
}

static fc_status make_needle(fc_plan *plan, const fc_term *term, needle *out) {
    const bool fold = term->op == FC_OP_TEXT && !plan->options.case_sensitive;
    uint8_t *bytes = fc_arena_alloc(&plan->arena, fold ? fc_fold_utf8_bound(term->len) : term->len + 1);
    if (bytes == NULL) return FC_NO_MEMORY;
    out->bytes = bytes;
    out->len = term->len;
    if (fold) out->len = fc_fold_utf8(term->value, term->len, bytes);
    else if (term->len != 0) memcpy(bytes, term->value, term->len);
    if (out->len != 0) fc_literal_init(&out->literal, bytes, out->len, fold);
    if (term->op != FC_OP_TEXT) return FC_OK;
    out->raw_decides = raw_decides(out);
    for (size_t i = 0; out->raw_decides && i < out->len; i++) {
        out->has_k |= fold && bytes[i] == 'k';
        out->has_s |= fold && bytes[i] == 's';
        out->raw_decides = fc_probe_add_escapes(&out->escapes, bytes[i], fold);
    }
    return FC_OK;
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

static fc_status leaf_probe(fc_plan *plan, const node *n, fc_probe *out) {
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
    const fc_status status =
        fc_probe_choose(&plan->arena, bytes, len, n->op == FC_OP_TEXT && !plan->options.case_sensitive, out);
    if (out->bits > bits_cap(n->op)) out->bits = bits_cap(n->op);
    return status;
}

/* Choose the probe of the subtree at `at` into spare[0]; spare[1] and on serve the levels below it. AND takes its
 * rarest operand's probe, OR all of them or none, NOT none. */
static fc_status choose_probe(fc_plan *plan, size_t at, fc_probe *spare) {
    const node *n = &plan->nodes[at];
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

static fc_status make(fc_plan *plan, const fc_term *terms, size_t count) {
    if (count > UINT32_MAX - 1) return FC_BAD_VALUE;
    plan->count = count;
    if (count == 0) return FC_OK;
    plan->nodes = fc_arena_alloc(&plan->arena, count * sizeof *plan->nodes);
    if (plan->nodes == NULL) return FC_NO_MEMORY;
    fc_status status = arrange(plan, terms, count);
    for (size_t i = 0; i < count && status == FC_OK; i++)
        if (plan->nodes[i].op < FC_OP_NOT) status = make_needle(plan, &terms[count - 1 - i], &plan->nodes[i].needle);
    if (status == FC_OK && !plan->options.no_prefilter) status = choose_plan_probe(plan);
    return status;
}

fc_status fc_plan_new(const fc_term *terms, size_t count, const fc_plan_options *options, fc_plan **out) {
    fc_plan *plan = calloc(1, sizeof *plan);
    if (plan == NULL) return FC_NO_MEMORY;
    plan->options = *options;
    fc_literal_init(&plan->kelvin, (const uint8_t *)"\xe2\x84\xaa", 3, false);
    fc_literal_init(&plan->long_s, (const uint8_t *)"\xc5\xbf", 2, false);
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

const fc_plan_options *fc_plan_get_options(const fc_plan *plan) { return &plan->options; }

bool fc_plan_has_filter(const fc_plan *plan) { return plan->probe.literals_len != 0; }

void fc_sieve_start(fc_sieve *sieve, const fc_plan *plan, const fc_find *find, const uint8_t *bytes, size_t len) {
    *sieve = (fc_sieve){.plan = plan, .find = find, .bytes = bytes, .len = len};
}

/* Search what begins in [from, to) for the probe's nth literal or, past the last one, its escapes. */
static bool sieve_find(const fc_sieve *sieve, size_t nth, size_t from, size_t to, size_t *out_at) {
    const fc_probe *probe = &sieve->plan->probe;
    const fc_literal *literal = nth < probe->literals_len ? &probe->literals[nth] : NULL;
    const size_t reach = to + (literal != NULL ? literal->len : ESCAPE_LEN) - 1;
    const uint8_t *bytes = sieve->bytes + from;
    const size_t len = (reach < sieve->len ? reach : sieve->len) - from;
    const size_t at = literal != NULL ? sieve->find->literal(literal, bytes, len)
                                      : sieve->find->escape(&probe->escapes, bytes, len);
    *out_at = from + at;
    return at < len;
}

size_t fc_sieve_next(fc_sieve *sieve, size_t from) {
    const size_t count = sieve->plan->probe.literals_len;
    if (count == 0) return from;
    while (from < sieve->len) {
        const size_t window = sieve->len - from < WINDOW_BYTES ? sieve->len : from + WINDOW_BYTES;
        size_t first = window;
        for (size_t i = 0; i <= count; i++) {
            size_t *clear = &sieve->searched[i].clear;
            bool *found = &sieve->searched[i].found;
            if (*clear < from) {
                *clear = from;
                *found = false;
            }
            if (!*found && *clear < first) {
                size_t at;
                *found = sieve_find(sieve, i, *clear, first, &at);
                *clear = *found ? at : first;
            }
            if (*found && *clear < first) first = *clear;
        }
        if (first < window) return first;
        from = window;
    }
    return sieve->len;
}

void fc_scratch_free(fc_scratch *scratch) {
    fc_buffer_free(&scratch->text);
    fc_buffer_free(&scratch->folded);
}

typedef struct match {
    const fc_plan *plan;
    const fc_find *find;
    const fc_record *record;
    const char *path;
    size_t path_len;
    fc_scratch *scratch;
    fc_status status;
} match;

/* True if the byte at `at` is part of an escape that begins in [begin, at). */
static bool inside_escape(const uint8_t *begin, const uint8_t *at) {
    /* An escape reaches at most six bytes; look at the nearest backslash that could reach here. */
    for (size_t back = 1; back <= 5 && at - begin >= (ptrdiff_t)back; back++) {
        const uint8_t *slash = at - back;
        if (*slash != '\\') continue;
        size_t run = 1;
        while (slash - begin >= (ptrdiff_t)run && slash[-(ptrdiff_t)run] == '\\') run++;
        if (run % 2 == 0) return false; /* a complete escaped backslash: nothing before it reaches further */
        return back == 1 || slash[1] == 'u';
    }
    return false;
}

/* Fold text into the scratch unless the plan is case-sensitive, and return what to search. */
static fc_status fold_text(const fc_plan *plan, const uint8_t *text, size_t len, fc_buffer *folded,
                           const uint8_t **out, size_t *out_len) {
    *out = text;
    *out_len = len;
    if (plan->options.case_sensitive) return FC_OK;
    const fc_status status = fc_buffer_reserve(folded, fc_fold_utf8_bound(len));
    if (status != FC_OK) return status;
    *out = folded->data;
    *out_len = folded->len = fc_fold_utf8(text, len, folded->data);
    return FC_OK;
}

/* Search folded text for a folded needle; that the literal ignores case changes nothing there. A long needle goes to
 * the two-way search, whose worst case is linear. */
static size_t find_exact(const fc_find *find, const needle *n, const uint8_t *text, size_t len) {
    if (n->len > LONG_NEEDLE) {
        const uint8_t *at = memmem(text, len, n->bytes, n->len);
        return at == NULL ? len : (size_t)(at - text);
    }
    return find->literal(&n->literal, text, len);
}

static bool in_decoded_piece(match *m, const needle *n, fc_slice piece) {
    const uint8_t *text;
    size_t len;
    fc_buffer *buffer = &m->scratch->text;
    m->scratch->has_text = false;
    m->status = fc_buffer_reserve(buffer, piece.len);
    if (m->status != FC_OK) return false;
    buffer->len = fc_slice_decode(piece, buffer->data);
    m->status = fold_text(m->plan, buffer->data, buffer->len, &m->scratch->folded, &text, &len);
    if (m->status != FC_OK) return false;
    return find_exact(m->find, n, text, len) < len;
}

static bool holds(const match *m, const fc_literal *literal, fc_slice piece) {
    return m->find->literal(literal, piece.bytes, piece.len) < piece.len;
}

/* True if the filter's find is the needle itself and stands in a piece: mostly it does, and nothing is searched. */
static bool at_hint(const match *m, const needle *n) {
    const uint8_t *hint = m->scratch->hint;
    const fc_slices *pieces = &m->record->pieces;
    for (size_t i = 0; hint != NULL && i < pieces->len; i++) {
        const fc_slice piece = pieces->items[i];
        const ptrdiff_t at = hint - piece.bytes;
        if (at < 0 || (size_t)at >= piece.len || piece.len - (size_t)at < n->len) continue;
        return m->find->literal(&n->literal, hint, n->len) == 0 &&
               !(piece.escaped && inside_escape(piece.bytes, hint));
    }
    return false;
}

static bool in_raw_piece(match *m, const needle *n, fc_slice piece) {
    for (size_t from = 0; from < piece.len;) {
        const size_t at = from + m->find->literal(&n->literal, piece.bytes + from, piece.len - from);
        if (at >= piece.len) break;
        if (!piece.escaped || !inside_escape(piece.bytes, piece.bytes + at)) return true;
        from = at + 1;
    }
    const bool may_hide =
        (piece.escaped && m->find->escape(&n->escapes, piece.bytes, piece.len) < piece.len) ||
        (n->has_k && holds(m, &m->plan->kelvin, piece)) || (n->has_s && holds(m, &m->plan->long_s, piece));
    return may_hide && in_decoded_piece(m, n, piece);
}

static bool in_text(match *m, const needle *n) {
    const fc_slices *pieces = &m->record->pieces;
    if (n->len == 0) return true;
    if (n->raw_decides) {
        if (at_hint(m, n)) return true;
        for (size_t i = 0; i < pieces->len && m->status == FC_OK; i++)
            if (in_raw_piece(m, n, pieces->items[i])) return true;
        return false;
    }
    fc_scratch *scratch = m->scratch;
    if (!scratch->has_text) {
        const uint8_t *folded;
        size_t folded_len;
        scratch->text.len = 0;
        m->status = fc_record_text(m->record, &scratch->text);
        if (m->status == FC_OK)
            m->status = fold_text(m->plan, scratch->text.data, scratch->text.len, &scratch->folded, &folded,
                                  &folded_len);
        if (m->status != FC_OK) return false;
        scratch->has_text = true;
    }
    const fc_buffer *text = m->plan->options.case_sensitive ? &scratch->text : &scratch->folded;
    return find_exact(m->find, n, text->data, text->len) < text->len;
}

/* That directory or below, by whole components. */
static bool below(fc_slice cwd, const needle *n) {
    if (fc_slice_equals(cwd, n->bytes, n->len)) return true;
    if (n->len == 1 && n->bytes[0] == '/') return fc_slice_begins(cwd, n->bytes, n->len);
    uint8_t small[512];
    uint8_t *prefix = n->len < sizeof small ? small : malloc(n->len + 1);
    if (prefix == NULL) return false;
    memcpy(prefix, n->bytes, n->len);
    prefix[n->len] = '/';
    const bool begins = fc_slice_begins(cwd, prefix, n->len + 1);
    if (prefix != small) free(prefix);
    return begins;
}

/* The folder below the last folder called `projects` in a path. */
static bool project_folder(const char *path, size_t len, const char **out, size_t *out_len) {
    static const char name[] = "projects/";
    const size_t name_len = sizeof name - 1;
    for (size_t at = len; at-- > 0;) {
        if ((at != 0 && path[at - 1] != '/') || len - at < name_len || memcmp(path + at, name, name_len) != 0) continue;
        const char *folder = path + at + name_len;
        const char *slash = memchr(folder, '/', (size_t)(path + len - folder));
        if (slash == NULL || slash == folder) continue;
        *out = folder;
        *out_len = (size_t)(slash - folder);
        return true;
    }
    return false;
}

static bool is_alphanumeric(uint8_t byte) {
    return (uint8_t)(byte - '0') < 10 || (uint8_t)((byte | 0x20) - 'a') < 26;
}

static bool in_project(const match *m, const needle *n) {
    if (m->record->cwd.bytes != NULL) return below(m->record->cwd, n);
    const char *folder;
    size_t len;
    if (!project_folder(m->path, m->path_len, &folder, &len) || len < n->len) return false;
    for (size_t i = 0; i < n->len; i++)
        if ((uint8_t)folder[i] != (is_alphanumeric(n->bytes[i]) ? n->bytes[i] : '-')) return false;
    return len == n->len || folder[n->len] == '-';
}

static bool has_tool(const fc_record *record, const needle *n) {
    for (size_t i = 0; i < record->tools.len; i++)
        if (fc_slice_equals(record->tools.items[i], n->bytes, n->len)) return true;
    return false;
}

static bool is_id(fc_slice id, const needle *n) {
    size_t characters = 0;
    for (size_t i = 0; i < n->len; i++) characters += (n->bytes[i] & 0xc0) != 0x80;
    return characters >= 8 ? fc_slice_begins(id, n->bytes, n->len) : fc_slice_equals(id, n->bytes, n->len);
}

static bool evaluate(match *m, size_t at) {
    const node *n = &m->plan->nodes[at];
    const fc_record *record = m->record;
    const needle *value = &n->needle;
    switch (n->op) {
    case FC_OP_TEXT: return in_text(m, value);
    case FC_OP_ROLE: return fc_slice_equals(fc_record_role(record), value->bytes, value->len);
    case FC_OP_TYPE: return fc_slice_equals(record->type, value->bytes, value->len);
    case FC_OP_SESSION: return is_id(record->session, value);
    case FC_OP_UUID: return is_id(record->uuid, value);
    case FC_OP_CWD: return below(record->cwd, value);
    case FC_OP_PROJECT: return in_project(m, value);
    case FC_OP_BRANCH: return fc_slice_equals(record->branch, value->bytes, value->len);
    case FC_OP_MODEL: return fc_slice_equals(record->model, value->bytes, value->len);
    case FC_OP_TOOL: return has_tool(record, value);
    case FC_OP_IS_ERROR: return record->is_error;
    case FC_OP_IS_HUMAN: return record->is_human;
    case FC_OP_NOT: return !evaluate(m, at + 1);
    case FC_OP_AND:
    case FC_OP_OR: {
        const bool stop = n->op == FC_OP_OR;
        for (size_t child = at + 1; child < n->end && m->status == FC_OK; child = m->plan->nodes[child].end)
            if (evaluate(m, child) == stop) return stop;
        return !stop;
    }
    case FC_OP_COUNT: break;
    }
    return false;
}

fc_status fc_plan_match(const fc_plan *plan, const fc_find *find, const fc_record *record, const char *path,
                        size_t path_len, fc_scratch *scratch, bool *out_match) {
    match m = {plan, find, record, path, path_len, scratch, FC_OK};
    scratch->has_text = false;
    const bool matched = plan->count == 0 || evaluate(&m, 0);
    if (m.status == FC_OK) *out_match = matched;
    return m.status;
}

static fc_status push_range(fc_range **ranges, size_t *len, size_t *capacity, fc_range range) {
    if (*len == *capacity) {
        const size_t wanted = *capacity ? *capacity * 2 : 16;
        fc_range *grown = realloc(*ranges, wanted * sizeof **ranges);
        if (grown == NULL) return FC_NO_MEMORY;
        *ranges = grown;
        *capacity = wanted;
    }
    (*ranges)[(*len)++] = range;
    return FC_OK;
}

static int by_start(const void *a, const void *b) {
    const fc_range *x = a, *y = b;
    return x->start != y->start ? (x->start < y->start ? -1 : 1) : (x->end > y->end) - (x->end < y->end);
}

/* Merge overlapping ranges and turn bytes into characters; both texts have the same characters. */
static size_t merge_ranges(fc_range *ranges, size_t count, const uint8_t *text) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept != 0 && ranges[i].start < ranges[kept - 1].end) {
            if (ranges[i].end > ranges[kept - 1].end) ranges[kept - 1].end = ranges[i].end;
        } else {
            ranges[kept++] = ranges[i];
        }
    }
    size_t byte = 0, chars = 0;
    for (size_t i = 0; i < kept; i++) {
        for (; byte < ranges[i].start; byte++) chars += (text[byte] & 0xc0) != 0x80;
        const size_t start = chars;
        for (; byte < ranges[i].end; byte++) chars += (text[byte] & 0xc0) != 0x80;
        ranges[i] = (fc_range){start, chars};
    }
    return kept;
}

/* The needle's borders: border[i] is the length of the longest proper prefix of its first i bytes that ends them too
 * (Knuth, Morris and Pratt). NULL when there is no memory for them. */
static uint32_t *make_borders(const needle *n) {
    uint32_t *border = malloc((n->len + 1) * sizeof *border);
    if (border == NULL) return NULL;
    border[0] = border[1] = 0;
    for (size_t i = 1, state = 0; i < n->len; i++) {
        while (state != 0 && n->bytes[i] != n->bytes[state]) state = border[state];
        state += n->bytes[i] == n->bytes[state];
        border[i + 1] = (uint32_t)state;
    }
    return border;
}

typedef struct ranges {
    fc_range *items;
    size_t len, capacity;
} ranges;

/* Add the needle's occurrence that ends at `end`, or let it lengthen the one before that it overlaps. */
static fc_status add_occurrence(ranges *found, size_t first, size_t end, size_t len) {
    if (found->len > first && end - len < found->items[found->len - 1].end) {
        found->items[found->len - 1].end = end;
        return FC_OK;
    }
    return push_range(&found->items, &found->len, &found->capacity, (fc_range){end - len, end});
}

/* Find every occurrence. Behind one the search goes on byte by byte as long as a further one that overlaps it may be
 * under way, so that a needle like "aaaa" costs no more than any other. */
static fc_status find_occurrences(const fc_find *find, const needle *n, const uint8_t *text, size_t len,
                                  ranges *found) {
    const size_t first = found->len;
    uint32_t *border = NULL;
    fc_status status = FC_OK;
    for (size_t from = 0; status == FC_OK;) {
        const size_t at = from + find_exact(find, n, text + from, len - from);
        if (at >= len) break;
        if (border == NULL && (border = make_borders(n)) == NULL) return FC_NO_MEMORY;
        status = add_occurrence(found, first, at + n->len, n->len);
        size_t i = at + n->len, state = border[n->len];
        while (state != 0 && i < len && status == FC_OK) {
            while (state != 0 && text[i] != n->bytes[state]) state = border[state];
            state += text[i++] == n->bytes[state];
            if (state == n->len) {
                status = add_occurrence(found, first, i, n->len);
                state = border[state];
            }
        }
        from = i;
    }
    free(border);
    return status;
}

fc_status fc_plan_spans(const fc_plan *plan, const fc_find *find, const uint8_t *text, size_t len,
                        fc_range **out_ranges, size_t *out_count) {
    fc_buffer folded = {0};
    ranges found = {0};
    fc_status status = fold_text(plan, text, len, &folded, &text, &len);
    for (size_t i = 0; i < plan->count && status == FC_OK; i++) {
        const node *n = &plan->nodes[i];
        if (n->op == FC_OP_TEXT && !n->under_not && n->needle.len != 0)
            status = find_occurrences(find, &n->needle, text, len, &found);
    }
    if (status == FC_OK) {
        if (found.len != 0) qsort(found.items, found.len, sizeof *found.items, by_start);
        *out_count = merge_ranges(found.items, found.len, text);
        *out_ranges = found.items;
    } else {
        free(found.items);
    }
    fc_buffer_free(&folded);
    return status;
}
