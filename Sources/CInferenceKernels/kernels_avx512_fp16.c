// Products with weights of 16 bits for AVX-512 with FP16; the rest of the table is that without.
#include "fp16.h"
#ifdef MIEN_FP16

#define WITH_FP16
#include "simd_avx512.h"

#include "kernels_template.h"

void mien_use_avx512_fp16(mien_kernels *table) {
    table->half_width = HALF_WIDTH;
    table->half_packed_bytes = sums_packed_bytes;
    table->half_pack = sums_pack;
    table->half_product = sums_product;
}
#endif
