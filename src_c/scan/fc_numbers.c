#include "fc_numbers.h"

#include <stdlib.h>

/* A number that is wanted: of the line that begins at `offset`. */
typedef struct wanted {
    fc_member *member;
    const char *path;
    uint64_t offset;
    uint64_t *line;
    uint64_t stays; /* as for fc_member_drop */
} wanted;

/* Blocks to be counted by the threads, each once. */
typedef struct counting {
    const fc_shared *shared;
    size_t block_size;
    struct {
        fc_member *member;
        const char *path;
        fc_extent *block;
        uint64_t stays;
    } *items;
    size_t len, capacity;
} counting;

static int by_place(const void *a, const void *b) {
    const wanted *x = a, *y = b;
    if (x->member != y->member) return (uintptr_t)x->member < (uintptr_t)y->member ? -1 : 1;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

typedef struct stretch {
    const fc_find *find;
    const uint8_t *bytes;
    size_t len, newlines;
} stretch;

static void count_region(void *ctx) {
    stretch *s = ctx;
    s->newlines = s->find->newlines(s->bytes, s->len);
}

/* Count the newlines of [begin, end), and give back what does not stay; false when it cannot be read any more. */
static bool count(const fc_shared *shared, const fc_member *member, uint64_t stays, uint64_t begin, uint64_t end,
                  uint64_t *out) {
    stretch s = {.find = shared->find, .bytes = member->bytes + begin, .len = (size_t)(end - begin)};
    size_t fault;
    if (!shared->runtime->guard_run(s.bytes, s.len, count_region, &s, &fault)) return false;
    fc_member_drop(member, stays, begin, end);
    *out = s.newlines;
    return true;
}

static void count_item(void *ctx, size_t item, unsigned worker) {
    (void)worker;
    counting *c = ctx;
    fc_extent *block = c->items[item].block;
    uint64_t newlines;
    const bool was_blocked = c->shared->runtime->guard_begin();
    /* Behind the end of a file that has been cut zeros were counted: that is not remembered. Nor what was counted of
     * one that has grown: it may have been cut before. */
    if (count(c->shared, c->items[item].member, c->items[item].stays, block->begin, block->end, &newlines) &&
        fc_member_is_untouched(c->items[item].member, c->items[item].path))
        fc_extent_put_newlines(block, newlines);
    c->shared->runtime->guard_end(was_blocked);
}

static bool push(counting *c, const wanted *line, fc_extent *block) {
    if (c->len == c->capacity) {
        const size_t capacity = c->capacity ? c->capacity * 2 : 64;
        void *items = realloc(c->items, capacity * sizeof *c->items);
        if (items == NULL) return false;
        c->items = items;
        c->capacity = capacity;
    }
    c->items[c->len].member = line->member;
    c->items[c->len].path = line->path;
    c->items[c->len].stays = line->stays;
    c->items[c->len++].block = block;
    return true;
}

/* List the blocks above the last wanted line of each file whose newlines are not known. */
static fc_status list_blocks(counting *c, const wanted *lines, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if (i + 1 < len && lines[i + 1].member == lines[i].member) continue;
        const fc_blocks *blocks = fc_member_blocks(lines[i].member, c->block_size);
        for (size_t j = 0; blocks != NULL && j < blocks->len && blocks->items[j]->end <= lines[i].offset; j++) {
            uint64_t newlines;
            if (fc_extent_newlines(blocks->items[j], &newlines)) continue;
            if (!push(c, &lines[i], blocks->items[j])) return FC_NO_MEMORY;
        }
    }
    return FC_OK;
}

/* Number the lines of one file, in order of their offsets: each goes on where the one before it stopped. `blocks`,
 * whose counts are taken, may be NULL. */
static void number_file(const fc_shared *shared, const wanted *lines, size_t len, const fc_blocks *blocks) {
    const fc_member *member = lines[0].member;
    uint64_t at = 0, newlines = 0, more;
    size_t block = 0;
    for (size_t i = 0; i < len; i++) {
        for (; blocks != NULL && block < blocks->len && blocks->items[block]->end <= lines[i].offset; block++) {
            const fc_extent *extent = blocks->items[block];
            /* The rest of the block of the line before, or one whose count was not to be trusted. */
            const bool is_known = at == extent->begin && fc_extent_newlines(extent, &more);
            if (!is_known && !count(shared, member, lines[0].stays, at, extent->end, &more)) return;
            newlines += more;
            at = extent->end;
        }
        if (!count(shared, member, lines[0].stays, at, lines[i].offset, &more)) return;
        newlines += more;
        at = lines[i].offset;
        *lines[i].line = newlines + 1;
    }
}

