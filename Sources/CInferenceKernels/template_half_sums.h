// Products with weights of 16 bits that add up in 16 bits too, twice as many at a time; every SUM_STEPS steps of k, the sums are added to
// totals in f32. The weights are exact, an activation is off by 2^-12 of itself, and the sums lose about 0.12 % of theirs (root mean square).
//   packed = [largest magnitude of a weight, f32, on a line of its own], then panels of 64 columns, the last one of 32 if that is enough:
//   panel = [bias, f32][k = 0, f16][k = 1, f16]...
// No sum can overflow: a row is scaled by a power of two first, so that SUM_STEPS times its largest value times the largest weight fits.

#define HALF_WIDTH 64
#define SUM_STEPS ((size_t)64)
#define SUM_ROWS 14

// Rows and steps of k at a time, converted on the stack: a value takes 32 bits, twice the same 16, since broadcasting 16 bits takes the port
// that multiplies. The pitch spreads rows over the first-level cache.
#define SUM_BLOCK_ROWS ((size_t)98)
#define SUM_BLOCK_STEPS ((size_t)384)
#define PAIR_PITCH (SUM_BLOCK_STEPS + 16)

// Weights are fetched into the first-level cache so many steps before they are used.
#define NEAR_STEPS 9

// From here on a row is multiplied in f32: there is no room for scales.
#define LARGEST_SCALED 0x1p100f

INLINE size_t sums_width(size_t left) { return left > HALF_LANES ? HALF_WIDTH : HALF_LANES; }
INLINE size_t sums_panel_bytes(size_t k, size_t width) { return width * (sizeof(float) + k * sizeof(uint16_t)); }

KERNEL size_t sums_packed_bytes(size_t k, size_t n) {
    const size_t rest = n % HALF_WIDTH;
    return 64 + n / HALF_WIDTH * sums_panel_bytes(k, HALF_WIDTH) + (rest ? sums_panel_bytes(k, sums_width(rest)) : 0);
}

KERNEL void sums_pack(void *packed, const float *weights, size_t k, size_t n, ptrdiff_t k_stride, ptrdiff_t n_stride, const float *bias) {
    const vf largest = vset(65504.0f), least = vset(-65504.0f);
    vf tops = vset(0.0f);
    char *panel = (char *)packed + 64;
    memset(packed, 0, sums_packed_bytes(k, n));
    for (size_t start = 0; start < n;) {
        const size_t width = sums_width(n - start);
        float *biases = (float *)(void *)panel;
        uint16_t *halves = (uint16_t *)(void *)(panel + width * sizeof(float));
        for (size_t column = start; column < n && column < start + width; column += LANES) {
            const size_t columns = n - column < LANES ? n - column : LANES;
            if (bias) { vstore(biases + column - start, load_columns(bias + column, columns)); }
            for (size_t at = 0; at < k; at += STEPS) {
                vf steps[STEPS];
                load_steps(steps, weights + (ptrdiff_t)at * k_stride + (ptrdiff_t)column * n_stride, k - at, columns, k_stride, n_stride);
                for (size_t i = 0; i < STEPS && at + i < k; i++) {
                    const vf x = vmin(largest, vmax(least, steps[i]));
                    tops = vmax(vabs(x), tops); // NaN does not count
                    vstore_half(halves + (at + i) * width + column - start, x);
                }
            }
        }
        panel += sums_panel_bytes(k, width);
        start += width;
    }
    *(float *)packed = vmaximum(tops);
}

// Some rows of A and what they are multiplied by before and after.
typedef struct {
    uint32_t pairs[SUM_BLOCK_ROWS * PAIR_PITCH] __attribute__((aligned(64)));
    float scales[SUM_BLOCK_ROWS], factors[SUM_BLOCK_ROWS]; // factor 0: not to be multiplied here
} scaled_rows;

// Where 2^n is at most x, for x normal and positive.
INLINE int exponent_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (int)(bits >> 23) - 127;
}

