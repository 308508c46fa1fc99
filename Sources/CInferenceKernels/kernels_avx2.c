#if defined(__x86_64__)

#include "simd_avx2.h"

#include "kernels_template.h"

TABLE(mien_kernels_avx2, "avx2");
#endif
