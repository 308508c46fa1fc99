#if defined(__aarch64__)

#include "simd_neon.h"

#include "kernels_template.h"

TABLE(mien_kernels_neon, "neon");
#endif