/* Take back the numbers that cannot be trusted: of lines behind the end of a file that has been cut, where zeros were
 * counted, and all of a file that was written over. One that was cut, or has grown, may have been shorter still for a
 * moment: its lines are counted again, and once more it must be what it was. */
static fc_status take_back(const fc_shared *shared, const wanted *lines, size_t len) {
    const fc_member *member = lines[0].member;
    const char *path = lines[0].path;
    uint64_t size, size_then;
    const fc_member_fate fate = fc_member_judge(member, path, &size);
    if (fate == FC_MEMBER_SAME && fc_member_is_untouched(member, path)) return FC_OK;
    uint64_t *first = malloc(len * sizeof *first);
    if (first == NULL) return FC_NO_MEMORY;
    for (size_t i = 0; i < len; i++) {
        first[i] = *lines[i].line;
        *lines[i].line = 0;
    }
    size_t left = 0;
    if (fate != FC_MEMBER_REPLACED)
        while (left < len && lines[left].offset <= size) left++;
    if (left != 0) number_file(shared, lines, left, NULL);
    const bool is_cut = fate == FC_MEMBER_TRUNCATED;
    const bool stays = fc_member_judge(member, path, &size_then) == fate && (!is_cut || size_then == size);
    for (size_t i = 0; i < left; i++)
        if (!stays || (!is_cut && *lines[i].line != first[i])) *lines[i].line = 0;
    free(first);
    return FC_OK;
}

static fc_member *mapped_member(const fc_shared *shared, size_t file) {
    fc_member *member = shared->files->entries[file].member;
    return member != NULL && member->bytes != NULL ? member : NULL;
}

static const char *place_of(const fc_shared *shared, size_t file) {
    return fc_file_entry_place(&shared->files->entries[file]);
}

/* List the wanted lines by place; returns how many. */
static size_t list_lines(const fc_shared *shared, fc_hit *hits, size_t hits_len, fc_report *reports,
                         size_t reports_len, wanted *out) {
    size_t len = 0;
    for (size_t i = 0; i < hits_len; i++) {
        fc_member *member = mapped_member(shared, hits[i].file);
        if (member != NULL && hits[i].line == 0)
            out[len++] = (wanted){member, place_of(shared, hits[i].file), hits[i].offset, &hits[i].line,
                                   shared->states[hits[i].file].stays};
    }
    for (size_t i = 0; i < reports_len; i++) {
        fc_member *member = mapped_member(shared, reports[i].file);
        if (member != NULL && reports[i].kind == FC_REPORT_LINE && reports[i].line == 0)
            out[len++] = (wanted){member, place_of(shared, reports[i].file), reports[i].offset, &reports[i].line,
                                   shared->states[reports[i].file].stays};
    }
    qsort(out, len, sizeof *out, by_place);
    return len;
}

fc_status fc_numbers_fill(fc_shared *shared, fc_hit *hits, size_t hits_len, fc_report *reports, size_t reports_len,
                          unsigned threads) {
    wanted *lines = malloc((hits_len + reports_len + 1) * sizeof *lines);
    if (lines == NULL) return FC_NO_MEMORY;
    const size_t len = list_lines(shared, hits, hits_len, reports, reports_len, lines);
    if (len == 0) {
        free(lines);
        return FC_OK;
    }
    counting c = {.shared = shared, .block_size = shared->options->block};
    const bool was_blocked = shared->runtime->guard_begin();
    fc_status status = list_blocks(&c, lines, len);
    if (status == FC_OK && c.len != 0) {
        fc_job job = {.work = count_item, .ctx = &c, .items = c.len, .threads = c.len < 8 ? 1 : threads};
        shared->runtime->run(shared->runtime, &job);
        if (job.forked) status = FC_FORKED;
    }
    for (size_t i = 0, next; i < len && status == FC_OK; i = next) {
        for (next = i + 1; next < len && lines[next].member == lines[i].member; next++) continue;
        number_file(shared, lines + i, next - i, fc_member_blocks(lines[i].member, c.block_size));
        status = take_back(shared, lines + i, next - i);
    }
    shared->runtime->guard_end(was_blocked);
    if (status == FC_FORKED) return status; /* the threads that are gone may have been at work on what would be freed */
    free(c.items);
    free(lines);
    return status;
}
