// Sixteen floats per vector: AVX-512 F, BW, DQ and VL.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <immintrin.h>
#include <string.h>

#define LANES 16
// 32 registers would hold 14 x 2 accumulators, but 14 row pointers do not fit the general registers; 8 rows already keep both FMA
// pipes busy and load 10 vectors for 16 products.
#define TILE_ROWS_1 8
#define TILE_ROWS_2 8
#define TILE_ROWS_3 8
#define WIDE_PANEL 3
#if defined(WITH_AMX) && defined(WITH_FP16)
#define TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512fp16,avx2,fma,amx-tile,amx-int8,amx-bf16"
#elif defined(WITH_AMX)
#define TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,amx-tile,amx-int8,amx-bf16"
#elif defined(WITH_VNNI)
#define TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma"
#elif defined(WITH_FP16)
#define TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx512fp16,avx2,fma"
#elif defined(WITH_BF16)
#define TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma"
#else
#define TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"
#endif

#define SIMD static inline __attribute__((always_inline, target(TARGET)))

typedef __m512 vf;

SIMD __mmask16 vpart(size_t n) { return (__mmask16)((1u << n) - 1); }
SIMD vf vload(const float *p) { return _mm512_loadu_ps(p); }
SIMD void vstore(float *p, vf x) { _mm512_storeu_ps(p, x); }
SIMD vf vload_part(const float *p, size_t n) { return _mm512_maskz_loadu_ps(vpart(n), p); }
SIMD void vstore_part(float *p, vf x, size_t n) { _mm512_mask_storeu_ps(p, vpart(n), x); }
SIMD vf vset(float x) { return _mm512_set1_ps(x); }
SIMD vf vfma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
SIMD vf vfnma(vf a, vf b, vf c) { return _mm512_fnmadd_ps(a, b, c); }
SIMD vf vadd(vf a, vf b) { return _mm512_add_ps(a, b); }
SIMD vf vsub(vf a, vf b) { return _mm512_sub_ps(a, b); }
SIMD vf vmul(vf a, vf b) { return _mm512_mul_ps(a, b); }
SIMD vf vdiv(vf a, vf b) { return _mm512_div_ps(a, b); }
// The instruction gives its second operand when either is NaN.
SIMD vf vmax(vf limit, vf x) { return _mm512_max_ps(limit, x); }
SIMD vf vmin(vf limit, vf x) { return _mm512_min_ps(limit, x); }
SIMD vf vless(vf a, vf b, vf yes, vf no) { return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), no, yes); }
SIMD vf vsqrt(vf x) { return _mm512_sqrt_ps(x); }
SIMD vf vabs(vf x) { return _mm512_abs_ps(x); }
SIMD vf vround(vf x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
SIMD vf vpower(vf shifted) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(shifted), 23)); }
SIMD vf vsplit(vf x, vf *mantissa) {
    const __m512i bits = _mm512_castps_si512(x);
    const __m512i exponent = _mm512_srai_epi32(_mm512_sub_epi32(bits, _mm512_set1_epi32(0x3F3504F3)), 23);
    *mantissa = _mm512_castsi512_ps(_mm512_sub_epi32(bits, _mm512_slli_epi32(exponent, 23)));
    return _mm512_cvtepi32_ps(exponent);
}
// First within quarters of a register, then the 4 x 4 quarters.
SIMD void vtranspose(vf r[LANES]) {
    vf t[16];
    for (int i = 0; i < 16; i += 4) {
        const vf a = _mm512_unpacklo_ps(r[i], r[i + 1]), b = _mm512_unpackhi_ps(r[i], r[i + 1]);
        const vf c = _mm512_unpacklo_ps(r[i + 2], r[i + 3]), d = _mm512_unpackhi_ps(r[i + 2], r[i + 3]);
        t[i] = _mm512_shuffle_ps(a, c, 0x44), t[i + 1] = _mm512_shuffle_ps(a, c, 0xEE);
        t[i + 2] = _mm512_shuffle_ps(b, d, 0x44), t[i + 3] = _mm512_shuffle_ps(b, d, 0xEE);
    }
    for (int i = 0; i < 4; i++) {
        const vf a = _mm512_shuffle_f32x4(t[i], t[i + 4], 0x88), b = _mm512_shuffle_f32x4(t[i], t[i + 4], 0xDD);
        const vf c = _mm512_shuffle_f32x4(t[i + 8], t[i + 12], 0x88), d = _mm512_shuffle_f32x4(t[i + 8], t[i + 12], 0xDD);
        r[i] = _mm512_shuffle_f32x4(a, c, 0x88), r[i + 8] = _mm512_shuffle_f32x4(a, c, 0xDD);
        r[i + 4] = _mm512_shuffle_f32x4(b, d, 0x88), r[i + 12] = _mm512_shuffle_f32x4(b, d, 0xDD);
    }
}
SIMD vf vload_half(const uint16_t *p) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p)); }
SIMD void vstore_half(uint16_t *p, vf x) { _mm256_storeu_si256((__m256i *)p, _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT)); }
#ifdef WITH_FP16
#define HALF_LANES 32
typedef __m512h vh;
SIMD vh vhzero(void) { return _mm512_castsi512_ph(_mm512_setzero_si512()); }
SIMD vh vhload(const uint16_t *p) { return _mm512_castsi512_ph(_mm512_loadu_si512(p)); }
SIMD void vhstore(uint16_t *p, vh x) { _mm512_storeu_si512(p, _mm512_castph_si512(x)); }
SIMD vh vhpair(uint32_t pair) { return _mm512_castsi512_ph(_mm512_set1_epi32((int32_t)pair)); }
SIMD vh vhfma(vh a, vh b, vh c) { return _mm512_fmadd_ph(a, b, c); }
SIMD void vstore_pairs(uint32_t *p, vf x) {
    const __m512i halves = _mm512_cvtepu16_epi32(_mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT));
    _mm512_storeu_si512(p, _mm512_or_si512(halves, _mm512_slli_epi32(halves, 16)));
}
#endif
#ifdef WITH_BF16
#define HAS_PAIRS
SIMD vf vpair_products(vf a, vf b, vf c) { return _mm512_dpbf16_ps(c, (__m512bh)a, (__m512bh)b); }
// Those of lane i: `first` in the lower half, `second` in the upper one.
SIMD vf vpairs(vf first, vf second) {
    const __m512i lower = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(first)), upper = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(second));
    return _mm512_castsi512_ps(_mm512_or_si512(lower, _mm512_slli_epi32(upper, 16)));
}
SIMD void vstore_brain(char *p, vf x) { _mm256_storeu_si256((__m256i *)p, (__m256i)_mm512_cvtneps_pbh(x)); }
#endif
typedef __m512i vi;
SIMD vi vizero(void) { return _mm512_setzero_si512(); }
#define CODE uint8_t
#define CODE_BIAS 0
#define PARTS 1
#define QUANTIZED_ROWS 8
#define QUANTIZED_VECTORS 2
SIMD vi vcodes(const CODE *p) {
    int32_t four;
    memcpy(&four, p, sizeof four);
    return _mm512_set1_epi32(four);
}
SIMD vi vweights(const int8_t *p) { return _mm512_loadu_si512(p); }
#ifdef WITH_VNNI
#define CODE_TOP 255
SIMD vi vdot(vi sum, vi a, vi u, vi b, vi v) { return _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(sum, a, u), b, v); }
#else
// As in simd_avx2.h.
#define CODE_TOP 127
SIMD vi vdot(vi sum, vi a, vi u, vi b, vi v) {
    const vi one = _mm512_set1_epi16(1);
    sum = _mm512_add_epi32(sum, _mm512_madd_epi16(_mm512_maddubs_epi16(a, u), one));
    return _mm512_add_epi32(sum, _mm512_madd_epi16(_mm512_maddubs_epi16(b, v), one));
}
#endif
SIMD vf vnumbers(vi x) { return _mm512_cvtepi32_ps(x); }
SIMD vf vtotals(const vi sums[PARTS]) { return vnumbers(sums[0]); }
SIMD vi vrounded(vf x) { return _mm512_cvtps_epi32(x); }
SIMD vi vplus(vi a, vi b) { return _mm512_add_epi32(a, b); }
SIMD void vstore_codes(CODE *p, vi codes) { _mm_storeu_si128((__m128i *)p, _mm512_cvtepi32_epi8(codes)); }
#define STORES_FOUR
// Codes of 64 numbers, which stay in order: each quarter of a register holds four of each vector until the last step.
SIMD void vstore_four(CODE *p, const vi x[4]) {
    const __m512i bytes = _mm512_packus_epi16(_mm512_packs_epi32(x[0], x[1]), _mm512_packs_epi32(x[2], x[3]));
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    _mm512_storeu_si512(p, _mm512_permutexvar_epi32(order, bytes));
}
SIMD void vstore_weights(int8_t *p, const vf x[4]) {
    const __m512i low = _mm512_set1_epi32(255);
    const __m512i a = _mm512_and_si512(_mm512_cvtps_epi32(x[0]), low), b = _mm512_and_si512(_mm512_cvtps_epi32(x[1]), low);
    const __m512i c = _mm512_and_si512(_mm512_cvtps_epi32(x[2]), low), d = _mm512_cvtps_epi32(x[3]);
    const __m512i first = _mm512_or_si512(a, _mm512_slli_epi32(b, 8)), last = _mm512_or_si512(_mm512_slli_epi32(c, 16), _mm512_slli_epi32(d, 24));
    _mm512_storeu_si512(p, _mm512_or_si512(first, last));
}
SIMD float vsum(vf x) { return _mm512_reduce_add_ps(x); }
SIMD float vmaximum(vf x) { return _mm512_reduce_max_ps(x); }
