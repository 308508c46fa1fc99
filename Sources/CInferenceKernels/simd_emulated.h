// Sixteen floats per vector, lowered by the compiler to whatever the machine has. Only the self-test of Scripts/check-kernels uses
// this: it runs the logic of the AVX-512 table (its tiles, panels and tails) on a machine without AVX-512.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>

#include "half.h"

#define LANES 16
#define TILE_ROWS_1 8
#define TILE_ROWS_2 8
#define TILE_ROWS_3 8
#define WIDE_PANEL 3

typedef float vf __attribute__((vector_size(64), aligned(4)));

#define EACH(expression) do { for (int i = 0; i < LANES; i++) result[i] = (expression); } while (0)
#define SIMD static inline __attribute__((always_inline))

SIMD vf vload(const float *p) { vf result; memcpy(&result, p, sizeof result); return result; }
SIMD void vstore(float *p, vf x) { memcpy(p, &x, sizeof x); }
SIMD vf vload_part(const float *p, size_t n) { vf result = {0}; memcpy(&result, p, n * sizeof(float)); return result; }
SIMD void vstore_part(float *p, vf x, size_t n) { memcpy(p, &x, n * sizeof(float)); }
SIMD vf vset(float x) { vf result; EACH(x); return result; }
SIMD vf vfma(vf a, vf b, vf c) { return a * b + c; }
SIMD vf vfnma(vf a, vf b, vf c) { return c - a * b; }
SIMD vf vadd(vf a, vf b) { return a + b; }
SIMD vf vsub(vf a, vf b) { return a - b; }
SIMD vf vmul(vf a, vf b) { return a * b; }
SIMD vf vdiv(vf a, vf b) { return a / b; }
SIMD vf vmax(vf limit, vf x) { vf result; EACH(x[i] < limit[i] ? limit[i] : x[i]); return result; }
SIMD vf vmin(vf limit, vf x) { vf result; EACH(x[i] > limit[i] ? limit[i] : x[i]); return result; }
SIMD vf vless(vf a, vf b, vf yes, vf no) { vf result; EACH(a[i] < b[i] ? yes[i] : no[i]); return result; }
SIMD vf vsqrt(vf x) { vf result; EACH(sqrtf(x[i])); return result; }
SIMD vf vabs(vf x) { vf result; EACH(fabsf(x[i])); return result; }
SIMD vf vround(vf x) { vf result; EACH(nearbyintf(x[i])); return result; }
SIMD vf vpower(vf shifted) {
    uint32_t bits[LANES];
    memcpy(bits, &shifted, sizeof bits);
    for (int i = 0; i < LANES; i++) { bits[i] <<= 23; }
    memcpy(&shifted, bits, sizeof bits);
    return shifted;
}
SIMD vf vsplit(vf x, vf *mantissa) {
    vf result;
    for (int i = 0; i < LANES; i++) {
        int exponent;
        float fraction = frexpf(x[i], &exponent);
        if (fraction < 0.70710678f) { fraction *= 2, exponent--; }
        (*mantissa)[i] = fraction, result[i] = (float)exponent;
    }
    return result;
}
SIMD void vtranspose(vf r[LANES]) {
    for (int i = 0; i < LANES; i++) {
        for (int j = 0; j < i; j++) {
            const float held = r[i][j];
            r[i][j] = r[j][i], r[j][i] = held;
        }
    }
}
SIMD vf vload_half(const uint16_t *p) { vf result; EACH(half_to_float(p[i])); return result; }
SIMD void vstore_half(uint16_t *p, vf x) { for (int i = 0; i < LANES; i++) { p[i] = half_from_float(x[i]); } }
// As AVX-512 with BF16 has them.
#define HAS_PAIRS
SIMD uint32_t brain_from_float(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    if (x != x) { return bits >> 16 | 64; }
    if (!(bits & 0x7f800000)) { bits &= 0x80000000; }
    return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}
SIMD float brain_to_float(uint32_t brain) {
    const uint32_t bits = brain << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}
SIMD vf vpairs(vf first, vf second) {
    uint32_t pairs[LANES];
    for (int i = 0; i < LANES; i++) { pairs[i] = brain_from_float(first[i]) | brain_from_float(second[i]) << 16; }
    memcpy(&first, pairs, sizeof pairs);
    return first;
}
SIMD vf vpair_products(vf a, vf b, vf c) {
    uint32_t x[LANES], y[LANES];
    memcpy(x, &a, sizeof x), memcpy(y, &b, sizeof y);
    for (int i = 0; i < LANES; i++) {
        c[i] = brain_to_float(x[i] >> 16) * brain_to_float(y[i] >> 16) + (brain_to_float(x[i]) * brain_to_float(y[i]) + c[i]);
    }
    return c;
}
SIMD void vstore_brain(char *p, vf x) {
    for (int i = 0; i < LANES; i++) {
        const uint16_t brain = (uint16_t)brain_from_float(x[i]);
        memcpy(p + i * 2, &brain, sizeof brain);
    }
}
// As AVX-512 with VNNI has them.
#define CODE uint8_t
#define CODE_BIAS 0
#define CODE_TOP 255
#define PARTS 1
#define QUANTIZED_ROWS 8
#define QUANTIZED_VECTORS 2
typedef int32_t vi __attribute__((vector_size(64), aligned(4)));
SIMD vi vizero(void) { return (vi){0}; }
SIMD vi vcodes(const CODE *p) {
    vi result;
    for (int i = 0; i < LANES; i++) { memcpy((char *)&result + 4 * i, p, 4); }
    return result;
}
SIMD vi vweights(const int8_t *p) { vi result; memcpy(&result, p, sizeof result); return result; }
SIMD vi four_products(vi sum, vi codes, vi weights) {
    uint8_t c[4 * LANES];
    int8_t w[4 * LANES];
    memcpy(c, &codes, sizeof c), memcpy(w, &weights, sizeof w);
    for (int i = 0; i < 4 * LANES; i++) { sum[i / 4] += c[i] * w[i]; }
    return sum;
}
SIMD vi vdot(vi sum, vi a, vi u, vi b, vi v) { return four_products(four_products(sum, a, u), b, v); }
SIMD vf vnumbers(vi x) { vf result; EACH((float)x[i]); return result; }
SIMD vf vtotals(const vi sums[PARTS]) { return vnumbers(sums[0]); }
SIMD vi vrounded(vf x) { vi result; EACH(x[i] == x[i] ? (int)nearbyintf(x[i]) : 0); return result; }
SIMD vi vplus(vi a, vi b) { return a + b; }
SIMD void vstore_codes(CODE *p, vi codes) { for (int i = 0; i < LANES; i++) { p[i] = (CODE)codes[i]; } }
SIMD void vstore_weights(int8_t *p, const vf x[4]) { for (int i = 0; i < 4 * LANES; i++) { p[i] = (int8_t)nearbyintf(x[i % 4][i / 4]); } }
SIMD float vsum(vf x) { float sum = 0; for (int i = 0; i < LANES; i++) sum += x[i]; return sum; }
SIMD float vmaximum(vf x) { float top = x[0]; for (int i = 1; i < LANES; i++) top = x[i] > top ? x[i] : top; return top; }
