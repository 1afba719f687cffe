/* fc_status: every code has a name of its own, any other number one more. */
#include <stdio.h>
#include <string.h>

#include "fc_status.h"

int main(void) {
    unsigned long checks = 0;
    for (int code = 0; code <= FC_STATUS_COUNT; code++) {
        const char *name = fc_status_name((fc_status)code);
        if (name == NULL || name[0] == 0) return printf("code %d has no name\n", code), 1;
        for (int other = 0; other < code; other++, checks++)
            if (strcmp(name, fc_status_name((fc_status)other)) == 0)
                return printf("codes %d and %d are both %s\n", other, code, name), 1;
    }
    if (FC_OK != 0 || strcmp(fc_status_name(FC_NO_MEMORY), "out of memory") != 0) return printf("wrong names\n"), 1;
    printf("%lu checks\n", checks + 1);
    return 0;
}
