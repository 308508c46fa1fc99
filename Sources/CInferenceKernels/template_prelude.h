// What every template needs: the attributes of its functions, and loops whose arrays of vectors stay in registers.
//
// TARGET is an attribute on each function rather than a compiler flag per file: SwiftPM has no flags per file, and a flag for the
// whole target would put AVX2 into the code that runs where there is none.
#pragma once
#include <math.h>
#include <string.h>

#include "include/inference_kernels.h"

#ifdef TARGET
#define KERNEL static __attribute__((unused, target(TARGET)))
#define INLINE static inline __attribute__((always_inline, target(TARGET)))
#else
#define KERNEL static __attribute__((unused))
#define INLINE static inline __attribute__((always_inline))
#endif

INLINE size_t whole_lines(size_t bytes) { return (bytes + 63) / 64 * 64; }

// Unrolled loops keep arrays of vectors in registers. Under a sanitizer nothing is in registers anyway, and compiling would take minutes.
#if defined(__has_feature) && !defined(MIEN_SANITIZED)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MIEN_SANITIZED
#endif
#endif
#if defined(MIEN_SANITIZED)
#define UNROLL
#define NO_VECTOR
#elif defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#define NO_VECTOR _Pragma("clang loop vectorize(disable) unroll(disable)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#define NO_VECTOR
#endif
