/* Holding lists of files: what a refresh calls what it finds, and that members pass from list to list. */
#define _GNU_SOURCE
#include "fc_corpus.h"

#include "fc_map.h"
#include "members.h"

static fc_file_list look(fc_file_list *before, fc_corpus_changes *changes) {
    fc_file_list files = {0};
    CHECK(fc_file_list_add_path(&files, "tree", 4, false) == FC_OK);
    CHECK(fc_corpus_hold(runtime, &files, before, changes) == FC_OK);
    if (before != NULL) {
        fc_corpus_release(before);
        fc_file_list_free(before);
    }
    return files;
}

static void check_changes(const fc_corpus_changes *is, size_t added, size_t grown, size_t replaced, size_t removed,
                          size_t truncated) {
    CHECK(is->added == added && is->grown == grown && is->replaced == replaced && is->removed == removed &&
          is->truncated == truncated);
}

int main(void) {
    runtime = fc_pool_runtime(fc_cpu_detect());
    enum { FILES = 300 };
    char path[32];
    fc_corpus_changes changes;
    CHECK(mkdir("tree", 0700) == 0);
    for (int i = 0; i < FILES; i++) {
        sprintf(path, "tree/%03d.jsonl", i);
        write_file(path, "{\"a\":1}\n", 8);
        make_old(path, 1000000000);
    }
    fc_file_list files = look(NULL, &changes);
    check_changes(&changes, FILES, 0, 0, 0, 0);
    fc_member *first = files.entries[0].member;
    first->racy = false;
    files = look(&files, &changes);
    check_changes(&changes, 0, 0, 0, 0, 0);
    CHECK(files.len == FILES && files.entries[0].member == first && files.entries[0].info.size == 8);
    CHECK(fc_map_count() == FILES);

    append_file("tree/001.jsonl", "{}\n", 3);
    CHECK(truncate("tree/002.jsonl", 4) == 0);
    make_old("tree/003.jsonl", 5);
    CHECK(unlink("tree/004.jsonl") == 0);
    CHECK(unlink("tree/005.jsonl") == 0 && mkdir("tree/005.jsonl", 0700) == 0);
    write_file("tree/new.jsonl", "", 0);
    files = look(&files, &changes);
    check_changes(&changes, 1, 1, 1, 2, 1);
    CHECK(files.len == FILES - 1 && fc_map_count() == FILES - 2);
    fc_corpus_size size = fc_corpus_measure(&files);
    CHECK(size.files == FILES - 1 && size.mapped == FILES - 2 && size.blocks == 0 && size.bytes == 8 * (FILES - 2) + 3 - 4);
    CHECK(fc_member_blocks(files.entries[0].member, 4) != NULL);
    const fc_corpus_size cut = fc_corpus_measure(&files);
    CHECK(cut.blocks == 1 && cut.memory > size.memory && cut.facts == 0 && cut.sketches == 0);

    fc_corpus_release(&files);
    fc_file_list_free(&files);
    CHECK(fc_map_count() == 0);
    fc_file_list none = {0};
    CHECK(fc_corpus_hold(runtime, &none, NULL, &changes) == FC_OK);
    check_changes(&changes, 0, 0, 0, 0, 0);
    CHECK(fc_file_list_add_memory(&none, "m", 1, (const uint8_t *)"{}", 2) == FC_OK);
    CHECK(fc_corpus_hold(runtime, &none, NULL, &changes) == FC_OK && none.entries[0].member == NULL);
    fc_file_list_free(&none);
    return finish();
}