INLINE float power_of_two(int n) {
    const uint32_t bits = (uint32_t)(n + 127) << 23;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

// The largest magnitude that is finite.
INLINE float largest_finite(const float *x, size_t count) {
    const vf zero = vset(0.0f), infinity = vset(INFINITY);
    vf tops = zero;
    for (size_t i = 0; i < count; i += LANES) {
        const vf magnitude = vabs(load_columns(x + i, count - i));
        tops = vmax(tops, vless(magnitude, infinity, magnitude, zero));
    }
    return vmaximum(tops);
}

// One row in f32, whatever its size.
KERNEL void long_row(const mien_product *p, position at) {
    const float *a = a_row(p, at), *residual = p->residual ? residual_row(p, at) : NULL;
    const char *panel = (const char *)p->packed + 64;
    for (size_t start = 0; start < p->columns;) {
        const size_t width = sums_width(p->columns - start);
        for (size_t v = 0; v < width && start + v < p->columns; v += LANES) {
            const size_t columns = p->columns - start - v;
            const uint16_t *weights = (const uint16_t *)(const void *)(panel + width * sizeof(float)) + v;
            vf sum = vload((const float *)(const void *)panel + v);
            for (size_t i = 0; i < p->segment_length; i++) { sum = vfma(vset(a[i]), vload_half(weights + i * width), sum); }
            if (residual) { sum = vadd(sum, load_columns(residual + start + v, columns)); }
            store_columns(c_row(p, at) + start + v, vmin(vset(p->upper), vmax(vset(p->lower), sum)), columns);
        }
        panel += sums_panel_bytes(p->segment_length, width);
        start += width;
    }
}

KERNEL void find_scales(const mien_product *p, scaled_rows *rows, size_t start, size_t count) {
    const float weight = *p->packed;
    // Room for what rounding adds. 2^15 is far from where conversion overflows.
    int top = weight > 0 ? exponent_of(60000.0f / (float)SUM_STEPS / weight) : 15;
    if (top > 15) { top = 15; }
    for (size_t i = 0; i < count; i++) {
        const position at = row_position(p, start + i);
        const float largest = largest_finite(a_row(p, at), p->segment_length);
        if (largest >= LARGEST_SCALED) {
            rows->scales[i] = 1, rows->factors[i] = 0;
            long_row(p, at);
            continue;
        }
        int n = largest > 0 ? top - 1 - exponent_of(largest) : 0;
        if (n > 126) { n = 126; }
        rows->scales[i] = power_of_two(n), rows->factors[i] = power_of_two(-n);
    }
}

KERNEL void scale_rows(const mien_product *p, scaled_rows *rows, size_t start, size_t count, size_t first, size_t steps) {
    for (size_t i = 0; i < count; i++) {
        const float *x = a_row(p, row_position(p, start + i)) + first;
        const vf scale = vset(rows->scales[i]);
        // What is beyond the last step is never read.
        for (size_t k = 0; k < steps; k += LANES) { vstore_pairs(rows->pairs + i * PAIR_PITCH + k, vmul(load_columns(x + k, steps - k), scale)); }
    }
}

// `rows` and `vectors` are constants at every call.
INLINE void sum_tile(uint16_t *sums, const uint32_t *pairs, const uint16_t *weights, size_t steps, const char *far, size_t stride,
                     const size_t rows, const size_t vectors) {
    vh sum[SUM_ROWS][2];
    UNROLL
    for (size_t i = 0; i < rows; i++) {
        UNROLL
        for (size_t v = 0; v < vectors; v++) { sum[i][v] = vhzero(); }
    }
    NO_VECTOR
    for (size_t k = 0; k < steps; k++) {
        vh b[2];
        UNROLL
        for (size_t v = 0; v < vectors; v++) { b[v] = vhload(weights + v * HALF_LANES); }
        weights += vectors * HALF_LANES;
        UNROLL
        for (size_t v = 0; v < vectors; v++) { __builtin_prefetch(weights + (NEAR_STEPS * vectors + v) * HALF_LANES, 0, 3); }
        __builtin_prefetch(far, 0, 2);
        far += stride;
        UNROLL
        for (size_t i = 0; i < rows; i++) {
            const vh x = vhpair(pairs[i * PAIR_PITCH + k]);
            UNROLL
            for (size_t v = 0; v < vectors; v++) { sum[i][v] = vhfma(x, b[v], sum[i][v]); }
        }
    }
    UNROLL
    for (size_t i = 0; i < rows; i++) {
        UNROLL
        for (size_t v = 0; v < vectors; v++) { vhstore(sums + (i * 2 + v) * HALF_LANES, sum[i][v]); }
    }
}

KERNEL void some_sums(uint16_t *sums, const uint32_t *pairs, const uint16_t *weights, size_t steps, const char *far, size_t stride, size_t rows, size_t width) {
    const bool is_wide = width == HALF_WIDTH;
    switch (rows) {
#define ROWS(count)                                                                                                                \
    case count:                                                                                                                    \
        if (is_wide) {                                                                                                             \
            sum_tile(sums, pairs, weights, steps, far, stride, count, 2);                                                          \
        } else {                                                                                                                   \
            sum_tile(sums, pairs, weights, steps, far, stride, count, 1);                                                          \
        }                                                                                                                          \
        break;
        ROWS(1) ROWS(2) ROWS(3) ROWS(4) ROWS(5) ROWS(6) ROWS(7) ROWS(8) ROWS(9) ROWS(10) ROWS(11) ROWS(12) ROWS(13) ROWS(14)
#undef ROWS
    }
}

// The sums of each SUM_STEPS steps, and those of the same row and column after one another.
#define SUM_PARTS (SUM_BLOCK_STEPS / SUM_STEPS)
#define SUM_PART (SUM_ROWS * (size_t)HALF_WIDTH)

INLINE vf add_parts(const uint16_t *sums, size_t parts) {
    vf total = vload_half(sums);
    for (size_t i = 1; i < parts; i++) { total = vadd(total, vload_half(sums + i * SUM_PART)); }
    return total;
}

// Adds the sums of a row to its totals, which are in c: the first to bias and residual, the last before the clamp.
INLINE void add_sums(const mien_product *p, const uint16_t *sums, size_t parts, const float *biases, const float *residual, float *c, float by,
                     size_t columns, bool is_first, bool is_last) {
    const vf factor = vset(by), lower = vset(p->lower), upper = vset(p->upper);
    for (size_t v = 0; v < columns; v += LANES) {
        const size_t here = columns - v;
        vf x = is_first ? vload(biases + v) : load_columns(c + v, here);
        if (is_first && residual) { x = vadd(x, load_columns(residual + v, here)); }
        x = vfma(add_parts(sums + v, parts), factor, x);
        if (is_last) { x = vmin(upper, vmax(lower, x)); }
        store_columns(c + v, x, here);
    }
}

// Steps first..<first + steps of one panel, which begins at `column`.
KERNEL void sums_panel(const mien_product *p, const scaled_rows *rows, const char *panel, size_t width, size_t column, size_t start, size_t count,
                       size_t first, size_t steps, const char *next, size_t next_bytes) {
    const size_t columns = p->columns - column < width ? p->columns - column : width;
    const float *biases = (const float *)(const void *)panel;
    const uint16_t *weights = (const uint16_t *)(const void *)(panel + width * sizeof(float)) + first * width;
    const size_t stride = steps ? next_bytes / (steps * ((count + SUM_ROWS - 1) / SUM_ROWS)) + 1 : 0;
    uint16_t sums[SUM_PARTS * SUM_PART] __attribute__((aligned(64)));
    position at = row_position(p, start);
    for (size_t i = 0; i < count; i += SUM_ROWS) {
        const size_t height = count - i < SUM_ROWS ? count - i : SUM_ROWS;
        size_t parts = 0, done = 0;
        do {
            const size_t here = steps - done < SUM_STEPS ? steps - done : SUM_STEPS;
            some_sums(sums + parts * SUM_PART, rows->pairs + i * PAIR_PITCH + done, weights + done * width, here, next, stride, height, width);
            next += here * stride;
            done += here, parts++;
        } while (done < steps);
        for (size_t j = 0; j < height; j++) {
            if (rows->factors[i + j] != 0) {
                add_sums(p, sums + j * HALF_WIDTH, parts, biases, p->residual ? residual_row(p, at) + column : NULL, c_row(p, at) + column,
                         rows->factors[i + j], columns, first == 0, first + steps == p->segment_length);
            }
            if (++at.x == p->line_rows) { at.x = 0, at.line++; }
        }
    }
}

KERNEL void sums_product_rows(const mien_product *p, size_t first_row, size_t end) {
    const size_t k = p->segment_length, block = even_part(end - first_row, SUM_BLOCK_ROWS, SUM_ROWS), some = even_part(k, SUM_BLOCK_STEPS, SUM_STEPS);
    scaled_rows rows;
    for (size_t start = first_row; start < end; start += block) {
        const size_t count = end - start < block ? end - start : block;
        find_scales(p, &rows, start, count);
        size_t first = 0;
        do {
            const size_t steps = k - first < some ? k - first : some;
            scale_rows(p, &rows, start, count, first, steps);
            const char *panel = (const char *)p->packed + 64;
            for (size_t column = 0; column < p->columns;) {
                const size_t width = sums_width(p->columns - column);
                const char *next = panel + sums_panel_bytes(k, width);
                const size_t following = column + width < p->columns ? sums_width(p->columns - column - width) : 0;
                sums_panel(p, &rows, panel, width, column, start, count, first, steps,
                           following ? next + following * (sizeof(float) + first * sizeof(uint16_t)) : panel, following * steps * sizeof(uint16_t));
                panel = next;
                column += width;
            }
            first += steps;
        } while (first < k);
    }
}

KERNEL void sums_product(const mien_product *p) { sums_product_rows(p, 0, p->rows); }
