// The recurrent half of an LSTM. A step multiplies one vector by a matrix, so each weight is used once and read as fast as the caches give
// it: two vectors of units with their four gates are eight sums, enough to hide the latency of FMA, and become the new state without
// leaving the registers.
//   packed = for every block of 1 or 2 vectors of units: [k = 0][k = 1]... where [..] is 4 gates * (vectors in the block) * LANES floats,
//   zero beyond the last unit.

#define LSTM_GATES 4

// Two vectors, but one when no more are left.
INLINE size_t lstm_block(size_t left) { return left > LANES ? 2 : 1; }

KERNEL size_t lstm_packed_count(size_t units) { return (units + LANES - 1) / LANES * LANES * LSTM_GATES * units; }

KERNEL void lstm_pack(float *packed, const float *weights, size_t units) {
    for (size_t first = 0; first < units;) {
        const size_t width = lstm_block(units - first) * LANES;
        for (size_t k = 0; k < units; k++) {
            for (size_t gate = 0; gate < LSTM_GATES; gate++) {
                for (size_t j = 0; j < width; j++) {
                    *packed++ = first + j < units ? weights[(gate * units + first + j) * units + k] : 0;
                }
            }
        }
        first += width;
    }
}

// Units first..<first + width of one step. `vectors` is constant at every call.
INLINE void lstm_units(const mien_lstm *p, const float *gates, const float *packed, const float *before, float *after, size_t first,
                       const size_t vectors) {
    vf sum[LSTM_GATES][2];
    UNROLL
    for (size_t gate = 0; gate < LSTM_GATES; gate++) {
        UNROLL
        for (size_t v = 0; v < vectors; v++) {
            const size_t unit = first + v * LANES;
            sum[gate][v] = load_columns(gates + gate * p->units + unit, p->units - unit);
        }
    }
    NO_VECTOR
    for (size_t k = 0; k < p->units; k++) {
        const vf h = vset(before[k]);
        UNROLL
        for (size_t gate = 0; gate < LSTM_GATES; gate++) {
            UNROLL
            for (size_t v = 0; v < vectors; v++) { sum[gate][v] = vfma(h, vload(packed + (gate * vectors + v) * LANES), sum[gate][v]); }
        }
        packed += LSTM_GATES * vectors * LANES;
    }
    UNROLL
    for (size_t v = 0; v < vectors; v++) {
        const size_t unit = first + v * LANES, left = p->units - unit;
        const vf kept = vmul(vsigmoid(sum[1][v]), load_columns(p->cell + unit, left));
        const vf cell = vfma(vsigmoid(sum[0][v]), vtanh(sum[2][v]), kept);
        store_columns(p->cell + unit, cell, left);
        store_columns(after + unit, vmul(vsigmoid(sum[3][v]), vtanh(cell)), left);
    }
}

KERNEL void lstm(const mien_lstm *p) {
    const float *before = p->hidden;
    for (size_t step = 0; step < p->steps; step++) {
        const float *gates = p->gates + step * LSTM_GATES * p->units, *packed = p->packed;
        float *after = p->output + step * p->units;
        for (size_t first = 0; first < p->units;) {
            const size_t vectors = lstm_block(p->units - first);
            if (vectors == 2) {
                lstm_units(p, gates, packed, before, after, first, 2);
            } else {
                lstm_units(p, gates, packed, before, after, first, 1);
            }
            packed += LSTM_GATES * vectors * LANES * p->units;
            first += vectors * LANES;
        }
        before = after;
    }
    if (p->steps > 0) { memcpy(p->hidden, before, p->units * sizeof(float)); }
}

KERNEL void magnitude(float *y, const float *re, const float *im, size_t count) {
    EACH_VECTOR(count,
                const vf a = vload(re + i); const vf b = vload(im + i); vstore(y + i, vsqrt(vfma(a, a, vmul(b, b)))),
                const vf a = vload_part(re + i, left); const vf b = vload_part(im + i, left);
                vstore_part(y + i, vsqrt(vfma(a, a, vmul(b, b))), left))
}
