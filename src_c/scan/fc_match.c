#include "fc_match.h"

#include <stdlib.h>
#include <string.h>

#include "fc_fold.h"

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

static bool in_decoded_piece(match *m, const fc_needle *n, fc_slice piece) {
    const uint8_t *text;
    size_t len;
    fc_buffer *buffer = &m->scratch->text;
    m->scratch->has_text = false;
    m->status = fc_buffer_reserve(buffer, piece.len);
    if (m->status != FC_OK) return false;
    buffer->len = fc_slice_decode(piece, buffer->data);
    m->status = fold_text(m->plan, buffer->data, buffer->len, &m->scratch->folded, &text, &len);
    if (m->status != FC_OK) return false;
    return fc_needle_find(n, m->find, text, len) < len;
}

/* True if the filter's find is the needle itself and stands in a piece: mostly it does, and nothing is searched. */
static bool at_hint(const match *m, const fc_needle *n) {
    const fc_slices *pieces = &m->record->pieces;
    for (size_t i = 0; m->scratch->hint != NULL && i < pieces->len; i++)
        if (fc_needle_at(n, m->find, pieces->items[i], m->scratch->hint)) return true;
    return false;
}

static bool in_piece(match *m, const fc_needle *n, fc_slice piece) {
    const fc_needle_answer answer = fc_needle_in_slice(n, m->find, piece);
    return answer == FC_NEEDLE_THERE || (answer == FC_NEEDLE_HIDDEN && in_decoded_piece(m, n, piece));
}

static bool in_text(match *m, const fc_needle *n) {
    const fc_slices *pieces = &m->record->pieces;
    if (n->len == 0) return true;
    if (n->raw_decides) {
        if (at_hint(m, n)) return true;
        for (size_t i = 0; i < pieces->len && m->status == FC_OK; i++)
            if (in_piece(m, n, pieces->items[i])) return true;
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
    return fc_needle_find(n, m->find, text->data, text->len) < text->len;
}

/* That directory or below, by whole components. */
static bool below(fc_slice cwd, const fc_needle *n) {
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

static bool in_project(const match *m, const fc_needle *n) {
    if (m->record->cwd.bytes != NULL) return below(m->record->cwd, n);
    const char *folder;
    size_t len;
    if (!project_folder(m->path, m->path_len, &folder, &len) || len < n->len) return false;
    for (size_t i = 0; i < n->len; i++)
        if ((uint8_t)folder[i] != (is_alphanumeric(n->bytes[i]) ? n->bytes[i] : '-')) return false;
    return len == n->len || folder[n->len] == '-';
}

static bool has_tool(const fc_record *record, const fc_needle *n) {
    for (size_t i = 0; i < record->tools.len; i++)
        if (fc_slice_equals(record->tools.items[i], n->bytes, n->len)) return true;
    return false;
}

static bool is_id(fc_slice id, const fc_needle *n) {
    size_t characters = 0;
    for (size_t i = 0; i < n->len; i++) characters += (n->bytes[i] & 0xc0) != 0x80;
    return characters >= 8 ? fc_slice_begins(id, n->bytes, n->len) : fc_slice_equals(id, n->bytes, n->len);
}

static bool evaluate(match *m, size_t at) {
    const fc_node *n = &m->plan->nodes[at];
    const fc_record *record = m->record;
    const fc_needle *value = &n->needle;
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

fc_status fc_match_record(const fc_plan *plan, const fc_find *find, const fc_record *record, const char *path,
                          size_t path_len, fc_scratch *scratch, bool *out_match) {
    match m = {plan, find, record, path, path_len, scratch, FC_OK};
    scratch->has_text = false;
    const bool matched = plan->count == 0 || evaluate(&m, 0);
    if (m.status == FC_OK) *out_match = matched;
    return m.status;
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

fc_status fc_match_spans(const fc_plan *plan, const fc_find *find, const uint8_t *text, size_t len,
                         fc_range **out_ranges, size_t *out_count) {
    fc_buffer folded = {0};
    fc_ranges found = {0};
    fc_status status = fold_text(plan, text, len, &folded, &text, &len);
    for (size_t i = 0; i < plan->count && status == FC_OK; i++) {
        const fc_node *n = &plan->nodes[i];
        if (n->op == FC_OP_TEXT && !n->under_not && n->needle.len != 0)
            status = fc_needle_ranges(&n->needle, find, text, len, &found);
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
