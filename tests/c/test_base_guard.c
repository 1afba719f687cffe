/* The guard: faults inside a region end the region, all others go where they went before, whoever handles the signal
 * before, meanwhile or afterwards; threads truncate what others read. */
#define _GNU_SOURCE
#include "fc_guard.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { PAGE = 4096, PAGES = 8, LEN = PAGE * PAGES, ROUNDS = 1000 };

typedef struct summed {
    const volatile uint8_t *bytes;
    size_t len, done; /* done: counted as it goes, so that it tells where a fault was */
    uint64_t sum;
} summed;

static void add_up(void *ctx) {
    summed *s = ctx;
    for (; s->done < s->len; s->done++) s->sum += s->bytes[s->done];
}

static int temporary(void) {
    char name[] = "guard-XXXXXX";
    const int fd = mkstemp(name);
    CHECK(fd >= 0);
    CHECK(unlink(name) == 0);
    return fd;
}

static const uint8_t *map_ones(int fd) {
    uint8_t ones[LEN];
    memset(ones, 1, sizeof ones);
    CHECK(pwrite(fd, ones, LEN, 0) == LEN);
    const uint8_t *bytes = mmap(NULL, LEN, PROT_READ, MAP_SHARED, fd, 0);
    CHECK(bytes != MAP_FAILED);
    return bytes;
}

/* Read a file of which `left` bytes are left. */
static void check_truncated(int fd, const uint8_t *bytes, size_t left) {
    CHECK(ftruncate(fd, (off_t)left) == 0);
    size_t fault = 12345;
    summed s = {.bytes = bytes, .len = LEN};
    const bool whole = fc_guard_run(bytes, LEN, add_up, &s, &fault);
    const size_t pages = (left + PAGE - 1) / PAGE * PAGE;
    CHECK(whole == (pages == LEN));
    CHECK(s.done == pages && s.sum == left);
    CHECK(fault == (whole ? 12345 : pages));
}

static void check_faults(void) {
    const int fd = temporary();
    for (size_t left = 0; left <= LEN; left += 1024) {
        const uint8_t *bytes = map_ones(fd);
        const bool blocked = fc_guard_begin();
        check_truncated(fd, bytes, left);
        check_truncated(fd, bytes, left); /* the signal is not left blocked */
        fc_guard_end(blocked);
        munmap((void *)(uintptr_t)bytes, LEN);
    }
    close(fd);
}

/* A thread that has blocked everything can be guarded, and has blocked it again afterwards. */
static void check_mask(void) {
    const int fd = temporary();
    const uint8_t *bytes = map_ones(fd);
    sigset_t all, before, now;
    sigfillset(&all);
    CHECK(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    const bool blocked = fc_guard_begin();
    CHECK(blocked);
    check_truncated(fd, bytes, 0);
    fc_guard_end(blocked);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, &now) == 0 && sigismember(&now, SIGBUS) == 1);
    munmap((void *)(uintptr_t)bytes, LEN);
    close(fd);
}

static volatile sig_atomic_t seen;
static struct sigaction under;
static sigjmp_buf recovery;

static void print_and_raise(int number) { /* as Python's faulthandler does */
    seen++;
    sigaction(number, &under, NULL);
    raise(number);
}

static void leave_with_7(int number) {
    (void)number;
    _exit(7);
}

static void recover(int number, siginfo_t *info, void *context) {
    (void)number, (void)info, (void)context;
    siglongjmp(recovery, 1);
}

static void put(void (*handler)(int), int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    CHECK(sigaction(SIGBUS, &action, &under) == 0);
}

static void fault_outside(void) {
    const int fd = temporary();
    const volatile uint8_t *bytes = map_ones(fd);
    CHECK(ftruncate(fd, 0) == 0);
    (void)bytes[0];
    _exit(99);
}

static void guarded_fault(void) {
    const int fd = temporary();
    const uint8_t *bytes = map_ones(fd);
    const bool blocked = fc_guard_begin();
    check_truncated(fd, bytes, 0);
    fc_guard_end(blocked);
    munmap((void *)(uintptr_t)bytes, LEN);
    close(fd);
}

static void read_other(void *ctx) {
    const volatile uint8_t *bytes = ctx;
    (void)bytes[0];
}

static void die_by_default(void) { guarded_fault(), fault_outside(); }

static void die_inside_elsewhere(void) { /* a region that reads what it did not name */
    const int fd = temporary();
    const uint8_t *bytes = map_ones(fd), *other = map_ones(fd);
    CHECK(ftruncate(fd, 0) == 0);
    size_t fault;
    fc_guard_begin();
    fc_guard_run(bytes, LEN, read_other, (void *)(uintptr_t)other, &fault);
}

static void die_of_kill(void) {
    guarded_fault();
    kill(getpid(), SIGBUS);
    for (int i = 0; i < 10000; i++) usleep(1000); /* a sanitizer hands it over later, between two calls */
    _exit(99);
}

static void handler_before(void) { put(leave_with_7, 0), guarded_fault(), fault_outside(); }

static void handler_after(void) { guarded_fault(), put(leave_with_7, SA_NODEFER), guarded_fault(), fault_outside(); }

static void raising_before(void) { put(print_and_raise, SA_NODEFER), guarded_fault(), fault_outside(); }

static void raising_after(void) { guarded_fault(), put(print_and_raise, SA_NODEFER), guarded_fault(), fault_outside(); }

static void raising_twice(void) {
    put(print_and_raise, SA_NODEFER), guarded_fault(), put(print_and_raise, SA_NODEFER), guarded_fault();
    fault_outside();
}

