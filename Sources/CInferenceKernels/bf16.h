// Whether the compiler knows products of pairs of bfloat16.
#pragma once
#if defined(__x86_64__) && defined(__has_include)
#if __has_include(<avx512bf16intrin.h>)
#define MIEN_BF16
#endif
#endif
