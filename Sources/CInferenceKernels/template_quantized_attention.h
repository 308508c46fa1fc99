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
    vf checks[4] = {none, none, none, none};
    size_t i = 0;
    for (; i + 4 * LANES <= count; i += 4 * LANES) {
        vi rounded[4];
        UNROLL
        for (size_t j = 0; j < 4; j++) {
            const vf power = vfma(vload(scores + i + j * LANES), f, shift);
            rounded[j] = vrounded(vexp2_rough(power));
            checks[j] = vfma(power, none, checks[j]);
            sums = vplus(sums, rounded[j]);
            if (CODE_BIAS != 0) { rounded[j] = vplus(rounded[j], bias); }
        }
        vstore_four(codes + i, rounded);
    }
    for (; i + LANES <= count; i += LANES) {
        const vf power = vfma(vload(scores + i), f, shift);
        const vi rounded = vrounded(vexp2_rough(power));
        checks[0] = vfma(power, none, checks[0]);
        sums = vplus(sums, rounded);
        vstore_codes(codes + i, vplus(rounded, bias));
    }
    float sum = vsum(vadd(vnumbers(sums), vadd(vadd(checks[0], checks[1]), vadd(checks[2], checks[3]))));
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

// Where the parts of the scratch are.
typedef struct {
    CODE *codes, *weights;  // of the queries, and of a block's weights
    float *ranges, *shares; // of either
    float *scores, *result, *maxima, *sums;
} attention_parts;

INLINE attention_parts quantized_parts(const mien_attention *p) {
    const size_t queries = p->queries;
    attention_parts parts;
    float *free = p->scratch;
    parts.codes = (CODE *)(void *)free, free += lines_of_floats(queries * quantized_row_bytes(p->head));
    parts.weights = (CODE *)(void *)free, free += lines_of_floats(queries * quantized_row_bytes(ATTENTION_BLOCK));
    parts.scores = free, free += queries * ATTENTION_BLOCK;
    parts.result = free, free += queries * p->head;
    parts.ranges = free, parts.shares = free + 2 * queries, parts.maxima = free + 4 * queries, parts.sums = free + 5 * queries;
    return parts;
}

INLINE void quantized_begin(const mien_attention *p, const attention_parts *parts) {
    quantize_rows(parts->codes, parts->ranges, p->q, p->queries, p->head, p->q_pitch);
    memset(parts->result, 0, p->queries * p->head * sizeof(float));
    for (size_t i = 0; i < p->queries; i++) { parts->maxima[i] = -INFINITY, parts->sums[i] = 0; }
}

// Rounds a block's scores of query i, the largest being `top`, and brings what was summed before to the measure of the largest so far.
INLINE void quantized_absorb(const attention_parts *parts, size_t i, const float *scores, size_t count, float top, size_t head, float factor) {
    const float sum = quantize_scores((CODE *)((char *)parts->weights + i * quantized_row_bytes(count)), scores, count, top, factor);
    float *result = parts->result + i * head, *maximum = parts->maxima + i, *total = parts->sums + i, *share = parts->shares + 2 * i;
    if (top > *maximum) {
        const float ratio = ratio_of(*maximum, top, factor);
        scale_row(result, result, head, ratio);
        *total *= ratio;
        *maximum = top;
    }
    share[0] = top == *maximum ? 1 : ratio_of(top, *maximum, factor);
    share[1] = share[0] * CODE_BIAS;
    *total += sum * share[0];
}

INLINE void quantized_end(const mien_attention *p, const attention_parts *parts) {
    for (size_t i = 0; i < p->queries; i++) {
        scale_row(p->y + (ptrdiff_t)i * p->y_pitch, parts->result + i * p->head, p->head, 1 / parts->sums[i]);
    }
}

KERNEL void quantized_attention(const mien_attention *p) {
    const attention_parts parts = quantized_parts(p);
    const size_t queries = p->queries, head = p->head;
    const float factor = p->scale * 1.44269504f; // to powers of two
    quantized_begin(p, &parts);
    mien_quantized_product score = {.rows = queries, .k = head, .codes = parts.codes, .ranges = parts.ranges, .c = parts.scores,
        .c_row_pitch = ATTENTION_BLOCK, .lower = -INFINITY, .upper = INFINITY};
    mien_quantized_product weigh = {.rows = queries, .columns = head, .codes = parts.weights, .ranges = parts.shares, .c = parts.result,
        .c_row_pitch = (ptrdiff_t)head, .residual = parts.result, .residual_row_pitch = (ptrdiff_t)head, .lower = -INFINITY, .upper = INFINITY};
    const char *packed = (const char *)p->packed;
    for (size_t block = 0; block * ATTENTION_BLOCK < p->keys; block++) {
        const size_t count = block_keys(block, p->keys);
        score.columns = count;
        score.packed = packed;
        quantized_product(&score);
        for (size_t i = 0; i < queries; i++) {
            const float *row = parts.scores + i * ATTENTION_BLOCK;
            quantized_absorb(&parts, i, row, count, largest_of(row, count), head, factor);
        }
        packed += quantized_packed_bytes(head, count);
        weigh.k = count;
        weigh.packed = packed;
        quantized_product(&weigh);
        packed += quantized_packed_bytes(count, head);
    }
    quantized_end(p, &parts);
}

#define QUANTIZED_TABLE QUANTIZED_TABLE_BY(quantized_product, quantized_attention)

#define QUANTIZED_TABLE_BY(product_by, attention_by)                                                                               \
    {                                                                                                                              \
        .levels = CODE_TOP, .width = QUANTIZED_WIDTH, .packed_bytes = quantized_packed_bytes, .pack = quantized_pack,              \
        .row_bytes = quantized_row_bytes, .quantize_rows = quantize_rows, .product = product_by,                                   \
        .attention_packed_count = quantized_attention_packed_count, .attention_pack = quantized_attention_pack,                    \
        .attention_scratch = quantized_attention_scratch, .attention = attention_by,                                               \
    }
