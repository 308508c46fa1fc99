// The numerical kernels of the inference core, once per instruction set.
//
// Tensors are f32, row-major, channels last (NHWC). Every kernel writes each result with one fixed order of operations, so a result
// does not depend on how the caller cuts the work. NaN goes through clamps and additions. Pointers need only the alignment of float;
// packed weights are fastest at 64 bytes. No kernel allocates, fails or keeps state; products take up to a megabyte of the stack.
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
    size_t first_column, end_column; // those of them to compute, both from `column_cut`; an end of 0: all
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
    bool tiled;             // use the processor's tiles, if it has them: worth it from some dozens of rows on. A row's result depends on this.
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

/// Steps of an LSTM from its inputs' share on. With a[g] = gates[t, g] + W[g] h for the gates i, f, g, o in that order:
/// `c = sigmoid(a[f]) * c + sigmoid(a[i]) * tanh(a[g])`, then `h = sigmoid(a[o]) * tanh(c)`.
typedef struct {
    size_t steps, units;
    const float *gates;     // [steps, 4, units]: biases and the product of the inputs
    const float *packed;    // W, from `lstm_pack`
    float *hidden, *cell;   // h and c, [units]: before the first step, and then after the last
    float *output;          // [steps, units]: h after each step; apart from `hidden`
} mien_lstm;

typedef enum {
    MIEN_CLAMP,         // min(max(x, a), b)
    MIEN_LEAKY_RELU,    // x < 0 ? a * x : x
    MIEN_SIGMOID,
    MIEN_HARD_SWISH,    // x * clamp(x / 6 + 1/2, 0, 1)
    MIEN_SILU,          // x * sigmoid(x)
    MIEN_TANH,
    MIEN_GELU,          // x * Phi(x), with the normal distribution: the error is below 3e-7 or one rounding of x
    MIEN_GELU_TANH,     // x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))
} mien_activation;

/// Some queries of one attention head against all keys: `y[i] = sum_j softmax_j(scale * q[i] . k[j]) * v[j]`.
///
/// The scores of a block of keys exist at a time; their maximum and sum are carried from block to block.
typedef struct {
    size_t queries, keys;   // keys >= 1
    size_t head;            // floats of a query, a key and a value
    const float *q;         // query i at i * q_pitch
    ptrdiff_t q_pitch;
    const float *packed;    // from `attention_pack`
    float *y;               // result i at i * y_pitch; may be q with its pitch
    ptrdiff_t y_pitch;
    float scale;            // > 0
    bool tiled;             // as in `mien_product`
    float *scratch;         // attention_scratch(queries, head) floats
} mien_attention;

/// A product of rows that `quantize_rows` rounded and of 8-bit weights: `c[m, n] = clamp(bias[n] + sum_k a[m, k] * b[k, n] + residual[m, n])`,
/// the sum being that of the rounded values without further error (but for one rounding to f32).
typedef struct {
    size_t rows, columns, k; // k <= MIEN_QUANTIZED_K
    const void *codes;      // [rows, row_bytes(k)]
    const float *ranges;    // [rows, 2]
    const void *packed;     // from `pack`
    float *c;
    ptrdiff_t c_row_pitch;
    const float *residual;  // or NULL; may be c with its pitch
    ptrdiff_t residual_row_pitch;
    float lower, upper;
} mien_quantized_product;

/// Longest sum that cannot overflow 32 bits: 2^31 / (255 * 127).
#define MIEN_QUANTIZED_K ((size_t)66000)

