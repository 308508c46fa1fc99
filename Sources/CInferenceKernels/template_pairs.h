// Products at f16 by instructions that multiply pairs of bfloat16 (8 significant bits, the range of f32) and add both products to a total in f32:
// twice as many a step as in f32. Values and weights are rounded, which costs a product about 0.23 % (root mean square).
// The panels are those of template_product.h, a float standing for the weights of two steps of k:
//   panel = [bias, f32][k = 0 and 1, bf16][k = 2 and 3, bf16]...    with a weight of 0 beyond an odd k.

INLINE size_t pairs_of(size_t k) { return panel_steps(k, true); }

KERNEL size_t pairs_packed_bytes(size_t k, size_t n) { return packed_count(pairs_of(k), n) * sizeof(float); }

KERNEL void pairs_pack(void *packed, const float *weights, size_t k, size_t n, ptrdiff_t k_stride, ptrdiff_t n_stride, const float *bias) {
    pack_panels(packed, weights, k, n, k_stride, n_stride, bias, true);
}

// Pairs of a row at a time, rounded on the stack, and of how many rows.
#define PAIR_STEPS BLOCK_STEPS
#define PAIR_ROWS BLOCK_ROWS

KERNEL void round_rows(float *pairs, size_t pitch, const float *x, ptrdiff_t x_pitch, size_t rows, size_t count) {
    for (size_t i = 0; i < rows; i++) {
        char *row = (char *)(pairs + i * pitch);
        for (size_t k = 0; k < count; k += LANES) { vstore_brain(row + k * sizeof(uint16_t), load_columns(x + (ptrdiff_t)i * x_pitch + k, count - k)); }
    }
}

KERNEL void pairs_product(const mien_product *p) {
    const size_t k = p->segment_length, some = even_part(k, 2 * PAIR_STEPS, 2 * LANES), block = even_part(p->rows, PAIR_ROWS, 24);
    _Alignas(64) float pairs[PAIR_ROWS * PAIR_STEPS];
    size_t count = 0;
    for (size_t row = 0; row < p->rows; row += count) {
        const position at = row_position(p, row);
        count = p->line_rows - at.x < p->rows - row ? p->line_rows - at.x : p->rows - row;
        if (count > block) { count = block; }
        mien_product part = *p;
        part.rows = part.line_rows = count;
        part.a = pairs;
        part.c = c_row(p, at);
        part.residual = p->residual ? residual_row(p, at) : NULL;
        for (size_t first = 0; first < k; first += some) {
            const size_t steps = k - first < some ? k - first : some, pitch = (pairs_of(steps) + LANES - 1) / LANES * LANES;
            round_rows(pairs, pitch, a_row(p, at) + first, p->a_row_pitch, count, steps);
            part.a_row_pitch = (ptrdiff_t)pitch;
            part.segment_length = pairs_of(steps);
            if (first > 0) { part.accumulate = true, part.residual = NULL; }
            part.lower = first + steps < k ? -INFINITY : p->lower, part.upper = first + steps < k ? INFINITY : p->upper;
            product_steps(&part, first / 2, pairs_of(steps), pairs_of(k), 0, count, true);
        }
    }
}

// In attention, scores are in f32, as an error of theirs is one of the exponent; weights and values are rounded.

KERNEL size_t pairs_attention_packed_count(size_t keys, size_t head) { return attention_count(keys, head, true); }

KERNEL void pairs_attention_pack(float *packed, const float *k, const float *v, size_t block, size_t keys, size_t head, ptrdiff_t pitch) {
    pack_block(packed, k, v, block, keys, head, pitch, true);
}

// As absorb_scores, but the weights are rounded to pairs and take the first half of the row. What vexp2_rough is off by is far below that.
INLINE void absorb_pairs(float *scores, size_t count, float *result, size_t head, float *maximum, float *sum, float factor) {
    const vf shift = vset(-raise_maximum(scores, count, result, head, maximum, sum, factor) * factor), f = vset(factor);
    vf sums = vset(0.0f);
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        const vf e = vexp2_rough(vfma(vload(scores + i), f, shift));
        vstore_brain((char *)scores + i * sizeof(uint16_t), e);
        sums = vadd(sums, e);
    }
    if (i < count) {
        float rest[LANES];
        vstore(rest, vexp2_rough(vfma(vload_part(scores + i, count - i), f, shift)));
        const vf e = vload_part(rest, count - i);
        vstore_brain((char *)scores + i * sizeof(uint16_t), e);
        sums = vadd(sums, e);
    }
    *sum += vsum(sums);
}

// A product of rows that are rounded.
KERNEL void rounded_product(const mien_product *p) {
    mien_product part = *p;
    part.segment_length = pairs_of(p->segment_length);
    product_steps(&part, 0, part.segment_length, part.segment_length, 0, p->rows, true);
}

KERNEL void pairs_attention(const mien_attention *p) { attention_by(p, product, absorb_pairs, rounded_product, true); }
