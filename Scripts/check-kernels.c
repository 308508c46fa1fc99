// Self-test of the kernels: every table that this machine has (and the emulated AVX-512 one, with -DMIEN_EMULATE) against plain loops in
// double precision, over random odd shapes; the tests are in kernel-tests. Buffers have exactly the size that a kernel may touch, so that a
// sanitizer sees any excess.
// Built and run by Scripts/check-kernels.
#include "kernel-tests/maps.h"
#include "kernel-tests/products.h"
#include "kernel-tests/quantized.h"
#include "kernel-tests/signals.h"

#ifdef MIEN_EMULATE
#include "simd_emulated.h"

#include "tiles_emulated.h"

#include "kernels_template.h"

TABLE(mien_kernels_emulated, "avx512, emulated");
static const mien_quantized_kernels emulated_tiles = QUANTIZED_TABLE_BY(tiled_product, tiled_attention);
#endif

int main(void) {
    const mien_kernels *tables[8];
    // Of a table with tiles, what computes the same without them.
    const mien_quantized_kernels *vectors[8] = {NULL};
    size_t count = 0;
    for (; count < mien_available_count(); count++) { tables[count] = mien_available_kernels(count); }
    for (size_t i = 1; i < count; i++) {
        if (strcmp(tables[i]->name, "amx") == 0) { vectors[i] = &tables[i - 1]->quantized; }
    }
#ifdef MIEN_EMULATE
    tables[count++] = &mien_kernels_emulated;
    mien_kernels tiled = mien_kernels_emulated;
    tiled.name = "amx, emulated";
    tiled.quantized = emulated_tiles;
    tiled.product = split_product;
    tiled.attention = split_attention;
    tiled.half_attention = rough_attention;
    mien_kernels paired = mien_kernels_emulated;
    paired.name = "avx512 with bf16, emulated";
    paired.half_pairs = true;
    paired.half_packed_bytes = pairs_packed_bytes;
    paired.half_pack = pairs_pack;
    paired.half_product = pairs_product;
    paired.half_attention_packed_count = pairs_attention_packed_count;
    paired.half_attention_pack = pairs_attention_pack;
    paired.half_attention = pairs_attention;
    tables[count++] = &paired;
    vectors[count] = &mien_kernels_emulated.quantized;
    tables[count++] = &tiled;
#endif
    for (size_t i = 0; i < count; i++) {
        kernels = tables[i];
        const int before = failures;
        for (int round = 0; round < 300; round++) {
            test_product();
            test_half();
            if (round % 3 == 0) { test_cuts(), test_half_values(); }
            test_window();
            test_lines();
            test_layer_norm();
            test_quantized();
            test_rounding();
            if (round % 3 == 0) { test_attention(), test_quantized_attention(); }
            if (vectors[i]) { test_tiled(vectors[i]); }
            if (vectors[i] && round % 3 == 0) { test_tiled_attention(vectors[i]); }
            test_spectra();
            if (round % 10 == 0) { test_elementwise(); }
            if (round % 3 == 0) { test_lstm(); }
        }
        printf("%s: %s\n", kernels->name, failures == before ? "passed" : "FAILED");
    }
    return failures ? 1 : 0;
}
