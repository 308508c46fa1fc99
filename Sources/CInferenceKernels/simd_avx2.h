// Eight floats per vector: AVX2 with FMA.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <immintrin.h>
#include <string.h>

#define LANES 8
// Eight accumulators hide the latency of FMA (4 cycles, 2 per cycle); more of them share each load of the panel. 4 x 3 would use all 16
// registers, and clang then moves values about: half the speed of 3 x 3.
#define TILE_ROWS_1 8
#define TILE_ROWS_2 6
#define TILE_ROWS_3 3
#define WIDE_PANEL 2
#ifdef WITH_VNNI
#define TARGET "avx2,fma,f16c,avxvnni"
#else
#define TARGET "avx2,fma,f16c"
#endif

#define SIMD static inline __attribute__((always_inline, target(TARGET)))

typedef __m256 vf;

static const int32_t part_masks[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};

SIMD __m256i vpart(size_t n) { return _mm256_loadu_si256((const __m256i *)(part_masks + 8 - n)); }
SIMD vf vload(const float *p) { return _mm256_loadu_ps(p); }
SIMD void vstore(float *p, vf x) { _mm256_storeu_ps(p, x); }
SIMD vf vload_part(const float *p, size_t n) { return _mm256_maskload_ps(p, vpart(n)); }
// In pieces: a masked store takes dozens of micro-operations on AMD's processors.
SIMD void vstore_part(float *p, vf x, size_t n) {
    __m128 piece = _mm256_castps256_ps128(x);
    if (n & 4) {
        _mm_storeu_ps(p, piece);
        p += 4;
        piece = _mm256_extractf128_ps(x, 1);
    }
    if (n & 2) {
        _mm_storel_pi((__m64 *)p, piece);
        p += 2;
        piece = _mm_movehl_ps(piece, piece);
    }
    if (n & 1) { _mm_store_ss(p, piece); }
}
SIMD vf vset(float x) { return _mm256_set1_ps(x); }
SIMD vf vfma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
SIMD vf vfnma(vf a, vf b, vf c) { return _mm256_fnmadd_ps(a, b, c); }
SIMD vf vadd(vf a, vf b) { return _mm256_add_ps(a, b); }
SIMD vf vsub(vf a, vf b) { return _mm256_sub_ps(a, b); }
SIMD vf vmul(vf a, vf b) { return _mm256_mul_ps(a, b); }
SIMD vf vdiv(vf a, vf b) { return _mm256_div_ps(a, b); }
// The instruction gives its second operand when either is NaN.
SIMD vf vmax(vf limit, vf x) { return _mm256_max_ps(limit, x); }
SIMD vf vmin(vf limit, vf x) { return _mm256_min_ps(limit, x); }
SIMD vf vless(vf a, vf b, vf yes, vf no) { return _mm256_blendv_ps(no, yes, _mm256_cmp_ps(a, b, _CMP_LT_OQ)); }
SIMD vf vsqrt(vf x) { return _mm256_sqrt_ps(x); }
SIMD vf vabs(vf x) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x); }
SIMD vf vround(vf x) { return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
SIMD vf vpower(vf shifted) { return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(shifted), 23)); }
SIMD vf vsplit(vf x, vf *mantissa) {
    const __m256i bits = _mm256_castps_si256(x);
    const __m256i exponent = _mm256_srai_epi32(_mm256_sub_epi32(bits, _mm256_set1_epi32(0x3F3504F3)), 23);
    *mantissa = _mm256_castsi256_ps(_mm256_sub_epi32(bits, _mm256_slli_epi32(exponent, 23)));
    return _mm256_cvtepi32_ps(exponent);
}
SIMD void vtranspose(vf r[LANES]) {
    vf halves[8];
    for (int i = 0; i < 8; i += 4) {
        const vf a = _mm256_unpacklo_ps(r[i], r[i + 1]), b = _mm256_unpackhi_ps(r[i], r[i + 1]);
        const vf c = _mm256_unpacklo_ps(r[i + 2], r[i + 3]), d = _mm256_unpackhi_ps(r[i + 2], r[i + 3]);
        halves[i] = _mm256_shuffle_ps(a, c, 0x44), halves[i + 1] = _mm256_shuffle_ps(a, c, 0xEE);
        halves[i + 2] = _mm256_shuffle_ps(b, d, 0x44), halves[i + 3] = _mm256_shuffle_ps(b, d, 0xEE);
    }
    for (int i = 0; i < 4; i++) {
        r[i] = _mm256_permute2f128_ps(halves[i], halves[i + 4], 0x20);
        r[i + 4] = _mm256_permute2f128_ps(halves[i], halves[i + 4], 0x31);
    }
}
SIMD vf vload_half(const uint16_t *p) { return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p)); }
SIMD void vstore_half(uint16_t *p, vf x) { _mm_storeu_si128((__m128i *)p, _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT)); }
typedef __m256i vi;
SIMD vi vizero(void) { return _mm256_setzero_si256(); }
#define CODE uint8_t
#define CODE_BIAS 0
#define PARTS 1
#define QUANTIZED_VECTORS 2
SIMD vi vcodes(const CODE *p) {
    int32_t four;
    memcpy(&four, p, sizeof four);
    return _mm256_set1_epi32(four);
}
SIMD vi vweights(const int8_t *p) { return _mm256_loadu_si256((const __m256i *)p); }
#ifdef WITH_VNNI
#define QUANTIZED_ROWS 6
#define CODE_TOP 255
SIMD vi vdot(vi sum, vi a, vi u, vi b, vi v) { return _mm256_dpbusd_avx_epi32(_mm256_dpbusd_avx_epi32(sum, a, u), b, v); }
#else
// The sum of two products saturates at 16 bits: 2 * 127 * 127 fits. Weights of 6 bits would let four be added up, a sixth faster; but what
// weights lose does not average out over time, as what activations lose does.
#define QUANTIZED_ROWS 4
#define CODE_TOP 127
SIMD vi vdot(vi sum, vi a, vi u, vi b, vi v) {
    const vi one = _mm256_set1_epi16(1);
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(a, u), one));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(b, v), one));
}
#endif
SIMD vf vnumbers(vi x) { return _mm256_cvtepi32_ps(x); }
SIMD vf vtotals(const vi sums[PARTS]) { return vnumbers(sums[0]); }
SIMD vi vrounded(vf x) { return _mm256_cvtps_epi32(x); }
SIMD vi vplus(vi a, vi b) { return _mm256_add_epi32(a, b); }
SIMD void vstore_codes(CODE *p, vi codes) {
    const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(codes), _mm256_extracti128_si256(codes, 1));
    _mm_storel_epi64((__m128i *)p, _mm_packus_epi16(words, words));
}
SIMD void vstore_weights(int8_t *p, const vf x[4]) {
    const __m256i low = _mm256_set1_epi32(255);
    const __m256i a = _mm256_and_si256(_mm256_cvtps_epi32(x[0]), low), b = _mm256_and_si256(_mm256_cvtps_epi32(x[1]), low);
    const __m256i c = _mm256_and_si256(_mm256_cvtps_epi32(x[2]), low), d = _mm256_cvtps_epi32(x[3]);
    const __m256i first = _mm256_or_si256(a, _mm256_slli_epi32(b, 8)), last = _mm256_or_si256(_mm256_slli_epi32(c, 16), _mm256_slli_epi32(d, 24));
    _mm256_storeu_si256((__m256i *)p, _mm256_or_si256(first, last));
}
SIMD float vsum(vf x) {
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
}
SIMD float vmaximum(vf x) {
    __m128 half = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    half = _mm_max_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_max_ss(half, _mm_movehdup_ps(half)));
}
