// Matrix products at f32 and f16, and attention.
#pragma once

#include "support.h"

// Bound: one rounding of each of the 2 k + 3 operations on terms of at most 1.
static void test_product(void) {
    const size_t lines = between(1, 3), line_rows = below(12) ? between(1, 30) : between(90, 330), rows = lines * line_rows - below(line_rows), columns = odd_size(70);
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
        .residual_last = below(2), .tiled = below(2)};
    const size_t cut = below(3) ? columns : kernels->column_cut(columns, below(columns + 1));
    compare("column_cut, after itself", (float)kernels->column_cut(columns, cut), (double)cut, 0);
    if (cut > 0 && cut < columns) {
        p.tiled = false, p.end_column = cut;
        kernels->product(&p);
        p.first_column = cut, p.end_column = columns;
    }
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

// To the nearest of bfloat16, ties to even; 0 below its normal numbers.
static double rounded_brain(double x) {
    int exponent;
    frexp(x, &exponent);
    const double step = ldexp(1, exponent - 8);
    return !isfinite(x) ? x : fabs(x) < 0x1p-126 ? 0 : nearbyint(x / step) * step;
}

// What half_pack makes of a weight, and half_product of a value if it rounds them exactly so.
static float rounded_weight(float x) { return (float)(kernels->half_pairs ? rounded_brain(x) : rounded_half(x)); }
static float rounded_value(float x) { return kernels->half_pairs ? (float)rounded_brain(x) : x; }

// Whether half_product adds up in 16 bits.
static bool sums_halves(void) { return kernels->half_width == 4 * kernels->lanes; }

// Bound: as in test_product, on terms of at most `size`. In 16 bits, an activation and each of at most 64 additions round by 2^-11 of what
// they have at hand, and by 2^-24 of the range that rows are scaled to; what random signs leave of that is far from all of it. With tiles, an
// activation rounds by 2^-8.
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
    for (size_t i = 0; i < k * columns; i++) { b[i] = rounded_weight(b[i]); }
    const size_t line_rows = (rows + lines - 1) / lines;
    mien_product p = {.rows = rows, .columns = columns, .line_rows = line_rows, .segments = 1, .segment_length = k, .a = a,
        .a_row_pitch = (ptrdiff_t)pitch, .a_line_pitch = (ptrdiff_t)(line_rows * pitch), .c_line_pitch = (ptrdiff_t)(line_rows * out),
        .residual_line_pitch = (ptrdiff_t)(line_rows * out), .packed = packed, .c = c, .c_row_pitch = (ptrdiff_t)out, .residual = in_place ? c : below(2) ? residual : NULL, .residual_row_pitch = (ptrdiff_t)out,
        .lower = below(2) ? -0.5f * size : -INFINITY, .upper = below(2) ? 0.7f * size : INFINITY, .tiled = below(2)};
    kernels->half_product(&p);
    for (size_t i = 0; i < (rows - 1) * pitch + k; i++) { a[i] = rounded_value(a[i]); }
    for (size_t m = 0; m < rows; m++) {
        for (size_t n = 0; n < columns; n++) {
            double sum = (has_bias ? bias[n] : 0) + (p.residual ? before[m * out + n] : 0);
            double terms = 0;
            for (size_t i = 0; i < k; i++) {
                const double term = (double)a[m * pitch + i] * (is_transposed ? b[n * k + i] : b[i * columns + n]);
                sum += term, terms += fabs(term);
            }
            const double largest = size * fmax(activation, 1), bound = largest * (double)(2 * k + 3) * 6e-8 * ((double)k / 4 + 3) + 1e-44 * (double)k;
            compare("half_product", c[m * out + n], clamp(sum, p.lower, p.upper), bound + (sums_halves() ? terms * (p.tiled ? 0x1p-8 : 0x1p-9) + (double)k * size * activation * 0x1p-18 : 0));
        }
    }
    free(a), free(b), free(bias), free(c), free(residual), free(before), free(packed);
}