/// Products with 8-bit weights. Codes and packed weights are of one table's making only.
typedef struct {
    /// Steps from the least to the largest value of a row: 255, or 127 where two products are added up in 16 bits (AVX2 and AVX-512 without VNNI).
    uint32_t levels;
    /// Columns of a packed panel.
    uint32_t width;
    /// Bytes that `pack` writes for a k x n matrix (its bias included).
    size_t (*packed_bytes)(size_t k, size_t n);
    /// Rounds `weights[k * k_stride + n * n_stride]` to 8 bits, symmetrically, with a scale for each column: the largest of a column counts 127.
    /// Columns of whole numbers times a scale, the largest being 127, stay what they are. 64 bytes of alignment are fastest.
    void (*pack)(void *packed, const float *weights, size_t k, size_t n, ptrdiff_t k_stride, ptrdiff_t n_stride, const float *bias);
    /// Bytes of the codes of a row.
    size_t (*row_bytes)(size_t k);
    /// Rounds rows, `pitch` floats apart, to `levels` steps from the least of a row and 0 to the largest of it and 0. `ranges[rows, 2]`
    /// receives each row's scale and zero. A row with a value that is not finite, or of 3e38 and more, gives results that are NaN.
    void (*quantize_rows)(void *codes, float *ranges, const float *x, size_t rows, size_t k, ptrdiff_t pitch);
    void (*product)(const mien_quantized_product *);

    /// As those of `mien_kernels`, with products of 8-bit numbers.
    size_t (*attention_packed_count)(size_t keys, size_t head);
    void (*attention_pack)(float *packed, const float *k, const float *v, size_t block, size_t keys, size_t head, ptrdiff_t pitch);
    size_t (*attention_scratch)(size_t queries, size_t head);
    void (*attention)(const mien_attention *);
} mien_quantized_kernels;

#if defined(__clang__)
#define MIEN_SENDABLE __attribute__((swift_attr("@Sendable")))
#else
#define MIEN_SENDABLE
#endif

#define MIEN_FFT_LENGTH ((size_t)1 << 20)
#define MIEN_FFT_PASSES 20

/// How the FFT of `length` real numbers is done; made by `mien_fft_plan` and constant from then on.
typedef struct MIEN_SENDABLE {
    size_t length;
    size_t passes;
    uint8_t radices[MIEN_FFT_PASSES]; // of each pass; their product is the length
    const float *twiddles;  // cosine and sine of 2 pi j k / (radix m), for each pass, each 0 < k < m / 2, each 0 < j < radix
} mien_fft;

/// Filters that are 0 outside of some neighbouring bins of a spectrum.
typedef struct {
    size_t filters;
    const uint32_t *first;  // [filters]: first bin of each
    const uint32_t *widths; // [filters]: bins of each; may be 0
    const float *weights;   // of all filters, one after the other
    float least;            // smaller sums count as this; positive and normal
} mien_filter_bank;

