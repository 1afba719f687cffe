/* fc_warning: every bit has a name of its own that users can write, and damage is made of bits that there are. */
#include "check.h"
#include "fc_warning.h"

int main(void) {
    CHECK(FC_SMF_WARNING_COUNT < 64);
    for (int i = 0; i < FC_SMF_WARNING_COUNT; i++) {
        const char *name = fc_smf_warning_name((fc_smf_warning)i);
        CHECK(name != NULL && strlen(name) > 3);
        CHECK(strspn(name, "abcdefghijklmnopqrstuvwxyz_0") == strlen(name));
        for (int j = 0; j < i; j++) CHECK(strcmp(name, fc_smf_warning_name((fc_smf_warning)j)) != 0);
    }
    CHECK(fc_smf_warning_name(FC_SMF_WARNING_COUNT) == NULL);
    CHECK(strcmp(fc_smf_warning_name(FC_SMF_LEADING_BYTES), "leading_bytes") == 0);
    CHECK(FC_SMF_DAMAGE >> FC_SMF_WARNING_COUNT == 0);
    CHECK(FC_SMF_DAMAGE & FC_SMF_BIT(FC_SMF_EVENT_CUT));
    CHECK((FC_SMF_DAMAGE & FC_SMF_BIT(FC_SMF_EMPTY_NOTE)) == 0);
    return finish();
}
