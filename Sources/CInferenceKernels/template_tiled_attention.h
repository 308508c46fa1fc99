// Attention as in template_quantized_attention.h, with tiles and to the same results: for 32 queries at a time, so that their scores for a
// block of keys stay near.

INLINE void tiled_pair_of(int32_t *totals, size_t pitch, const CODE *a, size_t row_bytes, const int8_t *b, const int8_t *last, const size_t tiles) {
    tiled_zero();
    for (size_t at = 0; at < row_bytes; at += 64) {
        tiled_step(a + at, row_bytes, last && at + 64 == row_bytes ? last : b + at * QUANTIZED_WIDTH, 2, tiles);
    }
    tiled_store(totals, pitch, 2, tiles);
}

// Totals of 32 rows, `pitch` apart, and of a panel of which `columns` exist.
INLINE void tiled_pair(int32_t *totals, size_t pitch, const CODE *a, size_t row_bytes, const int8_t *b, const int8_t *last, size_t columns) {
    if (columns > LANES) {
        tiled_pair_of(totals, pitch, a, row_bytes, b, last, 2);
    } else {
        tiled_pair_of(totals, pitch, a, row_bytes, b, last, 1);
    }
}

// Makes a query's totals scores, in place. Returns the largest.
INLINE float finish_scores(float *scores, size_t count, const char *panel, size_t panel_bytes, const float *range) {
    const vf scale = vset(range[0]), zero = vset(range[1]), none = vset(0.0f);
    vf tops[QUANTIZED_VECTORS];
    float top = -INFINITY;
    UNROLL
    for (size_t v = 0; v < QUANTIZED_VECTORS; v++) { tops[v] = vset(-INFINITY); }
    for (size_t at = 0; at < count; at += QUANTIZED_WIDTH, panel += panel_bytes) {
        const float *scales = (const float *)(const void *)panel;
        UNROLL
        for (size_t v = 0; v < QUANTIZED_VECTORS; v++) {
            const size_t here = at + v * LANES;
            if (here >= count) { break; }
            vf x = vfma(zero, vload(scales + QUANTIZED_WIDTH + v * LANES), none);
            x = vfma(vmul(scale, vload(scales + v * LANES)), vnumbers(tile_totals((const int32_t *)(const void *)(scores + here))), x);
            vstore(scores + here, x);
            if (here + LANES <= count) { tops[v] = vmax(tops[v], x); }
        }
    }
    for (size_t i = count / LANES * LANES; i < count; i++) { top = scores[i] > top ? scores[i] : top; }
    const float whole = vmaximum(vmax(tops[0], tops[1]));
    return top == -INFINITY || whole > top ? whole : top;
}

KERNEL void tiled_attention(const mien_attention *p) {
    if (p->queries < 32) {
        quantized_attention(p);
        return;
    }
    const attention_parts parts = quantized_parts(p);
    const size_t queries = p->queries, head = p->head, key_bytes = quantized_row_bytes(head);
    const size_t scales_bytes = whole_lines(3 * QUANTIZED_WIDTH * sizeof(float));
    const float factor = p->scale * 1.44269504f; // to powers of two
    _Alignas(64) int32_t totals[32 * QUANTIZED_WIDTH];
    _Alignas(64) int8_t copy[64 * QUANTIZED_WIDTH];
    quantized_begin(p, &parts);
    mien_quantized_product weigh = {.columns = head, .c = parts.result, .c_row_pitch = (ptrdiff_t)head, .ranges = parts.shares,
        .residual = parts.result, .residual_row_pitch = (ptrdiff_t)head, .lower = -INFINITY, .upper = INFINITY};
    const char *keys = (const char *)p->packed;
    tiles_begin();
    for (size_t block = 0; block * ATTENTION_BLOCK < p->keys; block++) {
        const size_t count = block_keys(block, p->keys), weight_bytes = quantized_row_bytes(count);
        const char *values = keys + quantized_packed_bytes(head, count), *end = keys + quantized_block_bytes(count, head);
        for (size_t done = 0; done < queries; done += 32) {
            // The last queries begin among those before them, as there have to be 32.
            const size_t first = queries - done < 32 ? queries - 32 : done;
            const char *panel = keys;
            for (size_t at = 0; at < count; at += QUANTIZED_WIDTH, panel += quantized_panel_bytes(head)) {
                const int8_t *b = (const int8_t *)panel + scales_bytes, *last = last_steps(b, head, head / 64 * 64, end, copy);
                int32_t *scores = (int32_t *)(void *)parts.scores + at;
                tiled_pair(scores, ATTENTION_BLOCK, parts.codes + first * key_bytes, key_bytes, b, last, count - at);
            }
            float tops[32];
            for (size_t i = done; i < first + 32; i++) {
                float *scores = parts.scores + (i - first) * ATTENTION_BLOCK;
                tops[i - first] = finish_scores(scores, count, keys, quantized_panel_bytes(head), parts.ranges + 2 * i);
            }
            for (size_t i = done; i < first + 32; i++) {
                quantized_absorb(&parts, i, parts.scores + (i - first) * ATTENTION_BLOCK, count, tops[i - first], head, factor);
            }
            panel = values;
            for (size_t column = 0; column < head; column += QUANTIZED_WIDTH, panel += quantized_panel_bytes(count)) {
                const int8_t *b = (const int8_t *)panel + scales_bytes, *last = last_steps(b, count, count / 64 * 64, end, copy);
                const size_t columns = head - column < QUANTIZED_WIDTH ? head - column : QUANTIZED_WIDTH;
                tiled_pair(totals, QUANTIZED_WIDTH, parts.weights + first * weight_bytes, weight_bytes, b, last, columns);
                tiled_rest rest = {.panel = panel, .column = column, .columns = columns, .row = done, .end = first + 32,
                    .totals = totals + (done - first) * QUANTIZED_WIDTH};
                finish_rows(&weigh, &rest, 32);
            }
        }
        keys = end;
    }
    tiles_end();
    quantized_end(p, &parts);
}
