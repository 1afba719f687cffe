#include "fc_sketch.h"

#include <stdlib.h>
#include <string.h>

enum { KELVIN = 0x212a, LONG_S = 0x17f, ESCAPE_LEN = 6, SHIFT_MAX = 7 };

static const uint8_t kelvin_bytes[] = {0xe2, 0x84, 0xaa}, long_s_bytes[] = {0xc5, 0xbf}, escape_bytes[] = {'\\', 'u'};

static void note_unit(fc_spellings *spellings, unsigned unit) {
    if (unit == KELVIN) {
        spellings->kelvin = true;
    } else if (unit == LONG_S) {
        spellings->long_s = true;
    } else {
        const unsigned bit = unit < 0x80 ? unit : unit >> 7 & 127;
        (unit < 0x80 ? spellings->ascii : spellings->pages)[bit >> 6] |= UINT64_C(1) << (bit & 63);
    }
}

static bool share_any(const fc_spellings *a, const fc_spellings *b) {
    uint64_t common = 0;
    for (size_t i = 0; i < 2; i++) common |= (a->ascii[i] & b->ascii[i]) | (a->pages[i] & b->pages[i]);
    return common != 0 || (a->kelvin && b->kelvin) || (a->long_s && b->long_s);
}

/* The unit of four hex digits; -1 if they are none. */
static int unit_of(const uint8_t *digits) {
    int unit = 0;
    for (int i = 0; i < 4; i++) {
        const uint8_t digit = digits[i], lower = digit | 0x20;
        int value = -1;
        if ((uint8_t)(digit - '0') < 10) value = digit - '0';
        if ((uint8_t)(lower - 'a') < 6) value = lower - 'a' + 10;
        if (value < 0) return -1;
        unit = unit << 4 | value;
    }
    return unit;
}

static void gather_escapes(fc_spellings *spellings, const fc_find *find, const uint8_t *bytes, size_t len) {
    fc_literal escape;
    fc_literal_init(&escape, escape_bytes, sizeof escape_bytes, false);
    for (size_t at = 0; (at += find->literal(&escape, bytes + at, len - at)) + ESCAPE_LEN <= len;
         at += sizeof escape_bytes) {
        const int unit = unit_of(bytes + at + sizeof escape_bytes);
        if (unit >= 0) note_unit(spellings, (unsigned)unit);
    }
}

static bool stands_in(const fc_find *find, const uint8_t *what, size_t what_len, const uint8_t *bytes, size_t len) {
    fc_literal literal;
    fc_literal_init(&literal, what, what_len, false);
    return find->literal(&literal, bytes, len) < len;
}

static unsigned shift_for(size_t len) {
    unsigned shift = 0;
    while (shift < SHIFT_MAX && (size_t)(FC_GRAM_SLOTS >> (shift + 1)) >= len / 4) shift++;
    return shift;
}

void fc_sketch_gather(fc_sketch_draft *draft, fc_grams_mark mark, const fc_find *find, const uint8_t *bytes,
                      size_t len) {
    fc_spellings *spellings = &draft->spellings;
    *spellings = (fc_spellings){0};
    draft->shift = shift_for(len);
    memset(draft->marks, 0, FC_GRAM_SLOTS >> draft->shift);
    mark(bytes, len, draft->shift, draft->marks);
    gather_escapes(spellings, find, bytes, len);
    spellings->kelvin |= stands_in(find, kelvin_bytes, sizeof kelvin_bytes, bytes, len);
    spellings->long_s |= stands_in(find, long_s_bytes, sizeof long_s_bytes, bytes, len);
}

static size_t bytes_of(unsigned shift) { return (size_t)(FC_GRAM_SLOTS >> shift) / 8; }

