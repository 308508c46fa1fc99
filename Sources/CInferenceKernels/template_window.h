// Depthwise convolution and pooling, one output line at a time. The window's lines arrive as pointers, so the caller decides what a
// line is (a row of a tensor, a row of a ring buffer); lines and columns in the padding are left out of the sums.

#define COLUMNS_AT_ONCE 4
#define LINES_AT_ONCE 2

// The input column under column kx of the window of output x; false in the padding.
INLINE bool window_column(const mien_window_lines *w, size_t x, size_t kx, size_t *column) {
    const size_t padded = x * w->stride_x + kx * w->dilation;
    if (padded < w->pad_left || padded - w->pad_left >= w->input_width) { return false; }
    *column = padded - w->pad_left;
    return true;
}

// Where the windows of a patch lie: `line[row]` is its first column (which may be in the padding), channel 0.
typedef struct {
    const float *line[LINES_AT_ONCE * 2 + 3];  // NULL for a line in the padding
    const float *taps;
    float *output[LINES_AT_ONCE];
    size_t channels, padded;
    vf lower, upper;
} depthwise_place;

// `down` lines of `across` neighbouring outputs, of one vector of channels (of which `part` exist). The windows' first `before` and last
// `after` columns lie in the padding. All but `at` and `c` are constants at every call. A line of the input is loaded once for all the
// outputs it takes part in.
INLINE void depthwise_patch(const depthwise_place *at, size_t c, size_t part, const size_t stride, const size_t size, const size_t across,
                            const size_t down, const size_t before, const size_t after) {
    const size_t columns = (across - 1) * stride + size, channels = at->channels;
    vf sum[LINES_AT_ONCE][COLUMNS_AT_ONCE];
    UNROLL
    for (size_t l = 0; l < down; l++) {
        UNROLL
        for (size_t t = 0; t < across; t++) { sum[l][t] = vload(at->taps + c); }
    }
    UNROLL
    for (size_t row = 0; row < (down - 1) * stride + size; row++) {
        const float *line = at->line[row];
        if (!line) { continue; }
        line += c;
        vf source[2 * COLUMNS_AT_ONCE + 3];
        UNROLL
        for (size_t i = before; i < columns - after; i++) {
            source[i] = part == LANES ? vload(line + i * channels) : vload_part(line + i * channels, part);
        }
        UNROLL
        for (size_t l = 0; l < down; l++) {
            if (row < l * stride || row >= l * stride + size) { continue; }
            const float *taps = at->taps + c + (1 + (row - l * stride) * size) * at->padded;
            UNROLL
            for (size_t kx = 0; kx < size; kx++) {
                const vf tap = vload(taps + kx * at->padded);
                UNROLL
                for (size_t t = 0; t < across; t++) {
                    const size_t i = t * stride + kx;
                    if (i >= before && i < columns - after) { sum[l][t] = vfma(source[i], tap, sum[l][t]); }
                }
            }
        }
    }
    UNROLL
    for (size_t l = 0; l < down; l++) {
        float *output = at->output[l] + c;
        UNROLL
        for (size_t t = 0; t < across; t++) {
            const vf y = vmin(at->upper, vmax(at->lower, sum[l][t]));
            if (part == LANES) {
                vstore(output + t * channels, y);
            } else {
                vstore_part(output + t * channels, y, part);
            }
        }
    }
}

INLINE void depthwise_run(const mien_window_lines *w, size_t x, const size_t stride, const size_t size, const size_t across, const size_t down,
                          const size_t before, const size_t after) {
    depthwise_place at = {.taps = w->weights, .channels = w->channels, .padded = (w->channels + LANES - 1) / LANES * LANES,
                          .lower = vset(w->lower), .upper = vset(w->upper)};
    const ptrdiff_t left = ((ptrdiff_t)(x * stride) - (ptrdiff_t)w->pad_left) * (ptrdiff_t)w->channels;
    UNROLL
    for (size_t row = 0; row < (down - 1) * stride + size; row++) { at.line[row] = w->lines[row] ? w->lines[row] + left : NULL; }
    UNROLL
    for (size_t l = 0; l < down; l++) { at.output[l] = w->output + l * w->output_pitch + (x - w->x_begin) * w->channels; }
    size_t c = 0;
    NO_VECTOR
    for (; c + LANES <= at.channels; c += LANES) { depthwise_patch(&at, c, LANES, stride, size, across, down, before, after); }
    if (c < at.channels) { depthwise_patch(&at, c, at.channels - c, stride, size, across, down, before, after); }
}

// Any window, any column: also the rare ones with padding on both sides.
KERNEL void depthwise_anywhere(const mien_window_lines *w, size_t x, size_t end) {
    const size_t padded = (w->channels + LANES - 1) / LANES * LANES;
    const vf lower = vset(w->lower), upper = vset(w->upper);
    for (size_t l = 0; l < w->output_lines; l++) {
        for (size_t at = x; at < end; at++) {
            for (size_t c = 0; c < w->channels; c += LANES) {
                const size_t part = w->channels - c < LANES ? w->channels - c : LANES;
                const float *taps = w->weights + c;
                vf sum = vload(taps);
                for (size_t ky = 0; ky < w->window_height; ky++) {
                    const float *line = w->lines[l * w->stride_y + ky * w->dilation];
                    if (!line) { continue; }
                    for (size_t kx = 0; kx < w->window_width; kx++) {
                        size_t column;
                        if (!window_column(w, at, kx, &column)) { continue; }
                        const vf tap = vload(taps + (1 + ky * w->window_width + kx) * padded);
                        sum = vfma(load_columns(line + column * w->channels + c, part), tap, sum);
                    }
                }
                store_columns(w->output + l * w->output_pitch + (at - w->x_begin) * w->channels + c, vmin(upper, vmax(lower, sum)), part);
            }
        }
    }
}

