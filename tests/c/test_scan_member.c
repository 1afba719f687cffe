/* Members: what a file that changes is taken for, which blocks it keeps, and what can still be read of it. */
#define _GNU_SOURCE
#include "fc_map.h"
#include "members.h"

static const char *const path = "member.bin";
static uint8_t text[40000];

/* What the file is taken for; *member is the renewed one. */
static fc_member_fate renew(fc_member **member) {
    fc_member *now = NULL;
    fc_member_fate fate;
    int code;
    CHECK(fc_member_renew(*member, path, &now, &fate, &code) == FC_OK);
    fc_member_release(*member);
    *member = now;
    return fate;
}

/* The member is not racy any more, as if it had been looked at later. */
static void age(fc_member *member) { member->racy = false; }

static void check_fates(void) {
    write_file(path, text, 10000);
    fc_member *member = open_member(path);
    CHECK(member->racy && member->info.size == 10000 && memcmp(member->bytes, text, 10000) == 0);
    const fc_member *before = member;
    CHECK(renew(&member) == FC_MEMBER_SAME && member != before); /* racy: what was learnt is not trusted */
    const fc_blocks *blocks = fc_member_blocks(member, 1000);
    CHECK(blocks != NULL && blocks->len > 3 && fc_member_blocks(member, 1000) == blocks);
    age(member);
    before = member;
    CHECK(renew(&member) == FC_MEMBER_SAME && member == before);

    append_file(path, text + 10000, 20000);
    CHECK(renew(&member) == FC_MEMBER_GROWN && member->info.size == 30000 && member->before != NULL);
    blocks = fc_member_blocks(member, 1000);
    CHECK(blocks->len > 12 && blocks->items[0] == member->before->items[0]);
    uint64_t ends[64];
    CHECK(fc_blocks_find_ends(text, 30000, 0, 1000, ends) == blocks->len);
    for (size_t i = 0; i < blocks->len; i++) CHECK(blocks->items[i]->end == ends[i]);

    write_file(path, text + 1, 31000); /* longer, but another text */
    CHECK(renew(&member) == FC_MEMBER_REPLACED && member->before == NULL);
    CHECK(truncate(path, 500) == 0);
    CHECK(renew(&member) == FC_MEMBER_TRUNCATED && member->info.size == 500);
    age(member);
    make_old(path, 1000000000); /* a clock that was set back */
    CHECK(renew(&member) == FC_MEMBER_REPLACED);
    write_file("other.bin", text, 500);
    CHECK(rename("other.bin", path) == 0);
    CHECK(renew(&member) == FC_MEMBER_REPLACED);
    write_file(path, text, 0);
    CHECK(renew(&member) == FC_MEMBER_TRUNCATED && member->bytes == NULL && fc_member_blocks(member, 10) == NULL);
    append_file(path, text, 100);
    CHECK(renew(&member) == FC_MEMBER_GROWN && memcmp(member->bytes, text, 100) == 0);

    fc_member *now;
    fc_member_fate fate;
    int code = -1;
    CHECK(unlink(path) == 0);
    CHECK(fc_member_renew(member, path, &now, &fate, &code) == FC_OS && code == ENOENT);
    CHECK(mkdir(path, 0700) == 0);
    CHECK(fc_member_open(runtime, path, &now, &code) == FC_OS && code == 0);
    CHECK(rmdir(path) == 0 && mkfifo(path, 0600) == 0);
    CHECK(fc_member_renew(member, path, &now, &fate, &code) == FC_OS && code == 0);
    CHECK(unlink(path) == 0 && memcmp(member->bytes, text, 100) == 0);
    fc_member_release(member);
    fc_member_release(NULL);
}

/* A file that has grown and was not read since keeps its old blocks only as long as it is that file. */
static void check_unread_growth(void) {
    for (int written_over = 0; written_over < 3; written_over++) {
        write_file(path, text, 10000);
        fc_member *member = open_member(path);
        const fc_blocks *blocks = fc_member_blocks(member, 1000);
        const fc_extent *first = blocks->items[0];
        append_file(path, text + 10000, 5000);
        CHECK(renew(&member) == FC_MEMBER_GROWN);
        if (written_over == 1) write_file(path, text + 1, 20000);
        else append_file(path, text + 15000, 5000);
        CHECK(renew(&member) == (written_over == 1 ? FC_MEMBER_REPLACED : FC_MEMBER_GROWN));
        if (written_over == 2) write_file(path, text + 1, 21000); /* after the look, before the cut */
        blocks = fc_member_blocks(member, 1000);
        CHECK((blocks->items[0] == first) == (written_over == 0));
        uint64_t ends[64];
        CHECK(fc_blocks_find_ends(text + (written_over != 0), 20000, 0, 1000, ends) == blocks->len);
        for (size_t i = 0; i < blocks->len; i++) CHECK(blocks->items[i]->end == ends[i]);
        append_file(path, text, 100);
        CHECK(renew(&member) == FC_MEMBER_GROWN);
        CHECK((fc_member_blocks(member, 1000)->items[0] == first) == (written_over == 0));
        fc_member_release(member);
    }
}

