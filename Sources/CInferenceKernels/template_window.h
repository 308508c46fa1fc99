// Depthwise convolution and pooling, one output line at a time. The window's lines arrive as pointers, so the caller decides what a
// line is (a row of a tensor, a row of a ring buffer); lines and columns in the padding are left out of the sums.

#define COLUMNS_AT_ONCE 4
#define LINES_AT_ONCE 2

// Output columns [first, last) whose window lies inside the input from left to right.
INLINE void whole_columns(const mien_window_lines *w, size_t *first, size_t *last) {
    const size_t reach = (w->window_width - 1) * w->dilation + 1;
    *first = (w->pad_left + w->stride_x - 1) / w->stride_x;
    *last = w->input_width + w->pad_left >= reach ? (w->input_width + w->pad_left - reach) / w->stride_x + 1 : 0;
}

INLINE bool window_column(const mien_window_lines *w, size_t x, size_t kx, size_t *column) {
    const size_t padded = x * w->stride_x + kx * w->dilation;
    if (padded < w->pad_left || padded - w->pad_left >= w->input_width) { return false; }
    *column = padded - w->pad_left;
    return true;
}

// `down` lines of `across` neighbouring outputs, of one vector of channels (of which `part` exist). All but `w`, `x` and `c` are constants
// at every call. A line of the input is loaded once for all the outputs it takes part in.
INLINE void depthwise_patch(const mien_window_lines *w, size_t x, size_t c, size_t part, const size_t stride, const size_t size,
                            const size_t across, const size_t down) {
    const size_t padded = (w->channels + LANES - 1) / LANES * LANES;
    const float *taps = w->weights + c;
    const size_t left = (x * stride - w->pad_left) * w->channels + c;
    vf sum[LINES_AT_ONCE][COLUMNS_AT_ONCE];
    UNROLL
    for (size_t l = 0; l < down; l++) {
        UNROLL
        for (size_t t = 0; t < across; t++) { sum[l][t] = vload(taps); }
    }
    UNROLL
    for (size_t row = 0; row < (down - 1) * stride + size; row++) {
        const float *line = w->lines[row] + left;
        vf source[2 * COLUMNS_AT_ONCE + 3];
        UNROLL
        for (size_t i = 0; i < (across - 1) * stride + size; i++) {
            source[i] = part == LANES ? vload(line + i * w->channels) : vload_part(line + i * w->channels, part);
        }
        UNROLL
        for (size_t l = 0; l < down; l++) {
            if (row < l * stride || row >= l * stride + size) { continue; }
            const size_t ky = row - l * stride;
            UNROLL
            for (size_t kx = 0; kx < size; kx++) {
                const vf tap = vload(taps + (1 + ky * size + kx) * padded);
                UNROLL
                for (size_t t = 0; t < across; t++) { sum[l][t] = vfma(source[t * stride + kx], tap, sum[l][t]); }
            }
        }
    }
    const vf lower = vset(w->lower), upper = vset(w->upper);
    UNROLL
    for (size_t l = 0; l < down; l++) {
        float *output = w->output + l * w->output_pitch + (x - w->x_begin) * w->channels + c;
        UNROLL
        for (size_t t = 0; t < across; t++) {
            const vf y = vmin(upper, vmax(lower, sum[l][t]));
            if (part == LANES) {
                vstore(output + t * w->channels, y);
            } else {
                vstore_part(output + t * w->channels, y, part);
            }
        }
    }
}

INLINE void depthwise_run(const mien_window_lines *w, size_t x, const size_t stride, const size_t size, const size_t across, const size_t down) {
    size_t c = 0;
    for (; c + LANES <= w->channels; c += LANES) { depthwise_patch(w, x, c, LANES, stride, size, across, down); }
    if (c < w->channels) { depthwise_patch(w, x, c, w->channels - c, stride, size, across, down); }
}

// Any window, any column: also those that reach into the padding.
KERNEL void depthwise_anywhere(const mien_window_lines *w, size_t x) {
    const size_t padded = (w->channels + LANES - 1) / LANES * LANES;
    const vf lower = vset(w->lower), upper = vset(w->upper);
    for (size_t l = 0; l < w->output_lines; l++) {
        for (size_t c = 0; c < w->channels; c += LANES) {
            const size_t part = w->channels - c < LANES ? w->channels - c : LANES;
            const float *taps = w->weights + c;
            vf sum = vload(taps);
            for (size_t ky = 0; ky < w->window_height; ky++) {
                const float *line = w->lines[l * w->stride_y + ky * w->dilation];
                if (!line) { continue; }
                for (size_t kx = 0; kx < w->window_width; kx++) {
                    size_t column;
                    if (!window_column(w, x, kx, &column)) { continue; }
                    const vf tap = vload(taps + (1 + ky * w->window_width + kx) * padded);
                    sum = vfma(load_columns(line + column * w->channels + c, part), tap, sum);
                }
            }
            store_columns(w->output + l * w->output_pitch + (x - w->x_begin) * w->channels + c, vmin(upper, vmax(lower, sum)), part);
        }
    }
}

