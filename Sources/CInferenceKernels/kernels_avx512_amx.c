// Products for AVX-512 with VNNI and AMX: of 8-bit numbers, with the packed weights and the results of VNNI alone, and of floats, with the packed
// weights of the table without.
#include "amx.h"
#include "fp16.h"
#ifdef MIEN_AMX

#define WITH_VNNI
#define WITH_AMX
#ifdef MIEN_FP16
#define WITH_FP16
#endif
#include "simd_avx512.h"

#include "tiles_amx.h"

#include "kernels_template.h"

static const mien_quantized_kernels quantized = QUANTIZED_TABLE_BY(tiled_product, tiled_attention);

void mien_use_avx512_amx(mien_kernels *table) {
    table->quantized = quantized;
    table->row_piece = SPLIT_ROWS;
    table->product = split_product;
    table->attention = split_attention;
    table->half_attention = rough_attention;
#ifdef MIEN_FP16
    table->half_product = split_half_product;
#endif
}
#endif
