// Products of floats by tiles of 16-bit floats (bfloat16), which keep a float's exponent and the first 8 of its 24 bits: a float is the sum of
// three of them, exactly, and of the nine products of their terms, the six largest are added up. What is left out is about 2^-23 of a product
// at most, so that the result is as good as one by f32 arithmetic, which takes twice as long. Weights of 16 bits are two terms.
//
// Packed weights are those of template_product.h and template_half_sums.h. A block of rows is split on the stack once, and weights as they come,
// for all rows of the block. The tiles' unit computes by itself, so the rows before these are finished (bias, residual, clamp) while it multiplies.

#if LANES != 16
#error "a tile has 16 rows and columns"
#endif

// Rows and steps of k at a time: few enough for the second-level cache, with as many rows as it takes for splitting weights to count for little.
#define SPLIT_ROWS ((size_t)288)
#define SPLIT_STEPS ((size_t)384)
// Steps of k in a tile. Value j of the first half shares 32 bits with value j of the second.
#define TILE_STEPS ((size_t)32)
#define TILE_BYTES ((size_t)1024)

// How many terms of a value and of a weight count.
typedef struct {
    size_t value, weight;
} split_terms;

// 16 columns of packed weights.
typedef struct {
    const float *biases;
    const void *weights;    // from the first step of k on
    size_t pitch;           // weights from one step to the next
} strip;

// Goes through the strips of a packed matrix.
typedef struct {
    const char *panel;
    size_t left, width, at; // columns from this panel on; its columns, and those that were passed
} strip_cursor;

#ifndef HALF_LANES
// Never called: without arithmetic on 16-bit floats, there are no weights of them in that layout.
INLINE size_t sums_width(size_t left) { return left; }
INLINE size_t sums_panel_bytes(size_t k, size_t width) { return k * width; }
#endif

INLINE strip_cursor first_strip(const mien_product *p, const bool is_half) {
    strip_cursor cursor = {.panel = (const char *)p->packed + (is_half ? 64 : 0), .left = p->columns};
    cursor.width = is_half ? sums_width(cursor.left) : next_panel((cursor.left + LANES - 1) / LANES) * LANES;
    return cursor;
}

INLINE strip next_strip(strip_cursor *cursor, size_t k, const bool is_half) {
    if (cursor->at == cursor->width) {
        cursor->panel += is_half ? sums_panel_bytes(k, cursor->width) : (k + 1) * cursor->width * sizeof(float);
        cursor->left -= cursor->width;
        cursor->width = is_half ? sums_width(cursor->left) : next_panel((cursor->left + LANES - 1) / LANES) * LANES;
        cursor->at = 0;
    }
    const float *biases = (const float *)(const void *)cursor->panel;
    const strip result = {.biases = biases + cursor->at, .pitch = cursor->width,
        .weights = is_half ? (const void *)((const uint16_t *)(const void *)(biases + cursor->width) + cursor->at) : (const void *)(biases + cursor->width + cursor->at)};
    cursor->at += LANES;
    return result;
}

// Where a term is among the tiles of its steps: they lie in the order in which they are read.
INLINE size_t value_place(size_t term, const size_t terms) { return terms == 1 ? 0 : term == terms - 1 ? 0 : term + 1; }
INLINE size_t weight_place(size_t term, const size_t terms) { return term == 0 ? 0 : terms - term; }

// Stores the terms of 16 pairs of numbers. The last of three is exact; the first and the second are to the nearest.
INLINE void store_terms(char *at, vf x, vf y, const size_t terms, size_t (*const place)(size_t, const size_t)) {
    UNROLL
    for (size_t i = 0; i < terms; i++) {
        char *here = at + place(i, terms) * 2 * TILE_BYTES;
        if (i == 2) {
            bf16_store_pairs(here, x, y);
        } else {
            const vf u = bf16_nearest(x), v = bf16_nearest(y);
            bf16_store_pairs(here, u, v);
            x = vsub(x, u), y = vsub(y, v);
        }
    }
}

