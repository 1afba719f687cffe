/* The elements that may still be among the k best of an array that is read from its front: their keys, and where they
 * stand.
 *
 * The best is the larger key, of equal keys the one that came first. When the list is full it is cut back to the k
 * best, and from then on only better keys are let in: a later one of the same key can never be wanted.
 * A list belongs to one thread at a time. */
#ifndef FC_CANDIDATES_H
#define FC_CANDIDATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fc_key.h"
#include "fc_status.h"

typedef struct fc_candidates {
    fc_dtype dtype;
    bool smallest;
    uint64_t *keys, *indices; /* the indices ascend, until the list is sorted */
    size_t len, room, k;
    uint64_t least; /* lower keys are not let in */
    bool raised;    /* the bar is above what it was reset to */
    bool closed;    /* no key is let in: k of the highest there is are in the list */
    uint64_t *spare_keys, *spare_indices;
    void *block; /* NULL: the memory is the caller's */
} fc_candidates;

enum { FC_CANDIDATES_SMALL_ROOM = 64 };

/* What a list of FC_CANDIDATES_SMALL_ROOM keeps: the caller may have it on its stack. */
typedef struct fc_candidates_small {
    uint64_t words[4 * FC_CANDIDATES_SMALL_ROOM];
} fc_candidates_small;

/* Make an empty list for the k best of n elements, 1 <= k <= n, that lets every key in. `small` serves where it
 * suffices and must then outlive the list; with NULL memory is always allocated. FC_NO_MEMORY. O(1) but for the
 * allocation. */
fc_status fc_candidates_init(fc_candidates *list, fc_dtype dtype, bool smallest, size_t k, size_t n,
                             fc_candidates_small *small);

void fc_candidates_free(fc_candidates *list);

/* Empty the list; it lets keys from `least` on in. */
void fc_candidates_reset(fc_candidates *list, uint64_t least);

/* Offer elements[positions[i]], i < count. Once k are in, later ones that only equal the first bar are not let in.
 * Their indices, base + positions[i], ascend and are above all that were offered before. O(count), amortised. */
void fc_candidates_offer(fc_candidates *list, const void *elements, const uint32_t *positions, size_t count,
                         uint64_t base);

/* Cut the list to its k best, in order by index. O(len). */
void fc_candidates_cut(fc_candidates *list);

/* Add what a list of the same n and keys and of no larger k holds, and cut. `other` is cut too, and then both together
 * must hold no more than n or 2 * k, whichever is less, as lists of disjoint indices do. O(len). */
void fc_candidates_merge(fc_candidates *list, fc_candidates *other);

/* Cut the list to its k best, the best first. `stop` is asked between passes, each O(len), and leaves the list in some
 * order if it says so. O(len * bytes of a key). */
void fc_candidates_sort(fc_candidates *list, bool (*stop)(void *ctx), void *ctx);

/* Return the kth largest of keys[0..len-1], 1 <= k <= len. `spare` has room for len keys.
 * O(len * bytes of a key), the order of the keys notwithstanding. */
uint64_t fc_candidates_kth(const uint64_t *keys, size_t len, size_t k, uint64_t *spare);

#endif
