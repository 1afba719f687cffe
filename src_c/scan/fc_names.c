#include "fc_names.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_MAX = 255, HEAD = 2, ALL_KINDS = (1 << FC_NAMES_KINDS) - 1 };

typedef struct set {
    uint8_t kinds;
    size_t len;
    uint8_t entries[FC_NAMES_LEN_MAX];
} set;

/* True if an entry of the kind equals the name or, with `begins`, begins with it. */
static bool has_name(const uint8_t *entries, size_t entries_len, uint8_t kind, const uint8_t *name, size_t len,
                     bool begins) {
    for (size_t at = 0; at < entries_len; at += (size_t)HEAD + entries[at + 1]) {
        const size_t size = entries[at + 1];
        if (entries[at] != kind || size < len || (size != len && !begins)) continue;
        if (len == 0 || memcmp(entries + at + HEAD, name, len) == 0) return true;
    }
    return false;
}

static void add_name(set *s, uint8_t kind, fc_slice slice) {
    uint8_t decoded[6 * NAME_MAX];
    if (slice.bytes == NULL || !(s->kinds >> kind & 1)) return;
    const uint8_t *name = slice.bytes;
    size_t len = slice.len;
    if (slice.escaped && len <= sizeof decoded) {
        len = fc_slice_decode(slice, decoded);
        name = decoded;
    }
    if (len > NAME_MAX) {
        s->kinds &= (uint8_t)~(1u << kind);
    } else if (!has_name(s->entries, s->len, kind, name, len, false)) {
        if (s->len + HEAD + len > sizeof s->entries) {
            s->kinds &= (uint8_t)~(1u << kind);
            return;
        }
        s->entries[s->len] = kind;
        s->entries[s->len + 1] = (uint8_t)len;
        if (len != 0) memcpy(s->entries + s->len + HEAD, name, len);
        s->len += HEAD + len;
    }
}

/* Add the names of the line [begin, end), without its newline. */
static fc_status add_line(fc_learner *learner, set *s, const uint8_t *line, size_t len) {
    if (len != 0 && line[len - 1] == '\r') len--;
    if (fc_record_blank(line, len)) return FC_OK;
    fc_line_reason reason;
    const fc_status status = fc_parser_read(learner->parser, line, len, &reason);
    if (status == FC_OK) {
        const fc_record *record = &learner->parser->record;
        add_name(s, FC_NAMES_SESSION, record->session);
        add_name(s, FC_NAMES_ROLE, fc_record_role(record));
        add_name(s, FC_NAMES_TYPE, record->type);
    }
    fc_parser_done(learner->parser, len);
    return status == FC_BAD_LINE ? FC_OK : status;
}

static fc_names *make(const set *s) {
    fc_names *names = malloc(sizeof *names + s->len);
    if (names == NULL) return NULL;
    names->kinds = s->kinds;
    names->len = (uint16_t)s->len;
    memcpy(names->entries, s->entries, s->len);
    return names;
}

fc_status fc_names_learn(fc_learner *learner, const uint8_t *bytes, size_t len, uint64_t base, fc_names **out) {
    if (len > FC_FACTS_LEN_MAX) return FC_BAD_VALUE;
    set s = {.kinds = ALL_KINDS};
    size_t from = base == 0 && len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (from < len) {
        const size_t end = (size_t)((const uint8_t *)memchr(bytes + from, '\n', len - from) - bytes);
        const fc_status status = add_line(learner, &s, bytes + from, end - from);
        if (status != FC_OK) return status;
        from = end + 1;
    }
    fc_names *names = make(&s);
    if (names == NULL) return FC_NO_MEMORY;
    *out = names;
    return FC_OK;
}

fc_status fc_names_new(uint8_t kinds, const uint8_t *entries, size_t len, fc_names **out) {
    if (kinds > ALL_KINDS || len > FC_NAMES_LEN_MAX) return FC_BAD_VALUE;
    for (size_t at = 0; at < len; at += (size_t)HEAD + entries[at + 1])
        if (len - at < HEAD || len - at - HEAD < entries[at + 1] || entries[at] >= FC_NAMES_KINDS) return FC_BAD_VALUE;
    set s = {.kinds = kinds, .len = len};
    if (len != 0) memcpy(s.entries, entries, len);
    fc_names *names = make(&s);
    if (names == NULL) return FC_NO_MEMORY;
    *out = names;
    return FC_OK;
}

static bool may_have(const fc_names *names, uint8_t kind, const uint8_t *name, size_t len, bool begins) {
    return !(names->kinds >> kind & 1) || has_name(names->entries, names->len, kind, name, len, begins);
}

static bool may_match(const fc_names *names, const fc_plan *plan, size_t at) {
    const fc_node *n = &plan->nodes[at];
    const uint8_t *value = n->needle.bytes;
    const size_t len = n->needle.len;
    switch (n->op) {
    case FC_OP_SESSION: return may_have(names, FC_NAMES_SESSION, value, len, true);
    case FC_OP_ROLE: return may_have(names, FC_NAMES_ROLE, value, len, false);
    case FC_OP_TYPE: return may_have(names, FC_NAMES_TYPE, value, len, false);
    case FC_OP_IS_HUMAN: return may_have(names, FC_NAMES_TYPE, (const uint8_t *)"user", 4, false);
    case FC_OP_AND: case FC_OP_OR: break;
    default: return true;
    }
    const bool all = n->op == FC_OP_AND;
    for (size_t child = at + 1; child < n->end; child = plan->nodes[child].end)
        if (may_match(names, plan, child) != all) return !all;
    return all;
}

bool fc_names_may_match(const fc_names *names, const fc_plan *plan) {
    return plan->count == 0 || may_match(names, plan, 0);
}

bool fc_names_matter(const fc_plan *plan) {
    static const fc_names none = {.kinds = ALL_KINDS};
    return !fc_names_may_match(&none, plan);
}
