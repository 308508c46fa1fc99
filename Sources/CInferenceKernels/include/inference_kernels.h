// The numerical kernels of the inference core, once per instruction set.
//
// Tensors are f32, row-major, channels last (NHWC). Every kernel writes each result with one fixed order of operations, so a result
// does not depend on how the caller cuts the work. NaN goes through clamps and additions. Pointers need only the alignment of float;
// packed weights are fastest at 64 bytes. No kernel allocates, fails or keeps state.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// One matrix product with its epilogue: `c[m, n] = clamp(bias[n] + sum_k a[m, k] * b[k, n] + residual[m, n])`.
///
/// Row m of `a`, `c` and `residual` starts at `(m / line_rows) * line_pitch + (m % line_rows) * row_pitch` (in floats). The k axis is
/// cut into `segments` of `segment_length` consecutive floats; segment s begins `segment_offsets[s]` floats after the row's start. A
/// convolution is thus a product whose rows are output pixels and whose segments are the lines of the window: nothing is copied.
typedef struct {
    size_t rows;            // m
    size_t columns;         // n
    size_t line_rows;       // rows (pixels) per line; >= 1
    size_t segments;
    size_t segment_length;
    const ptrdiff_t *segment_offsets; // NULL: all 0
    const float *a;
    ptrdiff_t a_row_pitch, a_line_pitch;
    const float *packed;    // from `pack`, with segments * segment_length rows
    float *c;
    ptrdiff_t c_row_pitch, c_line_pitch;
    const float *residual;  // or NULL
    ptrdiff_t residual_row_pitch, residual_line_pitch;
    float lower, upper;     // clamp; -INFINITY and INFINITY for none
    bool accumulate;        // begin with c instead of the bias
    bool residual_last;     // add the residual after the clamp instead of before
} mien_product;

/// Neighbouring output lines of a depthwise convolution or of a pooling window.
typedef struct {
    const float *const *lines;  // (output_lines - 1) * stride_y + (window_height - 1) * dilation + 1 input lines, each at input column 0;
                                // NULL for a line in the padding
    float *output;              // [x_end - x_begin, channels]
    size_t output_lines;
    size_t output_pitch;        // floats from one output line to the next
    const float *weights;       // depthwise only: [1 + window_height * window_width, padded channels]: bias, then taps
    size_t channels;
    size_t input_width;
    size_t x_begin, x_end;      // output columns to write
    size_t window_height, window_width;
    size_t stride_y, stride_x, dilation;
    size_t pad_left;
    float lower, upper;         // depthwise only
    bool counts_padding;        // average pooling only
} mien_window_lines;

typedef enum {
    MIEN_CLAMP,         // min(max(x, a), b)
    MIEN_LEAKY_RELU,    // x < 0 ? a * x : x
    MIEN_SIGMOID,
    MIEN_HARD_SWISH,    // x * clamp(x / 6 + 1/2, 0, 1)
    MIEN_SILU,          // x * sigmoid(x)
    MIEN_TANH,
} mien_activation;

#if defined(__clang__)
#define MIEN_SENDABLE __attribute__((swift_attr("@Sendable")))
#else
#define MIEN_SENDABLE
#endif