/* Eight bytes of 0 or 1 as the bits of one, the first the lowest. Compilers see one load in this spelling. */
static uint8_t pack(const uint8_t marks[8]) {
    const uint64_t all = (uint64_t)marks[0] | (uint64_t)marks[1] << 8 | (uint64_t)marks[2] << 16 |
                         (uint64_t)marks[3] << 24 | (uint64_t)marks[4] << 32 | (uint64_t)marks[5] << 40 |
                         (uint64_t)marks[6] << 48 | (uint64_t)marks[7] << 56;
    return (uint8_t)(all * UINT64_C(0x0102040810204080) >> 56); /* which adds up bit 8 * i at 56 + i */
}

fc_status fc_sketch_new(const fc_sketch_draft *draft, fc_sketch **out) {
    fc_sketch *sketch = malloc(sizeof *sketch + bytes_of(draft->shift));
    if (sketch == NULL) return FC_NO_MEMORY;
    sketch->spellings = draft->spellings;
    sketch->shift = draft->shift;
    for (size_t i = 0; i < bytes_of(draft->shift); i++) sketch->bits[i] = pack(draft->marks + 8 * i);
    *out = sketch;
    return FC_OK;
}

size_t fc_sketch_nbytes(const fc_sketch *sketch) { return sizeof *sketch + bytes_of(sketch->shift); }

static bool is_literal(const fc_literal *literal, const uint8_t *bytes, size_t len) {
    return literal->len == len && memcmp(literal->bytes, bytes, len) == 0;
}

static size_t runs_of(const fc_literal *literal) {
    return literal->len < FC_GRAM_LEN ? 0 : literal->len - FC_GRAM_LEN + 1;
}

/* Add the literal to the question; false if no sketch could tell that it is not there. */
static bool add_literal(fc_sketch_question *question, uint16_t **end, const fc_literal *literal) {
    if (is_literal(literal, kelvin_bytes, sizeof kelvin_bytes)) return question->spellings.kelvin = true;
    if (is_literal(literal, long_s_bytes, sizeof long_s_bytes)) return question->spellings.long_s = true;
    uint16_t *count = (*end)++;
    *count = 0;
    for (size_t at = 0; at < runs_of(literal); at++) {
        const uint16_t slot = fc_gram_slot(literal->bytes + at);
        if (slot == 0) continue;
        *(*end)++ = slot;
        ++*count;
    }
    question->literals++;
    return *count != 0;
}

fc_status fc_sketch_question_new(fc_arena *arena, const fc_probe *probe, const fc_sketch_question **out) {
    size_t most = 0;
    for (size_t i = 0; i < probe->literals_len; i++) most += 1 + runs_of(&probe->literals[i]);
    fc_sketch_question *question = fc_arena_alloc(arena, sizeof *question + most * sizeof *question->slots);
    if (question == NULL) return FC_NO_MEMORY;
    uint16_t *end = (uint16_t *)(question + 1);
    question->slots = end;
    bool answerable = probe->literals_len != 0;
    for (size_t i = 0; i < probe->literals_len; i++) answerable &= add_literal(question, &end, &probe->literals[i]);
    for (unsigned unit = 0; unit < 0x100; unit++)
        if (probe->escapes.low[unit >> 3] >> (unit & 7) & 1) note_unit(&question->spellings, unit);
    for (size_t i = 0; i < probe->escapes.others_len; i++) note_unit(&question->spellings, probe->escapes.others[i]);
    *out = answerable ? question : NULL;
    return FC_OK;
}

static bool holds(const fc_sketch *sketch, uint16_t slot) {
    const unsigned place = slot >> sketch->shift;
    return sketch->bits[place >> 3] >> (place & 7) & 1;
}

bool fc_sketch_may_match(const fc_sketch *sketch, const fc_sketch_question *question) {
    if (question == NULL || share_any(&sketch->spellings, &question->spellings)) return true;
    const uint16_t *at = question->slots;
    for (size_t i = 0; i < question->literals; i++) {
        const uint16_t *const end = at + 1 + *at;
        bool all = true;
        for (at++; at < end && all; at++) all = holds(sketch, *at);
        if (all) return true;
        at = end;
    }
    return false;
}