// All columns, `across` at a time. The last group begins early enough to be whole: it writes some outputs a second time, the same.
INLINE void depthwise_columns(const mien_window_lines *w, const size_t stride, const size_t size, const size_t across, const size_t down) {
    if (w->x_end - w->x_begin < across) { return depthwise_anywhere(w, w->x_begin, w->x_end); }
    const size_t edge = size / 2;
    for (size_t x = w->x_begin; x < w->x_end; x += across) {
        if (x + across > w->x_end) { x = w->x_end - across; }
        const size_t reach = (x + across - 1) * stride + size, end = w->input_width + w->pad_left;
        const size_t before = x * stride < w->pad_left ? w->pad_left - x * stride : 0, after = reach > end ? reach - end : 0;
        if (before == 0 && after == 0) {
            depthwise_run(w, x, stride, size, across, down, 0, 0);
        } else if (before == edge && after == 0) {
            depthwise_run(w, x, stride, size, across, down, edge, 0);
        } else if (before == 0 && after == edge) {
            depthwise_run(w, x, stride, size, across, down, 0, edge);
        } else {
            depthwise_anywhere(w, x, x + across);
        }
    }
}

// Outputs at once: as many as keep their sums and the input columns they share in sixteen registers.
KERNEL void depthwise_3x3(const mien_window_lines *w) { depthwise_columns(w, 1, 3, 4, 1); }
KERNEL void depthwise_3x3_pair(const mien_window_lines *w) { depthwise_columns(w, 1, 3, 4, 2); }
KERNEL void depthwise_3x3_by_2(const mien_window_lines *w) { depthwise_columns(w, 2, 3, 4, 1); }
KERNEL void depthwise_3x3_by_2_pair(const mien_window_lines *w) { depthwise_columns(w, 2, 3, 4, 2); }
KERNEL void depthwise_5x5(const mien_window_lines *w) { depthwise_columns(w, 1, 5, 4, 1); }
KERNEL void depthwise_5x5_by_2(const mien_window_lines *w) { depthwise_columns(w, 2, 5, 2, 1); }

KERNEL void depthwise(const mien_window_lines *w) {
    const size_t size = w->window_height, stride = w->stride_y;
    const bool common = w->dilation == 1 && size == w->window_width && stride == w->stride_x && stride <= 2 && (size == 3 || size == 5);
    if (!common) { return depthwise_anywhere(w, w->x_begin, w->x_end); }
    size_t done = 0;
    while (done < w->output_lines) {
        mien_window_lines part = *w;
        part.lines = w->lines + done * stride;
        part.output = w->output + done * w->output_pitch;
        // Two lines share what they load where their windows overlap most.
        part.output_lines = size == 3 && w->output_lines - done >= LINES_AT_ONCE ? LINES_AT_ONCE : 1;
        if (size == 5) {
            if (stride == 1) { depthwise_5x5(&part); } else { depthwise_5x5_by_2(&part); }
        } else if (stride == 2) {
            if (part.output_lines == 2) { depthwise_3x3_by_2_pair(&part); } else { depthwise_3x3_by_2(&part); }
        } else if (part.output_lines == 2) {
            depthwise_3x3_pair(&part);
        } else {
            depthwise_3x3(&part);
        }
        done += part.output_lines;
    }
}

// The window's columns [from, to) lie inside the input; `columns`, where not 0, is how many those are, a constant.
INLINE void pool_pixel(const mien_window_lines *w, const float *const *lines, float *output, size_t x, size_t from, size_t to,
                       const size_t columns, const bool maximum) {
    const size_t step = w->dilation * w->channels, count = columns ? columns : to - from;
    const size_t left = (x * w->stride_x + from * w->dilation - w->pad_left) * w->channels;
    size_t whole = 0;
    for (size_t ky = 0; ky < w->window_height; ky++) { whole += lines[ky * w->dilation] ? count : 0; }
    if (w->counts_padding) { whole = w->window_height * w->window_width; }
    const vf divisor = vset((float)(whole ? whole : 1));
    for (size_t c = 0; c < w->channels; c += LANES) {
        const size_t part = w->channels - c < LANES ? w->channels - c : LANES;
        vf result = vset(maximum ? -INFINITY : 0);
        for (size_t ky = 0; ky < w->window_height; ky++) {
            const float *line = lines[ky * w->dilation];
            if (!line) { continue; }
            UNROLL
            for (size_t kx = 0; kx < count; kx++) {
                const vf y = load_columns(line + (left + c + kx * step), part);
                result = maximum ? vmax(result, y) : vadd(result, y);
            }
        }
        store_columns(output + c, maximum ? result : vdiv(result, divisor), part);
    }
}

INLINE void pool(const mien_window_lines *w, const bool maximum) {
    for (size_t l = 0; l < w->output_lines; l++) {
        for (size_t x = w->x_begin; x < w->x_end; x++) {
            size_t from = 0, to = w->window_width, column;
            while (from < to && !window_column(w, x, from, &column)) { from++; }
            while (to > from && !window_column(w, x, to - 1, &column)) { to--; }
            const float *const *lines = w->lines + l * w->stride_y;
            float *output = w->output + l * w->output_pitch + (x - w->x_begin) * w->channels;
            switch (to - from) {
            case 2: pool_pixel(w, lines, output, x, from, to, 2, maximum); break;
            case 3: pool_pixel(w, lines, output, x, from, to, 3, maximum); break;
            default: pool_pixel(w, lines, output, x, from, to, 0, maximum); break;
            }
        }
    }
}

KERNEL void max_pool(const mien_window_lines *w) { pool(w, true); }
KERNEL void average_pool(const mien_window_lines *w) { pool(w, false); }
