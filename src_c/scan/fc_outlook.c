#include "fc_outlook.h"

#include <stdlib.h>

/* The facts of a block, NULL where they are unknown or it may hold a line that is too long to be a record. */
static const fc_facts *usable_facts(const fc_outlook *outlook, const fc_extent *extent) {
    return extent->end - extent->begin > outlook->max_line ? NULL : fc_extent_facts(extent);
}

fc_status fc_outlook_init(fc_outlook *out, const fc_file_list *files, const fc_plan *plan, size_t max_line,
                          const fc_floor *floor) {
    fc_outlook outlook = {.plan = plan, .floor = floor, .max_line = max_line, .asks_names = fc_names_matter(plan)};
    size_t total = 0, most = 0;
    outlook.files = calloc(files->len + 1, sizeof *outlook.files);
    if (outlook.files == NULL) return FC_NO_MEMORY;
    for (size_t i = 0; i < files->len; i++) {
        const fc_member *member = files->entries[i].member;
        const fc_blocks *blocks = member != NULL && member->bytes != NULL ? atomic_load(&member->blocks) : NULL;
        outlook.files[i].blocks = blocks;
        if (blocks == NULL) continue;
        outlook.files[i].size = member->info.size;
        total += blocks->len;
        if (blocks->len > most) most = blocks->len;
    }
    outlook.ranges = malloc((total + 1) * sizeof *outlook.ranges);
    const fc_facts **facts = malloc((most + 1) * sizeof *facts);
    if (outlook.ranges == NULL || facts == NULL) {
        free(facts);
        fc_outlook_free(&outlook);
        return FC_NO_MEMORY;
    }
    fc_time_range *next = outlook.ranges;
    for (size_t i = 0; i < files->len; i++) {
        fc_outlook_file *file = &outlook.files[i];
        if (file->blocks == NULL) continue;
        for (size_t j = 0; j < file->blocks->len; j++) facts[j] = usable_facts(&outlook, file->blocks->items[j]);
        file->ranges = next;
        next += file->blocks->len;
        fc_facts_ranges(facts, file->blocks->len, file->blocks->end == file->size, file->ranges);
    }
    free(facts);
    *out = outlook;
    return FC_OK;
}

void fc_outlook_free(fc_outlook *outlook) {
    free(outlook->files);
    free(outlook->ranges);
    *outlook = (fc_outlook){0};
}

static bool is_oldest(const fc_outlook *outlook) { return outlook->floor->order == FC_ORDER_OLDEST; }

static int64_t best_of(const fc_outlook *outlook, const fc_time_range *range) {
    return is_oldest(outlook) ? range->first_us : range->last_us;
}

bool fc_outlook_excludes(const fc_outlook *outlook, size_t file, size_t block) {
    const fc_outlook_file *f = &outlook->files[file];
    if (f->blocks == NULL) return false;
    const fc_extent *extent = f->blocks->items[block];
    if (extent->end - extent->begin > outlook->max_line) return false;
    const fc_time_range *range = &f->ranges[block];
    if (!fc_time_range_meets(range, &outlook->plan->options)) return true;
    if (outlook->floor != NULL && fc_floor_excludes(outlook->floor, best_of(outlook, range))) return true;
    const fc_names *names = outlook->asks_names ? fc_extent_names(extent) : NULL;
    return names != NULL && !fc_names_may_match(names, outlook->plan);
}

bool fc_outlook_is_bounded(const fc_outlook *outlook, size_t file, size_t block) {
    const fc_outlook_file *f = &outlook->files[file];
    if (f->blocks == NULL || outlook->floor == NULL) return false;
    const int64_t best = best_of(outlook, &f->ranges[block]);
    return best != INT64_MAX && best != INT64_MIN;
}

int64_t fc_outlook_rank(const fc_outlook *outlook, size_t file, uint64_t begin, uint64_t end) {
    const fc_outlook_file *f = &outlook->files[file];
    if (f->blocks == NULL || (end > f->blocks->end && f->blocks->end != f->size)) return INT64_MAX;
    int64_t rank = INT64_MIN;
    for (size_t i = fc_blocks_at(f->blocks, begin); i < f->blocks->len && f->blocks->items[i]->begin < end; i++) {
        const int64_t best = best_of(outlook, &f->ranges[i]), own = is_oldest(outlook) ? ~best : best;
        if (own > rank) rank = own;
    }
    return rank;
}
