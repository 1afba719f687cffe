/* The blocks of one file, and what is remembered of each of them.
 *
 * A block is a stretch of whole lines, from the end of the one before it (from 0 the first) up to behind the first
 * newline that makes it at least the wanted size; the last one may be shorter. What stands behind the last newline of
 * the file belongs to no block: such a line is provisional. A file that grows keeps its blocks, but for a short last
 * one, which is cut anew.
 *
 * The bounds of a set of blocks never change once it is made, so any number of scans may use it side by side; a grown
 * file gets a new set, which shares the whole blocks with the old one. What is remembered of a block is put into its
 * slots once, by whoever learns it first, and stays until the last set that holds the block is released. */
#ifndef FC_BLOCKS_H
#define FC_BLOCKS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fc_plan.h"
#include "fc_status.h"

typedef struct fc_facts fc_facts;
typedef struct fc_names fc_names;
typedef struct fc_sketch fc_sketch;

enum { FC_BLOCKS_SIZE = 256 * 1024 };

/* One block: the bytes [begin, end) of the file. Each slot is NULL while unknown, else one malloc'ed piece that free()
 * releases and that nobody changes. */
typedef struct fc_extent {
    uint64_t begin, end;
    _Atomic(fc_facts *) facts;
    _Atomic(fc_names *) names;
    _Atomic(fc_sketch *) sketch;
    atomic_uint_least64_t newlines; /* and 1; 0 while unknown */
    atomic_uint_least64_t hash;     /* of the bytes of which something was learnt first; 0 while unknown */
    atomic_size_t users;            /* sets that hold it */
} fc_extent;

typedef struct fc_blocks {
    atomic_size_t users;
    uint64_t end; /* of the last block, 0 without any: lines that begin here or later belong to none */
    size_t len;
    fc_extent *items[]; /* in order, without gaps */
} fc_blocks;

/* Find where the blocks of `bytes` end, bytes[0] being the byte at `base` in the file, which begins a line. Writes the
 * ends, as places in the file, to out_ends, which must have room for len / size + 1, and returns how many. `size` >= 1.
 * Allocates nothing and writes nothing else, so that it may run over memory that faults. O(blocks) if lines are
 * short: it looks only behind each wanted size and, for the last newline, at the end. */
size_t fc_blocks_find_ends(const uint8_t *bytes, size_t len, uint64_t base, size_t size, uint64_t *out_ends);

/* How many of the first blocks stay when the file grows: all, but for a last one that is shorter than `size`. NULL has
 * none. *out_from is where what is to be cut begins. O(1). */
size_t fc_blocks_kept(const fc_blocks *blocks, size_t size, uint64_t *out_from);

/* Make a set of the first `kept` blocks of `old` (which may be NULL for none), shared with it, and new ones up to each
 * of the ascending `ends`. The caller owns one use of it. FC_NO_MEMORY. O(kept + count). */
fc_status fc_blocks_new(const fc_blocks *old, size_t kept, const uint64_t *ends, size_t count, fc_blocks **out);

/* The number of the first block that begins at `at` or behind it; blocks->len if none does. O(log len). */
size_t fc_blocks_at(const fc_blocks *blocks, uint64_t at);

/* Take part in the use of a set, and end a use: the last one frees it, and the blocks that no other set holds. NULL is
 * let pass. Thread-safe. */
fc_blocks *fc_blocks_share(fc_blocks *blocks);
void fc_blocks_release(fc_blocks *blocks);

/* Put what was learnt of a block into its slot, and return what stands there: of two who learn the same, the second's
 * piece is freed. Takes the piece over, which is not NULL. Thread-safe. */
const fc_facts *fc_extent_put_facts(fc_extent *extent, fc_facts *facts);
const fc_names *fc_extent_put_names(fc_extent *extent, fc_names *names);
const fc_sketch *fc_extent_put_sketch(fc_extent *extent, fc_sketch *sketch);

/* What stands in a slot, NULL while unknown. Thread-safe; the piece stays as long as a set that holds the block. */
const fc_facts *fc_extent_facts(const fc_extent *extent);
const fc_names *fc_extent_names(const fc_extent *extent);
const fc_sketch *fc_extent_sketch(const fc_extent *extent);

/* Remember how many newlines the block has; false and untouched from the second function while that is unknown. */
void fc_extent_put_newlines(fc_extent *extent, uint64_t newlines);
bool fc_extent_newlines(const fc_extent *extent, uint64_t *out);

/* The hash of a block's bytes, never 0. Whoever learns something of them for a slot puts it; the first one stays. 0
 * from the third function while it is unknown. */
uint64_t fc_extent_hash_of(const void *bytes, size_t len);
void fc_extent_put_hash(fc_extent *extent, uint64_t hash);
uint64_t fc_extent_hash(const fc_extent *extent);

enum { FC_USE_FACTS = 1, FC_USE_SKETCH = 2 };

/* False only if what is remembered of the block, as far as `use` lets it be asked (bits of FC_USE_*), proves that none
 * of its lines can match the plan. Thread-safe. */
bool fc_blocks_may_match(const fc_extent *extent, const fc_plan *plan, unsigned use);

#endif
