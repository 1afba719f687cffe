/* Map whole files for reading. Part of the one runtime of the process, which counts the mappings: other modules call it
 * through fc_runtime.
 *
 * What is mapped may change or shrink under the reader at any time: it is only read inside fc_guard_run, and nothing is
 * parsed in place. */
#ifndef FC_MAP_H
#define FC_MAP_H

#include "fc_runtime.h"

enum { FC_MAP_MAX = 8192 };

/* Map the first `len` bytes of an open file and return them; NULL when `len` is 0, FC_MAP_MAX mappings exist, or the
 * system refuses: then the file is to be read instead. `replaces`: a mapping will end soon whose place this one takes,
 * so that twice as many may exist meanwhile. The descriptor may be closed. Thread-safe. */
const uint8_t *fc_map_open(int fd, size_t len, bool replaces);

/* End a mapping of fc_map_open. NULL is let pass. Thread-safe. */
void fc_map_close(const uint8_t *bytes, size_t len);

/* Let the system take back the pages of a stretch of a mapping; they come back when they are read. The page in which
 * the stretch ends counts, the one in which it begins only if it begins with it. Thread-safe, also while others read
 * there. */
void fc_map_drop(const uint8_t *bytes, size_t len);

/* How many mappings exist. */
size_t fc_map_count(void);

#endif
