// IEEE 754 binary16 by its bits, for tables whose instruction set cannot convert it.
#pragma once
#include <stdint.h>
#include <string.h>

static inline float half_to_float(uint16_t half) {
    const uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 0x3FF;
    uint32_t bits;
    if (exponent == 31) {
        bits = 0x7F800000 | fraction << 13;
    } else if (exponent > 0) {
        bits = (exponent + 112) << 23 | fraction << 13;
    } else {
        const float value = (float)fraction * 0x1p-24f;
        memcpy(&bits, &value, sizeof bits);
    }
    bits |= sign;
    float result;
    memcpy(&result, &bits, sizeof result);
    return result;
}

// To the nearest, ties to even.
static inline uint16_t half_from_float(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    const uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    bits &= 0x7FFFFFFF;
    if (bits > 0x7F800000) { return sign | 0x7E00; }
    if (bits >= 0x477FF000) { return sign | 0x7C00; }
    if (bits < 0x38800000) {
        // Below the normal numbers: the addition rounds to multiples of 2^-24.
        float value;
        memcpy(&value, &bits, sizeof value);
        value += 0.5f;
        memcpy(&bits, &value, sizeof bits);
        return sign | (uint16_t)(bits - 0x3F000000);
    }
    bits += 0xFFF + (bits >> 13 & 1);
    return sign | (uint16_t)((bits - 0x38000000) >> 13);
}
