#include "fc_keeping.h"

#include <stdlib.h>
#include <string.h>

#include "fc_hash.h"

/* Members by device and inode: open addressing, each slot an index into the entries plus 1. */
typedef struct by_inode {
    const fc_file_list *files;
    size_t *slots, mask;
} by_inode;

static size_t *slot_of(const by_inode *table, uint64_t device, uint64_t inode) {
    const uint64_t key[2] = {device, inode};
    size_t at = (size_t)fc_hash_bytes(key, sizeof key).lo & table->mask;
    for (; table->slots[at] != 0; at = (at + 1) & table->mask) {
        const fc_file_info *info = &table->files->entries[table->slots[at] - 1].member->info;
        if (info->device == device && info->inode == inode) break;
    }
    return &table->slots[at];
}

static fc_status make_table(const fc_file_list *files, by_inode *out) {
    size_t capacity = 16;
    while (capacity < 2 * files->len) capacity *= 2;
    *out = (by_inode){.files = files, .mask = capacity - 1, .slots = calloc(capacity, sizeof *out->slots)};
    if (out->slots == NULL) return FC_NO_MEMORY;
    for (size_t i = 0; i < files->len; i++) {
        const fc_member *member = files->entries[i].member;
        if (member != NULL && member->bytes != NULL) *slot_of(out, member->info.device, member->info.inode) = i + 1;
    }
    return FC_OK;
}

/* How many of the first blocks are worth storing: up to the last of which anything is known. */
static size_t known_blocks(const fc_blocks *blocks) {
    size_t count = blocks == NULL ? 0 : blocks->len;
    for (; count != 0; count--) {
        const fc_extent *last = blocks->items[count - 1];
        if (fc_extent_facts(last) != NULL || fc_extent_names(last) != NULL) break;
    }
    return count;
}

static fc_stored_block stored_block(const fc_extent *extent) {
    const fc_facts *facts = fc_extent_facts(extent);
    fc_stored_block block = {.end = extent->end, .hash = fc_extent_hash(extent), .has_facts = facts != NULL,
                              .names = fc_extent_names(extent)};
    if (facts != NULL) block.facts = *facts;
    return block;
}

/* Write one member; *out_kept is false where there is nothing to write. */
static fc_status save_member(const fc_member *member, fc_buffer *out, bool *out_kept) {
    const fc_blocks *blocks = atomic_load(&member->blocks);
    const size_t count = member->racy ? 0 : known_blocks(blocks);
    const fc_file_info *info = &member->info;
    *out_kept = count != 0;
    if (count == 0) return FC_OK;
    const fc_stored_state state = {info->device, info->inode, info->size, info->mtime_ns, info->ctime_ns,
                                   atomic_load(&member->end_hash)};
    fc_status status = fc_stored_add_file(out, &state, count);
    for (size_t i = 0; i < count && status == FC_OK; i++) {
        const fc_stored_block block = stored_block(blocks->items[i]);
        status = fc_stored_add_block(out, &block);
    }
    return status;
}

/* Copy a file that was just read from `stored`; FC_BAD_VALUE: it is not well formed. */
static fc_status copy_file(fc_stored *stored, const fc_stored_state *state, size_t count, fc_buffer *out) {
    fc_status status = fc_stored_add_file(out, state, count);
    for (size_t i = 0; i < count && status == FC_OK; i++) {
        fc_stored_block block;
        fc_names *names = NULL;
        status = fc_stored_next_block(stored, &block, &names);
        if (status == FC_OK) status = fc_stored_add_block(out, &block);
        free(names);
    }
    return status;
}

/* Append what was stored of files that are not written yet. */
static fc_status save_others(const by_inode *written, const uint8_t *before, size_t len, fc_buffer *out) {
    fc_stored stored;
    if (before == NULL || fc_stored_open(before, len, &stored) != FC_OK) return FC_OK;
    while (out->len < FC_KEEPING_MAX) {
        bool more;
        fc_stored_state state;
        size_t count;
        if (fc_stored_next_file(&stored, &more, &state, &count) != FC_OK || !more) return FC_OK;
        if (*slot_of(written, state.device, state.inode) != 0) continue;
        const size_t sound = out->len;
        const fc_status status = copy_file(&stored, &state, count, out);
        if (status != FC_OK) out->len = sound;
        if (status != FC_OK) return status == FC_BAD_VALUE ? FC_OK : status;
    }
    return FC_OK;
}