INLINE void depthwise_inside(const mien_window_lines *w, size_t first, size_t last, const size_t stride, const size_t size,
                             const size_t across, const size_t down) {
    size_t x = first;
    for (; x + across <= last; x += across) { depthwise_run(w, x, stride, size, across, down); }
    for (; x < last; x++) { depthwise_run(w, x, stride, size, 1, down); }
}

// Outputs at once: as many as keep their sums and the input columns they share in sixteen registers.
KERNEL void depthwise_3x3(const mien_window_lines *w, size_t first, size_t last) { depthwise_inside(w, first, last, 1, 3, 4, 1); }
KERNEL void depthwise_3x3_pair(const mien_window_lines *w, size_t first, size_t last) { depthwise_inside(w, first, last, 1, 3, 4, 2); }
KERNEL void depthwise_3x3_by_2(const mien_window_lines *w, size_t first, size_t last) { depthwise_inside(w, first, last, 2, 3, 4, 1); }
KERNEL void depthwise_5x5(const mien_window_lines *w, size_t first, size_t last) { depthwise_inside(w, first, last, 1, 5, 4, 1); }
KERNEL void depthwise_5x5_by_2(const mien_window_lines *w, size_t first, size_t last) { depthwise_inside(w, first, last, 2, 5, 2, 1); }

typedef void (*depthwise_function)(const mien_window_lines *, size_t first, size_t last);

INLINE depthwise_function depthwise_choice(const mien_window_lines *w) {
    if (w->dilation != 1 || w->window_height != w->window_width || w->stride_x != w->stride_y || w->stride_x > 2) { return NULL; }
    if (w->window_height == 3) { return w->stride_x == 2 ? depthwise_3x3_by_2 : w->output_lines == 2 ? depthwise_3x3_pair : depthwise_3x3; }
    if (w->window_height == 5) { return w->stride_x == 2 ? depthwise_5x5_by_2 : depthwise_5x5; }
    return NULL;
}

KERNEL void depthwise_lines(const mien_window_lines *w) {
    size_t first, last;
    whole_columns(w, &first, &last);
    if (first < w->x_begin) { first = w->x_begin; }
    if (last > w->x_end) { last = w->x_end; }
    const depthwise_function inside = depthwise_choice(w);
    if (!inside || first >= last) { first = last = w->x_end; }
    for (size_t x = w->x_begin; x < first; x++) { depthwise_anywhere(w, x); }
    if (first < last) { inside(w, first, last); }
    for (size_t x = last; x < w->x_end; x++) { depthwise_anywhere(w, x); }
}

// Two lines share what they load where their windows overlap and nothing is missing; otherwise one at a time.
KERNEL void depthwise(const mien_window_lines *w) {
    const size_t reach = (w->window_height - 1) * w->dilation + 1;
    size_t done = 0;
    while (done < w->output_lines) {
        mien_window_lines part = *w;
        part.lines = w->lines + done * w->stride_y;
        part.output = w->output + done * w->output_pitch;
        part.output_lines = w->output_lines - done >= LINES_AT_ONCE && w->window_height == 3 && w->stride_y == 1 ? LINES_AT_ONCE : 1;
        const size_t needed = part.output_lines - 1 + reach;
        bool complete = true;
        for (size_t row = 0; row < needed; row++) { complete = complete && part.lines[row]; }
        if (!complete) { part.output_lines = 1; }
        for (size_t row = 0; !complete && row < reach; row++) {
            if (!part.lines[row]) { break; }
            complete = row + 1 == reach;
        }
        if (complete) {
            depthwise_lines(&part);
        } else {
            for (size_t x = w->x_begin; x < w->x_end; x++) { depthwise_anywhere(&part, x); }
        }
        done += part.output_lines;
    }
}

INLINE void pool(const mien_window_lines *w, const bool maximum) {
    for (size_t l = 0; l < w->output_lines; l++) {
        for (size_t x = w->x_begin; x < w->x_end; x++) {
            for (size_t c = 0; c < w->channels; c += LANES) {
                const size_t part = w->channels - c < LANES ? w->channels - c : LANES;
                vf result = vset(maximum ? -INFINITY : 0);
                size_t count = 0;
                for (size_t ky = 0; ky < w->window_height; ky++) {
                    const float *line = w->lines[l * w->stride_y + ky * w->dilation];
                    if (!line) { continue; }
                    for (size_t kx = 0; kx < w->window_width; kx++) {
                        size_t column;
                        if (!window_column(w, x, kx, &column)) { continue; }
                        const vf y = load_columns(line + column * w->channels + c, part);
                        result = maximum ? vmax(result, y) : vadd(result, y);
                        count++;
                    }
                }
                if (!maximum) {
                    if (w->counts_padding) { count = w->window_height * w->window_width; }
                    result = vdiv(result, vset((float)(count ? count : 1)));
                }
                store_columns(w->output + l * w->output_pitch + (x - w->x_begin) * w->channels + c, result, part);
            }
        }
    }
}

KERNEL void max_pool(const mien_window_lines *w) { pool(w, true); }
KERNEL void average_pool(const mien_window_lines *w) { pool(w, false); }
