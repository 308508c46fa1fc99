// Products with weights of 16 bits and arithmetic in f32. The panels are those of template_product.h, on cache lines:
//   panel = [bias, f32][k = 0, f16][k = 1, f16]...
// A block of a panel is widened on the stack, where the first-level cache holds it, and multiplied like any other.

// Steps of k in a block; between blocks the totals are kept in c, which loses nothing.
#define HALF_STEPS ((size_t)128)

INLINE size_t half_panel_bytes(size_t k, size_t width) { return whole_lines(width * (sizeof(float) + k * sizeof(uint16_t))); }

KERNEL size_t half_packed_bytes(size_t k, size_t n) {
    size_t bytes = 0;
    for (size_t left = (n + LANES - 1) / LANES; left > 0;) {
        const size_t vectors = next_panel(left);
        bytes += half_panel_bytes(k, vectors * LANES);
        left -= vectors;
    }
    return bytes;
}

KERNEL void half_pack(void *packed, const float *weights, size_t k, size_t n, ptrdiff_t k_stride, ptrdiff_t n_stride, const float *bias) {
    const vf largest = vset(65504.0f), least = vset(-65504.0f);
    char *panel = packed;
    size_t left = (n + LANES - 1) / LANES, column = 0;
    while (left > 0) {
        const size_t vectors = next_panel(left), width = vectors * LANES;
        left -= vectors;
        memset(panel, 0, half_panel_bytes(k, width));
        float *biases = (float *)(void *)panel;
        uint16_t *halves = (uint16_t *)(void *)(panel + width * sizeof(float));
        for (size_t v = 0; v < vectors; v++, column += LANES) {
            const size_t columns = n - column < LANES ? n - column : LANES;
            if (bias) { vstore(biases + v * LANES, load_columns(bias + column, columns)); }
            for (size_t at = 0; at < k; at += STEPS) {
                vf steps[STEPS];
                load_steps(steps, weights + (ptrdiff_t)at * k_stride + (ptrdiff_t)column * n_stride, k - at, columns, k_stride, n_stride);
                for (size_t i = 0; i < STEPS && at + i < k; i++) { vstore_half(halves + (at + i) * width + v * LANES, vmin(largest, vmax(least, steps[i]))); }
            }
        }
        panel += half_panel_bytes(k, width);
    }
}

KERNEL void half_panel_rows(const mien_product *p, const char *panel, size_t column, size_t columns, size_t start, size_t end, size_t vectors) {
    const size_t k = p->segment_length, width = vectors * LANES;
    const uint16_t *halves = (const uint16_t *)(const void *)(panel + width * sizeof(float));
    float block[(HALF_STEPS + 1) * MAX_PANEL * LANES] __attribute__((aligned(64)));
    memcpy(block, panel, width * sizeof(float));
    size_t at = 0;
    do {
        const size_t steps = k - at < HALF_STEPS ? k - at : HALF_STEPS;
        for (size_t i = 0; i < steps * width; i += LANES) { vstore(block + width + i, vload_half(halves + at * width + i)); }
        mien_product part = *p;
        part.a += at;
        part.segment_length = steps;
        if (at > 0) { part.accumulate = true, part.residual = NULL; }
        at += steps;
        if (at < k) { part.lower = -INFINITY, part.upper = INFINITY; }
        const panel_part here = {.biases = block, .weights = block + width, .column = column, .columns = columns, .next = (const char *)block};
        any_panel(&part, &here, start, end, vectors);
    } while (at < k);
}

KERNEL void half_product(const mien_product *p) {
    const size_t block = row_block(p->rows, p->segment_length);
    for (size_t start = 0; start < p->rows; start += block) {
        const size_t end = start + block < p->rows ? start + block : p->rows;
        const char *panel = (const char *)p->packed;
        size_t left = (p->columns + LANES - 1) / LANES, column = 0;
        while (left > 0) {
            const size_t vectors = next_panel(left), width = vectors * LANES;
            const size_t columns = p->columns - column < width ? p->columns - column : width;
            half_panel_rows(p, panel, column, columns, start, end, vectors);
            panel += half_panel_bytes(p->segment_length, width);
            column += width;
            left -= vectors;
        }
    }
}
