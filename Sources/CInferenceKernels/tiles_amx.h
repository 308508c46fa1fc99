// Tiles of 16 rows of 64 bytes. Their registers are numbered by constants, and belong to the thread from TILES_BEGIN to TILES_END.
#pragma once
#include <immintrin.h>

#define HAS_TILES

typedef struct {
    uint8_t palette, start, unused[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} tile_shapes;

SIMD void tiles_begin(void) {
    tile_shapes shapes = {.palette = 1};
    for (int i = 0; i < 8; i++) { shapes.row_bytes[i] = 64, shapes.rows[i] = 16; }
    _tile_loadconfig(&shapes);
}
SIMD void tiles_end(void) { _tile_release(); }

// Rows are `pitch` bytes apart.
#define TILE_ZERO(t) _tile_zero(t)
#if defined(__clang__)
#define TILE_LOAD(t, p, pitch) _tile_loadd(t, p, pitch)
#else
// gcc 12 does not know that this reads memory, and would be free to write it later.
#define TILE_LOAD(t, p, pitch)                                                                                                     \
    do {                                                                                                                           \
        __asm__ volatile("" ::: "memory");                                                                                         \
        _tile_loadd(t, p, pitch);                                                                                                  \
    } while (0)
#endif
#define TILE_STORE(t, p, pitch) _tile_stored(t, p, pitch)
// Adds to total [i][j] the four products of the codes [i][4 l...] and the weights [l][4 j...], for each l.
#define TILE_DOT(total, codes, weights) _tile_dpbusd(total, codes, weights)
// Adds to total [i][j], a float, the two products of the bfloat16 [i][2 l...] and [l][2 j...], for each l.
#define TILE_DOT_BF16(total, a, b) _tile_dpbf16ps(total, a, b)

SIMD vi tile_totals(const int32_t *p) { return _mm512_loadu_si512(p); }
SIMD void prefetch(const char *p) { _mm_prefetch(p, _MM_HINT_T0); }

// The nearest bfloat16; of ties, the larger one.
SIMD vf bf16_nearest(vf x) {
    const __m512i bits = _mm512_add_epi32(_mm512_castps_si512(x), _mm512_set1_epi32(0x8000));
    return _mm512_castsi512_ps(_mm512_and_si512(bits, _mm512_set1_epi32((int32_t)0xFFFF0000)));
}
// Cuts 16 pairs of floats to bfloat16, and stores each pair in 32 bits.
SIMD void bf16_store_pairs(char *p, vf x, vf y) {
    const __m512i low = _mm512_srli_epi32(_mm512_castps_si512(x), 16);
    const __m512i high = _mm512_and_si512(_mm512_castps_si512(y), _mm512_set1_epi32((int32_t)0xFFFF0000));
    _mm512_store_si512(p, _mm512_or_si512(low, high));
}
