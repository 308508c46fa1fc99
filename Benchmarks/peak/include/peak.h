#pragma once

/// What this processor can do with the instructions that the kernels use, on so many threads.
typedef enum {
    MIEN_PEAK_F32,  // multiplications and additions of f32, in 10^9 a second
    MIEN_PEAK_F16,  // the same of f16, or of pairs of bfloat16
    MIEN_PEAK_INT8, // the same of 8-bit numbers, on tiles (AMX) where the processor has them
    MIEN_PEAK_READ, // bytes read from memory, in 10^9 a second
} mien_peak_kind;

/// The best of some tries; 0 where the processor has no such instruction that this program knows.
double mien_peak(mien_peak_kind kind, int threads);
