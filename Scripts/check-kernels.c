// Self-test of the kernels: every table that this machine has (and the emulated AVX-512 one, with -DMIEN_EMULATE) against plain loops in
// double precision, over random odd shapes. Buffers have exactly the size that a kernel may touch, so that a sanitizer sees any excess.
// Built and run by Scripts/check-kernels.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amx.h"
#include "inference_kernels.h"

#ifdef MIEN_EMULATE
#include "simd_emulated.h"

#include "tiles_emulated.h"

#include "kernels_template.h"

TABLE(mien_kernels_emulated, "avx512, emulated");
static const mien_quantized_kernels emulated_tiles = QUANTIZED_TABLE_BY(tiled_product, tiled_attention);
#endif
#ifdef MIEN_AMX
extern const mien_quantized_kernels mien_quantized_avx512_vnni;
#endif

static uint64_t state = 0x9E3779B97F4A7C15u;
static int failures;
static const mien_kernels *kernels;

static size_t below(size_t count) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (size_t)(state % count);
}

static size_t between(size_t low, size_t high) { return low + below(high - low + 1); }

// Sizes around whole vectors, where the tails are.
static size_t odd_size(size_t limit) {
    const size_t lanes = kernels->lanes;
    const size_t sizes[] = {1, 2, 3, 7, lanes - 1, lanes, lanes + 1, 2 * lanes - 1, 2 * lanes, 2 * lanes + 1, 3 * lanes, 3 * lanes + 5, 5 * lanes + 3};
    const size_t size = below(3) ? sizes[below(sizeof sizes / sizeof sizes[0])] : between(1, limit);
    return size < 1 ? 1 : size > limit ? limit : size;
}

static void *allocate(size_t bytes) {
    void *memory = malloc(bytes ? bytes : 1);
    if (!memory) { abort(); }
    return memory;
}

static float *numbers(size_t count, float size) {
    float *values = allocate(count * sizeof(float));
    for (size_t i = 0; i < count; i++) { values[i] = ((float)below(20001) / 10000 - 1) * size; }
    return values;
}

// `bound` is absolute; it comes from the operation's size, see each test.
static void compare(const char *what, double got, double wanted, double bound) {
    if (fabs(got - wanted) <= bound || (isnan(got) && isnan(wanted)) || got == wanted) { return; }
    if (failures++ < 20) { printf("%s %s: got %.9g, wanted %.9g (bound %.3g)\n", kernels->name, what, got, wanted, bound); }
}

static double clamp(double x, double lower, double upper) { return x < lower ? lower : x > upper ? upper : x; }

