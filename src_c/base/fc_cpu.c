#include "fc_cpu.h"

#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <stdint.h>

static uint64_t enabled_state(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return ((uint64_t)high << 32) | low;
}

fc_cpu_level fc_cpu_detect(void) {
    unsigned a, b, c, d, b7, c7, d7;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return FC_CPU_BASE;
    const unsigned need1 = bit_OSXSAVE | bit_AVX | bit_FMA | bit_MOVBE | bit_POPCNT | bit_SSE4_2;
    if ((c & need1) != need1) return FC_CPU_BASE;
    const uint64_t state = enabled_state();
    if ((state & 0x6) != 0x6) return FC_CPU_BASE; /* the system does not save xmm and ymm */
    if (!__get_cpuid_count(7, 0, &a, &b7, &c7, &d7)) return FC_CPU_BASE;
    if (!__get_cpuid(0x80000001u, &a, &b, &c, &d) || !(c & bit_LZCNT)) return FC_CPU_BASE;
    const unsigned need7 = bit_AVX2 | bit_BMI | bit_BMI2;
    if ((b7 & need7) != need7) return FC_CPU_BASE;
    const unsigned need512 = bit_AVX512F | bit_AVX512BW | bit_AVX512CD | bit_AVX512DQ | bit_AVX512VL;
    if ((b7 & need512) != need512 || (state & 0xe6) != 0xe6) return FC_CPU_V3;
    return FC_CPU_V4;
}
#else
fc_cpu_level fc_cpu_detect(void) { return FC_CPU_BASE; }
#endif

static const char *const names[FC_CPU_COUNT] = {"base", "v3", "v4"};

fc_cpu_level fc_cpu_by_name(const char *name) {
    for (int level = 0; level < FC_CPU_COUNT; level++)
        if (strcmp(name, names[level]) == 0) return (fc_cpu_level)level;
    return FC_CPU_COUNT;
}

const char *fc_cpu_name(fc_cpu_level level) {
    return level < FC_CPU_COUNT ? names[level] : "unknown";
}
