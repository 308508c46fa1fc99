// Products of 8-bit numbers with tiles: 32 rows of codes and a panel of 32 columns at a time, so that each tile that is loaded serves twice, from
// the same packed weights and to the same results as those of template_quantized.h.
//
// The tiles' unit computes by itself, so the rows before these are finished (scales, bias, residual, clamp) while it multiplies.

#if QUANTIZED_VECTORS != 2 || LANES != 16 || CODE_BIAS != 0
#error "a panel is two tiles wide"
#endif

// Rows whose totals are known.
typedef struct {
    const char *panel;
    size_t column, columns, row, end;
    const int32_t *totals; // of `row`
} tiled_rest;

INLINE void finish_rows(const mien_quantized_product *p, tiled_rest *rest, size_t count) {
    const tiled_rest now = *rest;
    const float *scales = (const float *)(const void *)now.panel;
    const size_t rows = now.end - now.row < count ? now.end - now.row : count;
    UNROLL
    for (size_t v = 0; v < QUANTIZED_VECTORS; v++) {
        if (v * LANES >= now.columns) { break; }
        const vf scale = vload(scales + v * LANES), total = vload(scales + QUANTIZED_WIDTH + v * LANES);
        const vf bias = vload(scales + 2 * QUANTIZED_WIDTH + v * LANES);
        const int32_t *totals = now.totals + v * LANES;
        NO_VECTOR
        for (size_t i = 0; i < rows; i++) {
            const vf sum = vnumbers(tile_totals(totals + i * QUANTIZED_WIDTH));
            quantized_finish(p, now.row + i, now.column + v * LANES, now.columns - v * LANES, sum, scale, total, bias);
        }
    }
    rest->row += rows;
    rest->totals += rows * QUANTIZED_WIDTH;
}

// What 64 steps of k add to the totals of 16 rows or, with two halves, of 32: tiles 0 and 1 of the first half, 2 and 3 of the second.
INLINE void tiled_step(const CODE *a, size_t row_bytes, const int8_t *b, const size_t halves, const size_t tiles) {
    TILE_LOAD(6, b, 4 * QUANTIZED_WIDTH);
    TILE_LOAD(4, a, row_bytes);
    TILE_DOT(0, 4, 6);
    if (halves > 1) {
        TILE_LOAD(5, a + 16 * row_bytes, row_bytes);
        TILE_DOT(2, 5, 6);
    }
    if (tiles > 1) {
        TILE_LOAD(7, b + 64, 4 * QUANTIZED_WIDTH);
        TILE_DOT(1, 4, 7);
        if (halves > 1) { TILE_DOT(3, 5, 7); }
    }
}

INLINE void tiled_zero(void) {
    TILE_ZERO(0);
    TILE_ZERO(1);
    TILE_ZERO(2);
    TILE_ZERO(3);
}

// Rows of totals are `pitch` apart.
INLINE void tiled_store(int32_t *totals, size_t pitch, const size_t halves, const size_t tiles) {
    TILE_STORE(0, totals, 4 * pitch);
    if (tiles > 1) { TILE_STORE(1, totals + LANES, 4 * pitch); }
    if (halves > 1) {
        TILE_STORE(2, totals + 16 * pitch, 4 * pitch);
        if (tiles > 1) { TILE_STORE(3, totals + 16 * pitch + LANES, 4 * pitch); }
    }
}

// The last steps of a panel where they are not 64, `whole` coming before them: in place, or if 64 would go beyond `end`, in `copy`. NULL if
// there are none. What is read beyond the panel counts for nothing, as codes are followed by zeros.
INLINE const int8_t *last_steps(const int8_t *b, size_t k, size_t whole, const char *end, int8_t *copy) {
    if (whole >= k) { return NULL; }
    const int8_t *last = b + whole * QUANTIZED_WIDTH;
    if ((const char *)last + 64 * QUANTIZED_WIDTH <= end) { return last; }
    memset(copy, 0, 64 * QUANTIZED_WIDTH);
    memcpy(copy, last, ((k + 7) / 8 * 8 - whole) * QUANTIZED_WIDTH);
    return copy;
}