// Steps first..<first + steps of a row, in order.
INLINE const float *row_steps(const mien_product *p, const float *row, size_t first, size_t steps, float *copy) {
    if (p->segments == 1) { return row + (p->segment_offsets ? p->segment_offsets[0] : 0) + first; }
    size_t segment = first / p->segment_length, at = first % p->segment_length, done = 0;
    while (done < steps) {
        const size_t left = p->segment_length - at, count = left < steps - done ? left : steps - done;
        memcpy(copy + done, row + (p->segment_offsets ? p->segment_offsets[segment] : 0) + at, count * sizeof(float));
        done += count, segment++, at = 0;
    }
    return copy;
}

// Tiles of rows: for each 32 rows, for each TILE_STEPS steps, for each term, one of the upper and one of the lower 16 rows. Rows up to a
// multiple of 16 are 0.
INLINE void split_rows(char *tiles, const mien_product *p, size_t start, size_t count, size_t first, size_t steps, const size_t terms) {
    const size_t groups = (steps + TILE_STEPS - 1) / TILE_STEPS, whole = (count + 15) / 16 * 16;
    float copy[SPLIT_STEPS];
    position at = row_position(p, start);
    for (size_t i = 0; i < whole; i++) {
        char *tile = tiles + (i / 32 * groups * terms * 2 + i / 16 % 2) * TILE_BYTES + i % 16 * 64;
        if (i >= count) {
            for (size_t j = 0; j < groups * terms; j++) { memset(tile + j * 2 * TILE_BYTES, 0, 64); }
            continue;
        }
        const float *x = row_steps(p, a_row(p, at), first, steps, copy);
        for (size_t k = 0; k < steps; k += TILE_STEPS, tile += terms * 2 * TILE_BYTES) {
            const size_t left = steps - k;
            if (left >= TILE_STEPS) {
                store_terms(tile, vload(x + k), vload(x + k + 16), terms, value_place);
            } else {
                store_terms(tile, load_columns(x + k, left), left > 16 ? load_columns(x + k + 16, left - 16) : vset(0.0f), terms, value_place);
            }
        }
        if (++at.x == p->line_rows) { at.x = 0, at.line++; }
    }
}

INLINE vf load_weights(const char *weights, const bool is_half) {
    return is_half ? vload_half((const uint16_t *)(const void *)weights) : vload((const float *)(const void *)weights);
}

// Two strips, or one, whose weights are on the way into tiles: for each TILE_STEPS steps, for each term, one of each strip.
typedef struct {
    strip strips[2];
    char *tiles;
    size_t count, first, steps; // strips; steps of k
    size_t at, strip, line;     // what is next: lines `line` and `line + 16` of the steps from `at` on
} strip_split;

// Splits some lines, of at most 32 numbers each.
INLINE void split_lines(strip_split *s, size_t lines, const size_t terms, const bool is_half) {
    while (lines > 0 && s->at < s->steps) {
        const size_t left = s->steps - s->at, some = lines < 16 - s->line ? lines : 16 - s->line, first = s->line;
        const size_t pitch = s->strips[s->strip].pitch * (is_half ? sizeof(uint16_t) : sizeof(float));
        const char *upper = (const char *)s->strips[s->strip].weights + (s->first + s->at + first) * pitch, *lower = upper + 16 * pitch;
        char *line = s->tiles + s->strip * TILE_BYTES + first * 64;
        if (left >= TILE_STEPS) {
            NO_VECTOR
            for (size_t i = 0; i < some; i++, line += 64, upper += pitch, lower += pitch) {
                __builtin_prefetch(upper + 32 * pitch);
                __builtin_prefetch(lower + 32 * pitch);
                store_terms(line, load_weights(upper, is_half), load_weights(lower, is_half), terms, weight_place);
            }
        } else {
            for (size_t i = first; i < first + some; i++, line += 64, upper += pitch, lower += pitch) {
                store_terms(line, i < left ? load_weights(upper, is_half) : vset(0.0f), i + 16 < left ? load_weights(lower, is_half) : vset(0.0f), terms, weight_place);
            }
        }
        lines -= some;
        s->line += some;
        if (s->line < 16) { break; }
        s->line = 0;
        if (++s->strip < s->count) { continue; }
        s->strip = 0;
        s->tiles += terms * 2 * TILE_BYTES;
        s->at += TILE_STEPS;
    }
}

