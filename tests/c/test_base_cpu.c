/* fc_cpu: names and levels go to each other and back, and what is detected is what the compiler's own check finds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fc_cpu.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

static unsigned long checks;

static void expect(int good, const char *what) {
    checks++;
    if (good) return;
    printf("%s\n", what);
    exit(1);
}

int main(void) {
    const char *names[FC_CPU_COUNT] = {"base", "v3", "v4"};
    for (int level = 0; level < FC_CPU_COUNT; level++) {
        expect(strcmp(fc_cpu_name((fc_cpu_level)level), names[level]) == 0, names[level]);
        expect(fc_cpu_by_name(names[level]) == (fc_cpu_level)level, names[level]);
    }
    const char *unknown[] = {"", "V3", "v", "v2", "v33", "base ", "native", "unknown"};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        expect(fc_cpu_by_name(unknown[i]) == FC_CPU_COUNT, unknown[i]);
    expect(fc_cpu_name(FC_CPU_COUNT) != NULL && fc_cpu_by_name(fc_cpu_name(FC_CPU_COUNT)) == FC_CPU_COUNT, "no level");

    const fc_cpu_level level = fc_cpu_detect();
    expect(level >= FC_CPU_BASE && level < FC_CPU_COUNT && level == fc_cpu_detect(), "a stable level");
#if defined(__x86_64__)
    __builtin_cpu_init();
    /* Not every compiler knows these two by name. */
    unsigned a, b, basic = 0, extended = 0, d;
    __get_cpuid(1, &a, &b, &basic, &d);
    __get_cpuid(0x80000001u, &a, &b, &extended, &d);
    const int v3 = (basic & bit_MOVBE) && (extended & bit_LZCNT) && __builtin_cpu_supports("avx2") &&
                   __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma") &&
                   __builtin_cpu_supports("popcnt");
    const int v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                   __builtin_cpu_supports("avx512vl");
    /* The run-time library of zig 0.17 denies everything, even what each x86-64 has: it can judge nothing. */
    if (__builtin_cpu_supports("sse2")) {
        expect((level >= FC_CPU_V3) == !!v3, "v3 where its features are, and nowhere else");
        expect((level == FC_CPU_V4) == !!v4, "v4 where its features are, and nowhere else");
    }
#else
    expect(level == FC_CPU_BASE, "only x86-64 has levels");
#endif
    printf("%lu checks\n", checks);
    return 0;
}
