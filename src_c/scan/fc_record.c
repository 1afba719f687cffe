#include "fc_record.h"

#include <stdlib.h>
#include <string.h>

#include "fc_time.h"

typedef struct walk {
    const uint8_t *line;
    const uint32_t *index; /* index[count] is the line's length, where no structural byte stands */
    size_t count;
    fc_record *record;
    const fc_find *find;
    const uint32_t *ends; /* by the place of an opening bracket: the place behind its partner; NULL until wanted */
    fc_slices *sink;      /* where the strings of a visit go; NULL: nowhere */
    fc_line_reason reason;
    bool no_memory;
} walk;

/* A place in the structural index; BAD: the walk has failed and says why. */
typedef size_t place;
#define BAD ((place)-1)

static place fail(walk *w, fc_line_reason reason) {
    w->reason = reason;
    return BAD;
}

static uint8_t byte_at(const walk *w, place at) { return w->line[w->index[at]]; }

static bool is_space(uint8_t byte) { return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n'; }

/* The inside of the string token at `at`, its escapes not yet looked at. Stage one saw the closing quote: it is the
 * last byte before the next structural that is no white space. */
static bool string_bounds(const walk *w, place at, const uint8_t **out_begin, const uint8_t **out_end) {
    const uint8_t *begin = w->line + w->index[at] + 1, *end = w->line + w->index[at + 1];
    while (end > begin && is_space(end[-1])) end--;
    if (end <= begin || end[-1] != '"') return false;
    *out_begin = begin;
    *out_end = end - 1;
    return true;
}

static place read_string(walk *w, place at, fc_slice *out) {
    const uint8_t *begin, *end;
    if (!string_bounds(w, at, &begin, &end)) return fail(w, FC_LINE_GRAMMAR);
    const size_t len = (size_t)(end - begin);
    bool escaped = false;
    const bool plain = len < 64 && fc_slice_is_plain(begin, len);
    if (!plain && !w->find->escapes(begin, len, &escaped)) return fail(w, FC_LINE_ESCAPE);
    *out = (fc_slice){begin, (uint32_t)len, escaped};
    return at + 1;
}

static const uint8_t *digits(const uint8_t *at, const uint8_t *end) {
    while (at < end && (uint8_t)(*at - '0') < 10) at++;
    return at;
}

static bool is_number(const uint8_t *at, const uint8_t *end) {
    if (at < end && *at == '-') at++;
    const uint8_t *after = digits(at, end);
    if (after == at || (*at == '0' && after - at > 1)) return false;
    at = after;
    if (at < end && *at == '.') {
        after = digits(at + 1, end);
        if (after == at + 1) return false;
        at = after;
    }
    if (at < end && (*at | 0x20) == 'e') {
        at++;
        if (at < end && (*at == '+' || *at == '-')) at++;
        after = digits(at, end);
        if (after == at) return false;
        at = after;
    }
    return at == end;
}

static bool token_is(const uint8_t *begin, const uint8_t *end, const char *word, size_t len) {
    return (size_t)(end - begin) == len && memcmp(begin, word, len) == 0;
}

/* Check the number or literal at `at`. */
static place read_scalar(walk *w, place at, bool *out_true) {
    const uint8_t *begin = w->line + w->index[at], *end = w->line + w->index[at + 1];
    while (end > begin && is_space(end[-1])) end--;
    *out_true = false;
    switch (*begin) {
    case 't':
        *out_true = token_is(begin, end, "true", 4);
        return *out_true ? at + 1 : fail(w, FC_LINE_SCALAR);
    case 'f': return token_is(begin, end, "false", 5) ? at + 1 : fail(w, FC_LINE_SCALAR);
    case 'n': return token_is(begin, end, "null", 4) ? at + 1 : fail(w, FC_LINE_SCALAR);
    case '}': case ']': case ',': case ':': return fail(w, FC_LINE_GRAMMAR);
    default: return is_number(begin, end) ? at + 1 : fail(w, FC_LINE_SCALAR);
    }
}

/* Whether a structural byte opens or closes: `[` for `[` and `{`, `]` for `]` and `}`, nothing else gives those. */
static uint8_t bracket_at(const walk *w, place at) { return byte_at(w, at) & 0xdf; }

/* Find every bracket's partner, so that stepping over a value takes one look. An entry is 0 where there is none. */
static bool find_ends(walk *w) {
    fc_buffer *buffer = &w->record->ends;
    if (fc_buffer_reserve(buffer, w->count * sizeof *w->ends) != FC_OK) {
        w->no_memory = true;
        return false;
    }
    uint32_t *ends = (uint32_t *)(void *)buffer->data;
    uint32_t open = UINT32_MAX; /* the innermost open bracket, whose entry holds the one around it */
    for (size_t at = 0; at < w->count; at++) {
        const uint8_t bracket = bracket_at(w, at);
        if (bracket == '[') {
            ends[at] = open;
            open = (uint32_t)at;
        } else if (bracket == ']' && open != UINT32_MAX) {
            const uint32_t around = ends[open];
            ends[open] = (uint32_t)at + 1;
            open = around;
        }
    }
    while (open != UINT32_MAX) {
        const uint32_t around = ends[open];
        ends[open] = 0;
        open = around;
    }
    w->ends = ends;
    return true;
}

/* Step over a value: brackets are counted, nothing else is looked at. */
static place skip(walk *w, place at) {
    if (at >= w->count) return fail(w, FC_LINE_UNCLOSED);
    switch (byte_at(w, at)) {
    case '{': case '[': break;
    case '}': case ']': case ',': case ':': return fail(w, FC_LINE_GRAMMAR);
    default: return at + 1;
    }
    if (w->ends != NULL) return w->ends[at] != 0 ? w->ends[at] : fail(w, FC_LINE_UNCLOSED);
    size_t level = 1;
    for (at++; at < w->count; at++) {
        const uint8_t bracket = bracket_at(w, at);
        if (bracket == '[') level++;
        else if (bracket == ']' && --level == 0) return at + 1;
    }
    return fail(w, FC_LINE_UNCLOSED);
}

/* After a member or item: `at` the next one's place with *out_more, else the place after the closing bracket. */
static place next_item(walk *w, place at, uint8_t close, bool *out_more) {
    const uint8_t byte = byte_at(w, at);
    *out_more = byte == ',';
    if (byte == ',' || byte == close) return at + 1;
    return fail(w, at >= w->count ? FC_LINE_UNCLOSED : FC_LINE_GRAMMAR);
}

/* Enter the object or array at `at`: its first member's place with *out_more, else the place after it. */
static place enter(walk *w, place at, uint8_t close, bool *out_more) {
    *out_more = byte_at(w, at + 1) != close;
    return at + (*out_more ? 1 : 2);
}

/* The place of the value that belongs to the key before `at`. */
static place after_key(walk *w, place at) {
    if (byte_at(w, at) != ':') return fail(w, at >= w->count ? FC_LINE_UNCLOSED : FC_LINE_GRAMMAR);
    if (at + 1 >= w->count) return fail(w, FC_LINE_UNCLOSED);
    return at + 1;
}

static place not_a_key(walk *w, place at) { return fail(w, at >= w->count ? FC_LINE_UNCLOSED : FC_LINE_GRAMMAR); }

/* Read a member's key: the place of its value. */
static place read_key(walk *w, place at, fc_slice *out_key) {
    if (at >= w->count || byte_at(w, at) != '"') return not_a_key(w, at);
    at = read_string(w, at, out_key);
    return at == BAD ? BAD : after_key(w, at);
}

static bool ends_with(const uint8_t *key, size_t len, const char *tail, size_t tail_len) {
    return len >= tail_len && memcmp(key + len - tail_len, tail, tail_len) == 0;
}

static bool key_is(const uint8_t *key, size_t len, const char *name) {
    return len == strlen(name) && memcmp(key, name, len) == 0;
}

/* True for the keys of loose strings that name ids or facts and hide their whole value. */
static bool hidden_name(const uint8_t *key, size_t len) {
    if (len < 2) return false;
    switch (key[len - 1]) {
    case 'd':
        if (key_is(key, len, "id") || key_is(key, len, "uuid") || key_is(key, len, "cwd")) return true;
        return ends_with(key, len, "Id", 2) || ends_with(key, len, "_id", 3) || ends_with(key, len, "-id", 3) ||
               ends_with(key, len, "Uuid", 4) || ends_with(key, len, "_uuid", 5);
    case 'D': return ends_with(key, len, "ID", 2) || ends_with(key, len, "UUID", 4);
    case 'e': return key_is(key, len, "type") || key_is(key, len, "userType") || key_is(key, len, "signature");
    case 'p': return key_is(key, len, "timestamp");
    case 'n': return key_is(key, len, "version");
    case 'h': return key_is(key, len, "gitBranch");
    case 'a': return key_is(key, len, "data");
    case 't': return key_is(key, len, "toolUseResult");
    default: return false;
    }
}

/* Decode a slice into the record's scratch; false when there is no memory for it. */
static bool decode(walk *w, fc_slice slice, const uint8_t **out, size_t *out_len) {
    fc_buffer *scratch = &w->record->scratch;
    if (!slice.escaped) {
        *out = slice.bytes;
        *out_len = slice.len;
        return true;
    }
    if (fc_buffer_reserve(scratch, slice.len) != FC_OK) {
        w->no_memory = true;
        return false;
    }
    *out = scratch->data;
    *out_len = fc_slice_decode(slice, scratch->data);
    return true;
}

static bool hidden_key(walk *w, fc_slice key) {
    const uint8_t *name;
    size_t len;
    return decode(w, key, &name, &len) && hidden_name(name, len);
}

/* The members that the walk reads, of a record, a message or a block. */
typedef enum key_id {
    KEY_OTHER, KEY_TYPE, KEY_UUID, KEY_TEXT, KEY_NAME, KEY_ROLE, KEY_CWD, KEY_MODEL, KEY_INPUT, KEY_META, KEY_MESSAGE,
    KEY_SUMMARY, KEY_SUBTYPE, KEY_CONTENT, KEY_THINKING, KEY_IS_ERROR, KEY_TIMESTAMP, KEY_SESSION, KEY_BRANCH,
    KEY_ATTACHMENT, KEY_SIDECHAIN
} key_id;

#define IS(name, id) \
    if (memcmp(key, name, sizeof(name) - 1) == 0) return id

static key_id key_by_name(const uint8_t *key, size_t len) {
    switch (len) {
    case 3: IS("cwd", KEY_CWD); break;
    case 4:
        IS("type", KEY_TYPE);
        IS("uuid", KEY_UUID);
        IS("text", KEY_TEXT);
        IS("name", KEY_NAME);
        IS("role", KEY_ROLE);
        break;
    case 5:
        IS("model", KEY_MODEL);
        IS("input", KEY_INPUT);
        break;
    case 6: IS("isMeta", KEY_META); break;
    case 7:
        IS("content", KEY_CONTENT);
        IS("message", KEY_MESSAGE);
        IS("summary", KEY_SUMMARY);
        IS("subtype", KEY_SUBTYPE);
        break;
    case 8:
        IS("thinking", KEY_THINKING);
        IS("is_error", KEY_IS_ERROR);
        break;
    case 9:
        IS("timestamp", KEY_TIMESTAMP);
        IS("sessionId", KEY_SESSION);
        IS("gitBranch", KEY_BRANCH);
        break;
    case 10: IS("attachment", KEY_ATTACHMENT); break;
    case 11: IS("isSidechain", KEY_SIDECHAIN); break;
    default: break;
    }
    return KEY_OTHER;
}
#undef IS

/* Read a member's key as one of the known: the place of its value. What equals a name as it stands holds no backslash,
 * so that only other keys are looked through for one. */
static place read_known_key(walk *w, place at, key_id *out) {
    const uint8_t *begin, *end;
    if (at >= w->count || byte_at(w, at) != '"') return not_a_key(w, at);
    if (!string_bounds(w, at, &begin, &end)) return fail(w, FC_LINE_GRAMMAR);
    *out = key_by_name(begin, (size_t)(end - begin));
    if (*out == KEY_OTHER && !fc_slice_is_plain(begin, (size_t)(end - begin))) {
        fc_slice key;
        const uint8_t *name;
        size_t len;
        if (read_string(w, at, &key) == BAD || !decode(w, key, &name, &len)) return BAD;
        *out = key_by_name(name, len);
    }
    return after_key(w, at + 1);
}

/* True if the slice, decoded, is the name. */
static bool names(fc_slice key, const char *name, size_t len) {
    if (!key.escaped) return key.len == len && memcmp(key.bytes, name, len) == 0;
    return fc_slice_equals(key, (const uint8_t *)name, len);
}
#define NAMES(key, name) names(key, name, sizeof(name) - 1)

static place emit_string(walk *w, place at) {
    fc_slice slice;
    at = read_string(w, at, &slice);
    if (at != BAD && w->sink != NULL && !fc_slices_push(w->sink, slice)) {
        w->no_memory = true;
        return BAD;
    }
    return at;
}

/* Visit a value that lies at `level` (the record's object is level 1): check it whole and send its strings to the
 * sink, but not what stands under hidden keys if `loose`, and nothing more than `depth` levels below. */
static place visit(walk *w, place at, unsigned level, unsigned depth, bool loose) {
    if (at >= w->count) return fail(w, FC_LINE_UNCLOSED);
    const uint8_t byte = byte_at(w, at);
    bool more, is_true;
    if (byte == '"') return emit_string(w, at);
    if (byte != '{' && byte != '[') return read_scalar(w, at, &is_true);
    if (depth == 0) return skip(w, at);
    if (level > FC_RECORD_LEVELS_MAX) return fail(w, FC_LINE_DEPTH);
    const uint8_t close = byte == '{' ? '}' : ']';
    for (at = enter(w, at, close, &more); more; at = next_item(w, at, close, &more)) {
        if (byte == '{') {
            fc_slice key;
            at = read_key(w, at, &key);
            if (at == BAD) return BAD;
            at = loose && hidden_key(w, key) ? skip(w, at) : visit(w, at, level + 1, depth - 1, loose);
        } else {
            at = visit(w, at, level + 1, depth - 1, loose);
        }
        if (at == BAD) return BAD;
    }
    return at;
}

enum { WHOLE = FC_RECORD_LEVELS_MAX + 1 };

static place visit_loose(walk *w, place at, unsigned level) { return visit(w, at, level, WHOLE, true); }

/* Read a member that counts only as a string: any other value is checked or stepped over and leaves it absent. */
static place read_field(walk *w, place at, fc_slice *out) {
    *out = (fc_slice){0};
    const uint8_t byte = byte_at(w, at);
    bool is_true;
    if (byte == '"') return read_string(w, at, out);
    if (byte == '{' || byte == '[') return skip(w, at);
    return read_scalar(w, at, &is_true);
}

static place read_flag(walk *w, place at, bool *out) {
    *out = false;
    const uint8_t byte = byte_at(w, at);
    if (byte == '"' || byte == '{' || byte == '[') return skip(w, at);
    return read_scalar(w, at, out);
}

/* Places of the members of a block, the last of each name; 0 is never a member's place. */
typedef struct block {
    place type, text, thinking, name, input, content, is_error;
} block;

static place read_block(walk *w, place at, block *out) {
    *out = (block){0};
    bool more;
    for (at = enter(w, at, '}', &more); more; at = next_item(w, at, '}', &more)) {
        key_id key;
        at = read_known_key(w, at, &key);
        if (at == BAD) return BAD;
        switch (key) {
        case KEY_TYPE: out->type = at; break;
        case KEY_TEXT: out->text = at; break;
        case KEY_THINKING: out->thinking = at; break;
        case KEY_NAME: out->name = at; break;
        case KEY_INPUT: out->input = at; break;
        case KEY_CONTENT: out->content = at; break;
        case KEY_IS_ERROR: out->is_error = at; break;
        default: break;
        }
        at = skip(w, at);
        if (at == BAD) return BAD;
    }
    return at;
}

static place visit_blocks(walk *w, place at, unsigned level, bool top);

static bool is_string(const walk *w, place at) { return at != 0 && byte_at(w, at) == '"'; }

static bool visit_tool_use(walk *w, const block *b, unsigned level, bool top) {
    fc_slice name = {0};
    if (is_string(w, b->name)) {
        if (read_string(w, b->name, &name) == BAD) return false;
        if (top && !fc_slices_push(&w->record->tools, name)) {
            w->no_memory = true;
            return false;
        }
    }
    const bool name_first = b->name < b->input;
    if (name.bytes != NULL && name_first && emit_string(w, b->name) == BAD) return false;
    if (b->input != 0 && visit(w, b->input, level + 1, WHOLE, false) == BAD) return false;
    if (name.bytes != NULL && !name_first && emit_string(w, b->name) == BAD) return false;
    return true;
}

static bool visit_tool_result(walk *w, const block *b, unsigned level, bool top) {
    bool is_error = false;
    if (b->is_error != 0 && read_flag(w, b->is_error, &is_error) == BAD) return false;
    if (top) {
        w->record->is_error |= is_error;
        w->record->is_human = false;
    }
    if (b->content == 0) return true;
    if (byte_at(w, b->content) == '[') return visit_blocks(w, b->content, level + 1, false) != BAD;
    return visit_loose(w, b->content, level + 1) != BAD;
}

/* A block's content is stepped over before it is visited. Below this level, which no writer reaches, the brackets'
 * partners are found first, so that blocks nested a thousand deep are not stepped over a thousand times. */
enum { NESTED_LEVEL = 12 };

/* Visit the content block at `at`, an object at `level`. */
static place visit_block(walk *w, place at, unsigned level, bool top) {
    if (level > FC_RECORD_LEVELS_MAX) return fail(w, FC_LINE_DEPTH);
    if (level > NESTED_LEVEL && w->ends == NULL && !find_ends(w)) return BAD;
    block b;
    const place after = read_block(w, at, &b);
    if (after == BAD) return BAD;
    fc_slice type = {0};
    if (b.type != 0 && read_field(w, b.type, &type) == BAD) return BAD;
    bool ok;
    if (NAMES(type, "text") && is_string(w, b.text)) ok = emit_string(w, b.text) != BAD;
    else if (NAMES(type, "thinking") && is_string(w, b.thinking)) ok = emit_string(w, b.thinking) != BAD;
    else if (NAMES(type, "tool_use")) ok = visit_tool_use(w, &b, level, top);
    else if (NAMES(type, "tool_result")) ok = visit_tool_result(w, &b, level, top);
    else if (NAMES(type, "image") || NAMES(type, "document")) ok = true;
    else ok = visit_loose(w, at, level) != BAD;
    return ok ? after : BAD;
}

/* Visit a list of content blocks, an array at `level`; `top` if it is the message's own list. */
static place visit_blocks(walk *w, place at, unsigned level, bool top) {
    if (level > FC_RECORD_LEVELS_MAX) return fail(w, FC_LINE_DEPTH);
    bool more;
    for (at = enter(w, at, ']', &more); more; at = next_item(w, at, ']', &more)) {
        if (at >= w->count) return fail(w, FC_LINE_UNCLOSED);
        at = byte_at(w, at) == '{' ? visit_block(w, at, level + 1, top) : visit_loose(w, at, level + 1);
        if (at == BAD) return BAD;
    }
    return at;
}

static void reset_message(fc_record *record) {
    record->message_role = record->model = (fc_slice){0};
    record->tools.len = record->pieces.len = 0;
    record->is_error = false;
    record->is_human = true;
}

/* Read `message`: role, model and content, whose pieces are taken as the record's text until its type says else. */
static place read_message(walk *w, place at) {
    fc_record *record = w->record;
    reset_message(record);
    if (byte_at(w, at) != '{') return byte_at(w, at) == '[' ? skip(w, at) : visit(w, at, 2, 0, false);
    place content = 0;
    bool more;
    for (at = enter(w, at, '}', &more); more; at = next_item(w, at, '}', &more)) {
        key_id key;
        at = read_known_key(w, at, &key);
        if (at == BAD) return BAD;
        switch (key) {
        case KEY_ROLE: at = read_field(w, at, &record->message_role); break;
        case KEY_MODEL: at = read_field(w, at, &record->model); break;
        case KEY_CONTENT: content = at; at = skip(w, at); break;
        default: at = skip(w, at);
        }
        if (at == BAD) return BAD;
    }
    if (content == 0) return at;
    w->sink = &record->pieces;
    const place read = byte_at(w, content) == '[' ? visit_blocks(w, content, 3, true) : visit_loose(w, content, 3);
    w->sink = NULL;
    return read == BAD ? BAD : at;
}

/* Members whose meaning depends on the record's type, which may stand behind them. */
typedef struct by_type {
    place content, summary, attachment;
} by_type;

static void read_time(walk *w, fc_slice stamp) {
    const uint8_t *text;
    size_t len;
    if (stamp.bytes != NULL && decode(w, stamp, &text, &len))
        w->record->has_time = fc_time_parse(text, len, &w->record->time_us);
}

/* Make the text of a record that is neither `user` nor `assistant`. */
static bool read_other_text(walk *w, const by_type *members) {
    const fc_slice type = w->record->type;
    w->record->pieces.len = 0;
    w->sink = &w->record->pieces;
    place read = 0;
    if (NAMES(type, "system")) {
        if (members->content != 0) read = visit(w, members->content, 2, 0, false);
    } else if (NAMES(type, "summary")) {
        if (members->summary != 0) read = visit(w, members->summary, 2, 0, false);
    } else if (NAMES(type, "attachment")) {
        if (members->attachment != 0) read = visit_loose(w, members->attachment, 2);
    } else if (NAMES(type, "queue-operation")) {
        if (members->content != 0) read = visit_loose(w, members->content, 2);
    } else {
        /* A value of the record itself is at depth 1, so three containers may be entered. */
        read = visit(w, 0, 1, 3, true);
    }
    w->sink = NULL;
    return read != BAD;
}

static place read_top(walk *w) {
    fc_record *record = w->record;
    by_type members = {0};
    fc_slice subtype = {0}, stamp = {0};
    bool meta = false, sidechain = false, more;
    place at = 0;
    for (at = enter(w, at, '}', &more); more; at = next_item(w, at, '}', &more)) {
        key_id key;
        at = read_known_key(w, at, &key);
        if (at == BAD) return BAD;
        switch (key) {
        case KEY_TYPE: at = read_field(w, at, &record->type); break;
        case KEY_MESSAGE: at = read_message(w, at); break;
        case KEY_TIMESTAMP: at = read_field(w, at, &stamp); break;
        case KEY_UUID: at = read_field(w, at, &record->uuid); break;
        case KEY_SESSION: at = read_field(w, at, &record->session); break;
        case KEY_CWD: at = read_field(w, at, &record->cwd); break;
        case KEY_BRANCH: at = read_field(w, at, &record->branch); break;
        case KEY_META: at = read_flag(w, at, &meta); break;
        case KEY_SIDECHAIN: at = read_flag(w, at, &sidechain); break;
        case KEY_SUBTYPE: at = read_field(w, at, &subtype); break;
        case KEY_CONTENT: members.content = at; at = skip(w, at); break;
        case KEY_SUMMARY: members.summary = at; at = skip(w, at); break;
        case KEY_ATTACHMENT: members.attachment = at; at = skip(w, at); break;
        default: at = skip(w, at);
        }
        if (at == BAD) return BAD;
    }
    if (at == BAD) return BAD;
    if (at != w->count) return fail(w, FC_LINE_TRAILING);

    const bool user = NAMES(record->type, "user");
    if (!user && !NAMES(record->type, "assistant") && !read_other_text(w, &members)) return BAD;
    record->is_human = record->is_human && user && !meta && !sidechain;
    record->is_error = record->is_error || NAMES(subtype, "api_error");
    read_time(w, stamp);
    return w->no_memory ? BAD : at;
}

fc_status fc_record_read(fc_structure *structure, const uint8_t *line, size_t len, bool check_all,
                         fc_record *record, fc_line_reason *out_reason) {
    reset_message(record);
    record->type = record->session = record->uuid = record->cwd = record->branch = (fc_slice){0};
    record->has_time = false;
    if (len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0) {
        *out_reason = FC_LINE_BOM;
        return FC_BAD_LINE;
    }
    walk w = {.line = line, .record = record, .find = record->find != NULL ? record->find : fc_find_for(FC_CPU_BASE)};
    fc_status status = fc_structure_index(structure, line, len, &w.index, &w.count, out_reason);
    if (status != FC_OK) return status;
    if (byte_at(&w, 0) != '{') {
        *out_reason = FC_LINE_NO_OBJECT;
        return FC_BAD_LINE;
    }
    if ((check_all && visit(&w, 0, 1, WHOLE, false) == BAD) || read_top(&w) == BAD) {
        if (w.no_memory) return FC_NO_MEMORY;
        *out_reason = w.reason;
        return FC_BAD_LINE;
    }
    return FC_OK;
}

void fc_record_free(fc_record *record) {
    free(record->tools.items);
    free(record->pieces.items);
    fc_buffer_free(&record->scratch);
    fc_buffer_free(&record->ends);
    *record = (fc_record){.find = record->find};
}

bool fc_record_blank(const uint8_t *line, size_t len) {
    for (size_t i = 0; i < len; i++)
        if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r') return false;
    return true;
}

fc_slice fc_record_role(const fc_record *record) {
    return record->message_role.bytes != NULL ? record->message_role : record->type;
}

fc_status fc_record_text(const fc_record *record, fc_buffer *out) {
    size_t most = record->pieces.len;
    for (size_t i = 0; i < record->pieces.len; i++) most += record->pieces.items[i].len;
    fc_status status = fc_buffer_reserve(out, out->len + most);
    if (status != FC_OK) return status;
    for (size_t i = 0; i < record->pieces.len; i++) {
        if (i != 0) out->data[out->len++] = '\n';
        out->len += fc_slice_decode(record->pieces.items[i], out->data + out->len);
    }
    return FC_OK;
}

const char *fc_line_reason_name(fc_line_reason reason) {
    switch (reason) {
    case FC_LINE_OK: return "ok";
    case FC_LINE_UTF8: return "not valid UTF-8";
    case FC_LINE_CONTROL: return "raw control character in a string";
    case FC_LINE_UNCLOSED: return "string or bracket not closed";
    case FC_LINE_NO_OBJECT: return "not a JSON object";
    case FC_LINE_TRAILING: return "something follows the object";
    case FC_LINE_GRAMMAR: return "comma, colon, key or bracket misplaced";
    case FC_LINE_SCALAR: return "not a JSON number or literal";
    case FC_LINE_ESCAPE: return "bad escape in a string";
    case FC_LINE_DEPTH: return "nested deeper than 1024 levels";
    case FC_LINE_BOM: return "byte order mark inside the file";
    case FC_LINE_TOO_LONG: return "longer than max_line";
    case FC_LINE_REASON_COUNT: break;
    }
    return "unknown reason";
}
