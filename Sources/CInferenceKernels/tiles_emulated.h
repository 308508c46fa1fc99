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
static float bf16_at(const int8_t *p) {
    float x;
    const int8_t bytes[4] = {0, 0, p[0], p[1]};
    memcpy(&x, bytes, sizeof x);
    return x;
}
static void tile_dot_bf16(int total, int a, int b) {
    for (int i = 0; i < 16; i++) {
        float sums[16];
        memcpy(sums, tile_registers[total][i], 64);
        for (int l = 0; l < 32; l++) {
            for (int j = 0; j < 16; j++) { sums[j] += bf16_at(tile_registers[a][i] + 2 * l) * bf16_at(tile_registers[b][l / 2] + 4 * j + 2 * (l % 2)); }
        }
        memcpy(tile_registers[total][i], sums, 64);
    }
}

#define TILE_ZERO(t) memset(tile_registers[t], 0, sizeof tile_registers[t])
#define TILE_LOAD(t, p, pitch) tile_load(t, (const char *)(p), pitch)
#define TILE_STORE(t, p, pitch) tile_store(t, (char *)(p), pitch)
#define TILE_DOT(total, codes, weights) tile_dot(total, codes, weights)
#define TILE_DOT_BF16(total, a, b) tile_dot_bf16(total, a, b)

SIMD vi tile_totals(const int32_t *p) { vi result; memcpy(&result, p, sizeof result); return result; }
SIMD void prefetch(const char *p) { (void)p; }

SIMD vf bf16_nearest(vf x) {
    uint32_t bits[LANES];
    memcpy(bits, &x, sizeof bits);
    for (int i = 0; i < LANES; i++) { bits[i] = (bits[i] + 0x8000) & 0xFFFF0000; }
    memcpy(&x, bits, sizeof bits);
    return x;
}
SIMD void bf16_store_pairs(char *p, vf x, vf y) {
    uint32_t low[LANES], high[LANES];
    memcpy(low, &x, sizeof low), memcpy(high, &y, sizeof high);
    for (int i = 0; i < LANES; i++) { low[i] = low[i] >> 16 | (high[i] & 0xFFFF0000); }
    memcpy(p, low, sizeof low);
}
