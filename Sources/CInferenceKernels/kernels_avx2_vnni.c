// Products of 8-bit numbers for AVX2 with AVX-VNNI; the rest of the table is that without VNNI.
#if defined(__x86_64__)

#define WITH_VNNI
#include "simd_avx2.h"

#include "kernels_template.h"

const mien_quantized_kernels mien_quantized_avx2_vnni = QUANTIZED_TABLE;
#endif
