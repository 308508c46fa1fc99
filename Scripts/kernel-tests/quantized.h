// Products of 8-bit numbers and attention of them, by vectors and by tiles.
#pragma once

#include "support.h"

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
