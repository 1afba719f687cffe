/* Status codes of every fallible function of the core.
 *
 * A function that can fail returns fc_status and writes through its out_ pointers only on FC_OK.
 * The binding maps each code to one Python exception class. */
#ifndef FC_STATUS_H
#define FC_STATUS_H

typedef enum fc_status {
    FC_OK = 0,
    FC_NO_MEMORY,   /* an allocation failed: MemoryError */
    FC_BAD_VALUE,   /* an argument is out of its documented bounds: ValueError */
    FC_OS,          /* a system call failed, the function says where its errno is: OSError */
    FC_BAD_LINE,    /* a line is no record, the function says where the reason is: LineError */
    FC_STOPPED,     /* the caller's poll asked to stop: whatever it raised, else nothing */
    FC_FORKED,      /* the process is a child of the one that began the work: RuntimeError */
    FC_STATUS_COUNT
} fc_status;

/* Return the code's name for messages, e.g. "out of memory"; never NULL, static storage. */
const char *fc_status_name(fc_status status);

#endif