INLINE strip_split next_strips(const mien_product *p, strip_cursor *cursor, size_t column, size_t k, size_t first, size_t steps, char *tiles, const bool is_half) {
    strip_split result = {.tiles = tiles, .count = p->columns - column > LANES ? 2 : 1, .first = first, .steps = steps};
    for (size_t i = 0; i < result.count; i++) { result.strips[i] = next_strip(cursor, k, is_half); }
    return result;
}

// Rows whose totals, 32 apart, are known but for what comes before and after the sum.
typedef struct {
    const float *totals, *biases[2];
    size_t column, rows;
    position at;            // of the next row
    bool is_first, is_last; // steps of k
} split_rest;

INLINE void finish_split_rows(const mien_product *p, split_rest *rest, size_t count) {
    const bool adds_bias = rest->is_first && !p->accumulate, adds_residual = rest->is_first && p->residual && !p->residual_last;
    const bool ends_with_residual = rest->is_last && p->residual && p->residual_last;
    const vf lower = vset(rest->is_last ? p->lower : -INFINITY), upper = vset(rest->is_last ? p->upper : INFINITY);
    const size_t columns = p->columns - rest->column;
    size_t left = rest->rows < count ? rest->rows : count;
    rest->rows -= left;
    while (left > 0) {
        const size_t in_line = p->line_rows - rest->at.x, some = left < in_line ? left : in_line;
        const float *totals = rest->totals, *residual = p->residual ? residual_row(p, rest->at) + rest->column : NULL;
        float *c = c_row(p, rest->at) + rest->column;
        if (columns >= 32 && !adds_residual && !ends_with_residual) {
            const float *others[2] = {adds_bias ? rest->biases[0] : c, adds_bias ? rest->biases[1] : c + LANES};
            const ptrdiff_t pitch = adds_bias ? 0 : p->c_row_pitch;
            NO_VECTOR
            for (size_t i = 0; i < some; i++, totals += 32, c += p->c_row_pitch) {
                UNROLL
                for (size_t v = 0; v < 2; v++) {
                    vstore(c + v * LANES, vmin(upper, vmax(lower, vadd(vload(totals + v * LANES), vload(others[v])))));
                    others[v] += pitch;
                }
            }
        } else {
            for (size_t i = 0; i < some; i++, totals += 32, c += p->c_row_pitch) {
                for (size_t v = 0; v < 2 && v * LANES < columns; v++) {
                    const size_t here = columns - v * LANES;
                    const vf other = residual ? load_columns(residual + v * LANES, here) : vset(0.0f);
                    vf x = vadd(vload(totals + v * LANES), adds_bias ? vload(rest->biases[v]) : load_columns(c + v * LANES, here));
                    if (adds_residual) { x = vadd(x, other); }
                    x = vmin(upper, vmax(lower, x));
                    store_columns(c + v * LANES, ends_with_residual ? vadd(x, other) : x, here);
                }
                if (residual) { residual += p->residual_row_pitch; }
            }
        }
        rest->totals = totals;
        left -= some;
        rest->at.x += some;
        if (rest->at.x == p->line_rows) { rest->at.x = 0, rest->at.line++; }
    }
}

// One product of terms of 16 or 32 rows (tiles 4 and 5) and of 16 or 32 columns (6 and 7).
INLINE void split_dots(const size_t halves, const size_t strips) {
    TILE_DOT_BF16(0, 4, 6);
    if (strips > 1) { TILE_DOT_BF16(1, 4, 7); }
    if (halves > 1) {
        TILE_DOT_BF16(2, 5, 6);
        if (strips > 1) { TILE_DOT_BF16(3, 5, 7); }
    }
}

