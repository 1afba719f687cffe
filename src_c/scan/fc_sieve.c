#include "fc_sieve.h"

/* A window is searched for one literal after the other while it lies in the first-level cache. */
enum { ESCAPE_LEN = 6, WINDOW_BYTES = 16384 };

void fc_sieve_start(fc_sieve *sieve, const fc_probe *probe, const fc_find *find, const uint8_t *bytes, size_t len) {
    *sieve = (fc_sieve){.probe = probe, .find = find, .bytes = bytes, .len = len};
}

/* Search what begins in [from, to) for the probe's nth literal and, with the first one, for its escapes; what is found
 * may begin behind it. */
static bool sieve_find(const fc_sieve *sieve, size_t nth, size_t from, size_t to, size_t *out_at) {
    const fc_literal *literal = &sieve->probe->literals[nth];
    const size_t most = nth == 0 && literal->len < ESCAPE_LEN ? ESCAPE_LEN : literal->len;
    const size_t len = (sieve->len - to < most ? sieve->len : to + most - 1) - from;
    const uint8_t *bytes = sieve->bytes + from;
    const size_t at = nth == 0 ? sieve->find->either(literal, &sieve->probe->escapes, bytes, len)
                               : sieve->find->literal(literal, bytes, len);
    *out_at = from + at;
    return at < len;
}

size_t fc_sieve_next(fc_sieve *sieve, size_t from) {
    const size_t count = sieve->probe->literals_len;
    if (count == 0) return from;
    while (from < sieve->len) {
        const size_t window = count == 1 || sieve->len - from < WINDOW_BYTES ? sieve->len : from + WINDOW_BYTES;
        size_t first = window;
        for (size_t i = 0; i < count; i++) {
            size_t *clear = &sieve->searched[i].clear;
            bool *found = &sieve->searched[i].found;
            if (*clear < from) {
                *clear = from;
                *found = false;
            }
            if (!*found && *clear < first) {
                size_t at;
                *found = sieve_find(sieve, i, *clear, first, &at);
                *clear = *found ? at : first;
            }
            if (*found && *clear < first) first = *clear;
        }
        if (first < window) return first;
        from = window;
    }
    return sieve->len;
}
