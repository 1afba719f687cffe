#include "fc_key.h"

#include <string.h>

size_t fc_dtype_size(fc_dtype dtype) {
    static const uint8_t sizes[FC_DTYPE_COUNT] = {1, 1, 2, 2, 4, 4, 8, 8, 4, 8};
    return sizes[dtype];
}

/* Flipping the sign bit makes signed order unsigned; negative floats are ordered backwards by their bits. */
static uint64_t key_i8(int8_t x) { return (uint8_t)x ^ 0x80u; }
static uint64_t key_u8(uint8_t x) { return x; }
static uint64_t key_i16(int16_t x) { return (uint16_t)x ^ 0x8000u; }
static uint64_t key_u16(uint16_t x) { return x; }
static uint64_t key_i32(int32_t x) { return (uint32_t)x ^ 0x80000000u; }
static uint64_t key_u32(uint32_t x) { return x; }
static uint64_t key_i64(int64_t x) { return (uint64_t)x ^ (UINT64_C(1) << 63); }
static uint64_t key_u64(uint64_t x) { return x; }

/* By bits alone: arithmetic would lose subnormal numbers where the processor is told to flush them. */
static uint64_t key_f32(float x) {
    const uint32_t sign = UINT32_C(1) << 31;
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    if (bits == sign) bits = 0;
    return bits ^ ((0u - (bits >> 31)) | sign);
}

static uint64_t key_f64(double x) {
    const uint64_t sign = UINT64_C(1) << 63;
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    if (bits == sign) bits = 0;
    return bits ^ ((UINT64_C(0) - (bits >> 63)) | sign);
}

static const uint64_t TOP[FC_DTYPE_COUNT] = {UINT8_MAX,  UINT8_MAX,  UINT16_MAX, UINT16_MAX, UINT32_MAX,
                                             UINT32_MAX, UINT64_MAX, UINT64_MAX, UINT32_MAX, UINT64_MAX};

#define GATHER(NAME, T)                                                                                \
    {                                                                                                  \
        const T *values = elements;                                                                    \
        for (size_t i = 0; i < count; i++) keys[i] = key_##NAME(values[positions[i]]) ^ flip;          \
        return;                                                                                        \
    }
#define GATHER_FLOAT(NAME, T)                                                                          \
    {                                                                                                  \
        const T *values = elements;                                                                    \
        for (size_t i = 0; i < count; i++) {                                                           \
            const T x = values[positions[i]];                                                          \
            keys[i] = x == x ? key_##NAME(x) ^ flip : 0;                                               \
        }                                                                                              \
        return;                                                                                        \
    }

void fc_key_gather(fc_dtype dtype, bool smallest, const void *elements, const uint32_t *positions, size_t count,
                   uint64_t *keys) {
    const uint64_t flip = smallest ? TOP[dtype] : 0;
    switch (dtype) {
    case FC_I8: GATHER(i8, int8_t)
    case FC_U8: GATHER(u8, uint8_t)
    case FC_I16: GATHER(i16, int16_t)
    case FC_U16: GATHER(u16, uint16_t)
    case FC_I32: GATHER(i32, int32_t)
    case FC_U32: GATHER(u32, uint32_t)
    case FC_I64: GATHER(i64, int64_t)
    case FC_U64: GATHER(u64, uint64_t)
    case FC_F32: GATHER_FLOAT(f32, float)
    case FC_F64: GATHER_FLOAT(f64, double)
    case FC_DTYPE_COUNT: break;
    }
}

uint64_t fc_key_of(fc_dtype dtype, bool smallest, const void *element) {
    const uint32_t first = 0;
    uint64_t key = 0;
    fc_key_gather(dtype, smallest, element, &first, 1, &key);
    return key;
}

