// The matrix product. B is packed in panels of 1...3 vectors of columns, each preceded by its bias:
//   panel = [bias][k = 0][k = 1]...   where [..] is (vectors in the panel) * LANES floats, zero beyond column n.
// One tile = a few rows of A times one panel, held in registers through the whole of k.

// How many vectors the next panel has when `left` vectors of columns remain: no panel of one vector unless the matrix is that narrow.
INLINE size_t next_panel(size_t left) {
#if WIDE_PANEL == 3
    if (left == 4 || left == 2) { return 2; }
    return left < 3 ? left : 3;
#else
    if (left % 2 == 1) { return left < 3 ? left : 3; }
    return 2;
#endif
}

KERNEL size_t packed_count(size_t k, size_t n) {
    return (n + LANES - 1) / LANES * LANES * (k + 1);
}

INLINE vf load_columns(const float *p, size_t columns) {
    return columns >= LANES ? vload(p) : vload_part(p, columns);
}

// A block of a matrix that is packed: STEPS steps of k for LANES columns, 0 beyond `count` steps and `columns` columns.
#define STEPS (LANES < 4 ? 4 : LANES)

INLINE void load_steps(vf steps[STEPS], const float *weights, size_t count, size_t columns, ptrdiff_t k_stride, ptrdiff_t n_stride) {
    for (size_t i = 0; i < STEPS; i++) { steps[i] = vset(0.0f); }
    if (count > STEPS) { count = STEPS; }
    if (n_stride == 1 || LANES == 1) {
        for (size_t i = 0; i < count; i++) { steps[i] = load_columns(weights + (ptrdiff_t)i * k_stride, columns); }
    } else if (k_stride == 1) {
        for (size_t j = 0; j < columns; j++) { steps[j] = load_columns(weights + (ptrdiff_t)j * n_stride, count); }
        vtranspose(steps);
    } else {
        float values[STEPS * LANES] = {0};
        for (size_t i = 0; i < count; i++) {
            for (size_t j = 0; j < columns; j++) { values[i * LANES + j] = weights[(ptrdiff_t)i * k_stride + (ptrdiff_t)j * n_stride]; }
        }
        for (size_t i = 0; i < STEPS; i++) { steps[i] = vload(values + i * LANES); }
    }
}

KERNEL void pack(float *packed, const float *weights, size_t k, size_t n, ptrdiff_t k_stride, ptrdiff_t n_stride, const float *bias) {
    size_t left = (n + LANES - 1) / LANES;
    size_t column = 0;
    while (left > 0) {
        const size_t vectors = next_panel(left), width = vectors * LANES;
        left -= vectors;
        for (size_t v = 0; v < vectors; v++, column += LANES) {
            const size_t columns = n - column < LANES ? n - column : LANES;
            vstore(packed + v * LANES, bias ? load_columns(bias + column, columns) : vset(0.0f));
            for (size_t at = 0; at < k; at += STEPS) {
                vf steps[STEPS];
                load_steps(steps, weights + (ptrdiff_t)at * k_stride + (ptrdiff_t)column * n_stride, k - at, columns, k_stride, n_stride);
                for (size_t i = 0; i < STEPS && at + i < k; i++) { vstore(packed + (at + i + 1) * width + v * LANES, steps[i]); }
            }
        }
        packed += (k + 1) * width;
    }
}

typedef struct {
    const float *a[MAX_TILE_ROWS];
    float *c[MAX_TILE_ROWS];
    const float *residual[MAX_TILE_ROWS];
} tile_rows;

INLINE void store_columns(float *p, vf x, size_t columns) {
    if (columns >= LANES) {
        vstore(p, x);
    } else {
        vstore_part(p, x, columns);
    }
}

// `rows` and `vectors` are constants at every call, so that `sum` lives in registers. `columns` is how many columns of the panel exist.
INLINE void tile(const mien_product *p, const tile_rows *at, const float *panel, size_t columns, const size_t rows, const size_t vectors) {
    vf sum[MAX_TILE_ROWS][MAX_PANEL];
    UNROLL
    for (size_t i = 0; i < rows; i++) {
        UNROLL
        for (size_t v = 0; v < vectors; v++) { sum[i][v] = vload(panel + v * LANES); }
    }
    if (p->accumulate) {
        UNROLL
        for (size_t v = 0; v < vectors; v++) {
            if (v * LANES < columns) {
                UNROLL
                for (size_t i = 0; i < rows; i++) { sum[i][v] = load_columns(at->c[i] + v * LANES, columns - v * LANES); }
            }
        }
    }

    const float *b = panel + vectors * LANES;
    for (size_t s = 0; s < p->segments; s++) {
        const ptrdiff_t offset = p->segment_offsets ? p->segment_offsets[s] : 0;
        const float *a[MAX_TILE_ROWS];
        UNROLL
        for (size_t i = 0; i < rows; i++) { a[i] = at->a[i] + offset; }
        const size_t length = p->segment_length;
        NO_VECTOR
        for (size_t k = 0; k < length; k++) {
            vf weights[MAX_PANEL];
            UNROLL
            for (size_t v = 0; v < vectors; v++) { weights[v] = vload(b + v * LANES); }
            b += vectors * LANES;
            UNROLL
            for (size_t i = 0; i < rows; i++) {
                vf x = vset(a[i][k]);
                UNROLL
                for (size_t v = 0; v < vectors; v++) { sum[i][v] = vfma(x, weights[v], sum[i][v]); }
            }
        }
    }

    const vf lower = vset(p->lower), upper = vset(p->upper);
    if (!p->residual && columns == vectors * LANES) {
        UNROLL
        for (size_t i = 0; i < rows; i++) {
            UNROLL
            for (size_t v = 0; v < vectors; v++) { vstore(at->c[i] + v * LANES, vmin(upper, vmax(lower, sum[i][v]))); }
        }
        return;
    }
    UNROLL
    for (size_t v = 0; v < vectors; v++) {
        if (v * LANES >= columns) { continue; }
        const size_t here = columns - v * LANES;
        UNROLL
        for (size_t i = 0; i < rows; i++) {
            vf x = sum[i][v];
            if (p->residual && !p->residual_last) { x = vadd(x, load_columns(at->residual[i] + v * LANES, here)); }
            x = vmin(upper, vmax(lower, x));
            if (p->residual && p->residual_last) { x = vadd(x, load_columns(at->residual[i] + v * LANES, here)); }
            store_columns(at->c[i] + v * LANES, x, here);
        }
    }
}

