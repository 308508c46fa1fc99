// Products with weights of 8 bits, one scale per column, and activations that are rounded to 8 bits as they come, with a scale and a zero
// per row. The totals are whole numbers, so that every instruction set computes the same ones.
//   packed = panels of QUANTIZED_VECTORS vectors of columns, each on a cache line: scales, sums of the column's weights times the scale, and
//   biases, as floats; then for each four steps of k, four weights of each column. Zero beyond column n and step k, to a multiple of eight.

#define QUANTIZED_WIDTH (QUANTIZED_VECTORS * LANES)
// Codes of a row are followed by zeros to a multiple of this.
#ifdef HAS_TILES
#define CODE_ROW 64
#else
#define CODE_ROW 8
#endif

#ifndef STORES_FOUR
INLINE void vstore_four(CODE *p, const vi x[4]) {
    for (size_t i = 0; i < 4; i++) { vstore_codes(p + i * LANES, x[i]); }
}
#endif

INLINE size_t quantized_panel_bytes(size_t k) {
    return whole_lines(3 * QUANTIZED_WIDTH * sizeof(float)) + whole_lines((k + 7) / 8 * 8 * QUANTIZED_WIDTH);
}

KERNEL size_t quantized_packed_bytes(size_t k, size_t n) { return (n + QUANTIZED_WIDTH - 1) / QUANTIZED_WIDTH * quantized_panel_bytes(k); }

KERNEL size_t quantized_row_bytes(size_t k) { return (k + CODE_ROW - 1) / CODE_ROW * CODE_ROW * sizeof(CODE); }

// Steps of k that are transposed once for both passes over them: those of the keys of a head.
#define KEPT_STEPS 128

// LANES columns of a panel: scales, totals and codes.
INLINE void quantize_columns(float *scales, int8_t *codes, const float *weights, size_t k, size_t columns, ptrdiff_t k_stride, ptrdiff_t n_stride) {
    const vf none = vset(0.0f);
    vf largest = none, check = none, kept[KEPT_STEPS];
    for (size_t at = 0; at < k; at += STEPS) {
        vf *steps = k <= KEPT_STEPS ? kept + at : kept;
        load_steps(steps, weights + (ptrdiff_t)at * k_stride, k - at, columns, k_stride, n_stride);
        for (size_t i = 0; i < STEPS; i++) { largest = vmax(largest, vabs(steps[i])), check = vfma(steps[i], none, check); }
    }
    // Columns of nothing, and those with a value that is not finite, have codes of 0: the latter's scale is NaN.
    const vf least = vset(1e-30f), finite = vless(check, vset(1.0f), vset(1.0f), none);
    const vf inverse = vmul(finite, vless(least, largest, vdiv(vset(127.0f), vmax(least, largest)), none));
    vf total = none;
    for (size_t at = 0; at < k; at += STEPS) {
        vf *steps = k <= KEPT_STEPS ? kept + at : kept;
        if (k > KEPT_STEPS) { load_steps(steps, weights + (ptrdiff_t)at * k_stride, k - at, columns, k_stride, n_stride); }
        for (size_t i = 0; i < STEPS; i++) {
            steps[i] = vround(vless(none, finite, vmul(steps[i], inverse), none));
            total = vadd(total, steps[i]);
        }
        for (size_t i = 0; i < STEPS && at + i < k; i += 4) { vstore_weights(codes + (at + i) * QUANTIZED_WIDTH, steps + i); }
    }
    const vf scale = vadd(check, vless(least, largest, vmul(largest, vset(1.0f / 127)), none));
    vstore(scales, scale);
    vstore(scales + QUANTIZED_WIDTH, vmul(scale, total));
}

KERNEL void quantized_pack(void *packed, const float *weights, size_t k, size_t n, ptrdiff_t k_stride, ptrdiff_t n_stride, const float *bias) {
    char *panel = packed;
    for (size_t column = 0; column < n; column += QUANTIZED_WIDTH, panel += quantized_panel_bytes(k)) {
        float *scales = (float *)(void *)panel;
        int8_t *codes = (int8_t *)panel + whole_lines(3 * QUANTIZED_WIDTH * sizeof(float));
        memset(panel, 0, quantized_panel_bytes(k));
        for (size_t v = 0; v < QUANTIZED_WIDTH && column + v < n; v += LANES) {
            const size_t left = n - column - v, columns = left < LANES ? left : LANES;
            quantize_columns(scales + v, codes + 4 * v, weights + (ptrdiff_t)(column + v) * n_stride, k, columns, k_stride, n_stride);
            if (bias) { vstore(scales + 2 * QUANTIZED_WIDTH + v, load_columns(bias + column + v, columns)); }
        }
    }
}

