// Products of 8-bit numbers for AVX-512 with VNNI and AMX; the packed weights and the results are those with VNNI alone.
#include "amx.h"
#ifdef MIEN_AMX

#define WITH_VNNI
#define WITH_AMX
#include "simd_avx512.h"

#include "tiles_amx.h"

#include "kernels_template.h"

const mien_quantized_kernels mien_quantized_avx512_amx = QUANTIZED_TABLE_BY(tiled_product, tiled_attention);
#endif