/* One byte of the file becomes another one, and its times tell nothing of it. */
static void write_unseen(fc_member *member, off_t at) {
    int code;
    const int fd = open(path, O_WRONLY);
    CHECK(fd >= 0 && pwrite(fd, "#", 1, at) == 1 && close(fd) == 0);
    CHECK(fc_file_stat_path(path, &member->info, &code) == FC_OK);
    age(member);
}

/* A doubted member is compared with what was learnt of, wherever that stands, and keeps nothing. */
static void check_doubt(void) {
    for (int round = 0; round < 200; round++) {
        const bool grows = round % 2, doubted = round % 4 < 2;
        const size_t at = random_below(10000), size = 10000 + 10 * (size_t)random_below(2);
        write_file(path, text, size);
        fc_member *member = open_member(path);
        const fc_blocks *blocks = fc_member_blocks(member, 1000);
        bool is_known = at >= size - 4096;
        for (size_t i = 0; i < blocks->len; i++) {
            fc_extent *extent = blocks->items[i];
            const bool is_learnt = random_below(2);
            CHECK(fc_extent_hash(extent) == 0);
            if (!is_learnt) continue;
            fc_extent_put_hash(extent, fc_extent_hash_of(text + extent->begin, (size_t)(extent->end - extent->begin)));
            fc_extent_put_hash(extent, 1);
            CHECK(fc_extent_hash(extent) != 0 && fc_extent_hash(extent) != 1);
            is_known |= extent->begin <= at && at < extent->end;
        }
        const bool written = random_below(3) != 0;
        if (written) write_unseen(member, (off_t)at);
        age(member);
        if (grows) append_file(path, text, 100);
        member->doubted = doubted;
        const fc_member *before = member;
        const fc_member_fate unchanged = grows ? FC_MEMBER_GROWN : FC_MEMBER_SAME;
        /* Of a file that has grown the end is always compared. */
        const bool told = written && (doubted ? is_known : grows && at >= size - 4096);
        CHECK(renew(&member) == (told ? FC_MEMBER_REPLACED : unchanged));
        CHECK((member == before) == (!doubted && !grows));
        if (doubted) CHECK(member->before == NULL && atomic_load(&member->blocks) == NULL && !member->doubted);
        fc_member_release(member);
    }
}

/* Where as many files are mapped as may be, a file that grows stays mapped and another one is not. */
static void check_limit(void) {
    static const uint8_t *others[FC_MAP_MAX];
    write_file(path, text, 10000);
    fc_member *member = open_member(path);
    const int fd = open(path, O_RDONLY);
    CHECK(fd >= 0);
    size_t count = 0;
    while (count < FC_MAP_MAX && (others[count] = runtime->map_open(fd, 100, false)) != NULL) count++;
    CHECK(count == FC_MAP_MAX - 1);
    fc_member *another = open_member(path);
    CHECK(another->bytes == NULL);
    for (int i = 0; i < 3; i++) {
        append_file(path, text + 10000, 10);
        CHECK(renew(&member) == FC_MEMBER_GROWN && member->bytes != NULL);
        CHECK(renew(&another) == FC_MEMBER_GROWN && another->bytes == NULL);
    }
    runtime->map_close(others[--count], 100);
    append_file(path, text, 10);
    CHECK(renew(&another) == FC_MEMBER_GROWN && another->bytes != NULL);
    while (count != 0) runtime->map_close(others[--count], 100);
    CHECK(close(fd) == 0);
    fc_member_release(member);
    fc_member_release(another);
}

#if !defined(CANNOT_COUNT_PAGES) /* where an emulator makes up what the system says of pages */
/* How many pages of the mapping this process has. */
static size_t resident(const fc_member *member) {
    char line[256];
    unsigned long begin;
    size_t kb = 0;
    bool is_it = false;
    FILE *maps = fopen("/proc/self/smaps", "r");
    CHECK(maps != NULL);
    while (fgets(line, sizeof line, maps) != NULL) {
        if (sscanf(line, "%lx-", &begin) == 1 && strchr(line, '-') != NULL && strchr(line, ' ') > strchr(line, '-'))
            is_it = begin == (unsigned long)(uintptr_t)member->bytes;
        else if (is_it) (void)sscanf(line, "Rss: %zu", &kb);
    }
    CHECK(fclose(maps) == 0);
    return kb / 4;
}
#endif

