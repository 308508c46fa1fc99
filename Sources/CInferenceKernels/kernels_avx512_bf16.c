// Products at f16 for AVX-512 with BF16; the rest of the table is that without.
#include "bf16.h"
#ifdef MIEN_BF16

#define WITH_BF16
#include "simd_avx512.h"

#include "kernels_template.h"

void mien_use_avx512_bf16(mien_kernels *table) {
    table->half_pairs = true;
    table->half_packed_bytes = pairs_packed_bytes;
    table->half_pack = pairs_pack;
    table->half_product = pairs_product;
    table->half_attention_packed_count = pairs_attention_packed_count;
    table->half_attention_pack = pairs_attention_pack;
    table->half_attention = pairs_attention;
}
#endif
