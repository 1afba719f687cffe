/* A sketch of a block of whole lines: a small set by which most probes for what is not there are told to pass the
 * block by.
 *
 * It keeps which runs of four bytes occur, hashed, and which characters are spelled as an escape \uXXXX: each one of
 * ASCII, the others by pages of 128. A probe's literal can stand in the block only if all its runs do, one of its
 * escapes only if its character or page does; a block in which none can stand holds no candidate of the probe, so no
 * match either. The variants beyond ASCII of k and s, too short for a run of four bytes, are kept by name. */
#ifndef FC_SKETCH_H
#define FC_SKETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fc_arena.h"
#include "fc_find.h"
#include "fc_grams.h"
#include "fc_probe.h"
#include "fc_status.h"

/* Which escapes occur, and the variants beyond ASCII of k and s. */
typedef struct fc_spellings {
    uint64_t ascii[2];   /* bit c: the ASCII character c as an escape */
    uint64_t pages[2];   /* bit (unit / 128) % 128: a UTF-16 unit of 0x80 and above as an escape */
    bool kelvin, long_s; /* U+212A, U+017F, plain or as an escape */
} fc_spellings;

/* What is gathered of one block, and used again for the next one. About 64 KB. */
typedef struct fc_sketch_draft {
    fc_spellings spellings;
    unsigned shift;
    uint8_t marks[FC_GRAM_SLOTS];
} fc_sketch_draft;

/* One malloc'ed piece that free() releases; immutable, so threads may share it. */
typedef struct fc_sketch {
    fc_spellings spellings;
    unsigned shift; /* slot >> shift is the place of its bit */
    uint8_t bits[];
} fc_sketch;

/* Gather what a sketch of the block keeps; what the draft held before is gone. `mark` and `find` are kernels of any
 * level. Writes the draft alone, calls nothing that allocates or locks, so that it may run over memory that faults; a
 * draft that was left half done may be used again. O(len). */
void fc_sketch_gather(fc_sketch_draft *draft, fc_grams_mark mark, const fc_find *find, const uint8_t *bytes,
                      size_t len);

/* Make the sketch of the block that was gathered. Its bits are the least power of two that is at least a quarter of
 * the block's bytes, but 512 to 65,536: about 1/32 of the block's size. FC_NO_MEMORY. O(bits). */
fc_status fc_sketch_new(const fc_sketch_draft *draft, fc_sketch **out);

/* Bytes that the sketch takes. */
size_t fc_sketch_nbytes(const fc_sketch *sketch);

/* What is asked of sketches for one probe. Immutable. */
typedef struct fc_sketch_question {
    fc_spellings spellings;
    size_t literals;       /* how many */
    const uint16_t *slots; /* of each literal in turn: how many slots, then those */
} fc_sketch_question;

/* Make the question of a probe from the arena. *out is NULL if no sketch could say no: without any literal, or when
 * one of them has no run of four bytes that is kept. FC_NO_MEMORY. O(bytes of the literals). */
fc_status fc_sketch_question_new(fc_arena *arena, const fc_probe *probe, const fc_sketch_question **out);

/* False only if no line of the sketch's block is a candidate of the question's probe; true for NULL. O(slots). */
bool fc_sketch_may_match(const fc_sketch *sketch, const fc_sketch_question *question);

#endif