/* What may stay is the first bytes of the list; the rest is given back, and comes back. */
static void check_bound(void) {
    write_file(path, text, sizeof text);
    for (int i = 0; i < 100; i++) append_file(path, text, sizeof text);
    fc_member *members[3];
    uint64_t left = UINT64_MAX;
    for (int i = 0; i < 3; i++) {
        members[i] = open_member(path);
        CHECK(fc_member_stays(members[i], &left) == UINT64_MAX);
    }
    const uint64_t size = members[0]->info.size;
    left = size + 70000;
    CHECK(fc_member_stays(NULL, &left) == size + 70000);
    CHECK(fc_member_stays(members[0], &left) == size + 70000 && left == 70000);
    CHECK(fc_member_stays(members[1], &left) == 70000 && left == 0);
    CHECK(fc_member_stays(members[2], &left) == 0 && left == 0);
    for (int i = 0; i < 3; i++) {
        const uint64_t stays = i == 0 ? size + 70000 : i == 1 ? 70000 : 0;
        uint8_t copy[sizeof text];
        for (uint64_t at = 0; at < size; at += 30000) {
            const size_t len = size - at < 30000 ? (size_t)(size - at) : 30000;
            CHECK(fc_member_copy(members[i], at, copy, len) && copy[0] == text[at % sizeof text]);
            fc_member_drop(members[i], stays, at, at + len);
        }
#if !defined(CANNOT_COUNT_PAGES)
        const size_t pages = resident(members[i]);
        CHECK(i == 0 ? pages == (size + 4095) / 4096 : i == 1 ? pages == 18 : pages == 0);
        fc_member_drop(members[i], stays, 0, UINT64_MAX);
        CHECK(resident(members[i]) == pages);
#endif
    }
    fc_member_drop(NULL, 0, 0, UINT64_MAX);
    for (int i = 0; i < 3; i++) fc_member_release(members[i]);
}

/* Copy a stretch of a file that has been cut to `left` bytes. */
static void check_copy(size_t left, size_t offset, size_t len) {
    write_file(path, text, sizeof text);
    fc_member *member = open_member(path);
    if (left < sizeof text) CHECK(truncate(path, (off_t)left) == 0);
    uint8_t copy[sizeof text];
    size_t got = 0;
    int code;
    memset(copy, 0, sizeof copy);
    CHECK(fc_member_read(member, path, offset, copy, len, &got, &code) == FC_OK);
    const size_t asked = offset < sizeof text ? (len < sizeof text - offset ? len : sizeof text - offset) : 0;
    const size_t there = offset < left ? (asked < left - offset ? asked : left - offset) : 0;
    CHECK(got == there && memcmp(copy, text + offset, there) == 0);
    if (offset + len <= sizeof text) {
        const bool has_pages = len == 0 || (left != 0 && (offset + len - 1) / 4096 <= (left - 1) / 4096);
        CHECK(fc_member_copy(member, offset, copy, len) == has_pages);
        if (has_pages) CHECK(memcmp(copy, text + offset, there) == 0);
    }
    uint64_t size;
    const fc_member_fate fate = fc_member_judge(member, path, &size);
    CHECK(fate == (left < sizeof text ? FC_MEMBER_TRUNCATED : FC_MEMBER_SAME) && size == left);
    fc_member_release(member);
}

static void check_judge(void) {
    uint64_t size;
    write_file(path, text, 9000);
    fc_member *member = open_member(path);
    CHECK(fc_member_blocks(member, 100) != NULL);
    CHECK(fc_member_judge(member, path, &size) == FC_MEMBER_SAME && size == 9000);
    append_file(path, text, 10);
    CHECK(fc_member_judge(member, path, &size) == FC_MEMBER_SAME);
    write_file(path, text + 3, 9100);
    CHECK(fc_member_judge(member, path, &size) == FC_MEMBER_REPLACED);
    write_file(path, text, 9000);
    make_old(path, 5);
    CHECK(fc_member_judge(member, path, &size) == FC_MEMBER_REPLACED);
    CHECK(unlink(path) == 0);
    CHECK(fc_member_judge(member, path, &size) == FC_MEMBER_SAME); /* it lives on in the mapping */
    CHECK(fc_member_blocks(member, 100) != NULL);
    fc_member_release(member);
}

int main(void) {
    runtime = fc_pool_runtime(fc_cpu_detect());
    for (size_t i = 0; i < sizeof text; i++) text[i] = random_below(50) == 0 ? '\n' : (uint8_t)('a' + random_below(26));
    check_fates();
    const bool was_blocked = runtime->guard_begin();
    for (int round = 0; round < 300; round++)
        check_copy((size_t)random_below(sizeof text + 1), (size_t)random_below(50000), (size_t)random_below(50000));
    check_copy(0, 0, sizeof text);
    check_copy(sizeof text, 0, sizeof text);
    check_judge();
    check_unread_growth();
    check_doubt();
    check_limit();
    check_bound();
    runtime->guard_end(was_blocked);
    return finish();
}
