// Products of 8-bit numbers for AVX-512 with VNNI; the rest of the table is that without VNNI.
#if defined(__x86_64__)

#define WITH_VNNI
#include "simd_avx512.h"

#include "kernels_template.h"

const mien_quantized_kernels mien_quantized_avx512_vnni = QUANTIZED_TABLE;
#endif
