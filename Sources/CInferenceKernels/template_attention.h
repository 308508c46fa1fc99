// Attention of one head, a block of keys at a time, over the matrix product: scores = q * keys^T, softmax of the scores seen so far,
// y += weights * values. Both products read packed panels, which all queries share.
//   packed = for each block: keys^T as [head, keys of the block], then values as [keys of the block, head]; every block but the last is full.

// A whole number of the widest panels of every table, and its scores for a few dozen queries stay in the second-level cache.
#define ATTENTION_BLOCK 384

INLINE size_t block_keys(size_t block, size_t keys) {
    const size_t left = keys - block * ATTENTION_BLOCK;
    return left < ATTENTION_BLOCK ? left : ATTENTION_BLOCK;
}

// `paired` (a constant): values are packed in pairs of keys; see template_pairs.h.
INLINE size_t block_values(size_t keys, size_t head, const bool paired) { return packed_count(panel_steps(keys, paired), head); }
INLINE size_t block_count(size_t keys, size_t head, const bool paired) { return packed_count(head, keys) + block_values(keys, head, paired); }

INLINE size_t attention_count(size_t keys, size_t head, const bool paired) {
    const size_t rest = keys % ATTENTION_BLOCK;
    return keys / ATTENTION_BLOCK * block_count(ATTENTION_BLOCK, head, paired) + (rest ? block_count(rest, head, paired) : 0);
}

KERNEL size_t attention_packed_count(size_t keys, size_t head) { return attention_count(keys, head, false); }

INLINE void pack_block(float *packed, const float *k, const float *v, size_t block, size_t keys, size_t head, ptrdiff_t pitch, const bool paired) {
    const size_t count = block_keys(block, keys);
    packed += block * block_count(ATTENTION_BLOCK, head, paired);
    k += (ptrdiff_t)(block * ATTENTION_BLOCK) * pitch;
    v += (ptrdiff_t)(block * ATTENTION_BLOCK) * pitch;
    pack(packed, k, head, count, 1, pitch, NULL);
    pack_panels(packed + packed_count(head, count), v, count, head, pitch, 1, NULL, paired);
}

KERNEL void attention_pack(float *packed, const float *k, const float *v, size_t block, size_t keys, size_t head, ptrdiff_t pitch) {
    pack_block(packed, k, v, block, keys, head, pitch, false);
}

// Scores, weighted values, and the maximum and sum of each query.
KERNEL size_t attention_scratch(size_t queries, size_t head) { return queries * (ATTENTION_BLOCK + head + 2); }

// NaN if that is all there is.
INLINE float largest_of(const float *x, size_t count) {
    const vf least = vset(-INFINITY);
    vf tops[4] = {least, least, least, least};
    float top = -INFINITY;
    size_t i = 0;
    for (; i + 4 * LANES <= count; i += 4 * LANES) {
        UNROLL
        for (size_t j = 0; j < 4; j++) { tops[j] = vmax(tops[j], vload(x + i + j * LANES)); }
    }
    for (; i + LANES <= count; i += LANES) { tops[0] = vmax(tops[0], vload(x + i)); }
    for (; i < count; i++) { top = x[i] > top ? x[i] : top; }
    const float whole = vmaximum(vmax(vmax(tops[0], tops[1]), vmax(tops[2], tops[3])));
    return top == -INFINITY || whole > top ? whole : top;
}

INLINE void scale_row(float *y, const float *x, size_t count, float by) {
    const vf factor = vset(by);
    EACH_VECTOR(count, vstore(y + i, vmul(vload(x + i), factor)), vstore_part(y + i, vmul(vload_part(x + i, left), factor), left))
}

INLINE float ratio_of(float lower, float upper, float factor) {
    float ratios[LANES];
    vstore(ratios, vexp2_negative(vset((lower - upper) * factor)));
    return ratios[0];
}

// The largest score so far, when those of a block have come; brings what was summed before to its measure.
INLINE float raise_maximum(const float *scores, size_t count, float *result, size_t head, float *maximum, float *sum, float factor) {
    const float largest = largest_of(scores, count), top = largest > *maximum ? largest : *maximum;
    if (top > *maximum) {
        const float ratio = ratio_of(*maximum, top, factor);
        scale_row(result, result, head, ratio);
        *sum *= ratio;
        *maximum = top;
    }
    return top;
}

// Turns a row of scores into weights relative to the largest score so far.
INLINE void absorb_scores(float *scores, size_t count, float *result, size_t head, float *maximum, float *sum, float factor) {
    // The difference first: it is exact where it matters, near the maximum.
    const vf shift = vset(raise_maximum(scores, count, result, head, maximum, sum, factor)), f = vset(factor);
    vf sums = vset(0.0f);
    float rest = 0;
    {
        EACH_VECTOR(count, const vf e = vexp2_negative(vmul(vsub(vload(scores + i), shift), f)); vstore(scores + i, e); sums = vadd(sums, e),
                    vstore_part(scores + i, vexp2_negative(vmul(vsub(vload_part(scores + i, left), shift), f)), left);
                    for (size_t j = 0; j < left; j++) { rest += scores[i + j]; })
    }
    *sum += vsum(sums) + rest;
}

typedef void (*product_function)(const mien_product *);
typedef void (*absorb_function)(float *scores, size_t count, float *result, size_t head, float *maximum, float *sum, float factor);

// The functions (products of queries with keys, what makes weights of scores, products of weights with values) are constants at every call.
INLINE void attention_by(const mien_attention *p, product_function score_product, absorb_function absorb, product_function value_product, const bool paired) {
    float *scores = p->scratch, *result = scores + p->queries * ATTENTION_BLOCK;
    float *maxima = result + p->queries * p->head, *sums = maxima + p->queries;
    const float factor = p->scale * 1.44269504f; // to powers of two
    memset(result, 0, p->queries * p->head * sizeof(float));
    for (size_t i = 0; i < p->queries; i++) { maxima[i] = -INFINITY, sums[i] = 0; }

    mien_product score = {.rows = p->queries, .line_rows = p->queries, .segments = 1, .segment_length = p->head, .a = p->q, .a_row_pitch = p->q_pitch,
        .c = scores, .c_row_pitch = ATTENTION_BLOCK, .lower = -INFINITY, .upper = INFINITY, .tiled = p->tiled};
    mien_product weigh = {.rows = p->queries, .columns = p->head, .line_rows = p->queries, .segments = 1, .a = scores, .a_row_pitch = ATTENTION_BLOCK,
        .c = result, .c_row_pitch = (ptrdiff_t)p->head, .lower = -INFINITY, .upper = INFINITY, .accumulate = true, .tiled = p->tiled};
    const float *packed = p->packed;
    for (size_t block = 0; block * ATTENTION_BLOCK < p->keys; block++) {
        const size_t count = block_keys(block, p->keys);
        score.columns = count;
        score.packed = packed;
        score_product(&score);
        for (size_t i = 0; i < p->queries; i++) {
            absorb(scores + i * ATTENTION_BLOCK, count, result + i * p->head, p->head, maxima + i, sums + i, factor);
        }
        packed += packed_count(p->head, count);
        weigh.segment_length = count;
        weigh.packed = packed;
        value_product(&weigh);
        packed += block_values(count, p->head, paired);
    }
    for (size_t i = 0; i < p->queries; i++) { scale_row(p->y + (ptrdiff_t)i * p->y_pitch, result + i * p->head, p->head, 1 / sums[i]); }
}

KERNEL void attention(const mien_attention *p) { attention_by(p, product, absorb_scores, product, false); }
