// Attention as in template_attention.h, with both products of 8-bit numbers: queries and keys are rounded row by row, the weights of a block
// relative to the block's largest, and the values of a block column by column.
//   packed = for each block: keys^T, then values, each as `quantized_pack` lays them out.

INLINE size_t quantized_block_bytes(size_t count, size_t head) { return quantized_packed_bytes(head, count) + quantized_packed_bytes(count, head); }

KERNEL size_t quantized_attention_packed_count(size_t keys, size_t head) {
    const size_t rest = keys % ATTENTION_BLOCK;
    return (keys / ATTENTION_BLOCK * quantized_block_bytes(ATTENTION_BLOCK, head) + (rest ? quantized_block_bytes(rest, head) : 0)) / sizeof(float);
}

KERNEL void quantized_attention_pack(float *packed, const float *k, const float *v, size_t block, size_t keys, size_t head, ptrdiff_t pitch) {
    const size_t count = block_keys(block, keys);
    char *place = (char *)packed + block * quantized_block_bytes(ATTENTION_BLOCK, head);
    k += (ptrdiff_t)(block * ATTENTION_BLOCK) * pitch;
    v += (ptrdiff_t)(block * ATTENTION_BLOCK) * pitch;
    quantized_pack(place, k, head, count, 1, pitch, NULL);
    quantized_pack(place + quantized_packed_bytes(head, count), v, count, head, pitch, 1, NULL);
}

INLINE size_t lines_of_floats(size_t bytes) { return whole_lines(bytes) / sizeof(float); }

// Codes and ranges of the queries, scores, codes and ranges of the weights, weighted values, and the maximum and sum of each query.
KERNEL size_t quantized_attention_scratch(size_t queries, size_t head) {
    return lines_of_floats(queries * quantized_row_bytes(head)) + lines_of_floats(queries * quantized_row_bytes(ATTENTION_BLOCK))
        + queries * (ATTENTION_BLOCK + head + 6);
}

// Rounds a block's scores to weights relative to the largest of them. Returns the sum of the weights in units of their last place; NaN if
// there is one among the scores.
INLINE float quantize_scores(CODE *codes, const float *scores, size_t count, float top, float factor) {
    // The exponent of 2 is (score - top) * factor, with the units in it too.
    const float units = CODE_TOP == 255 ? 7.9943534f : 6.9886847f; // log2(CODE_TOP)
    const vf f = vset(factor), shift = vset(units - top * factor), none = vset(0.0f);
    const vi bias = vrounded(vset(-CODE_BIAS));
    vi sums = vizero();
    vf checks = none;
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        const vf power = vfma(vload(scores + i), f, shift);
        const vi rounded = vrounded(vexp2_rough(power));
        checks = vfma(power, none, checks);
        sums = vplus(sums, rounded);
        vstore_codes(codes + i, vplus(rounded, bias));
    }
    float sum = vsum(vnumbers(sums)) + vsum(checks);
    if (i < count) {
        float values[LANES];
        // The lanes beyond the part hold anything.
        vstore(values, vround(vexp2_rough(vmin(vset(units), vfma(vload_part(scores + i, count - i), f, shift)))));
        for (; i < count; i++) {
            const float value = values[i % LANES];
            sum += value;
            codes[i] = (CODE)((value == value ? (int)value : 0) - CODE_BIAS);
        }
    }
    for (; i % CODE_ROW != 0; i++) { codes[i] = 0; }
    return sum;
}

// `product` is a constant at every call.
INLINE void quantized_attention_by(const mien_attention *p, void (*const product)(const mien_quantized_product *)) {
    const size_t queries = p->queries, head = p->head;
    float *free = p->scratch;
    CODE *codes = (CODE *)(void *)free, *weights = (CODE *)(void *)(free += lines_of_floats(queries * quantized_row_bytes(head)));
    float *scores = free += lines_of_floats(queries * quantized_row_bytes(ATTENTION_BLOCK));
    float *result = scores + queries * ATTENTION_BLOCK, *ranges = result + queries * head, *shares = ranges + 2 * queries;
    float *maxima = shares + 2 * queries, *sums = maxima + queries;
    const float factor = p->scale * 1.44269504f; // to powers of two
    quantize_rows(codes, ranges, p->q, queries, head, p->q_pitch);
    memset(result, 0, queries * head * sizeof(float));
    for (size_t i = 0; i < queries; i++) { maxima[i] = -INFINITY, sums[i] = 0; }

    mien_quantized_product score = {.rows = queries, .k = head, .codes = codes, .ranges = ranges, .c = scores, .c_row_pitch = ATTENTION_BLOCK,
        .lower = -INFINITY, .upper = INFINITY};
    mien_quantized_product weigh = {.rows = queries, .columns = head, .codes = weights, .ranges = shares, .c = result, .c_row_pitch = (ptrdiff_t)head,
        .residual = result, .residual_row_pitch = (ptrdiff_t)head, .lower = -INFINITY, .upper = INFINITY};
    const char *packed = (const char *)p->packed;
    for (size_t block = 0; block * ATTENTION_BLOCK < p->keys; block++) {
        const size_t count = block_keys(block, p->keys);
        score.columns = count;
        score.packed = packed;
        product(&score);
        for (size_t i = 0; i < queries; i++) {
            const float *row = scores + i * ATTENTION_BLOCK;
            const float top = largest_of(row, count);
            const float sum = quantize_scores((CODE *)((char *)weights + i * quantized_row_bytes(count)), row, count, top, factor);
            if (top > maxima[i]) {
                // What was summed before, in the measure of the new maximum.
                const float ratio = ratio_of(maxima[i], top, factor);
                scale_row(result + i * head, result + i * head, head, ratio);
                sums[i] *= ratio;
                maxima[i] = top;
            }
            const float share = ratio_of(top, maxima[i], factor);
            shares[2 * i] = share, shares[2 * i + 1] = share * CODE_BIAS;
            sums[i] += sum * share;
        }
        packed += quantized_packed_bytes(head, count);
        weigh.k = count;
        weigh.packed = packed;
        product(&weigh);
        packed += quantized_packed_bytes(count, head);
    }
    for (size_t i = 0; i < queries; i++) { scale_row(p->y + (ptrdiff_t)i * p->y_pitch, result + i * head, head, 1 / sums[i]); }
}

KERNEL void quantized_attention(const mien_attention *p) { quantized_attention_by(p, quantized_product); }

#define QUANTIZED_TABLE QUANTIZED_TABLE_BY(quantized_product, quantized_attention)

#define QUANTIZED_TABLE_BY(product_by, attention_by)                                                                               \
    {                                                                                                                              \
        .levels = CODE_TOP, .width = QUANTIZED_WIDTH, .packed_bytes = quantized_packed_bytes, .pack = quantized_pack,              \
        .row_bytes = quantized_row_bytes, .quantize_rows = quantize_rows, .product = product_by,                                   \
        .attention_packed_count = quantized_attention_packed_count, .attention_pack = quantized_attention_pack,                    \
        .attention_scratch = quantized_attention_scratch, .attention = attention_by,                                               \
    }
