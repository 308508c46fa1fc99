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

// The first panel that begins at `column` or after it.
KERNEL size_t column_cut(size_t n, size_t column) {
    size_t at = 0;
    for (size_t left = (n + LANES - 1) / LANES; left > 0 && at < column;) {
        const size_t vectors = next_panel(left);
        left -= vectors, at += vectors * LANES;
    }
    return at < n ? at : n;
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

// `paired` (a constant at every call, here and below): a step of a panel is two steps of k, and a float stands for two numbers; see template_pairs.h.
INLINE size_t panel_steps(size_t k, const bool paired) { return paired ? (k + 1) / 2 : k; }

INLINE void pack_panels(float *packed, const float *weights, size_t k, size_t n, ptrdiff_t k_stride, ptrdiff_t n_stride, const float *bias, const bool paired) {
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
                float *target = packed + (1 + panel_steps(at, paired)) * width + v * LANES;
                for (size_t i = 0; i < panel_steps(STEPS, paired) && i < panel_steps(k - at, paired); i++) {
#ifdef HAS_PAIRS
                    vstore(target + i * width, paired ? vpairs(steps[2 * i], steps[2 * i + 1]) : steps[i]);
#else
                    vstore(target + i * width, steps[i]);
#endif
                }
            }
        }
        packed += (panel_steps(k, paired) + 1) * width;
    }
}

