// As tiles_amx.h, in plain C, for the self-test of Scripts/check-kernels.
#pragma once

#define HAS_TILES

static int8_t tile_registers[8][16][64];

SIMD void tiles_begin(void) { memset(tile_registers, 0, sizeof tile_registers); }
SIMD void tiles_end(void) {}
SIMD void tile_load(int t, const char *p, size_t pitch) {
    for (int i = 0; i < 16; i++) { memcpy(tile_registers[t][i], p + (size_t)i * pitch, 64); }
}
SIMD void tile_store(int t, char *p, size_t pitch) {
    for (int i = 0; i < 16; i++) { memcpy(p + (size_t)i * pitch, tile_registers[t][i], 64); }
}
static void tile_dot(int total, int codes, int weights) {
    for (int i = 0; i < 16; i++) {
        int32_t sums[16];
        memcpy(sums, tile_registers[total][i], 64);
        for (int l = 0; l < 64; l++) {
            for (int j = 0; j < 16; j++) { sums[j] += (uint8_t)tile_registers[codes][i][l] * tile_registers[weights][l / 4][4 * j + l % 4]; }
        }
        memcpy(tile_registers[total][i], sums, 64);
    }
}

#define TILE_ZERO(t) memset(tile_registers[t], 0, sizeof tile_registers[t])
#define TILE_LOAD(t, p, pitch) tile_load(t, (const char *)(p), pitch)
#define TILE_STORE(t, p, pitch) tile_store(t, (char *)(p), pitch)
#define TILE_DOT(total, codes, weights) tile_dot(total, codes, weights)

SIMD vi tile_totals(const int32_t *p) { vi result; memcpy(&result, p, sizeof result); return result; }
SIMD void prefetch(const char *p) { (void)p; }
