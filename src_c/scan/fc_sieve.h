/* The raw filter: which lines of a stretch of bytes a probe lets through. */
#ifndef FC_SIEVE_H
#define FC_SIEVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fc_probe.h"

/* The filter's place in a stretch of bytes. */
typedef struct fc_sieve {
    const fc_probe *probe;
    const fc_find *find;
    const uint8_t *bytes;
    size_t len;
    struct {
        size_t clear; /* none begins before this place (and from the last one asked for on) */
        bool found;   /* one begins there */
    } searched[FC_PROBE_LITERALS_MAX]; /* each literal, the escapes together with the first */
} fc_sieve;

/* Point the sieve at a stretch of whole lines. A probe without literals lets every line through. */
void fc_sieve_start(fc_sieve *sieve, const fc_probe *probe, const fc_find *find, const uint8_t *bytes, size_t len);

/* Return the offset, from `from` on, of the first byte whose line must be parsed; `len` if no line must. Successive
 * calls must not go back. */
size_t fc_sieve_next(fc_sieve *sieve, size_t from);

#endif