INLINE void quantize_row(CODE *codes, float *range, const float *x, size_t k) {
    // 0 is always within the range, so that the lanes beyond a part of a vector may count. Several totals hide the latency of each operation.
    const vf none = vset(0.0f);
    vf low[4] = {none, none, none, none}, high[4] = {none, none, none, none}, checks[4] = {none, none, none, none};
    size_t i = 0;
    for (; i + 4 * LANES <= k; i += 4 * LANES) {
        UNROLL
        for (size_t j = 0; j < 4; j++) {
            const vf v = vload(x + i + j * LANES);
            low[j] = vmin(low[j], v), high[j] = vmax(high[j], v), checks[j] = vfma(v, none, checks[j]);
        }
    }
    for (; i < k; i += LANES) {
        const vf v = load_columns(x + i, k - i);
        low[0] = vmin(low[0], v), high[0] = vmax(high[0], v), checks[0] = vfma(v, none, checks[0]);
    }
    const float check = vsum(vadd(vadd(checks[0], checks[1]), vadd(checks[2], checks[3])));
    const vf lowest = vmin(vmin(low[0], low[1]), vmin(low[2], low[3])), highest = vmax(vmax(high[0], high[1]), vmax(high[2], high[3]));
    const float least = -vmaximum(vsub(none, lowest)), extent = vmaximum(highest) - least, scale = extent * (1.0f / CODE_TOP);
    const size_t padded = quantized_row_bytes(k) / sizeof(CODE);
    if (check != 0 || !(extent <= 3e38f)) {
        memset(codes, 0, padded * sizeof(CODE));
        range[0] = range[1] = NAN;
        return;
    }
    if (scale < 1e-30f) {
        memset(codes, 0, padded * sizeof(CODE));
        range[0] = range[1] = 0;
        return;
    }
    range[0] = scale;
    range[1] = least + CODE_BIAS * scale;
    // All roundings together move a code by 1e-4 at most, so that none gets beyond its limits.
    const float inverse = 1 / scale;
    const vf by = vset(inverse), shift = vset(-least * inverse - CODE_BIAS);
    for (i = 0; i + 4 * LANES <= k; i += 4 * LANES) {
        vi four[4];
        UNROLL
        for (size_t j = 0; j < 4; j++) { four[j] = vrounded(vfma(vload(x + i + j * LANES), by, shift)); }
        vstore_four(codes + i, four);
    }
    for (; i + LANES <= k; i += LANES) { vstore_codes(codes + i, vrounded(vfma(vload(x + i), by, shift))); }
    if (i < padded) {
        CODE rest[LANES];
        memset(codes + i, 0, (padded - i) * sizeof(CODE));
        if (i < k) {
            vstore_codes(rest, vrounded(vfma(vload_part(x + i, k - i), by, shift)));
            memcpy(codes + i, rest, (k - i) * sizeof(CODE));
        }
    }
}

KERNEL void quantize_rows(void *codes, float *ranges, const float *x, size_t rows, size_t k, ptrdiff_t pitch) {
    for (size_t r = 0; r < rows; r++) {
        quantize_row((CODE *)((char *)codes + r * quantized_row_bytes(k)), ranges + 2 * r, x + (ptrdiff_t)r * pitch, k);
    }
}

// The result from the total of LANES columns, `left` of which exist from `column` on.
INLINE void quantized_finish(const mien_quantized_product *p, size_t row, size_t column, size_t left, vf sum, vf scale, vf total, vf bias) {
    const float *range = p->ranges + 2 * row;
    vf x = vfma(vset(range[1]), total, bias);
    x = vfma(vmul(vset(range[0]), scale), sum, x);
    if (p->residual) { x = vadd(x, load_columns(p->residual + (ptrdiff_t)row * p->residual_row_pitch + column, left)); }
    store_columns(p->c + (ptrdiff_t)row * p->c_row_pitch + column, vmin(vset(p->upper), vmax(vset(p->lower), x)), left);
}

