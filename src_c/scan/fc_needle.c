#define _GNU_SOURCE /* memmem */
#include "fc_needle.h"

#include <stdlib.h>
#include <string.h>

#include "fc_fold.h"
#include "fc_probe.h"

/* A longer needle goes to the two-way search, whose worst case is linear. */
enum { LONG = 256 };

static bool raw_decides(const fc_needle *n) {
    for (size_t i = 0; i < n->len; i++) {
        const uint8_t byte = n->bytes[i];
        if (byte < 0x20 || byte >= 0x7f || byte == '"' || byte == '\\' || byte == '/') return false;
    }
    return n->len != 0 && n->len <= LONG;
}

static void add_beyond(fc_needle *n, uint8_t byte) {
    const bool is_k = byte == 'k';
    if (!is_k && byte != 's') return;
    const uint8_t *variant = (const uint8_t *)(is_k ? "\xe2\x84\xaa" : "\xc5\xbf");
    for (size_t i = 0; i < n->beyond_len; i++)
        if (n->beyond[i].bytes == variant) return;
    fc_literal_init(&n->beyond[n->beyond_len++], variant, is_k ? 3 : 2, false);
}

static void choose_rarest(fc_needle *n, bool fold) {
    for (size_t i = 1; i < n->len; i++)
        if (fc_literal_bits(n->bytes[i]) > fc_literal_bits(n->bytes[n->rarest])) n->rarest = i;
    fc_literal_init(&n->rarest_literal, n->bytes + n->rarest, 1, fold);
    fc_probe_add_escapes(&n->rarest_escapes, n->bytes[n->rarest], fold);
}

fc_status fc_needle_init(fc_needle *out, fc_arena *arena, const uint8_t *value, size_t len, bool fold) {
    uint8_t *bytes = fc_arena_alloc(arena, fold ? fc_fold_utf8_bound(len) : len + 1);
    if (bytes == NULL) return FC_NO_MEMORY;
    *out = (fc_needle){.bytes = bytes, .len = len};
    if (fold) out->len = fc_fold_utf8(value, len, bytes);
    else if (len != 0) memcpy(bytes, value, len);
    if (out->len != 0) fc_literal_init(&out->literal, bytes, out->len, fold);
    out->raw_decides = raw_decides(out);
    for (size_t i = 0; out->raw_decides && i < out->len; i++) {
        if (fold) add_beyond(out, bytes[i]);
        out->raw_decides = fc_probe_add_escapes(&out->escapes, bytes[i], fold);
    }
    if (out->raw_decides) choose_rarest(out, fold);
    return FC_OK;
}

size_t fc_needle_find(const fc_needle *n, const fc_find *find, const uint8_t *text, size_t len) {
    if (n->len > LONG) {
        const uint8_t *at = memmem(text, len, n->bytes, n->len);
        return at == NULL ? len : (size_t)(at - text);
    }
    /* That the literal of a folded needle ignores case changes nothing in folded text. */
    return find->literal(&n->literal, text, len);
}

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

bool fc_needle_at(const fc_needle *n, const fc_find *find, fc_slice slice, const uint8_t *place) {
    const ptrdiff_t at = place - slice.bytes;
    if (at < 0 || (size_t)at >= slice.len || slice.len - (size_t)at < n->len) return false;
    return find->literal(&n->literal, place, n->len) == 0 && !(slice.escaped && inside_escape(slice.bytes, place));
}

static bool is_plainly(const fc_needle *n, size_t i, uint8_t byte) {
    const bool is_letter = (uint8_t)(n->bytes[i] - 'a') < 26;
    return byte == n->bytes[i] || (n->literal.ignore_case && is_letter && (byte | 0x20) == n->bytes[i]);
}

enum { ESCAPE_LEN = 6 };

static bool is_escape(const fc_needle *n, fc_slice slice, size_t at) {
    return slice.len - at >= ESCAPE_LEN && fc_escape_set_match(&n->escapes, slice.bytes + at);
}

/* Whether what stands before `at` can spell the needle's first `count` characters, each plain or as any escape of the
 * needle's. */
