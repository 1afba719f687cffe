/* What the C tests share: a check that says where it failed, seeded random numbers, a copy with nothing behind it. */
#ifndef CHECK_H
#define CHECK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned long checks;

#define CHECK(condition)                                                    \
    do {                                                                    \
        checks++;                                                           \
        if (!(condition)) {                                                 \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #condition);          \
            exit(1);                                                        \
        }                                                                   \
    } while (0)

static uint64_t random_state = 88172645463325252u;

/* A number below `below`; xorshift, by Marsaglia. */
static inline uint64_t random_below(uint64_t below) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (random_state >> 16) % below;
}

/* A malloc'ed copy of exactly `len` bytes, so that a sanitizer sees a read behind them. */
static inline uint8_t *exact_copy(const void *bytes, size_t len) {
    uint8_t *copy = malloc(len == 0 ? 1 : len);
    if (copy == NULL) exit(2);
    if (len != 0) memcpy(copy, bytes, len);
    return copy;
}

static inline int finish(void) {
    printf("%lu checks\n", checks);
    return 0;
}

#endif
