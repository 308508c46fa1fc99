#if defined(__x86_64__)

#include "simd_avx512.h"

#include "kernels_template.h"

TABLE(mien_kernels_avx512, "avx512");
#endif