// `rows` and `fetches` are constants at every call. `columns` is how many columns of the panel exist. Without `fetches`, `far` moves by `stride`
// with every eight steps of k.
INLINE void quantized_tile(const mien_quantized_product *p, size_t row, const char *panel, size_t column, size_t columns, const char *far, size_t stride,
                           const size_t rows, const bool fetches) {
    vi sum[QUANTIZED_ROWS][QUANTIZED_VECTORS * PARTS];
    const CODE *a[QUANTIZED_ROWS];
    UNROLL
    for (size_t i = 0; i < rows; i++) {
        a[i] = (const CODE *)((const char *)p->codes + (row + i) * quantized_row_bytes(p->k));
        UNROLL
        for (size_t v = 0; v < QUANTIZED_VECTORS * PARTS; v++) { sum[i][v] = vizero(); }
    }
    const int8_t *b = (const int8_t *)panel + whole_lines(3 * QUANTIZED_WIDTH * sizeof(float));
    const size_t k = p->k;
    NO_VECTOR
    for (size_t at = 0; at < k; at += 8) {
        vi weights[2][QUANTIZED_VECTORS * PARTS];
        UNROLL
        for (size_t v = 0; v < QUANTIZED_VECTORS * PARTS; v++) {
            weights[0][v] = vweights(b + v * (LANES / PARTS) * 4);
            weights[1][v] = vweights(b + QUANTIZED_WIDTH * 4 + v * (LANES / PARTS) * 4);
        }
        // So far ahead that memory keeps up with several rows, and into the next panel at the end of this one.
        UNROLL
        for (size_t i = 0; fetches && i < QUANTIZED_WIDTH * 8; i += 64) { __builtin_prefetch((const void *)((uintptr_t)b + 4096 + i)); }
        if (!fetches) {
            __builtin_prefetch(far, 0, 2);
            far += stride;
        }
        b += QUANTIZED_WIDTH * 8;
        UNROLL
        for (size_t i = 0; i < rows; i++) {
            const vi first = vcodes(a[i] + at), second = vcodes(a[i] + at + 4);
            UNROLL
            for (size_t v = 0; v < QUANTIZED_VECTORS * PARTS; v++) { sum[i][v] = vdot(sum[i][v], first, weights[0][v], second, weights[1][v]); }
        }
    }

    const float *scales = (const float *)(const void *)panel;
    UNROLL
    for (size_t v = 0; v < QUANTIZED_VECTORS; v++) {
        if (v * LANES >= columns) { continue; }
        const vf scale = vload(scales + v * LANES), total = vload(scales + QUANTIZED_WIDTH + v * LANES);
        const vf bias = vload(scales + 2 * QUANTIZED_WIDTH + v * LANES);
        UNROLL
        for (size_t i = 0; i < rows; i++) {
            quantized_finish(p, row + i, column + v * LANES, columns - v * LANES, vtotals(sum[i] + v * PARTS), scale, total, bias);
        }
    }
}

KERNEL void quantized_panel(const mien_quantized_product *p, const char *panel, size_t column, size_t columns, size_t start, size_t end) {
    // Weights that only a few rows need come from memory; for others they are in the cache after the first ones.
    const size_t tiles = (end - start) / QUANTIZED_ROWS, bytes = quantized_panel_bytes(p->k), steps = (p->k + 7) / 8;
    if (end - start == QUANTIZED_ROWS) {
        quantized_tile(p, start, panel, column, columns, NULL, 0, QUANTIZED_ROWS, true);
        return;
    }
    // The next panel, which the processor does not know to be the next.
    const char *far = panel + bytes;
    const size_t stride = tiles && steps ? bytes / (tiles * steps) + 1 : 0;
    size_t row = start;
    for (; row + QUANTIZED_ROWS <= end; row += QUANTIZED_ROWS, far += steps * stride) {
        quantized_tile(p, row, panel, column, columns, far, stride, QUANTIZED_ROWS, false);
    }
    switch (end - row) {
#define TAIL(count)                                                                                                                \
    case count:                                                                                                                    \
        if (count < QUANTIZED_ROWS) { quantized_tile(p, row, panel, column, columns, NULL, 0, count, true); }                      \
        break;
        TAIL(1) TAIL(2) TAIL(3) TAIL(4) TAIL(5) TAIL(6) TAIL(7)
#undef TAIL
    }
}

KERNEL void quantized_product(const mien_quantized_product *p) {
    // Rows whose codes stay in the second-level cache while all the panels pass over them.
    const size_t bytes = quantized_row_bytes(p->k), most = 192 * 1024 / (bytes ? bytes : 1);
    const size_t block = most < 48 ? 48 : most / 24 * 24;
    for (size_t start = 0; start < p->rows; start += block) {
        const size_t end = start + block < p->rows ? start + block : p->rows;
        const char *panel = p->packed;
        for (size_t column = 0; column < p->columns; column += QUANTIZED_WIDTH, panel += quantized_panel_bytes(p->k)) {
            const size_t columns = p->columns - column < QUANTIZED_WIDTH ? p->columns - column : QUANTIZED_WIDTH;
            quantized_panel(p, panel, column, columns, start, end);
        }
    }
}
