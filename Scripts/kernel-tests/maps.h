// Windows over maps, element by element, normalisation, and lines of pictures.
#pragma once

#include "support.h"

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
    // Numbers that are not normal would slow down whatever follows.
    const float lowest = -400 + size;
    float least = 0;
    kernels->activate(&least, &lowest, 1, MIEN_SIGMOID, 0, 0);
    compare("sigmoid, its least is normal", isnormal(least), 1, 0);
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
