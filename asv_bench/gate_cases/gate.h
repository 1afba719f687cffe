/* What the cases of the gate share. A case is one C function, which does work that was made ready before, and one line
 * in its room's table; the instructions between its begin and its end are what is counted. */
#ifndef GATE_H
#define GATE_H

#include <stddef.h>
#include <stdint.h>

#include "fc_cpu.h"

typedef struct gate_case {
    const char *name;      /* NULL ends a table */
    uint64_t (*work)(void);
    uint64_t expected;     /* what `work` must return: who finds nothing is not fast */
    fc_cpu_level up_to;    /* FC_CPU_BASE: there is one variant of it */
} gate_case;

typedef struct gate_room {
    const char *name; /* of src_c */
    void (*set_up)(fc_cpu_level level); /* make what the room's cases work on, the same bytes every time */
    const gate_case *cases;
} gate_room;

extern const gate_room gate_base, gate_bpm, gate_midi, gate_scan, gate_topk;

/* End the program unless `holds`. */
void gate_need(int holds, const char *what);

/* A number below `below`, from a fixed seed. */
uint64_t gate_random(uint64_t below);

#endif
