/* What the C tests of src_c/topk share: elements of every type, and their order in the most obvious C. */
#ifndef ELEMENTS_H
#define ELEMENTS_H

#include <float.h>
#include <math.h>
#include <stdbool.h>

#include "check.h"
#include "fc_key.h"

enum { SPECIALS_MAX = 32 };

static inline bool is_float(fc_dtype dtype) { return dtype == FC_F32 || dtype == FC_F64; }

/* The value of a half, after IEEE 754. */
static inline double half_value(uint16_t half) {
    const int exponent = half >> 10 & 31, fraction = half & 0x3ff;
    const double sign = (half & 0x8000) != 0 ? -1 : 1;
    if (exponent == 31) return fraction != 0 ? (double)NAN : sign * (double)INFINITY;
    return sign * (exponent == 0 ? ldexp(fraction, -24) : ldexp(1024 + fraction, exponent - 25));
}

/* The nearest value that a half can have, ties to even. */
static inline double nearest_half_value(double x) {
    if (isnan(x) || isinf(x) || x == 0) return x;
    const int exponent = ilogb(x);
    const double step = ldexp(1, (exponent < -14 ? -14 : exponent) - 10);
    const double rounded = copysign(rint(x / step) * step, x);
    return fabs(rounded) >= 65536 ? copysign((double)INFINITY, x) : rounded;
}

/* Below 0: `a` ranks before `b`; 0: the order does not tell them apart. */
static inline int rank_compare(fc_dtype dtype, bool smallest, const void *a, const void *b) {
    int order = 0, nan_a = 0, nan_b = 0;
#define ORDER(T)                        \
    {                                   \
        T x, y;                         \
        memcpy(&x, a, sizeof x);        \
        memcpy(&y, b, sizeof y);        \
        order = (x < y) - (x > y);      \
        if (is_float(dtype)) {          \
            nan_a = isnan((double)x);   \
            nan_b = isnan((double)y);   \
        }                               \
        break;                          \
    }
    switch (dtype) {
    case FC_I8: ORDER(int8_t)
    case FC_U8: ORDER(uint8_t)
    case FC_I16: ORDER(int16_t)
    case FC_U16: ORDER(uint16_t)
    case FC_I32: ORDER(int32_t)
    case FC_U32: ORDER(uint32_t)
    case FC_I64: ORDER(int64_t)
    case FC_U64: ORDER(uint64_t)
    case FC_F32: ORDER(float)
    case FC_F64: ORDER(double)
    case FC_DTYPE_COUNT: break;
    }
#undef ORDER
    if (nan_a || nan_b) return nan_a - nan_b;
    return smallest ? -order : order;
}

/* Write the values of a type at which code goes wrong; return how many. */
static inline size_t specials(fc_dtype dtype, void *out) {
    const double huge = (double)INFINITY, quiet = (double)NAN;
    const double f64[] = {0.0, -0.0, 1, -1, huge, -huge, quiet, -quiet, DBL_MAX, -DBL_MAX, DBL_MIN, -DBL_MIN, 0x1p-1074,
                          -0x1p-1074, DBL_MIN - 0x1p-1074, 0x1p-1074 - DBL_MIN, 1 + DBL_EPSILON, 1 - DBL_EPSILON};
    const float f32[] = {0.0f, -0.0f, 1, -1, INFINITY, -INFINITY, NAN, -NAN, FLT_MAX, -FLT_MAX, FLT_MIN, -FLT_MIN,
                         0x1p-149f, -0x1p-149f, FLT_MIN - 0x1p-149f, 0x1p-149f - FLT_MIN, 1 + FLT_EPSILON,
                         1 - FLT_EPSILON};
    const size_t size = fc_dtype_size(dtype), floats = sizeof f64 / sizeof *f64;
    if (dtype == FC_F64) memcpy(out, f64, sizeof f64);
    if (dtype == FC_F32) memcpy(out, f32, sizeof f32);
    if (is_float(dtype)) return floats;
    /* Around zero, and around the middle and the ends of the range, signed or not. */
    const uint64_t top = UINT64_MAX >> (64 - 8 * size), middle = top / 2;
    const uint64_t integers[] = {0, 1, 2, 3, middle - 1, middle, middle + 1, middle + 2, top - 2, top - 1, top};
    const size_t count = sizeof integers / sizeof *integers;
    for (size_t i = 0; i < count; i++) memcpy((uint8_t *)out + i * size, &integers[i], size);
    return count;
}