// Bound: one rounding of each of the 2 k + 3 operations on terms of at most 1.
static void test_product(void) {
    const size_t lines = between(1, 3), line_rows = between(1, 30), rows = lines * line_rows - below(line_rows), columns = odd_size(70);
    // Long sums are added up in parts.
    const size_t segments = between(1, 3), length = below(10) ? odd_size(40) : between(900, 2500), k = segments * length;
    const size_t a_row = length + below(4), a_line = line_rows * a_row + below(5), c_row = columns + below(3), c_line = line_rows * c_row + below(3);
    ptrdiff_t offsets[3];
    size_t reach = 0;
    for (size_t s = 0; s < segments; s++) {
        offsets[s] = (ptrdiff_t)below(20);
        reach = (size_t)offsets[s] > reach ? (size_t)offsets[s] : reach;
    }
    float *a = numbers((lines - 1) * a_line + (line_rows - 1) * a_row + reach + length, 1), *b = numbers(k * columns, 1), *bias = numbers(columns, 1);
    const size_t count = (lines - 1) * c_line + (line_rows - 1) * c_row + columns;
    float *c = numbers(count, 1), *before = allocate(count * sizeof(float)), *residual = numbers(count, 1);
    memcpy(before, c, count * sizeof(float));
    float *packed = allocate(kernels->packed_count(k, columns) * sizeof(float));
    const bool has_bias = below(2), is_transposed = below(2), in_place = below(2);
    kernels->pack(packed, b, k, columns, is_transposed ? 1 : (ptrdiff_t)columns, is_transposed ? (ptrdiff_t)k : 1, has_bias ? bias : NULL);
    mien_product p = {.rows = rows, .columns = columns, .line_rows = line_rows, .segments = segments, .segment_length = length, .segment_offsets = offsets,
        .a = a, .a_row_pitch = (ptrdiff_t)a_row, .a_line_pitch = (ptrdiff_t)a_line, .packed = packed, .c = c, .c_row_pitch = (ptrdiff_t)c_row,
        .c_line_pitch = (ptrdiff_t)c_line, .residual = in_place ? c : below(2) ? residual : NULL, .residual_row_pitch = (ptrdiff_t)c_row,
        .residual_line_pitch = (ptrdiff_t)c_line, .lower = below(2) ? -0.5f : -INFINITY, .upper = below(2) ? 0.7f : INFINITY, .accumulate = below(3) == 0,
        .residual_last = below(2)};
    kernels->product(&p);
    bool *written = calloc(count, sizeof(bool));
    for (size_t m = 0; m < rows; m++) {
        for (size_t n = 0; n < columns; n++) {
            const size_t at = m / line_rows * c_line + m % line_rows * c_row + n;
            written[at] = true;
            double sum = p.accumulate ? before[at] : has_bias ? bias[n] : 0;
            for (size_t i = 0; i < k; i++) {
                const float x = a[m / line_rows * a_line + m % line_rows * a_row + (size_t)offsets[i / length] + i % length];
                sum += (double)x * (is_transposed ? b[n * k + i] : b[i * columns + n]);
            }
            const float other = in_place ? before[at] : residual[at];
            if (p.residual && !p.residual_last) { sum += other; }
            sum = clamp(sum, p.lower, p.upper);
            if (p.residual && p.residual_last) { sum += other; }
            compare("product", c[at], sum, (double)(2 * k + 3) * 6e-8 * ((double)k / 4 + 3));
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (!written[i]) { compare("product, beyond its rows", c[i], before[i], 0); }
    }
    free(a), free(b), free(bias), free(c), free(before), free(residual), free(packed), free(written);
}

// To the nearest of IEEE 754 binary16, ties to even, within its finite numbers.
static double rounded_half(double x) {
    int exponent;
    frexp(x, &exponent);
    const double step = ldexp(1, exponent - 1 < -14 ? -24 : exponent - 11);
    return clamp(nearbyint(x / step) * step, -65504, 65504);
}

// Whether half_product adds up in 16 bits.
static bool sums_halves(void) { return kernels->half_width == 4 * kernels->lanes; }

// Bound: as in test_product, on terms of at most `size`. In 16 bits, an activation and each of at most 64 additions round by 2^-11 of what
// they have at hand, and by 2^-24 of the range that rows are scaled to; what random signs leave of that is far from all of it.
static void test_half(void) {
    const size_t rows = below(8) ? between(1, 30) : between(90, 120), columns = odd_size(150), pitch_more = below(4), lines = between(1, 2);
    const size_t k = below(4) ? odd_size(60) : below(8) ? between(120, 300) : between(380, 1300), pitch = k + pitch_more, out = columns + below(3);
    const float sizes[] = {1, 1e-6f, 3e-5f, 1e5f}, size = sizes[below(4)];
    // Activations beyond what 16 bits hold, on either side, and at the ends of f32.
    const float activations[] = {1, 1, 1e6f, 1e-30f, 1e-40f, 1e31f}, activation = activations[below(6)];
    float *a = numbers((rows - 1) * pitch + k, activation), *b = numbers(k * columns, size), *bias = numbers(columns, size), *c = numbers(rows * out, size);
    float *residual = numbers(rows * out, size), *before = allocate(rows * out * sizeof(float));
    const bool is_transposed = below(2), in_place = below(2), has_bias = below(2);
    memcpy(before, in_place ? c : residual, rows * out * sizeof(float));
    void *packed = allocate(kernels->half_packed_bytes(k, columns));
    kernels->half_pack(packed, b, k, columns, is_transposed ? 1 : (ptrdiff_t)columns, is_transposed ? (ptrdiff_t)k : 1, has_bias ? bias : NULL);
    for (size_t i = 0; i < k * columns; i++) { b[i] = (float)rounded_half(b[i]); }
    const size_t line_rows = (rows + lines - 1) / lines;
    mien_product p = {.rows = rows, .columns = columns, .line_rows = line_rows, .segments = 1, .segment_length = k, .a = a,
        .a_row_pitch = (ptrdiff_t)pitch, .a_line_pitch = (ptrdiff_t)(line_rows * pitch), .c_line_pitch = (ptrdiff_t)(line_rows * out),
        .residual_line_pitch = (ptrdiff_t)(line_rows * out), .packed = packed, .c = c, .c_row_pitch = (ptrdiff_t)out, .residual = in_place ? c : below(2) ? residual : NULL, .residual_row_pitch = (ptrdiff_t)out,
        .lower = below(2) ? -0.5f * size : -INFINITY, .upper = below(2) ? 0.7f * size : INFINITY};
    kernels->half_product(&p);
    for (size_t m = 0; m < rows; m++) {
        for (size_t n = 0; n < columns; n++) {
            double sum = (has_bias ? bias[n] : 0) + (p.residual ? before[m * out + n] : 0);
            double terms = 0;
            for (size_t i = 0; i < k; i++) {
                const double term = (double)a[m * pitch + i] * (is_transposed ? b[n * k + i] : b[i * columns + n]);
                sum += term, terms += fabs(term);
            }
            const double largest = size * fmax(activation, 1), bound = largest * (double)(2 * k + 3) * 6e-8 * ((double)k / 4 + 3) + 1e-44 * (double)k;
            compare("half_product", c[m * out + n], clamp(sum, p.lower, p.upper), bound + (sums_halves() ? terms * 0x1p-9 + (double)k * size * activation * 0x1p-18 : 0));
        }
    }
    free(a), free(b), free(bias), free(c), free(residual), free(before), free(packed);
}

// A value that is not finite spoils its own row or column; in 16 bits the rest of a random product is off by about 0.12 %, root mean square.
static void test_half_values(void) {
    const size_t rows = between(4, 40), columns = odd_size(100), k = between(64, 800), bad = below(rows), place = below(k);
    const float odd_values[] = {NAN, INFINITY, -INFINITY, 3e38f, 65505}, odd_value = odd_values[below(5)];
    float *a = numbers(rows * k, 1), *b = numbers(k * columns, 1), *c = numbers(rows * columns, 1);
    for (size_t i = 0; i < k * columns; i++) { b[i] = b[i] < 0 ? b[i] - 0.01f : b[i] + 0.01f; }
    a[bad * k + place] = odd_value;
    if (below(4) == 0) { b[below(k * columns)] = NAN; }
    void *packed = allocate(kernels->half_packed_bytes(k, columns));
    kernels->half_pack(packed, b, k, columns, (ptrdiff_t)columns, 1, NULL);
    for (size_t i = 0; i < k * columns; i++) { b[i] = (float)rounded_half(b[i]); }
    kernels->half_product(&(mien_product){.rows = rows, .columns = columns, .line_rows = rows, .segments = 1, .segment_length = k, .a = a,
        .a_row_pitch = (ptrdiff_t)k, .packed = packed, .c = c, .c_row_pitch = (ptrdiff_t)columns, .lower = -INFINITY, .upper = INFINITY});
    double square = 0, error = 0;
    for (size_t m = 0; m < rows; m++) {
        for (size_t n = 0; n < columns; n++) {
            double sum = 0, terms = 0;
            for (size_t i = 0; i < k; i++) {
                const double term = (double)a[m * k + i] * b[i * columns + n];
                sum += term, terms += fabs(term);
            }
            if (m == bad) {
                // In 16 bits, up to 63 additions round by 2^-12 of the one large term.
                compare("half_product of an odd row", c[m * columns + n], sum, isfinite(odd_value) ? terms * 0x1p-6 : 0);
            } else if (isnan(sum)) {
                compare("half_product of an odd column", c[m * columns + n], sum, 0);
            } else {
                square += sum * sum, error += (c[m * columns + n] - sum) * (c[m * columns + n] - sum);
            }
        }
    }
    if (rows * columns > 500) { compare("half_product, rms error", sqrt(error / square), 0, sums_halves() ? 1.6e-3 : 1e-6); }
    free(a), free(b), free(c), free(packed);
}

// What a row gives does not depend on the rows beside it, to the last bit.
static void test_cuts(void) {
    const size_t rows = between(2, 60), columns = odd_size(150), k = below(4) ? odd_size(80) : between(1100, 2500), cut = between(1, rows - 1);
    float *a = numbers(rows * k, 1), *b = numbers(k * columns, 1), *whole = numbers(rows * columns, 1), *pieces = numbers(rows * columns, 1);
    for (int half = 0; half < 2; half++) {
        void *packed = allocate(half ? kernels->half_packed_bytes(k, columns) : kernels->packed_count(k, columns) * sizeof(float));
        if (half) {
            kernels->half_pack(packed, b, k, columns, (ptrdiff_t)columns, 1, NULL);
        } else {
            kernels->pack(packed, b, k, columns, (ptrdiff_t)columns, 1, NULL);
        }
        mien_product p = {.columns = columns, .line_rows = rows, .segments = 1, .segment_length = k, .a_row_pitch = (ptrdiff_t)k, .packed = packed,
            .c_row_pitch = (ptrdiff_t)columns, .lower = -INFINITY, .upper = INFINITY};
        for (int piece = 0; piece < 3; piece++) {
            const size_t first = piece == 2 ? cut : 0;
            p.rows = piece == 0 ? rows : piece == 1 ? cut : rows - cut;
            p.a = a + first * k, p.c = (piece == 0 ? whole : pieces) + first * columns;
            (half ? kernels->half_product : kernels->product)(&p);
        }
        for (size_t i = 0; i < rows * columns; i++) { compare(half ? "half_product, cut" : "product, cut", pieces[i], whole[i], 0); }
        free(packed);
    }
    free(a), free(b), free(whole), free(pieces);
}

// Bounds: depthwise and average as for sums of as many terms; maximum exact.
static void test_window(void) {
    const size_t height = between(1, 5), width = below(2) ? height : between(1, 5), stride_y = between(1, 3), stride_x = below(2) ? stride_y : between(1, 3);
    const size_t dilation = below(4) ? 1 : 2, channels = odd_size(60), lines_in = between(1, 9), columns_in = between(1, 14);
    const size_t top = below((height - 1) * dilation + 1), left = below((width - 1) * dilation + 1);
    const size_t columns_out = (columns_in + 2 * left - (columns_in + 2 * left < (width - 1) * dilation + 1 ? 0 : (width - 1) * dilation + 1)) / stride_x + 1;
    if (columns_in + 2 * left < (width - 1) * dilation + 1) { return; }
    const size_t lines_out = between(1, 4), padded = (channels + kernels->lanes - 1) / kernels->lanes * kernels->lanes, taps = height * width;
    const size_t first = below(columns_out), last = between(first + 1, columns_out);
    float *input = numbers(lines_in * columns_in * channels, 1), *weights = allocate((1 + taps) * padded * sizeof(float));
    for (size_t i = 0; i < (1 + taps) * padded; i++) { weights[i] = i % padded < channels ? (float)below(2001) / 1000 - 1 : 0; }
    const size_t reach = (lines_out - 1) * stride_y + (height - 1) * dilation + 1;
    const float **lines = allocate(reach * sizeof(float *));
    for (size_t i = 0; i < reach; i++) { lines[i] = i < top || i - top >= lines_in ? NULL : input + (i - top) * columns_in * channels; }
    const size_t pitch = (last - first) * channels;
    float *output = allocate(lines_out * pitch * sizeof(float));
    mien_window_lines w = {.lines = lines, .output = output, .output_lines = lines_out, .output_pitch = pitch, .weights = weights, .channels = channels,
        .input_width = columns_in, .x_begin = first, .x_end = last, .window_height = height, .window_width = width, .stride_y = stride_y,
        .stride_x = stride_x, .dilation = dilation, .pad_left = left, .lower = -0.8f, .upper = 0.9f, .counts_padding = below(2)};
    for (int kind = 0; kind < 3; kind++) {
        kind == 0 ? kernels->depthwise(&w) : kind == 1 ? kernels->max_pool(&w) : kernels->average_pool(&w);
        for (size_t y = 0; y < lines_out; y++) {
            for (size_t x = first; x < last; x++) {
                for (size_t c = 0; c < channels; c++) {
                    double sum = weights[c], total = 0, top_value = -INFINITY;
                    size_t count = 0;
                    for (size_t ky = 0; ky < height; ky++) {
                        const float *line = lines[y * stride_y + ky * dilation];
                        for (size_t kx = 0; line && kx < width; kx++) {
                            const size_t column = x * stride_x + kx * dilation;
                            if (column < left || column - left >= columns_in) { continue; }
                            const double value = line[(column - left) * channels + c];
                            sum += value * weights[(1 + ky * width + kx) * padded + c];
                            total += value;
                            top_value = value > top_value ? value : top_value;
                            count++;
                        }
                    }
                    if (w.counts_padding) { count = taps; }
                    const double wanted = kind == 0 ? clamp(sum, w.lower, w.upper) : kind == 1 ? top_value : total / (double)(count ? count : 1);
                    compare(kind == 0 ? "depthwise" : kind == 1 ? "max_pool" : "average_pool", output[y * pitch + (x - first) * channels + c], wanted, kind == 1 ? 0 : 2e-5);
                }
            }
        }
    }
    free(input), free(weights), free(lines), free(output);
}

static double activated(double x, mien_activation kind, double a, double b) {
    switch (kind) {
    case MIEN_CLAMP: return clamp(x, a, b);
    case MIEN_LEAKY_RELU: return x < 0 ? a * x : x;
    case MIEN_SIGMOID: return 1 / (1 + exp(-x));
    case MIEN_HARD_SWISH: return x * clamp(x / 6 + 0.5, 0, 1);
    case MIEN_SILU: return x / (1 + exp(-x));
    case MIEN_TANH: return tanh(x);
    case MIEN_GELU: return x / 2 * erfc(-x / sqrt(2));
    case MIEN_GELU_TANH: return x / 2 * (1 + tanh(sqrt(2 / 3.14159265358979324) * (x + 0.044715 * x * x * x)));
    }
    return x;
}

// Bounds: 4e-7 relative to the result and to 1 (to |x| for those that scale with it).
static void test_elementwise(void) {
    const size_t count = odd_size(200), channels = odd_size(70), rows = between(1, 200);
    const float size = below(2) ? 3 : 120;
    float *a = numbers(count, size), *b = numbers(count, size), *y = allocate(count * sizeof(float));
    for (int kind = MIEN_CLAMP; kind <= MIEN_GELU_TANH; kind++) {
        kernels->activate(y, a, count, (mien_activation)kind, kind == MIEN_CLAMP ? -1.5f : 0.1f, 2);
        for (size_t i = 0; i < count; i++) {
            const double wanted = activated(a[i], (mien_activation)kind, kind == MIEN_CLAMP ? -1.5 : 0.1f, 2);
            compare("activate", y[i], wanted, 4e-7 * (1 + fabs((double)a[i])));
        }
        const float nan_value = NAN;
        float result = 0;
        kernels->activate(&result, &nan_value, 1, (mien_activation)kind, 0, 1);
        compare("activate(NaN)", result, NAN, 0);
    }
    kernels->add(y, a, b, count, -2, 5);
    for (size_t i = 0; i < count; i++) { compare("add", y[i], clamp((double)a[i] + b[i], -2, 5), 2e-5); }
    kernels->multiply(y, a, b, count);
    for (size_t i = 0; i < count; i++) { compare("multiply", y[i], (double)a[i] * b[i], 1e-3); }
    kernels->interpolate(y, a, b, 0.3f, count);
    for (size_t i = 0; i < count; i++) { compare("interpolate", y[i], a[i] + ((double)b[i] - a[i]) * 0.3f, 6e-5); }
    memcpy(y, b, count * sizeof(float));
    kernels->accumulate(y, a, 0.7f, count);
    for (size_t i = 0; i < count; i++) { compare("accumulate", y[i], b[i] + (double)a[i] * 0.7f, 6e-5); }
    const float *corners[4] = {a, b, b, a}, weights[4] = {0.1f, 0.2f, 0.3f, 0.4f};
    kernels->blend(y, corners, weights, count);
    for (size_t i = 0; i < count; i++) { compare("blend", y[i], 0.5 * a[i] + 0.5 * b[i], 6e-5); }
    free(a), free(b), free(y);

    float *x = numbers(rows * channels, 30), *scale = numbers(channels, 2), *shift = numbers(channels, 2), *z = allocate(rows * channels * sizeof(float));
    kernels->scale_shift(z, x, scale, shift, rows, channels);
    for (size_t i = 0; i < rows * channels; i++) { compare("scale_shift", z[i], (double)x[i] * scale[i % channels] + shift[i % channels], 2e-5); }
    kernels->softmax(z, x, rows, channels);
    for (size_t r = 0; r < rows; r++) {
        double sum = 0, top = -INFINITY;
        for (size_t c = 0; c < channels; c++) { top = fmax(top, x[r * channels + c]); }
        for (size_t c = 0; c < channels; c++) { sum += exp(x[r * channels + c] - top); }
        for (size_t c = 0; c < channels; c++) { compare("softmax", z[r * channels + c], exp(x[r * channels + c] - top) / sum, 1e-6); }
    }
    kernels->mean_rows(z, x, rows, channels);
    for (size_t c = 0; c < channels; c++) {
        double sum = 0;
        for (size_t r = 0; r < rows; r++) { sum += x[r * channels + c]; }
        compare("mean_rows", z[c], sum / (double)rows, 3e-5);
    }
    const size_t pixel_channels = between(1, 4), pixels = rows * channels / 4 + 1;
    float *p = numbers(pixels * pixel_channels, 255), *q = allocate(pixels * pixel_channels * sizeof(float));
    const float scales[4] = {0.5f, 1, -2, 0.25f}, shifts[4] = {1, 2, 3, 4};
    kernels->normalize(q, p, scales, shifts, pixels, pixel_channels);
    for (size_t i = 0; i < pixels * pixel_channels; i++) {
        compare("normalize", q[i], (double)p[i] * scales[i % pixel_channels] + shifts[i % pixel_channels], 1e-4);
    }
    uint8_t *bytes = allocate(pixels * pixel_channels);
    kernels->quantize(bytes, p, pixels * pixel_channels);
    for (size_t i = 0; i < pixels * pixel_channels; i++) { compare("quantize", bytes[i], clamp(floor(p[i] + 0.5), 0, 255), 0); }
    free(x), free(scale), free(shift), free(z), free(p), free(q), free(bytes);
}

// Bound of the normalisation: the mean loses a few roundings of the largest value, the scale as many of itself.
static void test_layer_norm(void) {
    const size_t channels = odd_size(300), rows = between(1, 9);
    const float size = below(2) ? 1 : 30, centre = below(2) ? 0 : 100 * size, epsilon = 1e-5f;
    float *x = numbers(rows * channels, size), *scale = numbers(channels, 2), *shift = numbers(channels, 2), *y = allocate(rows * channels * sizeof(float));
    for (size_t i = 0; i < rows * channels; i++) { x[i] += centre; }
    kernels->layer_norm(y, x, scale, shift, rows, channels, epsilon);
    for (size_t r = 0; r < rows; r++) {
        double mean = 0, variance = 0;
        for (size_t c = 0; c < channels; c++) { mean += x[r * channels + c]; }
        mean /= (double)channels;
        for (size_t c = 0; c < channels; c++) { variance += (x[r * channels + c] - mean) * (x[r * channels + c] - mean); }
        const double deviation = sqrt(variance / (double)channels + epsilon);
        for (size_t c = 0; c < channels; c++) {
            const double wanted = (x[r * channels + c] - mean) / deviation * scale[c] + shift[c];
            compare("layer_norm", y[r * channels + c], wanted, 4e-6 * (1 + fabs(wanted)) + 1.2e-7 * (fabs(mean) + size) / deviation * 2);
        }
    }
    free(x), free(scale), free(shift), free(y);
}

// Bound: weights are right to a few roundings and to those of the scores, whose size is the exponent's.
static void test_attention(void) {
    const size_t heads[] = {1, 5, 16, 64, 72, 80, odd_size(40)}, head = heads[below(7)];
    const size_t queries = odd_size(20), keys = below(3) ? odd_size(60) : between(1, 3 * kernels->attention_block), pitch = head + below(5);
    const float scale = 1 / sqrtf((float)head), size = below(2) ? 1 : 6;
    float *q = numbers((queries - 1) * pitch + head, size), *k = numbers((keys - 1) * pitch + head, size), *v = numbers((keys - 1) * pitch + head, 1);
    float *packed = allocate(kernels->attention_packed_count(keys, head) * sizeof(float));
    float *scratch = allocate(kernels->attention_scratch(queries, head) * sizeof(float)), *y = numbers((queries - 1) * pitch + head, 1);
    float *before = allocate(((queries - 1) * pitch + head) * sizeof(float)), *gaps = allocate(((queries - 1) * pitch + head) * sizeof(float));
    double *scores = allocate(keys * sizeof(double));
    memcpy(before, q, ((queries - 1) * pitch + head) * sizeof(float));
    for (size_t block = 0; block * kernels->attention_block < keys; block++) { kernels->attention_pack(packed, k, v, block, keys, head, (ptrdiff_t)pitch); }
    const bool in_place = below(2);
    float *target = in_place ? q : y;
    memcpy(gaps, target, ((queries - 1) * pitch + head) * sizeof(float));
    const mien_attention p = {.queries = queries, .keys = keys, .head = head, .q = q, .q_pitch = (ptrdiff_t)pitch, .packed = packed, .y = target,
        .y_pitch = (ptrdiff_t)pitch, .scale = scale, .scratch = scratch};
    kernels->attention(&p);
    for (size_t i = 0; i < queries; i++) {
        double top = -INFINITY, total = 0;
        for (size_t j = 0; j < keys; j++) {
            scores[j] = 0;
            for (size_t c = 0; c < head; c++) { scores[j] += (double)before[i * pitch + c] * k[j * pitch + c]; }
            scores[j] *= scale;
            top = fmax(top, scores[j]);
        }
        for (size_t j = 0; j < keys; j++) { total += scores[j] = exp(scores[j] - top); }
        for (size_t c = 0; c < head; c++) {
            double wanted = 0;
            for (size_t j = 0; j < keys; j++) { wanted += scores[j] / total * v[j * pitch + c]; }
            compare("attention", target[i * pitch + c], wanted, 2e-6 + 4e-7 * size * size * sqrt((double)head));
        }
        for (size_t c = head; i + 1 < queries && c < pitch; c++) { compare("attention, between its rows", target[i * pitch + c], gaps[i * pitch + c], 0); }
    }
    free(q), free(k), free(v), free(packed), free(scratch), free(y), free(before), free(gaps), free(scores);
}

// Activations and weights that are whole numbers of steps, so that rounding changes nothing. Bound: roundings of the epilogue.
static void test_quantized(void) {
    const mien_quantized_kernels *q = &kernels->quantized;
    const size_t rows = between(1, 40), columns = odd_size(110), k = below(4) ? odd_size(70) : between(1, 500);
    const size_t a_pitch = k + below(4), c_pitch = columns + below(3), count = (rows - 1) * c_pitch + columns;
    const bool is_transposed = below(2), has_bias = below(2), in_place = below(2);
    const ptrdiff_t k_stride = is_transposed ? 1 : (ptrdiff_t)columns + 2, n_stride = is_transposed ? (ptrdiff_t)k + 3 : below(3) ? 1 : -1;
    float *a = numbers((rows - 1) * a_pitch + k, 1), *bias = numbers(columns, 1), *c = numbers(count, 1), *residual = numbers(count, 1);
    const size_t reach = is_transposed ? columns * (k + 3) : k * (columns + 2);
    float *b = numbers(reach, 1), *origin = n_stride == -1 ? b + columns - 1 : b, *before = allocate(count * sizeof(float));
    const int bad_row = below(20) == 0 ? (int)below(rows) : -1, bad_column = below(20) == 0 ? (int)below(columns) : -1;
    for (size_t m = 0; m < rows; m++) {
        // From -low to levels - low, in steps of 2^-5; both ends occur.
        const size_t low = below(q->levels + 1);
        for (size_t i = 0; i < k; i++) {
            const size_t code = i == 0 ? 0 : i == k - 1 ? q->levels : below(q->levels + 1);
            a[m * a_pitch + i] = k == 1 ? 3.96875f : ((float)code - (float)low) / 32;
        }
        if ((int)m == bad_row) { a[m * a_pitch + below(k)] = below(2) ? NAN : -INFINITY; }
    }
    for (size_t n = 0; n < columns; n++) {
        const size_t end = below(k);
        for (size_t i = 0; i < k; i++) {
            origin[(ptrdiff_t)i * k_stride + (ptrdiff_t)n * n_stride] = ((i == end ? (below(2) ? 254.0f : 0) : (float)below(255)) - 127) / 64;
        }
        if ((int)n == bad_column) { origin[(ptrdiff_t)below(k) * k_stride + (ptrdiff_t)n * n_stride] = NAN; }
    }
    void *packed = allocate(q->packed_bytes(k, columns)), *codes = allocate(rows * q->row_bytes(k));
    float *ranges = allocate(2 * rows * sizeof(float));
    q->pack(packed, origin, k, columns, k_stride, n_stride, has_bias ? bias : NULL);
    q->quantize_rows(codes, ranges, a, rows, k, (ptrdiff_t)a_pitch);
    memcpy(before, c, count * sizeof(float));
    mien_quantized_product p = {.rows = rows, .columns = columns, .k = k, .codes = codes, .ranges = ranges, .packed = packed, .c = c,
        .c_row_pitch = (ptrdiff_t)c_pitch, .residual = in_place ? c : below(2) ? residual : NULL, .residual_row_pitch = (ptrdiff_t)c_pitch,
        .lower = below(2) ? -20 : -INFINITY, .upper = below(2) ? 30 : INFINITY};
    q->product(&p);
    for (size_t i = 0; i < count; i++) {
        const size_t m = i / c_pitch, n = i % c_pitch;
        if (n >= columns) {
            compare("quantized product, beyond its columns", c[i], before[i], 0);
            continue;
        }
        double sum = has_bias ? bias[n] : 0;
        for (size_t j = 0; j < k; j++) { sum += (double)a[m * a_pitch + j] * origin[(ptrdiff_t)j * k_stride + (ptrdiff_t)n * n_stride]; }
        sum += in_place ? before[i] : p.residual ? residual[i] : 0;
        if ((int)m == bad_row || (int)n == bad_column) { sum = NAN; }
        compare("quantized product", c[i], clamp(sum, p.lower, p.upper), (double)(k + 10) * 16 * 2.5e-7);
    }
    free(a), free(b), free(bias), free(c), free(residual), free(before), free(packed), free(codes), free(ranges);
}

// Bound for any numbers: half a step of each activation and each weight, all to the same side.
static void test_rounding(void) {
    const mien_quantized_kernels *q = &kernels->quantized;
    const size_t k = odd_size(90), columns = odd_size(40);
    const float size = below(3) ? 2 : below(2) ? 1e-20f : 1e12f, weight = below(4) ? 0.3f : 0;
    float *a = numbers(k, size), *b = numbers(k * columns, weight), *c = numbers(columns, 1), range[2];
    void *packed = allocate(q->packed_bytes(k, columns)), *codes = allocate(q->row_bytes(k));
    q->pack(packed, b, k, columns, (ptrdiff_t)columns, 1, NULL);
    q->quantize_rows(codes, range, a, 1, k, (ptrdiff_t)k);
    mien_quantized_product p = {.rows = 1, .columns = columns, .k = k, .codes = codes, .ranges = range, .packed = packed, .c = c, .c_row_pitch = (ptrdiff_t)columns,
        .lower = -INFINITY, .upper = INFINITY};
    q->product(&p);
    double low = 0, high = 0;
    for (size_t i = 0; i < k; i++) { low = fmin(low, a[i]), high = fmax(high, a[i]); }
    for (size_t n = 0; n < columns; n++) {
        double sum = 0, bound = 0, top = 0;
        for (size_t i = 0; i < k; i++) { top = fmax(top, fabsf(b[i * columns + n])); }
        const double half = (high - low) / q->levels / 2, step = top / 254;
        for (size_t i = 0; i < k; i++) {
            sum += (double)a[i] * b[i * columns + n];
            bound += half * fabsf(b[i * columns + n]) + fabs(a[i]) * step + half * step;
        }
        compare("rounded product", c[n], sum, bound * 1.0001 + size * 1e-6 * (double)k);
    }
    free(a), free(b), free(c), free(packed), free(codes);
}

// Bound: what scores of up to 2 lose by 7 bits, and their weights by 7 bits of the largest; values are up to 1.
static void test_quantized_attention(void) {
    const mien_quantized_kernels *q = &kernels->quantized;
    const size_t heads[] = {1, 5, 16, 64, 72, 80, odd_size(40)}, head = heads[below(7)];
    const size_t queries = odd_size(20), keys = below(3) ? odd_size(60) : between(1, 3 * kernels->attention_block), pitch = head + below(5);
    const float scale = 1 / sqrtf((float)head);
    float *x = numbers(queries * pitch, 1), *k = numbers(keys * pitch, 1), *v = numbers(keys * pitch, 1), *y = numbers(queries * pitch, 1);
    float *packed = allocate(q->attention_packed_count(keys, head) * sizeof(float)), *scratch = allocate(q->attention_scratch(queries, head) * sizeof(float));
    double *weights = allocate(keys * sizeof(double));
    for (size_t block = 0; block * kernels->attention_block < keys; block++) { q->attention_pack(packed, k, v, block, keys, head, (ptrdiff_t)pitch); }
    const mien_attention p = {.queries = queries, .keys = keys, .head = head, .q = x, .q_pitch = (ptrdiff_t)pitch, .packed = packed, .y = y,
        .y_pitch = (ptrdiff_t)pitch, .scale = scale, .scratch = scratch};
    q->attention(&p);
    for (size_t i = 0; i < queries; i++) {
        double top = -INFINITY, total = 0;
        for (size_t j = 0; j < keys; j++) {
            weights[j] = 0;
            for (size_t c = 0; c < head; c++) { weights[j] += (double)x[i * pitch + c] * k[j * pitch + c] * scale; }
            top = fmax(top, weights[j]);
        }
        for (size_t j = 0; j < keys; j++) { total += weights[j] = exp(weights[j] - top); }
        for (size_t c = 0; c < head; c++) {
            double sum = 0;
            for (size_t j = 0; j < keys; j++) { sum += weights[j] * v[j * pitch + c] / total; }
            compare("quantized attention", y[i * pitch + c], sum, 0.03);
        }
    }
    // One value that is not finite is in all that see it.
    x[0] = NAN;
    q->attention(&p);
    for (size_t c = 0; c < head; c++) { compare("quantized attention, NaN", y[c], NAN, 0); }
    free(x), free(k), free(v), free(y), free(packed), free(scratch), free(weights);
}

// Tiles compute what vectors do, from the same packed weights and to the same bits.
static void test_tiled(const mien_quantized_kernels *vectors) {
    const mien_quantized_kernels *tiles = &kernels->quantized;
    const size_t rows = between(1, below(4) ? 50 : 230), columns = odd_size(120), k = below(4) ? between(1, 400) : 8 * between(1, 100);
    const size_t pitch = columns + below(3), count = (rows - 1) * pitch + columns;
    float *a = numbers(rows * k, 1), *b = numbers(k * columns, 1), *bias = numbers(columns, 1), *c = numbers(count, 1), *d = allocate(count * sizeof(float));
    float *residual = numbers(count, 1), *ranges = allocate(4 * rows * sizeof(float));
    const size_t bytes = vectors->packed_bytes(k, columns);
    void *packed = allocate(bytes), *again = allocate(bytes), *codes = allocate(rows * vectors->row_bytes(k)), *padded = allocate(rows * tiles->row_bytes(k));
    if (below(10) == 0) { a[below(rows * k)] = NAN; }
    if (below(2)) {
        // The largest totals that there are.
        for (size_t i = 0; i < rows * k; i++) { a[i] = i % k == 0 && k > 1 ? 0 : 2; }
        for (size_t i = 0; i < k * columns; i++) { b[i] = i % columns % 2 ? 1 : -1; }
    }
    memcpy(d, c, count * sizeof(float));
    vectors->pack(packed, b, k, columns, (ptrdiff_t)columns, 1, bias), tiles->pack(again, b, k, columns, (ptrdiff_t)columns, 1, bias);
    compare("tiles, packed weights", tiles->packed_bytes(k, columns) != bytes || memcmp(packed, again, bytes) != 0, 0, 0);
    vectors->quantize_rows(codes, ranges, a, rows, k, (ptrdiff_t)k), tiles->quantize_rows(padded, ranges + 2 * rows, a, rows, k, (ptrdiff_t)k);
    const bool in_place = below(2), has_residual = below(2);
    mien_quantized_product p = {.rows = rows, .columns = columns, .k = k, .codes = codes, .ranges = ranges, .packed = packed, .c = c,
        .c_row_pitch = (ptrdiff_t)pitch, .residual = in_place ? c : has_residual ? residual : NULL, .residual_row_pitch = (ptrdiff_t)pitch,
        .lower = below(2) ? -3 : -INFINITY, .upper = INFINITY};
    vectors->product(&p);
    p.codes = padded, p.ranges = ranges + 2 * rows, p.c = d, p.residual = in_place ? d : p.residual;
    tiles->product(&p);
    for (size_t i = 0; i < count; i++) { compare("tiles, product", d[i], c[i], 0); }
    free(a), free(b), free(bias), free(c), free(d), free(residual), free(ranges), free(packed), free(again), free(codes), free(padded);
}

static void test_tiled_attention(const mien_quantized_kernels *vectors) {
    const mien_quantized_kernels *tiles = &kernels->quantized;
    const size_t heads[] = {1, 40, 64, 72, 80, odd_size(100)}, head = heads[below(6)], queries = between(1, 100), keys = between(1, 2 * kernels->attention_block + 40);
    float *x = numbers(queries * head, 3), *k = numbers(keys * head, 3), *v = numbers(keys * head, 1), *y[2];
    if (below(8) == 0) { (below(2) ? x : k)[below(head)] = NAN; }
    for (int i = 0; i < 2; i++) {
        const mien_quantized_kernels *q = i ? tiles : vectors;
        float *packed = allocate(q->attention_packed_count(keys, head) * sizeof(float)), *scratch = allocate(q->attention_scratch(queries, head) * sizeof(float));
        y[i] = allocate(queries * head * sizeof(float));
        for (size_t block = 0; block * kernels->attention_block < keys; block++) { q->attention_pack(packed, k, v, block, keys, head, (ptrdiff_t)head); }
        const mien_attention p = {.queries = queries, .keys = keys, .head = head, .q = x, .q_pitch = (ptrdiff_t)head, .packed = packed, .y = y[i],
            .y_pitch = (ptrdiff_t)head, .scale = 0.3f, .scratch = scratch};
        q->attention(&p);
        free(packed), free(scratch);
    }
    for (size_t i = 0; i < queries * head; i++) { compare("tiles, attention", y[1][i], y[0][i], 0); }
    free(x), free(k), free(v), free(y[0]), free(y[1]);
}

static void test_lines(void) {
    const size_t channels = between(1, 4), source = between(1, 60), width = odd_size(60);
    uint8_t *s = allocate(source * channels);
    for (size_t i = 0; i < source * channels; i++) { s[i] = (uint8_t)below(256); }
    int32_t *left = allocate(width * sizeof(int32_t)), *right = allocate(width * sizeof(int32_t));
    float *t = numbers(width, 1), *u = numbers(width, 1), *y = allocate(width * channels * sizeof(float));
    for (size_t x = 0; x < width; x++) {
        left[x] = (int32_t)below(source);
        right[x] = (int32_t)between((size_t)left[x], source - 1);
    }
    kernels->resample_line(y, s, left, right, t, width, channels);
    for (size_t i = 0; i < width * channels; i++) {
        const double a = s[(size_t)left[i / channels] * channels + i % channels], b = s[(size_t)right[i / channels] * channels + i % channels];
        compare("resample_line", y[i], a + (b - a) * t[i / channels], 1e-4);
    }
    kernels->average_line(y, s, left, right, t, u, 0.25f, width, channels);
    for (size_t i = 0; i < width * channels; i++) {
        const size_t x = i / channels, c = i % channels;
        double sum = (double)s[(size_t)left[x] * channels + c] * t[x] + (double)s[(size_t)right[x] * channels + c] * u[x];
        for (int32_t column = left[x] + 1; column < right[x]; column++) { sum += s[(size_t)column * channels + c]; }
        compare("average_line", y[i], sum * 0.25, 2e-3);
    }
    free(s), free(left), free(right), free(t), free(u), free(y);
}

// Bounds: a power from |X| off by 1e-6 times the norm of the windowed frame; a logarithm as stated, and the error of the sum below it.
static void test_spectra(void) {
    static const size_t radices[] = {2, 3, 4, 5};
    size_t length = radices[below(4)];
    while (below(5) && length <= 120) { length *= radices[below(4)]; }
    const size_t lanes = kernels->lanes, frames = between(1, lanes), hop = between(1, length + 3), bins = length / 2 + 1, filters = odd_size(40);
    float *twiddles = allocate(mien_fft_twiddle_count(length) * sizeof(float)), *samples = numbers((frames - 1) * hop + length, 1), *window = numbers(length, 1);
    float *power = allocate(bins * lanes * sizeof(float)), *scratch = allocate(2 * length * lanes * sizeof(float));
    mien_fft fft;
    mien_fft_plan(&fft, length, twiddles);
    kernels->power_spectra(power, samples, frames, hop, window, &fft, scratch);
    for (size_t l = 0; l < lanes; l++) {
        const float *frame = samples + (l < frames ? l : frames - 1) * hop;
        double norm = 0;
        for (size_t n = 0; n < length; n++) { norm += pow((double)frame[n] * window[n], 2); }
        for (size_t k = 0; k < bins; k++) {
            double re = 0, im = 0;
            for (size_t n = 0; n < length; n++) {
                const double angle = 6.283185307179586 * (double)(n * k % length) / (double)length, x = (double)frame[n] * window[n];
                re += x * cos(angle), im -= x * sin(angle);
            }
            compare("power_spectra", sqrt(power[k * lanes + l]), hypot(re, im), 1e-6 * sqrt(norm));
        }
    }
    uint32_t *first = allocate(filters * sizeof(uint32_t)), *widths = allocate(filters * sizeof(uint32_t));
    size_t total = 0;
    for (size_t r = 0; r < filters; r++) {
        first[r] = (uint32_t)below(bins);
        widths[r] = (uint32_t)below(bins - first[r] + 1);
        total += widths[r];
    }
    float *weights = numbers(total, 1), *y = allocate(frames * filters * sizeof(float));
    for (size_t i = 0; i < total; i++) { weights[i] = fabsf(weights[i]); }
    const float odd_values[] = {0, 1e-30f, NAN, INFINITY};
    if (below(2)) { power[below(bins * lanes)] = odd_values[below(4)]; }
    const mien_filter_bank bank = {.filters = filters, .first = first, .widths = widths, .weights = weights, .least = 1e-10f};
    kernels->filter_logarithms(y, power, frames, &bank);
    for (size_t l = 0; l < frames; l++) {
        const float *w = weights;
        for (size_t r = 0; r < filters; w += widths[r++]) {
            double sum = 0;
            for (size_t k = 0; k < widths[r]; k++) { sum += (double)power[(first[r] + k) * lanes + l] * w[k]; }
            compare("filter_logarithms", y[l * filters + r], isfinite(sum) ? log10(fmax(1e-10f, sum)) : NAN, 6e-7 + 3e-8 * (double)widths[r]);
        }
    }
    const size_t count = frames * filters;
    double top = -INFINITY;
    for (size_t i = 0; i < count; i++) { top = isnan(y[i]) || isnan(top) ? NAN : fmax(top, y[i]); }
    compare("largest", kernels->largest(y, count), top, 0);
    float *z = allocate(count * sizeof(float));
    kernels->floor_scale(z, y, count, -1, 0.25f, 1);
    for (size_t i = 0; i < count; i++) { compare("floor_scale", z[i], isnan(y[i]) ? NAN : fmax(-1, y[i]) * 0.25 + 1, 1e-6); }
    free(twiddles), free(samples), free(window), free(power), free(scratch), free(first), free(widths), free(weights), free(y), free(z);
}

// Bounds: the sums as in test_product, through functions whose slope is at most 1; a step adds to the state what the one before it left.
static void test_lstm(void) {
    const size_t units = odd_size(45), steps = between(1, 4);
    float *weights = numbers(4 * units * units, 1), *gates = numbers(steps * 4 * units, 4), *hidden = numbers(units, 1), *cell = numbers(units, 2);
    float *packed = allocate(kernels->lstm_packed_count(units) * sizeof(float)), *output = allocate(steps * units * sizeof(float));
    double *h = allocate(units * sizeof(double)), *c = allocate(units * sizeof(double)), *next = allocate(units * sizeof(double));
    for (size_t i = 0; i < units; i++) { h[i] = hidden[i], c[i] = cell[i]; }
    kernels->lstm_pack(packed, weights, units);
    kernels->lstm(&(mien_lstm){.steps = steps, .units = units, .gates = gates, .packed = packed, .hidden = hidden, .cell = cell, .output = output});
    for (size_t t = 0; t < steps; t++) {
        const double bound = (double)(t + 1) * ((double)(2 * units) * 6e-8 * ((double)units / 4 + 3) + 1e-6);
        for (size_t i = 0; i < units; i++) {
            double sum[4];
            for (size_t g = 0; g < 4; g++) {
                sum[g] = gates[(t * 4 + g) * units + i];
                for (size_t k = 0; k < units; k++) { sum[g] += weights[(g * units + i) * units + k] * h[k]; }
            }
            c[i] = c[i] / (1 + exp(-sum[1])) + tanh(sum[2]) / (1 + exp(-sum[0]));
            next[i] = tanh(c[i]) / (1 + exp(-sum[3]));
            compare("lstm", output[t * units + i], next[i], bound);
        }
        memcpy(h, next, units * sizeof(double));
    }
    for (size_t i = 0; i < units; i++) {
        compare("lstm, hidden", hidden[i], output[(steps - 1) * units + i], 0);
        compare("lstm, cell", cell[i], c[i], (double)steps * ((double)(2 * units) * 1.2e-7 * ((double)units / 4 + 3) + 2e-6));
    }
    free(weights), free(gates), free(hidden), free(cell), free(packed), free(output), free(h), free(c), free(next);

    const size_t count = odd_size(200);
    float *re = numbers(count, 3), *im = numbers(count, 3), *y = allocate(count * sizeof(float));
    kernels->magnitude(y, re, im, count);
    for (size_t i = 0; i < count; i++) { compare("magnitude", y[i], hypot(re[i], im[i]), 1e-6); }
    free(re), free(im), free(y);
}

int main(void) {
    const mien_kernels *tables[8];
    // Of a table with tiles, what computes the same without them.
    const mien_quantized_kernels *vectors[8] = {NULL};
    size_t count = 0;
    for (; count < mien_available_count(); count++) { tables[count] = mien_available_kernels(count); }
#ifdef MIEN_AMX
    // Tiles have taken the place of vectors, which are tested all the same.
    mien_kernels without_tiles = *tables[count - 1];
    if (strstr(mien_processor_features(), "amx_int8")) {
        vectors[count - 1] = &mien_quantized_avx512_vnni;
        without_tiles.name = "avx512, no tiles";
        without_tiles.quantized = mien_quantized_avx512_vnni;
        tables[count++] = &without_tiles;
    }
#endif
#ifdef MIEN_EMULATE
    tables[count++] = &mien_kernels_emulated;
    mien_kernels tiled = mien_kernels_emulated;
    tiled.name = "avx512 and tiles, emulated";
    tiled.quantized = emulated_tiles;
    vectors[count] = &mien_kernels_emulated.quantized;
    tables[count++] = &tiled;
#endif
    for (size_t i = 0; i < count; i++) {
        kernels = tables[i];
        const int before = failures;
        for (int round = 0; round < 300; round++) {
            test_product();
            test_half();
            if (round % 3 == 0) { test_cuts(), test_half_values(); }
            test_window();
            test_lines();
            test_layer_norm();
            test_quantized();
            test_rounding();
            if (round % 3 == 0) { test_attention(), test_quantized_attention(); }
            if (vectors[i]) { test_tiled(vectors[i]); }
            if (vectors[i] && round % 3 == 0) { test_tiled_attention(vectors[i]); }
            test_spectra();
            if (round % 10 == 0) { test_elementwise(); }
            if (round % 3 == 0) { test_lstm(); }
        }
        printf("%s: %s\n", kernels->name, failures == before ? "passed" : "FAILED");
    }
    return failures ? 1 : 0;
}