INLINE void load_value_term(const char *a, size_t term, const size_t terms, const size_t halves) {
    a += value_place(term, terms) * 2 * TILE_BYTES;
    TILE_LOAD(4, a, 64);
    if (halves > 1) { TILE_LOAD(5, a + TILE_BYTES, 64); }
}

INLINE void load_weight_term(const char *b, size_t term, const size_t terms, const size_t strips) {
    b += weight_place(term, terms) * 2 * TILE_BYTES;
    TILE_LOAD(6, b, 64);
    if (strips > 1) { TILE_LOAD(7, b + TILE_BYTES, 64); }
}

// TILE_STEPS steps of k: the products of terms in an order that loads few tiles.
INLINE void split_step(const char *a, const char *b, const split_terms terms, const size_t halves, const size_t strips) {
    const size_t values = terms.value, weights = terms.weight;
    load_weight_term(b, 0, weights, strips);
    if (values > 1) {
        load_value_term(a, values - 1, values, halves);
        split_dots(halves, strips);
    }
    load_value_term(a, 0, values, halves);
    split_dots(halves, strips);
    load_weight_term(b, weights - 1, weights, strips);
    split_dots(halves, strips);
    if (values > 2) {
        load_weight_term(b, 1, weights, strips);
        split_dots(halves, strips);
        load_value_term(a, 1, values, halves);
        split_dots(halves, strips);
        load_weight_term(b, 0, weights, strips);
        split_dots(halves, strips);
    }
}

INLINE void split_tile(const mien_product *p, const char *a, const char *b, size_t groups, float *totals, float *c, split_rest *rest, strip_split *ahead,
                       size_t lines, const split_terms terms, const bool is_half, const size_t halves, const size_t strips) {
    const size_t share = (31 + groups) / groups;
    TILE_ZERO(0);
    TILE_ZERO(1);
    TILE_ZERO(2);
    TILE_ZERO(3);
    NO_VECTOR
    for (size_t i = 0; i < groups; i++, a += terms.value * 2 * TILE_BYTES, b += terms.weight * 2 * TILE_BYTES) {
        for (size_t j = 0; j < share; j++, c += p->c_row_pitch) { __builtin_prefetch(c, 1), __builtin_prefetch(c + 16, 1); }
        split_step(a, b, terms, halves, strips);
        split_lines(ahead, lines, terms.weight, is_half);
        finish_split_rows(p, rest, share);
    }
    finish_split_rows(p, rest, 32);
    TILE_STORE(0, totals, 128);
    if (strips > 1) { TILE_STORE(1, totals + 16, 128); }
    if (halves > 1) {
        TILE_STORE(2, totals + 16 * 32, 128);
        if (strips > 1) { TILE_STORE(3, totals + 16 * 32 + 16, 128); }
    }
}

INLINE bool split_can(const mien_product *p, size_t k, size_t some) {
    return p->tiled && p->columns >= LANES && k >= 16 && !(p->residual && p->residual_last && some < k);
}

// Whether all values of some rows are finite, and stay so when they are rounded.
KERNEL bool can_split_rows(const mien_product *p, size_t start, size_t end) {
    const vf zero = vset(0.0f);
    vf sum = zero; // of zeros; NaN from the first number that is not finite
    position at = row_position(p, start);
    for (size_t i = start; i < end; i++) {
        for (size_t s = 0; s < p->segments; s++) {
            const float *x = a_row(p, at) + (p->segment_offsets ? p->segment_offsets[s] : 0);
            for (size_t k = 0; k < p->segment_length; k += LANES) {
                const vf some = load_columns(x + k, p->segment_length - k);
                sum = vfma(vadd(some, bf16_nearest(some)), zero, sum);
            }
        }
        if (++at.x == p->line_rows) { at.x = 0, at.line++; }
    }
    return vsum(sum) == 0;
}

