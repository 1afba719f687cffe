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

fc_needle_answer fc_needle_in_slice(const fc_needle *n, const fc_find *find, fc_slice slice) {
    for (size_t from = 0; from < slice.len;) {
        const size_t at = from + find->literal(&n->literal, slice.bytes + from, slice.len - from);
        if (at >= slice.len) break;
        if (!slice.escaped || !inside_escape(slice.bytes, slice.bytes + at)) return FC_NEEDLE_THERE;
        from = at + 1;
    }
    if (slice.escaped && find->escape(&n->escapes, slice.bytes, slice.len) < slice.len) return FC_NEEDLE_HIDDEN;
    for (size_t i = 0; i < n->beyond_len; i++)
        if (find->literal(&n->beyond[i], slice.bytes, slice.len) < slice.len) return FC_NEEDLE_HIDDEN;
    return FC_NEEDLE_ABSENT;
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