void fc_key_element(fc_dtype dtype, bool smallest, uint64_t key, void *out_element) {
    const size_t size = fc_dtype_size(dtype);
    const uint64_t sign = UINT64_C(1) << (8 * size - 1);
    if (smallest) key ^= TOP[dtype];
    if (dtype == FC_F32 || dtype == FC_F64)
        key ^= (key & sign) != 0 ? sign : TOP[dtype];
    else if (dtype == FC_I8 || dtype == FC_I16 || dtype == FC_I32 || dtype == FC_I64)
        key ^= sign;
    const uint8_t u8 = (uint8_t)key;
    const uint16_t u16 = (uint16_t)key;
    const uint32_t u32 = (uint32_t)key;
    memcpy(out_element, size == 1 ? (const void *)&u8 : size == 2 ? (const void *)&u16 : size == 4 ? (const void *)&u32
                                                                                                   : (const void *)&key,
           size);
}

static const uint64_t INFINITE[FC_DTYPE_COUNT] = {[FC_F32] = 0xff800000, [FC_F64] = UINT64_C(0xfff0000000000000)};

uint64_t fc_key_lowest(fc_dtype dtype) { return INFINITE[dtype] == 0 ? 0 : TOP[dtype] - INFINITE[dtype]; }

bool fc_key_next(fc_dtype dtype, bool smallest, uint64_t key, uint64_t *out_next) {
    if (key == (INFINITE[dtype] != 0 ? INFINITE[dtype] : TOP[dtype])) return false;
    key++;
    if (INFINITE[dtype] != 0) {
        const uint64_t minus_zero = smallest ? TOP[dtype] - (TOP[dtype] >> 1) : TOP[dtype] >> 1;
        if (key < fc_key_lowest(dtype)) key = fc_key_lowest(dtype);
        if (key == minus_zero) key++; /* which is the key of no element */
    }
    *out_next = key;
    return true;
}

void fc_half_order(const uint16_t *halves, size_t count, bool smallest, int16_t *out) {
    const uint16_t nan = smallest ? 0x7fff : 0x8000;
    for (size_t i = 0; i < count; i++) {
        const uint16_t bits = halves[i], size = bits & 0x7fff;
        /* A negative one is minus its size, so that minus zero is 0. */
        const uint16_t ordered = (uint16_t)((bits & 0x8000) != 0 ? 0u - size : size);
        const uint16_t chosen = size > 0x7c00 ? nan : ordered;
        memcpy(&out[i], &chosen, sizeof chosen);
    }
}

static float half_to_float(uint16_t half) {
    const uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    uint32_t exponent = (half >> 10) & 31, fraction = half & 0x3ff, bits;
    if (exponent == 31) {
        bits = sign | 0x7f800000 | fraction << 13;
    } else if (exponent == 0 && fraction == 0) {
        bits = sign;
    } else {
        if (exponent == 0) { /* subnormal: shift its leading one into place */
            exponent = 1;
            while ((fraction & 0x400) == 0) {
                fraction <<= 1;
                exponent--;
            }
            fraction &= 0x3ff;
        }
        bits = sign | (exponent + 112) << 23 | fraction << 13;
    }
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint16_t float_to_half(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    const uint32_t size = bits & 0x7fffffff;
    if (size > 0x7f800000) return (uint16_t)(sign | 0x7e00);
    if (size >= 0x477ff000) return (uint16_t)(sign | 0x7c00); /* rounds to 65,536 or more */
    if (size < 0x33000001) return sign;                       /* rounds to zero */
    const uint32_t exponent = size >> 23, fraction = (size & 0x7fffff) | 0x800000;
    /* Drop 13 bits of a normal half, more of a subnormal one; what is dropped rounds to the nearest, ties to even. */
    const uint32_t drop = exponent >= 113 ? 13 : 126 - exponent;
    const uint32_t base = exponent >= 113 ? (exponent - 113) << 10 : 0;
    const uint32_t half = UINT32_C(1) << (drop - 1);
    const uint32_t kept = fraction >> drop, rest = fraction & ((UINT32_C(1) << drop) - 1);
    return (uint16_t)(sign | (base + kept + (rest > half || (rest == half && (kept & 1) != 0))));
}

uint16_t fc_half_add(uint16_t a, uint16_t b) { return float_to_half(half_to_float(a) + half_to_float(b)); }
