#define _GNU_SOURCE /* sigaction, sigsetjmp, pthread_sigmask, ucontext_t */
#include "fc_guard.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* The stretch that a thread reads, and where to go on after a fault in it. */
typedef struct guarded {
    uintptr_t begin, len;
    volatile uintptr_t fault;
    sigjmp_buf jump;
} guarded;

/* Static storage of the thread: its first use, perhaps by the handler, must not allocate. */
static _Thread_local guarded *volatile current __attribute__((tls_model("initial-exec")));
static _Thread_local volatile sig_atomic_t passing_on __attribute__((tls_model("initial-exec")));

/* Who handled the signal before: the newest entry counts. Older ones stay readable for a handler that just runs. */
enum { PREVIOUS_MAX = 16 };
static struct sigaction previous[PREVIOUS_MAX];
static atomic_uint newest;
static pthread_mutex_t installing = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Die of the signal as if nobody had ever handled it. A fault comes back by itself when the handler returns. */
static void die(int number, bool is_sent) {
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigaction(number, &standard, NULL);
    if (is_sent) raise(number);
}

static bool is_pending(int number) {
    sigset_t pending;
    return sigpending(&pending) == 0 && sigismember(&pending, number) == 1;
}

/* Hand a signal that is not ours to the handler before. One that prints and then raises the signal again, for the
 * handler that it found in its turn, comes back here, at once or where signals are blocked meanwhile afterwards: then
 * there is nobody left to ask. */
static void pass_on(int number, siginfo_t *info, void *context) {
    const struct sigaction *before = &previous[atomic_load(&newest) % PREVIOUS_MAX];
    const bool is_sent = info->si_code <= 0, by_thread = info->si_code == SI_TKILL && info->si_pid == getpid();
    if ((passing_on && by_thread) || before->sa_handler == SIG_DFL) {
        die(number, is_sent);
        return;
    }
    if (before->sa_handler == SIG_IGN) {
        if (!is_sent) die(number, false);
        return;
    }
    passing_on = 1;
    if (before->sa_flags & SA_SIGINFO) before->sa_sigaction(number, info, context);
    else before->sa_handler(number);
    passing_on = 0;
    if (is_pending(number)) die(number, false);
}

/* Go on behind the region, with the signals blocked that were when the fault came: who calls this handler from one of
 * his own, as ThreadSanitizer does, may have blocked more, and a second fault would then end the process. */
static void leave(guarded *region, const ucontext_t *context) {
    current = NULL;
    pthread_sigmask(SIG_SETMASK, &context->uc_sigmask, NULL);
    siglongjmp(region->jump, 1);
}

/* A handler that was put over this one gets a fault first and may raise the signal again for us: the region itself
 * never sends one, so that it is taken for the fault. */
static void on_fault(int number, siginfo_t *info, void *context) {
    guarded *region = current;
    if (region != NULL) {
        const uintptr_t at = (uintptr_t)info->si_addr - region->begin;
        const bool is_fault = info->si_code > 0 && at < region->len;
        if (is_fault || (info->si_code == SI_TKILL && info->si_pid == getpid())) {
            region->fault = is_fault ? at : 0;
            leave(region, context);
        }
    }
    pass_on(number, info, context);
}

static void lock_installing(void) { pthread_mutex_lock(&installing); }
static void unlock_installing(void) { pthread_mutex_unlock(&installing); }

static void set_up(void) { pthread_atfork(lock_installing, unlock_installing, unlock_installing); }

static bool is_installed(void) {
    struct sigaction now;
    return sigaction(SIGBUS, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) && now.sa_sigaction == on_fault;
}

static void install(void) {
    pthread_mutex_lock(&installing);
    struct sigaction now;
    if (!is_installed() && sigaction(SIGBUS, NULL, &now) == 0) {
        const unsigned next = atomic_load(&newest) + 1;
        previous[next % PREVIOUS_MAX] = now;
        atomic_store(&newest, next);
        /* On the thread's alternate stack, if it has one, for the sake of who handles overflows; not blocked meanwhile,
         * so that one that prints and raises it again is asked at once. */
        struct sigaction ours = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
        sigemptyset(&ours.sa_mask);
        sigaction(SIGBUS, &ours, NULL);
    }
    pthread_mutex_unlock(&installing);
}

bool fc_guard_begin(void) {
    pthread_once(&once, set_up);
    if (!is_installed()) install();
    sigset_t bus, before;
    sigemptyset(&bus);
    sigaddset(&bus, SIGBUS);
    return pthread_sigmask(SIG_UNBLOCK, &bus, &before) == 0 && sigismember(&before, SIGBUS) == 1;
}

void fc_guard_end(bool was_blocked) {
    if (!was_blocked) return;
    sigset_t bus;
    sigemptyset(&bus);
    sigaddset(&bus, SIGBUS);
    pthread_sigmask(SIG_BLOCK, &bus, NULL);
}

__attribute__((noinline)) bool fc_guard_run(const void *bytes, size_t len, void (*region)(void *ctx), void *ctx,
                                            size_t *out_fault) {
    guarded own;
    own.begin = (uintptr_t)bytes;
    own.len = len;
    if (sigsetjmp(own.jump, 0) != 0) {
        *out_fault = own.fault;
        return false;
    }
    current = &own;
    atomic_signal_fence(memory_order_seq_cst);
    region(ctx);
    atomic_signal_fence(memory_order_seq_cst);
    current = NULL;
    return true;
}
