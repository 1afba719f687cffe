#include "fc_stored.h"

#include <stdlib.h>
#include <string.h>

/* The first bytes: a name, and a number that another byte order or another version reads as another one. */
static const uint8_t magic[8] = {'f', 'c', 'f', 'a', 'c', 't', 's', '\n'};
static const uint64_t version = UINT64_C(0x0102030405060002);

/* magic, version, checksum of all that follows, length of all that follows */
enum { CHECKSUM_AT = 16, LEN_AT = 24, HEAD = 32, NAMES_HEAD = 3 };
enum { HAS_FACTS = 1, HAS_OWN = 2, ENDS_UNTIMED = 4, HAS_NAMES = 8, ALL_FLAGS = 15 };

/* FNV-1a over words, each spread by a shift; the rest byte by byte. */
static uint64_t checksum(const uint8_t *bytes, size_t len) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325), word;
    for (; len >= sizeof word; bytes += sizeof word, len -= sizeof word) {
        memcpy(&word, bytes, sizeof word);
        hash = (hash ^ word) * UINT64_C(0x100000001b3);
        hash ^= hash >> 29;
    }
    for (; len != 0; bytes++, len--) hash = (hash ^ *bytes) * UINT64_C(0x100000001b3);
    return hash;
}

static fc_status put(fc_buffer *out, const void *value, size_t len) {
    const fc_status status = fc_buffer_reserve(out, out->len + len);
    if (status != FC_OK) return status;
    if (len != 0) memcpy(out->data + out->len, value, len);
    out->len += len;
    return FC_OK;
}

fc_status fc_stored_begin(fc_buffer *out) {
    const uint64_t nothing[2] = {0};
    fc_status status = put(out, magic, sizeof magic);
    if (status == FC_OK) status = put(out, &version, sizeof version);
    return status == FC_OK ? put(out, nothing, sizeof nothing) : status;
}

fc_status fc_stored_add_file(fc_buffer *out, const fc_stored_state *state, size_t blocks) {
    const uint64_t count = blocks;
    const fc_status status = put(out, state, sizeof *state);
    return status == FC_OK ? put(out, &count, sizeof count) : status;
}

fc_status fc_stored_add_block(fc_buffer *out, const fc_stored_block *block) {
    const fc_facts *f = &block->facts;
    const fc_names *names = block->names;
    uint8_t flags = names != NULL ? HAS_NAMES : 0;
    if (block->has_facts) flags |= HAS_FACTS;
    if (block->has_facts && f->has_own) flags |= HAS_OWN;
    if (block->has_facts && f->ends_untimed) flags |= ENDS_UNTIMED;
    fc_status status = put(out, &flags, 1);
    if (status == FC_OK) status = put(out, &block->end, sizeof block->end);
    if (status == FC_OK) status = put(out, &block->hash, sizeof block->hash);
    if (status == FC_OK && block->has_facts) {
        const int64_t numbers[3] = {f->first_us, f->last_us, (int64_t)f->newlines};
        status = put(out, numbers, sizeof numbers);
    }
    if (status == FC_OK && names != NULL) {
        const uint8_t head[NAMES_HEAD] = {names->kinds, (uint8_t)(names->len & 0xff), (uint8_t)(names->len >> 8)};
        status = put(out, head, sizeof head);
        if (status == FC_OK) status = put(out, names->entries, names->len);
    }
    return status;
}

void fc_stored_end(fc_buffer *out) {
    const uint64_t len = out->len - HEAD;
    memcpy(out->data + LEN_AT, &len, sizeof len);
    const uint64_t sum = checksum(out->data + LEN_AT, out->len - LEN_AT);
    memcpy(out->data + CHECKSUM_AT, &sum, sizeof sum);
}

static bool take(fc_stored *stored, void *out, size_t len) {
    if (stored->len - stored->at < len) return false;
    memcpy(out, stored->bytes + stored->at, len);
    stored->at += len;
    return true;
}

fc_status fc_stored_open(const uint8_t *bytes, size_t len, fc_stored *out) {
    uint64_t number, sum, rest;
    fc_stored stored = {.bytes = bytes, .len = len, .at = sizeof magic};
    if (len < HEAD || memcmp(bytes, magic, sizeof magic) != 0) return FC_BAD_VALUE;
    (void)take(&stored, &number, sizeof number);
    (void)take(&stored, &sum, sizeof sum);
    (void)take(&stored, &rest, sizeof rest);
    if (number != version || rest != len - HEAD || sum != checksum(bytes + LEN_AT, len - LEN_AT)) return FC_BAD_VALUE;
    *out = stored;
    return FC_OK;
}

fc_status fc_stored_next_file(fc_stored *stored, bool *out_more, fc_stored_state *out_state, size_t *out_blocks) {
    while (stored->blocks != 0) {
        fc_stored_block block;
        fc_names *names = NULL;
        const fc_status status = fc_stored_next_block(stored, &block, &names);
        free(names);
        if (status != FC_OK) return status;
    }
    *out_more = stored->at != stored->len;
    if (!*out_more) return FC_OK;
    uint64_t blocks;
    if (!take(stored, out_state, sizeof *out_state) || !take(stored, &blocks, sizeof blocks)) return FC_BAD_VALUE;
    /* A block takes more than one byte. */
    if (blocks > stored->len - stored->at) return FC_BAD_VALUE;
    *out_blocks = stored->blocks = (size_t)blocks;
    stored->end = 0;
    stored->size = out_state->size;
    return FC_OK;
}

static bool take_facts(fc_stored *stored, uint8_t flags, uint64_t block_len, fc_facts *out) {
    int64_t numbers[3];
    if (!take(stored, numbers, sizeof numbers)) return false;
    *out = (fc_facts){.first_us = numbers[0], .last_us = numbers[1], .has_own = (flags & HAS_OWN) != 0,
                      .ends_untimed = (flags & ENDS_UNTIMED) != 0};
    if (numbers[2] < 0 || numbers[2] > UINT32_MAX || (uint64_t)numbers[2] > block_len) return false;
    out->newlines = (uint32_t)numbers[2];
    return !out->has_own || out->first_us <= out->last_us;
}

fc_status fc_stored_next_block(fc_stored *stored, fc_stored_block *out, fc_names **out_names) {
    uint8_t flags, head[NAMES_HEAD];
    uint64_t end, hash;
    fc_names *names = NULL;
    if (!take(stored, &flags, 1) || flags > ALL_FLAGS) return FC_BAD_VALUE;
    if (!take(stored, &end, sizeof end) || !take(stored, &hash, sizeof hash)) return FC_BAD_VALUE;
    if (end <= stored->end || end > stored->size) return FC_BAD_VALUE;
    fc_stored_block block = {.end = end, .hash = hash, .has_facts = (flags & HAS_FACTS) != 0};
    if (!block.has_facts && (flags & (HAS_OWN | ENDS_UNTIMED))) return FC_BAD_VALUE;
    if (block.has_facts && !take_facts(stored, flags, end - stored->end, &block.facts)) return FC_BAD_VALUE;
    if (flags & HAS_NAMES) {
        if (!take(stored, head, sizeof head)) return FC_BAD_VALUE;
        const size_t len = (size_t)head[1] | (size_t)head[2] << 8;
        if (stored->len - stored->at < len) return FC_BAD_VALUE;
        const fc_status status = fc_names_new(head[0], stored->bytes + stored->at, len, &names);
        if (status != FC_OK) return status;
        stored->at += len;
    }
    stored->end = end;
    stored->blocks--;
    block.names = *out_names = names;
    *out = block;
    return FC_OK;
}
