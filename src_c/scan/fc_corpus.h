/* The files of a corpus at one moment: a list of files, each held open as a member. */
#ifndef FC_CORPUS_H
#define FC_CORPUS_H

#include "fc_member.h"

/* How many files a refresh found in each state; the rest are the same as before. */
typedef struct fc_corpus_changes {
    size_t added, grown, replaced, removed, truncated;
} fc_corpus_changes;

/* Hold every file of a fresh list: entries[i].member becomes its member, with one use of it that fc_corpus_release
 * ends, and its info the member's. What `before` (NULL: nothing) holds under the same path is renewed, else opened. A
 * file that cannot be opened stays without a member: whoever scans it says why; in *out_changes it is no file. Files
 * in memory and open ones stay as they are. FC_NO_MEMORY: the members made so far are still to be released. O(files),
 * and O(1) for each that is unchanged, which is only statted. */
fc_status fc_corpus_hold(const fc_runtime *runtime, fc_file_list *files, const fc_file_list *before,
                         fc_corpus_changes *out_changes);

/* Let nothing that was learnt of these files be taken over when they are renewed, and what was learnt of be
 * compared. Not beside fc_corpus_hold. */
void fc_corpus_doubt(fc_file_list *files);

/* End the uses of all members of a list. */
void fc_corpus_release(fc_file_list *files);

/* What a corpus consists of. */
typedef struct fc_corpus_size {
    size_t files, mapped, blocks, facts, names, sketches;
    uint64_t bytes;  /* of all files that are held */
    uint64_t memory; /* bytes of memory taken, without the mappings and what was learnt of blocks */
    uint64_t learnt; /* bytes of memory of facts and names */
    uint64_t sketch_memory;
} fc_corpus_size;

/* O(blocks). Thread-safe beside scans. */
fc_corpus_size fc_corpus_measure(const fc_file_list *files);

#endif
