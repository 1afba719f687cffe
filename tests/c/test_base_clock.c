/* fc_clock: neither clock goes back, and work takes time on both. */
#include "check.h"
#include "fc_clock.h"

int main(void) {
    const int64_t began = fc_clock_ns(), cpu_began = fc_clock_cpu_ns();
    CHECK(began > 0);
    int64_t last = began, cpu_last = cpu_began;
    while (cpu_last < cpu_began + 1000000) {
        const int64_t now = fc_clock_ns(), cpu_now = fc_clock_cpu_ns();
        CHECK(now >= last && cpu_now >= cpu_last);
        last = now;
        cpu_last = cpu_now;
    }
    CHECK(last > began);
    return finish();
}