// Totals of 16 or 32 rows and a panel, `last` being from `last_steps`. At each step some rows of the rest are finished, and `ahead` lines
// fetched from `next`, which is read next.
INLINE void tiled_rows(const mien_quantized_product *p, const CODE *a, size_t row_bytes, const int8_t *b, const int8_t *last, int32_t *totals,
                       tiled_rest *rest, const char *next, size_t ahead, const size_t halves, const size_t tiles) {
    const size_t steps = (p->k + 63) / 64, whole = last ? steps - 1 : steps, share = (16 * halves - 1 + steps) / steps;
    tiled_zero();
    NO_VECTOR
    for (size_t step = 0; step < whole; step++, a += 64, b += 64 * QUANTIZED_WIDTH) {
        tiled_step(a, row_bytes, b, halves, tiles);
        for (size_t i = 0; i < ahead; i++, next += 64) { prefetch(next); }
        finish_rows(p, rest, share);
    }
    if (last) { tiled_step(a, row_bytes, last, halves, tiles); }
    finish_rows(p, rest, 32);
    tiled_store(totals, QUANTIZED_WIDTH, halves, tiles);
}

KERNEL void tiled_product(const mien_quantized_product *p) {
    // Setting up the tiles takes as long as a few rows by vectors.
    if (p->rows < 16 || p->k < 32) {
        quantized_product(p);
        return;
    }
    _Alignas(64) int32_t totals[2][32 * QUANTIZED_WIDTH];
    _Alignas(64) int8_t copy[64 * QUANTIZED_WIDTH];
    const size_t row_bytes = quantized_row_bytes(p->k), whole = p->k / 64 * 64, panel_bytes = quantized_panel_bytes(p->k);
    const char *panels_end = (const char *)p->packed + quantized_packed_bytes(p->k, p->columns);
    // Rows whose codes stay in the second-level cache while all the panels pass over them.
    const size_t most = 384 * 1024 / row_bytes, block = most < 96 ? 96 : most / 96 * 96, height = p->rows < 32 ? 16 : 32;
    tiled_rest rest = {.row = 0, .end = 0};
    size_t turn = 0;
    tiles_begin();
    for (size_t start = 0; start < p->rows; start += block) {
        const size_t end = start + block < p->rows ? start + block : p->rows, groups = (end - start + height - 1) / height;
        const size_t lines = panel_bytes / 64, loads = groups * (whole / 64);
        const char *panel = p->packed;
        for (size_t column = 0; column < p->columns; column += QUANTIZED_WIDTH, panel += panel_bytes) {
            const size_t columns = p->columns - column < QUANTIZED_WIDTH ? p->columns - column : QUANTIZED_WIDTH;
            const size_t ahead = loads && column + QUANTIZED_WIDTH < p->columns ? lines / loads : 0;
            const int8_t *b = (const int8_t *)panel + whole_lines(3 * QUANTIZED_WIDTH * sizeof(float));
            const int8_t *last = last_steps(b, p->k, whole, panels_end, copy);
            const char *next = panel + panel_bytes;
            for (size_t done = start; done < end; done += height, turn ^= 1) {
                // The last rows begin among those before them: tiles have 16 of them, and codes end with the last.
                const size_t row = p->rows - done < height ? p->rows - height : done;
                const CODE *a = (const CODE *)((const char *)p->codes + row * row_bytes);
                if (height == 16) {
                    tiled_rows(p, a, row_bytes, b, last, totals[turn], &rest, next, ahead, 1, 2);
                } else if (columns > LANES) {
                    tiled_rows(p, a, row_bytes, b, last, totals[turn], &rest, next, ahead, 2, 2);
                } else {
                    tiled_rows(p, a, row_bytes, b, last, totals[turn], &rest, next, ahead, 2, 1);
                }
                next += whole / 64 * ahead * 64;
                const size_t stop = row + height < end ? row + height : end;
                rest = (tiled_rest){.panel = panel, .column = column, .columns = columns, .row = done, .end = stop,
                    .totals = totals[turn] + (done - row) * QUANTIZED_WIDTH};
            }
        }
    }
    tiles_end();
    finish_rows(p, &rest, 32);
}
