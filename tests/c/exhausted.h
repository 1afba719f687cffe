/* Memory that cannot be had, for C tests that are linked so that all of src_c allocates here (tests/test_c.py): one
 * allocation of a task fails, one after the other, and what the task held must be gone each time. */
#ifndef EXHAUSTED_H
#define EXHAUSTED_H

#include <stdbool.h>

#include "check.h"

static long held;                   /* blocks that are not freed */
static unsigned long until_failure; /* allocations that still succeed, and one; 0: all do */
static bool has_failed;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *bytes, size_t size);
void __real_free(void *bytes);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *bytes, size_t size);
void __wrap_free(void *bytes);

static bool fails(void) {
    if (until_failure == 0 || --until_failure != 0) return false;
    return has_failed = true;
}

void *__wrap_malloc(size_t size) {
    void *made = fails() ? NULL : __real_malloc(size);
    held += made != NULL;
    return made;
}

void *__wrap_calloc(size_t count, size_t size) {
    void *made = fails() ? NULL : __real_calloc(count, size);
    held += made != NULL;
    return made;
}

void *__wrap_realloc(void *bytes, size_t size) {
    void *made = fails() ? NULL : __real_realloc(bytes, size);
    held += made != NULL && bytes == NULL;
    return made;
}

void __wrap_free(void *bytes) {
    held -= bytes != NULL;
    __real_free(bytes);
}

/* Run a task that frees all that it makes and returns true if it did its work, false if it was told that there is no
 * memory; with each of its allocations failing, and then with none. Where none failed it must have worked. Returns how
 * many allocations it makes. */
static unsigned long exhaust(bool (*task)(void)) {
    CHECK(task()); /* what the process keeps is made now */
    for (unsigned long n = 1;; n++) {
        const long before = held;
        until_failure = n;
        has_failed = false;
        const bool worked = task();
        until_failure = 0;
        if (held != before) printf("allocation %lu: %ld blocks stay behind\n", n, held - before);
        CHECK(held == before);
        CHECK(worked || has_failed);
        if (!has_failed) return n - 1;
    }
}

#endif
