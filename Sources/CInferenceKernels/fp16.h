// Whether the compiler knows arithmetic on 16-bit floats.
#pragma once
#if defined(__x86_64__) && defined(__has_include)
#if __has_include(<avx512fp16intrin.h>)
#define MIEN_FP16
#endif
#endif
