#include "fc_status.h"

const char *fc_status_name(fc_status status) {
    switch (status) {
    case FC_OK: return "ok";
    case FC_NO_MEMORY: return "out of memory";
    case FC_BAD_VALUE: return "bad value";
    case FC_OS: return "system call failed";
    case FC_BAD_LINE: return "bad line";
    case FC_STOPPED: return "stopped";
    case FC_FORKED: return "forked while the work ran";
    case FC_STATUS_COUNT: break;
    }
    return "unknown status";
}
