/* Starts and ends of a song's pitched notes, each in ascending order.
 *
 * Pitched are the notes of all channels but 9, which is drums; those that last no tick are left out. An event is a word
 * of tick * 128 + pitch; events of one tick keep the order of the notes. Ticks from FC_METER_MAX on count as
 * FC_METER_MAX. */
#ifndef FC_SWEEP_H
#define FC_SWEEP_H

#include <stddef.h>
#include <stdint.h>

#include "fc_song.h"
#include "fc_status.h"

/* A zeroed struct is empty. Its memory, 24 bytes a note, is kept from song to song. Not thread-safe. */
typedef struct fc_sweep {
    uint64_t *starts, *ends, *spare; /* one block, at `starts` */
    size_t len;
    uint64_t *own; /* of `room` notes */
    size_t room;
    void *lent; /* by the caller, `lent_size` bytes: taken instead where they are enough */
    size_t lent_size;
} fc_sweep;

#define FC_SWEEP_TICK(event) ((event) >> 7)
#define FC_SWEEP_PITCH(event) ((unsigned)(event) & 127)

/* Fill the sweep with the notes of a song. O(notes), times at most 6 digits of a tick. FC_NO_MEMORY leaves it empty. */
fc_status fc_sweep_fill(fc_sweep *sweep, const fc_song *song);

/* Return how many of the notes sound together at most; a note sounds from its start until before its end. O(notes). */
size_t fc_sweep_polyphony(const fc_sweep *sweep);

void fc_sweep_free(fc_sweep *sweep);

#endif