// A value that is not finite spoils its own row or column; in 16 bits the rest of a random product is off by about 0.12 %, root mean square, and
// with tiles by 0.16 %.
static void test_half_values(void) {
    const size_t rows = between(4, 40), columns = odd_size(100), k = between(64, 800), bad = below(rows), place = below(k);
    const float odd_values[] = {NAN, INFINITY, -INFINITY, 3e38f, 65505}, odd_value = odd_values[below(5)];
    float *a = numbers(rows * k, 1), *b = numbers(k * columns, 1), *c = numbers(rows * columns, 1);
    for (size_t i = 0; i < k * columns; i++) { b[i] = b[i] < 0 ? b[i] - 0.01f : b[i] + 0.01f; }
    a[bad * k + place] = odd_value;
    if (below(4) == 0) { b[below(k * columns)] = NAN; }
    void *packed = allocate(kernels->half_packed_bytes(k, columns));
    kernels->half_pack(packed, b, k, columns, (ptrdiff_t)columns, 1, NULL);
    for (size_t i = 0; i < k * columns; i++) { b[i] = rounded_weight(b[i]); }
    kernels->half_product(&(mien_product){.rows = rows, .columns = columns, .line_rows = rows, .segments = 1, .segment_length = k, .a = a,
        .a_row_pitch = (ptrdiff_t)k, .packed = packed, .c = c, .c_row_pitch = (ptrdiff_t)columns, .lower = -INFINITY, .upper = INFINITY, .tiled = below(2)});
    for (size_t i = 0; i < rows * k; i++) { a[i] = rounded_value(a[i]); }
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
    if (rows * columns > 500) { compare("half_product, rms error", sqrt(error / square), 0, sums_halves() ? 2.2e-3 : 1e-6); }
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
            .c_row_pitch = (ptrdiff_t)columns, .lower = -INFINITY, .upper = INFINITY, .tiled = below(2)};
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

// Bound: weights are right to a few roundings and to those of the scores, whose size is the exponent's.
static void test_attention(void) {
    const size_t heads[] = {1, 5, 16, 64, 72, 80, odd_size(40)}, head = heads[below(7)];
    const size_t queries = below(10) ? odd_size(20) : between(280, 300), keys = below(3) ? odd_size(60) : between(1, 3 * kernels->attention_block), pitch = head + below(5);
    const float scale = 1 / sqrtf((float)head), size = below(2) ? 1 : 6;
    float *q = numbers((queries - 1) * pitch + head, size), *k = numbers((keys - 1) * pitch + head, size), *v = numbers((keys - 1) * pitch + head, 1);
    const bool is_half = below(2);
    float *packed = allocate((is_half ? kernels->half_attention_packed_count : kernels->attention_packed_count)(keys, head) * sizeof(float));
    float *scratch = allocate(kernels->attention_scratch(queries, head) * sizeof(float)), *y = numbers((queries - 1) * pitch + head, 1);
    float *before = allocate(((queries - 1) * pitch + head) * sizeof(float)), *gaps = allocate(((queries - 1) * pitch + head) * sizeof(float));
    double *scores = allocate(keys * sizeof(double));
    memcpy(before, q, ((queries - 1) * pitch + head) * sizeof(float));
    for (size_t block = 0; block * kernels->attention_block < keys; block++) {
        (is_half ? kernels->half_attention_pack : kernels->attention_pack)(packed, k, v, block, keys, head, (ptrdiff_t)pitch);
    }
    const bool in_place = below(2);
    float *target = in_place ? q : y;
    memcpy(gaps, target, ((queries - 1) * pitch + head) * sizeof(float));
    const mien_attention p = {.queries = queries, .keys = keys, .head = head, .q = q, .q_pitch = (ptrdiff_t)pitch, .packed = packed, .y = target,
        .y_pitch = (ptrdiff_t)pitch, .scale = scale, .tiled = below(2), .scratch = scratch};
    (is_half ? kernels->half_attention : kernels->attention)(&p);
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
            // In pairs, weights and values round by 2^-9 each.
            const double bound = (2e-6 + 4e-7 * size * size * sqrt((double)head)) * (is_half ? 100 : 1) + (is_half && kernels->half_pairs ? 0x1p-8 : 0);
            compare("attention", target[i * pitch + c], wanted, bound);
        }
        for (size_t c = head; i + 1 < queries && c < pitch; c++) { compare("attention, between its rows", target[i * pitch + c], gaps[i * pitch + c], 0); }
    }
    free(q), free(k), free(v), free(packed), free(scratch), free(y), free(before), free(gaps), free(scores);
}
