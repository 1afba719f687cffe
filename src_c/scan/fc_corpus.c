#include "fc_corpus.h"

#include <stdlib.h>
#include <string.h>

#include "fc_hash.h"
#include "fc_names.h"

/* Files by path: open addressing, each slot an index into the entries plus 1. */
typedef struct by_path {
    const fc_file_list *files;
    size_t *slots, mask;
    bool *taken; /* by entry: found again */
} by_path;

static bool has_path(const fc_file_entry *entry, const char *path, size_t len) {
    return entry->path_len == len && memcmp(entry->path, path, len) == 0;
}

/* The slot of the path, or the free one where it would stand. */
static size_t *slot_of(const by_path *table, const char *path, size_t len) {
    size_t at = (size_t)fc_hash_bytes(path, len).lo & table->mask;
    while (table->slots[at] != 0 && !has_path(&table->files->entries[table->slots[at] - 1], path, len))
        at = (at + 1) & table->mask;
    return &table->slots[at];
}

static fc_status make_table(const fc_file_list *files, by_path *out) {
    size_t capacity = 16;
    while (capacity < 2 * files->len) capacity *= 2;
    *out = (by_path){.files = files, .mask = capacity - 1, .slots = calloc(capacity, sizeof *out->slots),
                     .taken = calloc(files->len + 1, sizeof *out->taken)};
    if (out->slots == NULL || out->taken == NULL) return FC_NO_MEMORY;
    for (size_t i = 0; i < files->len; i++) {
        const fc_file_entry *entry = &files->entries[i];
        if (entry->member != NULL) *slot_of(out, entry->path, entry->path_len) = i + 1;
    }
    return FC_OK;
}

/* Hold one file. */
static fc_status hold(const fc_runtime *runtime, fc_file_entry *entry, const by_path *before,
                      fc_corpus_changes *changes) {
    const size_t slot = *slot_of(before, entry->path, entry->path_len);
    const char *place = fc_file_entry_place(entry);
    fc_member_fate fate = FC_MEMBER_SAME;
    int code;
    fc_status status;
    if (slot == 0) {
        status = fc_member_open(runtime, place, &entry->member, &code);
        changes->added += status == FC_OK;
    } else {
        status = fc_member_renew(before->files->entries[slot - 1].member, place, &entry->member, &fate, &code);
        before->taken[slot - 1] = status == FC_OK;
    }
    if (status == FC_NO_MEMORY) return status;
    if (status != FC_OK) return FC_OK;
    entry->info = entry->member->info;
    entry->has_size = true;
    changes->grown += fate == FC_MEMBER_GROWN;
    changes->replaced += fate == FC_MEMBER_REPLACED;
    changes->truncated += fate == FC_MEMBER_TRUNCATED;
    return FC_OK;
}

fc_status fc_corpus_hold(const fc_runtime *runtime, fc_file_list *files, const fc_file_list *before,
                         fc_corpus_changes *out_changes) {
    static const fc_file_list nothing;
    by_path table;
    fc_corpus_changes changes = {0};
    if (before == NULL) before = &nothing;
    fc_status status = make_table(before, &table);
    for (size_t i = 0; i < files->len && status == FC_OK; i++) {
        fc_file_entry *entry = &files->entries[i];
        if (entry->memory == NULL && !entry->is_open) status = hold(runtime, entry, &table, &changes);
    }
    for (size_t i = 0; i < before->len && status == FC_OK; i++)
        changes.removed += before->entries[i].member != NULL && !table.taken[i];
    free(table.slots);
    free(table.taken);
    if (status == FC_OK) *out_changes = changes;
    return status;
}

void fc_corpus_doubt(fc_file_list *files) {
    for (size_t i = 0; i < files->len; i++)
        if (files->entries[i].member != NULL) files->entries[i].member->doubted = true;
}

void fc_corpus_release(fc_file_list *files) {
    for (size_t i = 0; i < files->len; i++) {
        fc_member_release(files->entries[i].member);
        files->entries[i].member = NULL;
    }
}

fc_corpus_size fc_corpus_measure(const fc_file_list *files) {
    fc_corpus_size size = {.memory = files->capacity * sizeof *files->entries};
    for (size_t i = 0; i < files->len; i++) {
        const fc_file_entry *entry = &files->entries[i];
        fc_member *member = entry->member;
        size.memory += entry->path_len + 1;
        if (member == NULL) continue;
        size.files++;
        size.bytes += member->info.size;
        size.memory += sizeof *member;
        size.mapped += member->bytes != NULL;
        const fc_blocks *blocks = atomic_load(&member->blocks);
        if (blocks == NULL) continue;
        size.blocks += blocks->len;
        size.memory += sizeof *blocks + blocks->len * (sizeof(fc_extent) + sizeof(fc_extent *));
        for (size_t j = 0; j < blocks->len; j++) {
            const fc_names *names = fc_extent_names(blocks->items[j]);
            const fc_sketch *sketch = fc_extent_sketch(blocks->items[j]);
            const bool has_facts = fc_extent_facts(blocks->items[j]) != NULL;
            size.facts += has_facts;
            size.names += names != NULL;
            size.learnt += (has_facts ? sizeof(fc_facts) : 0) + (names != NULL ? sizeof *names + names->len : 0);
            size.sketches += sketch != NULL;
            size.sketch_memory += sketch == NULL ? 0 : fc_sketch_nbytes(sketch);
        }
    }
    return size;
}