KERNEL void pack(float *packed, const float *weights, size_t k, size_t n, ptrdiff_t k_stride, ptrdiff_t n_stride, const float *bias) {
    pack_panels(packed, weights, k, n, k_stride, n_stride, bias, false);
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

// A panel, or some steps of it, and what will be read next: beyond the second-level cache it comes from far away, and the processor does not
// guess where another panel begins.
typedef struct {
    const float *biases;    // unless the product accumulates
    const float *weights;
    size_t column, columns; // the first, and how many exist
    const char *next;
    size_t next_bytes;
} panel_part;

INLINE vf multiply_step(vf x, vf weights, vf sum, const bool paired) {
#ifdef HAS_PAIRS
    if (paired) { return vpair_products(x, weights, sum); }
#endif
    (void)paired;
    return vfma(x, weights, sum);
}

// `rows` and `vectors` are constants at every call, so that `sum` lives in registers. With each step of k, `far` moves by `stride`.
INLINE void tile(const mien_product *p, const tile_rows *at, const panel_part *part, const char *far, size_t stride, const size_t rows, const size_t vectors,
                 const bool paired) {
    const size_t columns = part->columns;
    vf sum[MAX_TILE_ROWS][MAX_PANEL];
    UNROLL
    for (size_t i = 0; i < rows; i++) {
        UNROLL
        for (size_t v = 0; v < vectors; v++) { sum[i][v] = vload(part->biases + v * LANES); }
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

    // Rows that are added at the end come from far away too.
    if (p->residual) {
        UNROLL
        for (size_t i = 0; i < rows; i++) {
            UNROLL
            for (size_t v = 0; v < vectors; v++) { __builtin_prefetch(at->residual[i] + v * LANES, 1, 3); }
        }
    }

    const float *b = part->weights;
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
            if (vectors > 1) {
                __builtin_prefetch(far, 0, 2);
                far += stride;
            }
            UNROLL
            for (size_t i = 0; i < rows; i++) {
                vf x = vset(a[i][k]);
                UNROLL
                for (size_t v = 0; v < vectors; v++) { sum[i][v] = multiply_step(x, weights[v], sum[i][v], paired); }
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

INLINE position row_position(const mien_product *p, size_t row) {
    return row < p->line_rows ? (position){0, row} : (position){row / p->line_rows, row % p->line_rows};
}

INLINE const float *a_row(const mien_product *p, position at) {
    return p->a + (ptrdiff_t)at.line * p->a_line_pitch + (ptrdiff_t)at.x * p->a_row_pitch;
}

INLINE float *c_row(const mien_product *p, position at) {
    return p->c + (ptrdiff_t)at.line * p->c_line_pitch + (ptrdiff_t)at.x * p->c_row_pitch;
}

INLINE const float *residual_row(const mien_product *p, position at) {
    return p->residual + (ptrdiff_t)at.line * p->residual_line_pitch + (ptrdiff_t)at.x * p->residual_row_pitch;
}

INLINE void find_rows(const mien_product *p, position *at, size_t column, tile_rows *rows, const size_t count) {
    UNROLL
    for (size_t i = 0; i < count; i++) {
        rows->a[i] = a_row(p, *at);
        rows->c[i] = c_row(p, *at) + column;
        rows->residual[i] = p->residual ? residual_row(p, *at) + column : rows->c[i];
        if (++at->x == p->line_rows) { at->x = 0, at->line++; }
    }
}

// Rows start..<end against one panel, a tile at a time. Rows of one line need no search.
INLINE void panel_rows(const mien_product *p, const panel_part *part, size_t start, size_t end, const size_t height, const size_t vectors, const bool paired) {
    const size_t column = part->column, k = p->segments * p->segment_length, steps = k * ((end - start + height - 1) / height);
    const size_t stride = steps ? (part->next_bytes + steps - 1) / steps : 0;
    const char *far = part->next;
    position at = row_position(p, start);
    size_t m = start;
    for (; m + height <= end; m += height) {
        tile_rows rows;
        if (at.x + height < p->line_rows) {
            const float *a = a_row(p, at);
            float *c = c_row(p, at) + column;
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
        tile(p, &rows, part, far, stride, height, vectors, paired);
        far += k * stride;
    }
    tile_rows rows;
    switch (end - m) {
#define TAIL(count)                                                                                                                \
    case count:                                                                                                                    \
        if (count < height) {                                                                                                      \
            find_rows(p, &at, column, &rows, count);                                                                               \
            tile(p, &rows, part, far, stride, count, vectors, paired);                                                             \
        }                                                                                                                          \
        break;
        TAIL(1) TAIL(2) TAIL(3) TAIL(4) TAIL(5) TAIL(6) TAIL(7)
#undef TAIL
    }
}

#define ANY_PANEL(name, paired)                                                                                                    \
    KERNEL void name##_1(const mien_product *p, const panel_part *part, size_t start, size_t end) {                                \
        panel_rows(p, part, start, end, TILE_ROWS_1, 1, paired);                                                                   \
    }                                                                                                                              \
    KERNEL void name##_2(const mien_product *p, const panel_part *part, size_t start, size_t end) {                                \
        panel_rows(p, part, start, end, TILE_ROWS_2, 2, paired);                                                                   \
    }                                                                                                                              \
    KERNEL void name##_3(const mien_product *p, const panel_part *part, size_t start, size_t end) {                                \
        panel_rows(p, part, start, end, TILE_ROWS_3, 3, paired);                                                                   \
    }                                                                                                                              \
    INLINE void any_##name(const mien_product *p, const panel_part *part, size_t start, size_t end, size_t vectors) {              \
        switch (vectors) {                                                                                                         \
        case 1: name##_1(p, part, start, end); break;                                                                              \
        case 2: name##_2(p, part, start, end); break;                                                                              \
        default: name##_3(p, part, start, end); break;                                                                             \
        }                                                                                                                          \
    }
ANY_PANEL(panel, false)
#ifdef HAS_PAIRS
ANY_PANEL(pair_panel, true)
#endif

// Steps of k at a time, so that the rows of a block stay in the second-level cache while all the panels pass over them. What was summed up
// so far waits in c, which loses nothing but time: the fewer cuts the better.
#define BLOCK_STEPS ((size_t)1152)
#define BLOCK_FLOATS ((size_t)96 * 1024)
#define BLOCK_ROWS ((size_t)96)

// Even parts of at most `most`, in whole units: a last one of a few would read all of the panels, or of c, again for little.
INLINE size_t even_part(size_t count, size_t most, size_t unit) {
    const size_t parts = (count + most - 1) / most;
    return parts < 2 ? count : ((count + parts - 1) / parts + unit - 1) / unit * unit;
}

INLINE size_t row_block(size_t rows, size_t steps) {
    const size_t most = BLOCK_FLOATS / (steps ? steps : 1);
    return even_part(rows, most < BLOCK_ROWS ? BLOCK_ROWS : most, 24);
}

// Steps first..<first + steps of all k against all panels, for rows start..<end; `part->a` is at the first of these steps.
INLINE void product_steps(const mien_product *part, size_t first, size_t steps, size_t k, size_t start, size_t end, const bool paired) {
    const size_t last = first + steps, all = (part->columns + LANES - 1) / LANES, end_column = part->end_column ? part->end_column : part->columns;
    const float *panel = part->packed;
    size_t left = all, column = 0;
    while (left > 0 && column < end_column) {
        const size_t vectors = next_panel(left), width = vectors * LANES;
        const bool is_wanted = column >= part->first_column;
        left -= vectors;
        panel_part here = {.biases = panel, .weights = panel + (first + 1) * width, .column = column,
            .columns = part->columns - column < width ? part->columns - column : width};
        panel += (k + 1) * width;
        column += width;
        if (!is_wanted) { continue; }
        // The same steps of the next panel, or the next of the first panel.
        const size_t following = next_panel(left ? left : all) * LANES;
        here.next = (const char *)(left ? panel + first * following : part->packed + last * following);
        here.next_bytes = following * sizeof(float) * (left ? steps : k - last < steps ? k - last : steps);
#ifdef HAS_PAIRS
        if (paired) {
            any_pair_panel(part, &here, start, end, vectors);
            continue;
        }
#endif
        (void)paired;
        any_panel(part, &here, start, end, vectors);
    }
}

KERNEL void product_rows(const mien_product *p, size_t first_row, size_t last_row) {
    const size_t k = p->segments * p->segment_length;
    // Segments, and a residual that must wait for the end, go through all of k at once.
    const bool is_cut = p->segments == 1 && !(p->residual && p->residual_last);
    const size_t some = is_cut ? even_part(k, BLOCK_STEPS, 16) : k, block = row_block(last_row - first_row, some);
    for (size_t start = first_row; start < last_row; start += block) {
        const size_t end = start + block < last_row ? start + block : last_row;
        size_t first = 0;
        do {
            mien_product part = *p;
            const size_t steps = k - first < some ? k - first : some;
            if (is_cut) { part.a += first, part.segment_length = steps; }
            if (first > 0) { part.accumulate = true, part.residual = NULL; }
            if (first + steps < k) { part.lower = -INFINITY, part.upper = INFINITY; }
            product_steps(&part, first, steps, k, start, end, false);
            first += steps;
        } while (first < k);
    }
}

KERNEL void product(const mien_product *p) { product_rows(p, 0, p->rows); }
