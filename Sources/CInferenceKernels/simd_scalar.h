// One float per "vector": the reference that every other table is tested against, and what runs on a processor without AVX2 or NEON.
// a * b + c is two roundings here (no FMA at the x86-64 baseline, and fmaf() would be a slow call).
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>

#include "half.h"

#define LANES 1
#define TILE_ROWS_1 4
#define TILE_ROWS_2 4
#define TILE_ROWS_3 3
#define WIDE_PANEL 2

typedef float vf;

static inline vf vload(const float *p) { return *p; }
static inline void vstore(float *p, vf x) { *p = x; }
static inline vf vload_part(const float *p, size_t n) { (void)n; return *p; }
static inline void vstore_part(float *p, vf x, size_t n) { (void)n; *p = x; }
static inline vf vset(float x) { return x; }
static inline vf vfma(vf a, vf b, vf c) { return a * b + c; }
// c - a * b.
static inline vf vfnma(vf a, vf b, vf c) { return c - a * b; }
static inline vf vadd(vf a, vf b) { return a + b; }
static inline vf vsub(vf a, vf b) { return a - b; }
static inline vf vmul(vf a, vf b) { return a * b; }
static inline vf vdiv(vf a, vf b) { return a / b; }
// The larger (smaller) of a limit and x; NaN in x comes through.
static inline vf vmax(vf limit, vf x) { return x < limit ? limit : x; }
static inline vf vmin(vf limit, vf x) { return x > limit ? limit : x; }
static inline vf vless(vf a, vf b, vf yes, vf no) { return a < b ? yes : no; }
static inline vf vsqrt(vf x) { return sqrtf(x); }
static inline vf vabs(vf x) { return fabsf(x); }
static inline vf vround(vf x) { return nearbyintf(x); }
// 2^n of n + POWER_ORIGIN, for whole n in -126...127; anything for NaN.
static inline vf vpower(vf shifted) {
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits <<= 23;
    memcpy(&shifted, &bits, sizeof bits);
    return shifted;
}
// x = mantissa * 2^exponent with the mantissa in sqrt(1/2) ..< sqrt(2), for positive normal x; anything for others.
static inline vf vsplit(vf x, vf *mantissa) {
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    const int32_t exponent = (bits - 0x3F3504F3) >> 23;
    bits -= (int32_t)((uint32_t)exponent << 23);
    memcpy(mantissa, &bits, sizeof bits);
    return (vf)exponent;
}
// rows[i][j] becomes rows[j][i].
static inline void vtranspose(vf rows[LANES]) { (void)rows; }
// LANES numbers of 16 bits.
static inline vf vload_half(const uint16_t *p) { return half_to_float(*p); }
static inline void vstore_half(uint16_t *p, vf x) { *p = half_from_float(x); }
// Products of 8-bit numbers: an activation's code is 0...CODE_TOP, less CODE_BIAS; a weight's, -127...127. Four codes meet four
// weights of each column at a time; an accumulator has PARTS totals for each of LANES / PARTS columns.
#define CODE uint8_t
#define CODE_BIAS 0
#define CODE_TOP 255
#define PARTS 1
#define QUANTIZED_ROWS 4
#define QUANTIZED_VECTORS 1
typedef int32_t vi;
static inline vi vizero(void) { return 0; }
// Four codes.
static inline vi vcodes(const CODE *p) {
    vi x;
    memcpy(&x, p, sizeof x);
    return x;
}
// Four weights of each column.
static inline vi vweights(const int8_t *p) {
    vi x;
    memcpy(&x, p, sizeof x);
    return x;
}
static inline vi four_products(vi codes, vi weights) {
    uint8_t c[4];
    int8_t w[4];
    memcpy(c, &codes, 4), memcpy(w, &weights, 4);
    return c[0] * w[0] + c[1] * w[1] + c[2] * w[2] + c[3] * w[3];
}
// sum + a * u + b * v, two times four products.
static inline vi vdot(vi sum, vi a, vi u, vi b, vi v) { return sum + four_products(a, u) + four_products(b, v); }
static inline vf vnumbers(vi x) { return (vf)x; }
// The totals of LANES columns.
static inline vf vtotals(const vi sums[PARTS]) { return vnumbers(sums[0]); }
// Anything for NaN.
static inline vi vrounded(vf x) { return x == x ? (vi)nearbyintf(x) : 0; }
static inline vi vplus(vi a, vi b) { return a + b; }
// LANES codes, which CODE must hold.
static inline void vstore_codes(CODE *p, vi codes) { *p = (CODE)codes; }
// Rounds four weights of each of LANES columns, all within -127...127.
static inline void vstore_weights(int8_t *p, const vf x[4]) {
    for (int i = 0; i < 4; i++) { p[i] = (int8_t)nearbyintf(x[i]); }
}
static inline float vsum(vf x) { return x; }
static inline float vmaximum(vf x) { return x; }
