/* Hashes of a song's notes, by which songs of the same content are found whatever else is in their files.
 *
 * A note counts with its pitch, whether it is drums (channel 9), its start and its duration; not with its track, other
 * channel, program, velocity, nor with its place among notes, so a song of one track equals the same in many.
 *
 * A tick is rounded to the nearest 1/48 quarter note, halves up: q = floor((96 tick + tpqn) / (2 tpqn)). Under SMPTE
 * division, 1/96 second takes its place: q = floor(tick * (96 / ticks_per_second) + 1/2). The duration is
 * q(end) - q(start). With mix = fc_hash_mix and the constants K of fc_hash.h, modulo 2^64:
 *   t = mix(q(start) ^ K[0], duration ^ K[1])
 *   hash = mix(sum of mix(t ^ K[2], (pitch + 128 drums) ^ K[3]) ^ K[4], notes ^ K[5])
 * The shape takes the pitch less the lowest pitch that is not drums, for those that are not, so that it stays the same
 * when all of them are transposed. Ticks from 2^56 on count as 2^56. */
#ifndef FC_DIGEST_H
#define FC_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "fc_song.h"

typedef struct fc_digest {
    bool present; /* there are notes; else the rest is 0 */
    uint64_t notes, shape;
} fc_digest;

/* Hash a song's notes. O(notes). Pure, thread-safe. */
void fc_digest_of(const fc_song *song, fc_digest *out);

#endif
