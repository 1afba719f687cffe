/* Status codes of every fallible function of the core, and where an error lies.
 *
 * A function that can fail returns fc_status and writes through its out_ pointers only on FC_OK.
 * The binding maps each code to one Python exception class. */
#ifndef FC_STATUS_H
#define FC_STATUS_H

#include <stdint.h>

typedef enum fc_status {
    FC_OK = 0,
    FC_NO_MEMORY,   /* an allocation failed: MemoryError */
    FC_BAD_VALUE,   /* an argument is out of its documented bounds: ValueError */
    FC_OS,          /* a system call failed, its errno is in fc_error.reason: OSError */
    FC_BAD_LINE,    /* a line is no record, fc_error.reason says why: LineError */
    FC_STOPPED,     /* the caller's poll asked to stop: whatever it raised, else nothing */
    FC_FORKED,      /* the process is a child of the one that began the work: RuntimeError */
    FC_STATUS_COUNT
} fc_status;

/* What went wrong and where. `reason` is an errno (FC_OS) or an fc_line_reason (FC_BAD_LINE), else 0;
 * `offset` counts bytes from the start of the input, `line` counts from 1, 0 when it was not counted. */
typedef struct fc_error {
    fc_status status;
    int reason;
    uint64_t offset;
    uint64_t line;
} fc_error;

/* Return the code's name for messages, e.g. "out of memory"; never NULL, static storage. */
const char *fc_status_name(fc_status status);

#endif