fc_status fc_keeping_save(const fc_file_list *files, const uint8_t *before, size_t before_len, fc_buffer *out) {
    by_inode written;
    fc_status status = make_table(files, &written);
    if (status != FC_OK) return status;
    memset(written.slots, 0, (written.mask + 1) * sizeof *written.slots);
    status = fc_stored_begin(out);
    for (size_t i = 0; i < files->len && status == FC_OK; i++) {
        const fc_member *member = files->entries[i].member;
        bool kept = false;
        if (member != NULL) status = save_member(member, out, &kept);
        if (kept) *slot_of(&written, member->info.device, member->info.inode) = i + 1;
    }
    if (status == FC_OK) status = save_others(&written, before, before_len, out);
    if (status == FC_OK) fc_stored_end(out);
    free(written.slots);
    return status;
}

static bool is_as_stored(const fc_member *member, const fc_stored_state *state) {
    const fc_file_info *info = &member->info;
    if (state->size > info->size || state->size == 0) return false;
    const bool same_times = info->mtime_ns == state->mtime_ns && info->ctime_ns == state->ctime_ns;
    if (state->size == info->size && !same_times) return false;
    uint64_t hash;
    return fc_member_hash_end(member, state->size, &hash) && hash == state->tail_hash;
}

/* Give the block what was stored of it, as far as it is still unknown. Takes `names` over. */
static fc_status take_over(fc_extent *extent, const fc_stored_block *block, fc_names *names) {
    if (block->hash != 0) fc_extent_put_hash(extent, block->hash);
    if (names != NULL) (void)fc_extent_put_names(extent, names);
    if (!block->has_facts || fc_extent_facts(extent) != NULL) return FC_OK;
    fc_facts *facts = malloc(sizeof *facts);
    if (facts == NULL) return FC_NO_MEMORY;
    *facts = block->facts;
    fc_extent_put_newlines(extent, facts->newlines);
    (void)fc_extent_put_facts(extent, facts);
    return FC_OK;
}

/* Read the blocks of a member that is as stored. */
static fc_status load_member(fc_member *member, fc_stored *stored, size_t count, size_t size) {
    const fc_blocks *blocks = fc_member_blocks(member, size);
    uint64_t begin = 0;
    size_t at = 0;
    fc_status status = FC_OK;
    for (size_t i = 0; i < count && status == FC_OK; i++) {
        fc_stored_block block;
        fc_names *names = NULL;
        status = fc_stored_next_block(stored, &block, &names);
        if (status != FC_OK) return status;
        while (blocks != NULL && at < blocks->len && blocks->items[at]->begin < begin) at++;
        fc_extent *extent = blocks != NULL && at < blocks->len ? blocks->items[at] : NULL;
        const bool same = extent != NULL && extent->begin == begin && extent->end == block.end;
        if (same) status = take_over(extent, &block, names);
        else free(names);
        begin = block.end;
    }
    return status;
}

fc_status fc_keeping_load(const fc_file_list *files, const uint8_t *bytes, size_t len, size_t block, bool *out_known) {
    fc_stored stored;
    by_inode table;
    *out_known = fc_stored_open(bytes, len, &stored) == FC_OK;
    if (!*out_known) return FC_OK;
    fc_status status = make_table(files, &table);
    for (bool more = true; status == FC_OK;) {
        fc_stored_state state;
        size_t count;
        status = fc_stored_next_file(&stored, &more, &state, &count);
        if (status != FC_OK || !more) break;
        const size_t slot = *slot_of(&table, state.device, state.inode);
        if (slot == 0) continue;
        fc_member *member = files->entries[slot - 1].member;
        const bool was_blocked = member->runtime->guard_begin();
        if (is_as_stored(member, &state)) status = load_member(member, &stored, count, block);
        member->runtime->guard_end(was_blocked);
        fc_member_drop(member, 0, 0, UINT64_MAX); /* what the cut came by is not wanted yet */
    }
    free(table.slots);
    if (status != FC_BAD_VALUE) return status;
    *out_known = false;
    return FC_OK;
}
