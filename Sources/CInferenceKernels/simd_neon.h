// Four floats per vector: AArch64 NEON, which every 64-bit ARM has.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <arm_neon.h>
#include <string.h>

#define LANES 4
#define TILE_ROWS_1 8
#define TILE_ROWS_2 8
#define TILE_ROWS_3 8
#define WIDE_PANEL 3

#define SIMD static inline __attribute__((always_inline))

typedef float32x4_t vf;

SIMD vf vload(const float *p) { return vld1q_f32(p); }
SIMD void vstore(float *p, vf x) { vst1q_f32(p, x); }
SIMD vf vload_part(const float *p, size_t n) {
    float whole[4] = {0, 0, 0, 0};
    memcpy(whole, p, n * sizeof(float));
    return vld1q_f32(whole);
}
SIMD void vstore_part(float *p, vf x, size_t n) {
    float whole[4];
    vst1q_f32(whole, x);
    memcpy(p, whole, n * sizeof(float));
}
SIMD vf vset(float x) { return vdupq_n_f32(x); }
SIMD vf vfma(vf a, vf b, vf c) { return vfmaq_f32(c, a, b); }
SIMD vf vfnma(vf a, vf b, vf c) { return vfmsq_f32(c, a, b); }
SIMD vf vadd(vf a, vf b) { return vaddq_f32(a, b); }
SIMD vf vsub(vf a, vf b) { return vsubq_f32(a, b); }
SIMD vf vmul(vf a, vf b) { return vmulq_f32(a, b); }
SIMD vf vdiv(vf a, vf b) { return vdivq_f32(a, b); }
// fmax and fmin give NaN when either operand is NaN.
SIMD vf vmax(vf limit, vf x) { return vmaxq_f32(limit, x); }
SIMD vf vmin(vf limit, vf x) { return vminq_f32(limit, x); }
SIMD vf vless(vf a, vf b, vf yes, vf no) { return vbslq_f32(vcltq_f32(a, b), yes, no); }
SIMD vf vsqrt(vf x) { return vsqrtq_f32(x); }
SIMD vf vabs(vf x) { return vabsq_f32(x); }
SIMD vf vround(vf x) { return vrndnq_f32(x); }
SIMD vf vpower(vf shifted) { return vreinterpretq_f32_u32(vshlq_n_u32(vreinterpretq_u32_f32(shifted), 23)); }
SIMD vf vsplit(vf x, vf *mantissa) {
    const int32x4_t bits = vreinterpretq_s32_f32(x);
    const int32x4_t exponent = vshrq_n_s32(vsubq_s32(bits, vdupq_n_s32(0x3F3504F3)), 23);
    *mantissa = vreinterpretq_f32_s32(vsubq_s32(bits, vshlq_n_s32(exponent, 23)));
    return vcvtq_f32_s32(exponent);
}
SIMD void vtranspose(vf r[LANES]) {
    const float32x4x2_t a = vzipq_f32(r[0], r[2]), b = vzipq_f32(r[1], r[3]);
    const float32x4x2_t c = vzipq_f32(a.val[0], b.val[0]), d = vzipq_f32(a.val[1], b.val[1]);
    r[0] = c.val[0], r[1] = c.val[1], r[2] = d.val[0], r[3] = d.val[1];
}
SIMD vf vload_half(const uint16_t *p) { return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p))); }
SIMD void vstore_half(uint16_t *p, vf x) { vst1_u16(p, vreinterpret_u16_f16(vcvt_f16_f32(x))); }
// Codes are signed here: NEON multiplies bytes of one sign only.
#define CODE int8_t
#define CODE_BIAS 128
#define CODE_TOP 255
typedef int32x4_t vi;
SIMD vi vizero(void) { return vdupq_n_s32(0); }
SIMD vi vcodes(const CODE *p) {
    int32_t four;
    memcpy(&four, p, sizeof four);
    return vdupq_n_s32(four);
}
SIMD vf vnumbers(vi x) { return vcvtq_f32_s32(x); }
SIMD vi vrounded(vf x) { return vcvtnq_s32_f32(x); }
SIMD vi vplus(vi a, vi b) { return vaddq_s32(a, b); }
SIMD void vstore_codes(CODE *p, vi rounded) {
    const int16x4_t words = vmovn_s32(rounded);
    const int8x8_t codes = vmovn_s16(vcombine_s16(words, words));
    memcpy(p, &codes, 4);
}
SIMD void vstore_weights(int8_t *p, const vf x[4]) {
    const int32x4_t low = vdupq_n_s32(255);
    const int32x4_t a = vandq_s32(vcvtnq_s32_f32(x[0]), low), b = vandq_s32(vcvtnq_s32_f32(x[1]), low);
    const int32x4_t c = vandq_s32(vcvtnq_s32_f32(x[2]), low), d = vcvtnq_s32_f32(x[3]);
    vst1q_s8(p, vreinterpretq_s8_s32(vorrq_s32(vorrq_s32(a, vshlq_n_s32(b, 8)), vorrq_s32(vshlq_n_s32(c, 16), vshlq_n_s32(d, 24)))));
}
#ifdef __ARM_FEATURE_DOTPROD
#define PARTS 1
#define QUANTIZED_ROWS 8
#define QUANTIZED_VECTORS 3
SIMD vi vweights(const int8_t *p) { return vreinterpretq_s32_s8(vld1q_s8(p)); }
SIMD vi vdot(vi sum, vi a, vi u, vi b, vi v) {
    sum = vdotq_s32(sum, vreinterpretq_s8_s32(a), vreinterpretq_s8_s32(u));
    return vdotq_s32(sum, vreinterpretq_s8_s32(b), vreinterpretq_s8_s32(v));
}
SIMD vf vtotals(const vi sums[PARTS]) { return vnumbers(sums[0]); }
#else
#define PARTS 2
#define QUANTIZED_ROWS 8
#define QUANTIZED_VECTORS 1
// Weights of two columns, in the lower half.
SIMD vi vweights(const int8_t *p) { return vreinterpretq_s32_s8(vcombine_s8(vld1_s8(p), vdup_n_s8(0))); }
SIMD vi vdot(vi sum, vi a, vi u, vi b, vi v) {
    sum = vpadalq_s16(sum, vmull_s8(vget_low_s8(vreinterpretq_s8_s32(a)), vget_low_s8(vreinterpretq_s8_s32(u))));
    return vpadalq_s16(sum, vmull_s8(vget_low_s8(vreinterpretq_s8_s32(b)), vget_low_s8(vreinterpretq_s8_s32(v))));
}
SIMD vf vtotals(const vi sums[PARTS]) { return vnumbers(vpaddq_s32(sums[0], sums[1])); }
#endif
SIMD float vsum(vf x) { return vaddvq_f32(x); }
SIMD float vmaximum(vf x) { return vmaxvq_f32(x); }
