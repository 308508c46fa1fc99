#include "simd_scalar.h"

#include "kernels_template.h"

TABLE(mien_kernels_scalar, "scalar");