/* How an array is filled. */
typedef enum fill { FILL_BITS, FILL_SPECIALS, FILL_FEW, FILL_SPREAD, FILL_ASCENDING, FILL_DESCENDING, FILL_CONSTANT,
                    FILL_NAN, FILL_COUNT } fill;

/* Write a whole number; for halves, which are in `dtype` FC_I16, as their bits where it can be one, exactly. */
static inline void put_number(fc_dtype dtype, bool half, int64_t number, void *out) {
    const float f32 = (float)number;
    const double f64 = (double)number;
    if (half) {
        const double size = fabs(f64);
        const int exponent = size < 1 ? 0 : ilogb(size);
        uint16_t bits = number == 0 ? 0 : (uint16_t)((exponent + 15) << 10 | ((int)ldexp(size, 10 - exponent) & 0x3ff));
        if (number < 0) bits |= 0x8000;
        memcpy(out, &bits, 2);
    } else if (dtype == FC_F32) memcpy(out, &f32, 4);
    else if (dtype == FC_F64) memcpy(out, &f64, 8);
    else memcpy(out, &number, fc_dtype_size(dtype)); /* little-endian; cut, which keeps order where it fits */
}

/* Fill an array with numbers of a kind. In ascending ones of small types runs are equal. */
static inline void fill_elements(fc_dtype dtype, bool half, fill how, size_t n, void *out) {
    const size_t size = fc_dtype_size(dtype);
    uint64_t special[SPECIALS_MAX];
    const uint16_t special_halves[] = {0,      0x8000, 1,      0x8001, 0x3ff,  0x400,
                                       0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7c01, 0xfe00};
    const size_t count = half ? 12 : specials(dtype, special);
    const uint8_t *known = half ? (const uint8_t *)special_halves : (const uint8_t *)special;
    const int64_t low = dtype == FC_U8 || dtype == FC_U16 || dtype == FC_U32 || dtype == FC_U64 ? 0 : -100;
    for (size_t i = 0; i < n; i++) {
        uint8_t *at = (uint8_t *)out + i * size;
        const uint64_t bits = random_below(UINT64_MAX) << 32 ^ random_below(UINT64_MAX);
        const double place = (double)i / (double)n;
        const uint64_t not_a_number = half ? 0xfe00 : dtype == FC_F32 ? 0x7fc00001 : UINT64_C(0x7ff8) << 48;
        switch (how) {
        case FILL_BITS: memcpy(at, &bits, size); break;
        case FILL_SPECIALS: memcpy(at, known + bits % count * size, size); break;
        case FILL_FEW: put_number(dtype, half, low + (int64_t)(bits % 3), at); break;
        case FILL_SPREAD: put_number(dtype, half, low + (int64_t)(bits % (size == 1 ? 200 : 2000)), at); break;
        case FILL_ASCENDING: put_number(dtype, half, low + (int64_t)(200 * place), at); break;
        case FILL_DESCENDING: put_number(dtype, half, low + (int64_t)(200 * (1 - place)), at); break;
        case FILL_CONSTANT: put_number(dtype, half, 7, at); break;
        case FILL_NAN: memcpy(at, &not_a_number, size); break;
        case FILL_COUNT: break;
        }
    }
    /* Strictly ascending where the type has room for it. */
    if (!half && size >= 4 && (how == FILL_ASCENDING || how == FILL_DESCENDING))
        for (size_t i = 0; i < n; i++)
            put_number(dtype, half, (int64_t)(how == FILL_ASCENDING ? i : n - i), (uint8_t *)out + i * size);
}

#endif
