#define _GNU_SOURCE /* memrchr */
#include "fc_facts.h"

#include <string.h>

#include "fc_time.h"

static const uint8_t key[] = "\"timestamp\"";
enum { KEY_LEN = sizeof key - 1 };

static const fc_time_range everywhen = {INT64_MIN, INT64_MAX}, nowhen = {INT64_MAX, INT64_MIN};

typedef struct block {
    fc_learner *learner;
    const uint8_t *bytes;
    size_t len;
    uint64_t base;
    fc_facts facts;
} block;

typedef enum line_kind {
    LINE_NOTHING, /* blank, or no record */
    LINE_UNTIMED,
    LINE_TIMED
} line_kind;

static void widen(fc_facts *facts, int64_t time_us) {
    if (time_us < facts->first_us) facts->first_us = time_us;
    if (time_us > facts->last_us) facts->last_us = time_us;
}

/* Read the line [begin, end), without its newline, for its own time. */
static fc_status read_line(block *b, size_t begin, size_t end, line_kind *out) {
    fc_parser *parser = b->learner->parser;
    *out = LINE_NOTHING;
    if (b->base + begin == 0 && end >= 3 && memcmp(b->bytes, "\xef\xbb\xbf", 3) == 0) begin += 3;
    if (end > begin && b->bytes[end - 1] == '\r') end--;
    const size_t len = end - begin;
    if (fc_record_blank(b->bytes + begin, len)) return FC_OK;
    fc_line_reason reason;
    const fc_status status = fc_parser_read(parser, b->bytes + begin, len, &reason);
    if (status == FC_OK) {
        *out = parser->record.has_time ? LINE_TIMED : LINE_UNTIMED;
        if (parser->record.has_time) {
            b->facts.has_own = true;
            widen(&b->facts, parser->record.time_us);
        }
    }
    fc_parser_done(parser, len);
    return status == FC_BAD_LINE ? FC_OK : status;
}

/* Read lines from the end up to the last record. */
static fc_status read_last(block *b) {
    line_kind kind = LINE_NOTHING;
    for (size_t end = b->len; end != 0 && kind == LINE_NOTHING;) {
        const uint8_t *before = memrchr(b->bytes, '\n', end - 1);
        const size_t begin = before == NULL ? 0 : (size_t)(before - b->bytes) + 1;
        const fc_status status = read_line(b, begin, end - 1, &kind);
        if (status != FC_OK) return status;
        end = begin;
    }
    b->facts.ends_untimed = kind == LINE_UNTIMED;
    return FC_OK;
}

static size_t skip_spaces(const uint8_t *bytes, size_t at, size_t len) {
    while (at < len && (bytes[at] == ' ' || bytes[at] == '\t' || bytes[at] == '\r')) at++;
    return at;
}

/* Look at what stands behind the key that ends at `at`: *out_parse if only the whole line can tell, else widen by the
 * time if one can be read. Whether the key is the record's own is not asked: a time too many makes the facts wider, not
 * wrong. */
static void look_behind(block *b, size_t at, bool *out_parse) {
    at = skip_spaces(b->bytes, at, b->len);
    if (at == b->len || b->bytes[at] != ':') return;
    at = skip_spaces(b->bytes, at + 1, b->len);
    if (at == b->len || b->bytes[at] != '"') return;
    const uint8_t *value = b->bytes + at + 1;
    const uint8_t *end = memchr(value, '"', b->len - at - 1);
    if (end == NULL) return;
    const size_t len = (size_t)(end - value);
    int64_t time_us;
    if (fc_time_parse(value, len, &time_us)) widen(&b->facts, time_us);
    else *out_parse = memchr(value, '\\', len) != NULL;
}

/* Widen by every time that may be a record's own; find out whether one is. */
static fc_status read_times(block *b) {
    fc_sieve sieve;
    fc_sieve_start(&sieve, b->learner->key, b->learner->find, b->bytes, b->len);
    for (size_t from = 0; from < b->len;) {
        const size_t hit = fc_sieve_next(&sieve, from);
        if (hit == b->len) break;
        bool parse = b->bytes[hit] == '\\' || !b->facts.has_own;
        if (b->bytes[hit] == '"') look_behind(b, hit + KEY_LEN, &parse);
        from = hit + 1;
        if (!parse) continue;
        const uint8_t *before = memrchr(b->bytes, '\n', hit);
        const uint8_t *end = memchr(b->bytes + hit, '\n', b->len - hit);
        line_kind kind;
        const size_t begin = before == NULL ? 0 : (size_t)(before - b->bytes) + 1;
        const fc_status status = read_line(b, begin, (size_t)(end - b->bytes), &kind);
        if (status != FC_OK) return status;
        from = (size_t)(end - b->bytes) + 1;
    }
    return FC_OK;
}

void fc_facts_key(fc_probe *out) {
    *out = (fc_probe){.literals_len = 1};
    fc_literal_init(&out->literals[0], key, KEY_LEN, false);
    for (size_t i = 1; i + 1 < KEY_LEN; i++) (void)fc_probe_add_escapes(&out->escapes, key[i], false);
}

fc_status fc_facts_learn(fc_learner *learner, const uint8_t *bytes, size_t len, uint64_t base, fc_facts *out) {
    if (len > FC_FACTS_LEN_MAX) return FC_BAD_VALUE;
    block b = {learner, bytes, len, base, {.first_us = INT64_MAX, .last_us = INT64_MIN}};
    fc_status status = read_last(&b);
    if (status == FC_OK) status = read_times(&b);
    if (status != FC_OK) return status;
    b.facts.newlines = (uint32_t)learner->find->newlines(bytes, len);
    *out = b.facts;
    return FC_OK;
}

static bool is_empty(const fc_time_range *range) { return range->first_us > range->last_us; }

static fc_time_range join(fc_time_range a, fc_time_range b) {
    if (b.first_us < a.first_us) a.first_us = b.first_us;
    if (b.last_us > a.last_us) a.last_us = b.last_us;
    return a;
}

void fc_facts_ranges(const fc_facts *const *facts, size_t count, bool ends_known, fc_time_range *out) {
    /* Where the next own time behind the block lies; empty: there is none. */
    fc_time_range behind = ends_known ? nowhen : everywhen;
    for (size_t i = count; i-- > 0;) {
        const fc_facts *f = facts[i];
        if (f == NULL) {
            out[i] = behind = everywhen;
            continue;
        }
        const fc_time_range own = {f->first_us, f->last_us};
        out[i] = own;
        if (f->ends_untimed && !is_empty(&behind)) out[i] = join(own, behind);
        else if (f->ends_untimed && !f->has_own) out[i] = everywhen; /* an earlier time, or the file's */
        if (f->has_own) behind = own;
    }
}

bool fc_time_range_meets(const fc_time_range *range, const fc_plan_options *bounds) {
    return !is_empty(range) && !(bounds->has_since && range->last_us < bounds->since_us) &&
           !(bounds->has_until && range->first_us > bounds->until_us);
}
