/* Compile a stretch of functions for one instruction-set level.
 *
 *     FC_TARGET_BEGIN_V3
 *     ... functions that use AVX2 ...
 *     FC_TARGET_END
 *
 * <immintrin.h> must be included before the stretch begins. Only x86-64 has levels above base. */
#ifndef FC_TARGET_H
#define FC_TARGET_H

#if defined(__x86_64__)
#define FC_HAS_LEVELS 1
#define FC_DO_PRAGMA(text) _Pragma(#text)
#if defined(__clang__)
#define FC_TARGET_BEGIN(features) \
    FC_DO_PRAGMA(clang attribute push(__attribute__((target(features))), apply_to = function))
#define FC_TARGET_END _Pragma("clang attribute pop")
#else
#define FC_TARGET_BEGIN(features) _Pragma("GCC push_options") FC_DO_PRAGMA(GCC target(features))
#define FC_TARGET_END _Pragma("GCC pop_options")
#endif
#define FC_TARGET_BEGIN_V3 FC_TARGET_BEGIN("avx2,bmi,bmi2,lzcnt,popcnt")
#define FC_TARGET_BEGIN_V4 FC_TARGET_BEGIN("avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,bmi,bmi2,lzcnt,popcnt")
#else
#define FC_HAS_LEVELS 0
#endif

#endif