static bool may_spell_before(const fc_needle *n, fc_slice slice, size_t at, size_t count) {
    for (size_t i = count; i-- > 0;) {
        if (at == 0) return false;
        const bool plain = is_plainly(n, i, slice.bytes[at - 1]);
        const bool escape = at >= ESCAPE_LEN && is_escape(n, slice, at - ESCAPE_LEN);
        if (plain && escape) return true; /* the end of an escape, or of what follows an escaped backslash */
        if (!plain && !escape) return false;
        at -= escape ? ESCAPE_LEN : 1;
    }
    return true;
}

/* The same for what stands from `at` on and the characters from number `i` on. No backslash stands there for itself. */
static bool may_spell_from(const fc_needle *n, fc_slice slice, size_t at, size_t i) {
    for (; i < n->len; i++) {
        if (at >= slice.len) return false;
        const bool escape = slice.bytes[at] == '\\';
        if (escape ? !is_escape(n, slice, at) : !is_plainly(n, i, slice.bytes[at])) return false;
        at += escape ? ESCAPE_LEN : 1;
    }
    return true;
}

/* False only if no part of the slice spells the needle in ASCII and escapes: looks around its rarest character. Where
 * that stands everywhere, decoding takes no longer. */
static bool may_spell(const fc_needle *n, const fc_find *find, fc_slice slice) {
    enum { LOOKS = 16 };
    size_t at = 0;
    for (int looks = 0; looks < LOOKS; looks++, at++) {
        at += find->either(&n->rarest_literal, &n->rarest_escapes, slice.bytes + at, slice.len - at);
        if (at >= slice.len) return false;
        const size_t next = at + (slice.bytes[at] == '\\' ? ESCAPE_LEN : 1);
        if (may_spell_before(n, slice, at, n->rarest) && may_spell_from(n, slice, next, n->rarest + 1)) return true;
    }
    return true;
}

fc_needle_answer fc_needle_in_slice(const fc_needle *n, const fc_find *find, fc_slice slice) {
    for (size_t from = 0; from < slice.len;) {
        const size_t at = from + find->literal(&n->literal, slice.bytes + from, slice.len - from);
        if (at >= slice.len) break;
        if (!slice.escaped || !inside_escape(slice.bytes, slice.bytes + at)) return FC_NEEDLE_THERE;
        from = at + 1;
    }
    for (size_t i = 0; i < n->beyond_len; i++)
        if (find->literal(&n->beyond[i], slice.bytes, slice.len) < slice.len) return FC_NEEDLE_HIDDEN;
    const bool escaped = slice.escaped && find->escape(&n->escapes, slice.bytes, slice.len) < slice.len;
    return escaped && may_spell(n, find, slice) ? FC_NEEDLE_HIDDEN : FC_NEEDLE_ABSENT;
}

/* The needle's borders: border[i] is the length of the longest proper prefix of its first i bytes that ends them too
 * (Knuth, Morris and Pratt). NULL when there is no memory for them. */
static uint32_t *make_borders(const fc_needle *n) {
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

static fc_status push(fc_ranges *ranges, fc_range range) {
    if (ranges->len == ranges->capacity) {
        const size_t capacity = ranges->capacity ? ranges->capacity * 2 : 16;
        fc_range *items = realloc(ranges->items, capacity * sizeof *items);
        if (items == NULL) return FC_NO_MEMORY;
        ranges->items = items;
        ranges->capacity = capacity;
    }
    ranges->items[ranges->len++] = range;
    return FC_OK;
}

/* Add the needle's occurrence that ends at `end`, or let it lengthen the one before that it overlaps. */
static fc_status add_occurrence(fc_ranges *found, size_t first, size_t end, size_t len) {
    if (found->len > first && end - len < found->items[found->len - 1].end) {
        found->items[found->len - 1].end = end;
        return FC_OK;
    }
    return push(found, (fc_range){end - len, end});
}

/* Behind an occurrence the search goes on byte by byte as long as a further one that overlaps it may be
 * under way, so that a needle like "aaaa" costs no more than any other. */
fc_status fc_needle_ranges(const fc_needle *n, const fc_find *find, const uint8_t *text, size_t len, fc_ranges *found) {
    const size_t first = found->len;
    uint32_t *border = NULL;
    fc_status status = FC_OK;
    for (size_t from = 0; status == FC_OK;) {
        const size_t at = from + fc_needle_find(n, find, text + from, len - from);
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
