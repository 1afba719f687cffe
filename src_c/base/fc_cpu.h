/* Instruction-set levels and the one that this process uses.
 *
 * Kernels are compiled once per level into a table; the binding asks once, at import, which entry to use.
 * The levels are the psABI's: base is x86-64 (SSE2) or plain arm64, v3 adds AVX2, BMI1/2, LZCNT, POPCNT,
 * v4 adds AVX-512 F, BW, CD, DQ, VL. */
#ifndef FC_CPU_H
#define FC_CPU_H

typedef enum fc_cpu_level { FC_CPU_BASE = 0, FC_CPU_V3, FC_CPU_V4, FC_CPU_COUNT } fc_cpu_level;

/* Return the highest level that the processor and the operating system both support, asked anew each time.
 * O(1), thread-safe. */
fc_cpu_level fc_cpu_detect(void);

/* Return the level named "base", "v3" or "v4", FC_CPU_COUNT for any other name. `name` is NUL-terminated. */
fc_cpu_level fc_cpu_by_name(const char *name);

/* Return the name of a level; static storage. */
const char *fc_cpu_name(fc_cpu_level level);

#endif