// Where a row of the product is: a pixel of a line.
typedef struct {
    size_t line, x;
} position;

INLINE const float *residual_row(const mien_product *p, position at) {
    return p->residual + (ptrdiff_t)at.line * p->residual_line_pitch + (ptrdiff_t)at.x * p->residual_row_pitch;
}

INLINE void find_rows(const mien_product *p, position *at, size_t column, tile_rows *rows, const size_t count) {
    UNROLL
    for (size_t i = 0; i < count; i++) {
        rows->a[i] = p->a + (ptrdiff_t)at->line * p->a_line_pitch + (ptrdiff_t)at->x * p->a_row_pitch;
        rows->c[i] = p->c + (ptrdiff_t)at->line * p->c_line_pitch + (ptrdiff_t)at->x * p->c_row_pitch + column;
        rows->residual[i] = p->residual ? residual_row(p, *at) + column : rows->c[i];
        if (++at->x == p->line_rows) { at->x = 0, at->line++; }
    }
}

// Rows start..<end against one panel, a tile at a time. Rows of one line need no search.
INLINE void panel_rows(const mien_product *p, const float *panel, size_t column, size_t columns, size_t start, size_t end,
                       const size_t height, const size_t vectors) {
    position at = {start / p->line_rows, start % p->line_rows};
    size_t m = start;
    for (; m + height <= end; m += height) {
        tile_rows rows;
        if (at.x + height < p->line_rows) {
            const float *a = p->a + (ptrdiff_t)at.line * p->a_line_pitch + (ptrdiff_t)at.x * p->a_row_pitch;
            float *c = p->c + (ptrdiff_t)at.line * p->c_line_pitch + (ptrdiff_t)at.x * p->c_row_pitch + column;
            const float *residual = p->residual ? residual_row(p, at) + column : c;
            UNROLL
            for (size_t i = 0; i < height; i++) {
                rows.a[i] = a + (ptrdiff_t)i * p->a_row_pitch;
                rows.c[i] = c + (ptrdiff_t)i * p->c_row_pitch;
                rows.residual[i] = residual + (ptrdiff_t)i * p->residual_row_pitch;
            }
            at.x += height;
        } else {
            find_rows(p, &at, column, &rows, height);
        }
        tile(p, &rows, panel, columns, height, vectors);
    }
    tile_rows rows;
    switch (end - m) {
#define TAIL(count)                                                                                                                \
    case count:                                                                                                                    \
        if (count < height) {                                                                                                      \
            find_rows(p, &at, column, &rows, count);                                                                               \
            tile(p, &rows, panel, columns, count, vectors);                                                                        \
        }                                                                                                                          \
        break;
        TAIL(1) TAIL(2) TAIL(3) TAIL(4) TAIL(5) TAIL(6) TAIL(7)
#undef TAIL
    }
}

KERNEL void panel_1(const mien_product *p, const float *panel, size_t column, size_t columns, size_t start, size_t end) {
    panel_rows(p, panel, column, columns, start, end, TILE_ROWS_1, 1);
}
KERNEL void panel_2(const mien_product *p, const float *panel, size_t column, size_t columns, size_t start, size_t end) {
    panel_rows(p, panel, column, columns, start, end, TILE_ROWS_2, 2);
}
KERNEL void panel_3(const mien_product *p, const float *panel, size_t column, size_t columns, size_t start, size_t end) {
    panel_rows(p, panel, column, columns, start, end, TILE_ROWS_3, 3);
}

// Floats of A that should stay in the second-level cache while all the panels pass over them.
#define BLOCK_FLOATS (48 * 1024)

INLINE size_t row_block(size_t rows, size_t k) {
    size_t block = BLOCK_FLOATS / (k ? k : 1);
    if (block < 48) { block = 48; }
    // Even blocks: a last one of a few rows would read all of B again for little.
    const size_t blocks = (rows + block / 2) / block;
    return blocks < 2 ? rows : (rows / blocks + 23) / 24 * 24;
}

KERNEL void product(const mien_product *p) {
    const size_t k = p->segments * p->segment_length, block = row_block(p->rows, k);
    for (size_t start = 0; start < p->rows; start += block) {
        const size_t end = start + block < p->rows ? start + block : p->rows;
        const float *panel = p->packed;
        size_t left = (p->columns + LANES - 1) / LANES, column = 0;
        while (left > 0) {
            const size_t vectors = next_panel(left), width = vectors * LANES;
            const size_t columns = p->columns - column < width ? p->columns - column : width;
            switch (vectors) {
            case 1: panel_1(p, panel, column, columns, start, end); break;
            case 2: panel_2(p, panel, column, columns, start, end); break;
            default: panel_3(p, panel, column, columns, start, end); break;
            }
            panel += (k + 1) * width;
            column += width;
            left -= vectors;
        }
    }
}