/// Constant once chosen, so any thread may hold a copy.
typedef struct MIEN_SENDABLE {
    const char *name;       // "scalar", "avx2", "avx512" or "neon"
    size_t lanes;           // floats per vector
    size_t tile_rows;       // rows of the widest product tile; more rows than this keep the kernel at full speed

    /// Floats that `pack` writes for a k x n matrix (its bias included).
    size_t (*packed_count)(size_t k, size_t n);
    /// Lays `weights[k * k_stride + n * n_stride]` and `bias` (NULL: zeros) out in the panels that `product` reads.
    void (*pack)(float *packed, const float *weights, size_t k, size_t n, ptrdiff_t k_stride, ptrdiff_t n_stride, const float *bias);
    void (*product)(const mien_product *);

    /// `lines`, `weights` and clamp as in `mien_window_lines`; padded channels = channels rounded up to whole vectors.
    void (*depthwise)(const mien_window_lines *);
    void (*max_pool)(const mien_window_lines *);
    void (*average_pool)(const mien_window_lines *);

    /// `y[r, c] = x[r, c] * scale[c] + shift[c]`.
    void (*scale_shift)(float *y, const float *x, const float *scale, const float *shift, size_t rows, size_t channels);
    /// `y = clamp(a + b)`. y may be a or b.
    void (*add)(float *y, const float *a, const float *b, size_t count, float lower, float upper);
    void (*multiply)(float *y, const float *a, const float *b, size_t count);
    /// y may be x. `a` and `b` are the parameters of clamp and leaky ReLU.
    void (*activate)(float *y, const float *x, size_t count, mien_activation kind, float a, float b);
    /// `y[c] = mean over rows of x[rows, channels]`.
    void (*mean_rows)(float *y, const float *x, size_t rows, size_t channels);
    /// Softmax over each row of `x[rows, channels]`; y may be x.
    void (*softmax)(float *y, const float *x, size_t rows, size_t channels);
    /// `y = (p[0] * w[0] + p[1] * w[1]) + (p[2] * w[2] + p[3] * w[3])`: one pixel of a bilinear resize.
    void (*blend)(float *y, const float *const p[4], const float w[4], size_t count);
    /// `y = a + (b - a) * t`.
    void (*interpolate)(float *y, const float *a, const float *b, float t, size_t count);
    /// `y += x * weight`.
    void (*accumulate)(float *y, const float *x, float weight, size_t count);
    /// `y = x * scale[i % channels] + shift[i % channels]`, the last step of a picture resize to f32. channels is 1...4.
    void (*normalize)(float *y, const float *x, const float *scale, const float *shift, size_t pixels, size_t channels);
    /// Rounds to the nearest integer and saturates to 0...255.
    void (*quantize)(uint8_t *y, const float *x, size_t count);
    /// One line of a bilinear resize along x: `y[x, c] = s[left[x], c] + (s[right[x], c] - s[left[x], c]) * t[x]`; indices in pixels, channels 1...4.
    void (*resample_line)(float *y, const uint8_t *s, const int32_t *left, const int32_t *right, const float *t, size_t width, size_t channels);
    /// One line of an area resize along x: `y[x, c]` is the mean of `s` from column `first[x]`, of which the part `first_weight[x]` counts, to
    /// column `last[x]`, of which the part `last_weight[x]` counts (0 where both are the same column).
    void (*average_line)(float *y, const uint8_t *s, const int32_t *first, const int32_t *last, const float *first_weight, const float *last_weight,
                         float scale, size_t width, size_t channels);
} mien_kernels;

/// The kernels chosen for this process: `MIEN_ISA` (scalar, avx2, avx512, neon) if set, else the fastest that the processor and the
/// operating system support. With a bad `MIEN_ISA` this is the automatic choice and `mien_selection_error` says what is wrong.
const mien_kernels *mien_current_kernels(void);
/// NULL, or why `MIEN_ISA` was not followed.
const char *mien_selection_error(void);

/// What the choice would be for a given value of `MIEN_ISA` (NULL: unset). `error` (or NULL) receives a message of less than `capacity`
/// bytes, empty when the value was followed.
const mien_kernels *mien_choose_kernels(const char *isa, char *error, size_t capacity);

/// Tables this machine can run, slowest first.
size_t mien_available_count(void);
const mien_kernels *mien_available_kernels(size_t index);

/// Names of processor features that matter here and are usable, e.g. "avx2 fma"; separated by spaces.
const char *mien_processor_features(void);

/// Processors that this process may run on; at least 1. A container or `taskset` can give it fewer than the machine has.
size_t mien_usable_processors(void);

/// Tells the processor that this is a spin loop.
static inline void mien_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#ifdef __cplusplus
}
#endif