static void raising_meanwhile(void) { /* put over ours between begin and run */
    const int fd = temporary();
    const uint8_t *bytes = map_ones(fd);
    fc_guard_begin();
    put(print_and_raise, SA_NODEFER);
    CHECK(ftruncate(fd, 0) == 0);
    size_t fault = 1;
    summed s = {.bytes = bytes, .len = LEN};
    CHECK(!fc_guard_run(bytes, LEN, add_up, &s, &fault));
    CHECK(s.done == 0 && seen == 1);
    guarded_fault();
    _exit(0);
}

static struct sigaction beneath;

static void ask_beneath(int number, siginfo_t *info, void *context) { beneath.sa_sigaction(number, info, context); }

static void called_with_all_blocked(void) { /* as a sanitizer calls every handler */
    const int fd = temporary();
    const uint8_t *bytes = map_ones(fd);
    struct sigaction above = {.sa_sigaction = ask_beneath, .sa_flags = SA_SIGINFO};
    sigfillset(&above.sa_mask);
    const bool blocked = fc_guard_begin();
    CHECK(sigaction(SIGBUS, &above, &beneath) == 0);
    for (int i = 0; i < 3; i++) check_truncated(fd, bytes, 0); /* each fault is caught, not the first alone */
    sigset_t now;
    CHECK(pthread_sigmask(SIG_BLOCK, NULL, &now) == 0 && !sigismember(&now, SIGINT) && !sigismember(&now, SIGBUS));
    fc_guard_end(blocked);
    _exit(9);
}

static void ignored_before(void) { put(SIG_IGN, 0), guarded_fault(), kill(getpid(), SIGBUS), fault_outside(); }

static void recovered_before(void) {
    struct sigaction action = {.sa_sigaction = recover, .sa_flags = SA_SIGINFO | SA_NODEFER};
    CHECK(sigaction(SIGBUS, &action, NULL) == 0);
    for (volatile int i = 0; i < 3; i++) {
        guarded_fault();
        if (sigsetjmp(recovery, 1) == 0) fault_outside();
    }
    _exit(5);
}

static void alternate_stack(void) {
    static uint8_t room[1 << 16];
    const stack_t stack = {.ss_sp = room, .ss_size = sizeof room};
    CHECK(sigaltstack(&stack, NULL) == 0);
    for (int i = 0; i < 20; i++) guarded_fault();
    _exit(6);
}

static void forked(void) {
    guarded_fault();
    const pid_t child = fork();
    guarded_fault();
    int status = 0;
    if (child != 0) CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
    _exit(child != 0 ? WEXITSTATUS(status) : 8);
}

/* How a child that does this ends: its exit code, or minus the signal. */
static int ending(void (*body)(void)) {
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        struct sigaction standard = {.sa_handler = SIG_DFL};
        sigaction(SIGBUS, &standard, NULL); /* a sanitizer's would print */
        body();
        _exit(98);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

typedef struct torn {
    int fd;
    const uint8_t *bytes;
    atomic_bool done;
    int faults; /* the reader's */
} torn;

static void *tear(void *argument) {
    torn *t = argument;
    uint8_t ones[LEN];
    memset(ones, 1, sizeof ones);
    for (int i = 0; i < ROUNDS; i++) {
        if (ftruncate(t->fd, (i * 37) % 3 * PAGE) != 0 || pwrite(t->fd, ones, LEN, 0) != LEN) exit(3);
    }
    atomic_store(&t->done, true);
    return NULL;
}

static void *read_torn(void *argument) {
    torn *t = argument;
    const bool blocked = fc_guard_begin();
    while (!atomic_load(&t->done)) {
        size_t fault = LEN;
        summed s = {.bytes = t->bytes, .len = LEN};
        const bool whole = fc_guard_run(t->bytes, LEN, add_up, &s, &fault);
        t->faults += !whole;
        if (whole != (s.done == LEN) || s.sum > s.done || (!whole && fault != s.done)) exit(4);
    }
    fc_guard_end(blocked);
    return NULL;
}

static void check_threads(void) {
    torn files[4];
    pthread_t writers[4], readers[4];
    int faults = 0;
    for (int i = 0; i < 4; i++) {
        files[i].fd = temporary();
        files[i].bytes = map_ones(files[i].fd);
        atomic_init(&files[i].done, false);
        files[i].faults = 0;
        CHECK(pthread_create(&writers[i], NULL, tear, &files[i]) == 0);
        CHECK(pthread_create(&readers[i], NULL, read_torn, &files[i]) == 0);
    }
    for (int i = 0; i < 4; i++) {
        CHECK(pthread_join(writers[i], NULL) == 0 && pthread_join(readers[i], NULL) == 0);
        munmap((void *)(uintptr_t)files[i].bytes, LEN);
        close(files[i].fd);
        faults += files[i].faults;
    }
    printf("%d truncations, %d faults\n", 4 * ROUNDS, faults);
}

int main(void) {
    CHECK(ending(die_by_default) == -SIGBUS);
    CHECK(ending(die_inside_elsewhere) == -SIGBUS);
    CHECK(ending(die_of_kill) == -SIGBUS);
    CHECK(ending(handler_before) == 7);
    CHECK(ending(handler_after) == 7);
    CHECK(ending(raising_before) == -SIGBUS);
    CHECK(ending(raising_after) == -SIGBUS);
    CHECK(ending(raising_twice) == -SIGBUS);
    CHECK(ending(raising_meanwhile) == 0);
    CHECK(ending(called_with_all_blocked) == 9);
    CHECK(ending(ignored_before) == -SIGBUS);
    CHECK(ending(recovered_before) == 5);
    CHECK(ending(alternate_stack) == 6);
    CHECK(ending(forked) == 8);
    check_faults();
    check_mask();
    check_threads();
    return finish();
}
