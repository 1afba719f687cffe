/* fc_keeping: what was known comes back for files that are as they were or have grown, and for no others. */
#define _GNU_SOURCE
#include "fc_keeping.h"

#include "fc_corpus.h"
#include "fc_learning.h"
#include "members.h"

enum { FILES = 4, BLOCK = 100 };

static fc_file_list files;

static void path_of(int file, char *out) { sprintf(out, "tree/%d.jsonl", file); }

static void make_tree(void) {
    char path[32], line[128];
    if (mkdir("tree", 0700) != 0) CHECK(errno == EEXIST);
    for (int i = 0; i < FILES; i++) {
        path_of(i, path);
        write_file(path, "", 0);
        for (int j = 0; j < 40; j++) {
            const int len = sprintf(line, "{\"type\":\"t%d\",\"timestamp\":\"1970-01-01T00:%02d:%02dZ\"}\n", j % 3, i, j);
            append_file(path, line, (size_t)len);
        }
    }
}

static void let_go(void) {
    fc_corpus_release(&files);
    fc_file_list_free(&files);
    files = (fc_file_list){0};
}

/* Hold the tree, or one file of it, as if it had been changed long ago. */
static void hold(const char *path) {
    fc_corpus_changes changes;
    let_go();
    CHECK(fc_file_list_add_path(&files, path, strlen(path), false) == FC_OK);
    CHECK(fc_corpus_hold(runtime, &files, NULL, &changes) == FC_OK);
    for (size_t i = 0; i < files.len; i++) files.entries[i].member->racy = false;
}

static void learn(void) {
    const fc_learning_options options = {.names = true, .block = BLOCK, .threads = 1};
    fc_learning_result result;
    CHECK(fc_learning_run(runtime, &files, &options, &result) == FC_OK);
}

static size_t known(size_t file) {
    const fc_blocks *blocks = atomic_load(&files.entries[file].member->blocks);
    size_t count = 0;
    for (size_t i = 0; blocks != NULL && i < blocks->len; i++)
        count += fc_extent_facts(blocks->items[i]) != NULL && fc_extent_names(blocks->items[i]) != NULL;
    return count;
}

static size_t blocks(size_t file) { return atomic_load(&files.entries[file].member->blocks)->len; }

static fc_buffer save(const fc_buffer *before) {
    fc_buffer out = {0};
    CHECK(fc_keeping_save(&files, before != NULL ? before->data : NULL, before != NULL ? before->len : 0, &out) == FC_OK);
    return out;
}

static bool load(const fc_buffer *kept) {
    bool known_form;
    uint8_t *copy = exact_copy(kept->data, kept->len);
    CHECK(fc_keeping_load(&files, copy, kept->len, BLOCK, &known_form) == FC_OK);
    free(copy);
    return known_form;
}

static void check_round(void) {
    hold("tree");
    learn();
    fc_buffer kept = save(NULL);
    hold("tree");
    CHECK(load(&kept));
    for (size_t i = 0; i < FILES; i++) {
        CHECK(known(i) == blocks(i) && blocks(i) > 10);
        uint64_t newlines;
        CHECK(fc_extent_newlines(atomic_load(&files.entries[i].member->blocks)->items[0], &newlines) && newlines > 0);
    }
    fc_buffer again = save(NULL);
    CHECK(again.len == kept.len && memcmp(again.data, kept.data, kept.len) == 0);
    /* Blocks of another size are other blocks, but for a last one that is the same. */
    hold("tree");
    bool form;
    CHECK(fc_keeping_load(&files, kept.data, kept.len, 33, &form) == FC_OK && form && known(0) == 1);
    fc_buffer_free(&again);
    fc_buffer_free(&kept);
}

static void check_changes(void) {
    hold("tree");
    learn();
    const size_t whole = blocks(0);
    fc_buffer kept = save(NULL);
    append_file("tree/0.jsonl", "{\"grown\":1}\n", 12);
    CHECK(truncate("tree/1.jsonl", 500) == 0);
    make_old("tree/2.jsonl", 5);
    CHECK(rename("tree/3.jsonl", "tree/old") == 0);
    write_file("tree/3.jsonl", "{}\n", 3);
    hold("tree");
    CHECK(load(&kept));
    CHECK(known(0) >= whole - 1 && known(0) < blocks(0) && known(1) == 0 && known(2) == 0 && known(3) == 0);
    /* Longer, but not grown: the old end is another one. */
    make_tree();
    hold("tree");
    learn();
    fc_buffer_free(&kept);
    kept = save(NULL);
    const int fd = open("tree/0.jsonl", O_WRONLY);
    CHECK(fd >= 0 && lseek(fd, -5, SEEK_END) > 0 && write(fd, "01Z\"}\n{}\n", 9) == 9 && close(fd) == 0);
    hold("tree");
    CHECK(load(&kept) && known(0) == 0 && known(1) == blocks(1));
    fc_buffer_free(&kept);
    CHECK(unlink("tree/old") == 0);
    make_tree();
}

static void check_racy(void) {
    hold("tree");
    learn();
    files.entries[0].member->racy = true;
    fc_buffer kept = save(NULL);
    hold("tree");
    CHECK(load(&kept) && known(0) == 0 && known(1) == blocks(1));
    fc_buffer_free(&kept);
}

/* What was stored of other files is handed on, what was stored of these is replaced. */
static void check_others(void) {
    hold("tree/0.jsonl");
    learn();
    fc_buffer first = save(NULL);
    hold("tree/1.jsonl");
    learn();
    fc_buffer both = save(&first), same = save(&both);
    CHECK(both.len > first.len && same.len == both.len);
    hold("tree");
    CHECK(load(&same) && known(0) == blocks(0) && known(1) == blocks(1) && known(2) == 0);
    fc_buffer damaged = save(&(fc_buffer){.data = same.data, .len = same.len - 1});
    CHECK(load(&damaged));
    hold("tree");
    fc_buffer nothing = save(&damaged);
    CHECK(nothing.len >= damaged.len);
    fc_buffer_free(&first);
    fc_buffer_free(&both);
    fc_buffer_free(&same);
    fc_buffer_free(&damaged);
    fc_buffer_free(&nothing);
}

static void check_damage(void) {
    hold("tree");
    learn();
    fc_buffer kept = save(NULL);
    for (int round = 0; round < 200; round++) {
        hold("tree");
        fc_buffer other = {0};
        CHECK(fc_buffer_reserve(&other, kept.len) == FC_OK);
        memcpy(other.data, kept.data, kept.len);
        other.len = kept.len;
        if (round % 2) other.len = (size_t)random_below(kept.len);
        else other.data[random_below(kept.len)] ^= (uint8_t)(1 + random_below(255));
        CHECK(!load(&other));
        for (size_t i = 0; i < FILES; i++) CHECK(known(i) == 0);
        fc_buffer_free(&other);
    }
    fc_buffer_free(&kept);
}

int main(void) {
    runtime = fc_pool_runtime(fc_cpu_detect());
    make_tree();
    check_round();
    check_changes();
    check_racy();
    check_others();
    check_damage();
    let_go();
    return finish();
}