/// Constant once chosen, so any thread may hold a copy.
typedef struct MIEN_SENDABLE {
    const char *name;       // "scalar", "avx2", "avx512", "amx" or "neon"
    const char *layout;     // of packed weights, with the widths of their panels: tables of one layout read the same
    size_t lanes;           // floats per vector
    size_t tile_rows;       // rows of the widest product tile; more rows than this keep the kernel at full speed
    size_t row_piece;       // rows of a long product, f32 or f16, that a thread should take at a time

    /// Floats that `pack` writes for a k x n matrix (its bias included).
    size_t (*packed_count)(size_t k, size_t n);
    /// Lays `weights[k * k_stride + n * n_stride]` and `bias` (NULL: zeros) out in the panels that `product` reads.
    void (*pack)(float *packed, const float *weights, size_t k, size_t n, ptrdiff_t k_stride, ptrdiff_t n_stride, const float *bias);
    /// A part of the columns only by `product`, and not by tiles.
    void (*product)(const mien_product *);
    /// The first column from `column` on where the product of n columns can be cut; n if there is none.
    size_t (*column_cut)(size_t n, size_t column);
    /// Columns of a packed panel of 16-bit weights.
    uint32_t half_width;
    /// Whether these weights are bfloat16.
    bool half_pairs;
    /// The same with weights of 16 bits (IEEE 754 binary16, to the nearest; beyond 65504 they count as that). `packed` is from `half_pack`;
    /// one segment without an offset, and neither `accumulate` nor `residual_last`. Arithmetic is in f32, or, on AVX-512 with FP16, in 16 bits
    /// with totals in f32 every 64 steps of k: off by about 0.12 % root mean square, and no sum overflows that would not in f32. With tiles, sums are
    /// in f32 and values are rounded to 8 bits: off by about 0.16 %. On AVX-512 with BF16 (`half_pairs`), sums are in f32 and values and weights are
    /// rounded to 8 bits, or to 0 below 2^-126: off by about 0.23 %.
    size_t (*half_packed_bytes)(size_t k, size_t n);
    void (*half_pack)(void *packed, const float *weights, size_t k, size_t n, ptrdiff_t k_stride, ptrdiff_t n_stride, const float *bias);
    void (*half_product)(const mien_product *);

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
    /// `y = (x - mean) / sqrt(variance + epsilon) * scale + shift` over each row of `x[rows, channels]`; the variance divides by channels. y may be x.
    void (*layer_norm)(float *y, const float *x, const float *scale, const float *shift, size_t rows, size_t channels, float epsilon);

    /// Keys (and their values) that are packed together, and whose scores exist at a time.
    size_t attention_block;
    /// Floats that the packed keys and values of one head take.
    size_t (*attention_packed_count)(size_t keys, size_t head);
    /// Packs block `block` (keys `block * attention_block`...) into its place. Key j is at `k + j * pitch`, its value at `v + j * pitch`.
    void (*attention_pack)(float *packed, const float *k, const float *v, size_t block, size_t keys, size_t head, ptrdiff_t pitch);
    size_t (*attention_scratch)(size_t queries, size_t head);
    void (*attention)(const mien_attention *);
    /// The same, as exact as `half_product` at least.
    size_t (*half_attention_packed_count)(size_t keys, size_t head);
    void (*half_attention_pack)(float *packed, const float *k, const float *v, size_t block, size_t keys, size_t head, ptrdiff_t pitch);
    void (*half_attention)(const mien_attention *);
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

    /// Power spectra of `frames` (1...lanes) frames, `hop` floats apart, each times the window: `power[k, l]` is |X(k)|^2 of frame l, for k in
    /// 0...length / 2; `[length / 2 + 1, lanes]`, the lanes beyond `frames` repeat the last frame. A frame's result does not depend on its
    /// lane. The error of |X(k)| is below 1e-6 times the root of the sum of the squares of the windowed samples, for lengths to 4096.
    /// `scratch` has 2 * length * lanes floats.
    void (*power_spectra)(float *power, const float *samples, size_t frames, size_t hop, const float *window, const mien_fft *fft, float *scratch);
    /// `y[l, r] = log10(max(least, sum_k power[k, l] * weights[r, k]))`, `[frames, filters]`, of the powers that `power_spectra` left. The
    /// logarithm is off by at most 6e-7 between 1e-10 and 1e10. NaN for a sum that is not finite.
    void (*filter_logarithms)(float *y, const float *power, size_t frames, const mien_filter_bank *bank);
    /// The largest value; NaN if any is not finite, -INFINITY if there are none.
    float (*largest)(const float *x, size_t count);
    /// `y = max(x, least) * scale + shift`. y may be x.
    void (*floor_scale)(float *y, const float *x, size_t count, float least, float scale, float shift);
    /// `y = sqrt(re * re + im * im)`.
    void (*magnitude)(float *y, const float *re, const float *im, size_t count);
    /// Floats that `lstm_pack` writes.
    size_t (*lstm_packed_count)(size_t units);
    /// Lays recurrent weights `[4, units, units]` (gates i, f, g, o) out as `lstm` reads them.
    void (*lstm_pack)(float *packed, const float *weights, size_t units);
    void (*lstm)(const mien_lstm *);
    mien_quantized_kernels quantized;
} mien_kernels;

/// Floats that a plan needs for its twiddle factors, at least 1; 0 if `length` is not 2^a 3^b 5^c or not in 2...MIEN_FFT_LENGTH.
size_t mien_fft_twiddle_count(size_t length);
/// Plans an FFT. The plan keeps `twiddles`, which has `mien_fft_twiddle_count(length)` floats.
void mien_fft_plan(mien_fft *fft, size_t length, float *twiddles);
/// Twiddle factors, as floats, of the pass that joins transforms of m points.
static inline size_t mien_fft_pass_twiddles(size_t m, size_t radix) { return (m - 1) / 2 * (radix - 1) * 2; }

/// The kernels chosen for this process: `MIEN_ISA` (scalar, avx2, avx512, amx, neon) if set, else the fastest that the processor and the
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