// `terms` and `is_half` are constants at every call. `by_vectors` computes some rows without tiles.
INLINE void split_product_of(const mien_product *p, const split_terms terms, const bool is_half,
                             void (*by_vectors)(const mien_product *, size_t start, size_t end)) {
    const size_t k = p->segments * p->segment_length, some = even_part(k, SPLIT_STEPS, TILE_STEPS), block = even_part(p->rows, SPLIT_ROWS, 32);
    if (!split_can(p, k, some)) {
        by_vectors(p, 0, p->rows);
        return;
    }
    _Alignas(64) char rows[SPLIT_ROWS / 16 * (SPLIT_STEPS / TILE_STEPS) * 3 * TILE_BYTES];
    _Alignas(64) char weights[2][2 * (SPLIT_STEPS / TILE_STEPS) * 3 * TILE_BYTES];
    _Alignas(64) float totals[2][32 * 32];
    size_t turn = 0;
    tiles_begin();
    for (size_t start = 0; start < p->rows; start += block) {
        const size_t end = start + block < p->rows ? start + block : p->rows, heights = (end - start + 31) / 32;
        if (!can_split_rows(p, start, end)) {
            by_vectors(p, start, end);
            continue;
        }
        split_rest rest = {.rows = 0};
        for (size_t first = 0; first < k; first += some) {
            const size_t steps = k - first < some ? k - first : some, groups = (steps + TILE_STEPS - 1) / TILE_STEPS;
            split_rows(rows, p, start, end - start, first, steps, terms.value);
            strip_cursor cursor = first_strip(p, is_half);
            const size_t pairs = (p->columns + 31) / 32, lines = (32 + heights - 1) / heights;
            strip_split here = next_strips(p, &cursor, 0, k, first, steps, weights[0], is_half);
            split_lines(&here, 32 * groups, terms.weight, is_half);
            for (size_t pair = 0; pair < pairs; pair++) {
                strip_split ahead = {.count = 0};
                if (pair + 1 < pairs) { ahead = next_strips(p, &cursor, (pair + 1) * 32, k, first, steps, weights[(pair + 1) % 2], is_half); }
                const strip_split later = ahead;
                const char *b = weights[pair % 2];
                for (size_t row = start; row < end; row += 32, turn ^= 1) {
                    const char *a = rows + (row - start) / 32 * groups * terms.value * 2 * TILE_BYTES;
                    float *c = c_row(p, row_position(p, row)) + pair * 32;
                    const bool is_high = end - row > 16;
                    if (is_high && here.count > 1) {
                        split_tile(p, a, b, groups, totals[turn], c, &rest, &ahead, lines, terms, is_half, 2, 2);
                    } else if (is_high) {
                        split_tile(p, a, b, groups, totals[turn], c, &rest, &ahead, lines, terms, is_half, 2, 1);
                    } else if (here.count > 1) {
                        split_tile(p, a, b, groups, totals[turn], c, &rest, &ahead, lines, terms, is_half, 1, 2);
                    } else {
                        split_tile(p, a, b, groups, totals[turn], c, &rest, &ahead, lines, terms, is_half, 1, 1);
                    }
                    rest = (split_rest){.totals = totals[turn], .biases = {here.strips[0].biases, here.strips[here.count - 1].biases}, .column = pair * 32,
                        .rows = end - row < 32 ? end - row : 32, .at = row_position(p, row), .is_first = first == 0, .is_last = first + steps == k};
                }
                here = later;
            }
        }
        finish_split_rows(p, &rest, 32);
    }
    tiles_end();
}

KERNEL void split_product(const mien_product *p) { split_product_of(p, (split_terms){3, 3}, false, product_rows); }
KERNEL void split_attention(const mien_attention *p) { attention_by(p, split_product, absorb_scores, split_product, false); }

// With two terms of three, products are off by at most 3 * 2^-16 of themselves.
KERNEL void rough_product(const mien_product *p) { split_product_of(p, (split_terms){2, 2}, false, product_rows); }
KERNEL void rough_attention(const mien_attention *p) { attention_by(p, rough_product, absorb_scores, rough_product, false); }

#ifdef HALF_LANES
// The weights are exact; a value is off by at most 2^-8 of itself, 0.16 % root mean square.
KERNEL void split_half_product(const mien_product *p) { split_product_of(p, (split_terms){1, 2}, true, sums_product_rows); }
#endif
