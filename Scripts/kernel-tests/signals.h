// Spectra and LSTMs.
#pragma once

#include "support.h"

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
