// Layer normalisation: each row by itself. A row stays in the first-level cache between the three passes.

INLINE float row_sum(const float *x, size_t count, float shift, const bool squares) {
    const vf offset = vset(shift);
    // Four totals hide the latency of the addition, and keep each of them short.
    vf sums[4] = {vset(0.0f), vset(0.0f), vset(0.0f), vset(0.0f)};
    size_t i = 0;
    for (; i + 4 * LANES <= count; i += 4 * LANES) {
        UNROLL
        for (size_t v = 0; v < 4; v++) {
            const vf d = vsub(vload(x + i + v * LANES), offset);
            sums[v] = squares ? vfma(d, d, sums[v]) : vadd(sums[v], d);
        }
    }
    for (; i + LANES <= count; i += LANES) {
        const vf d = vsub(vload(x + i), offset);
        sums[0] = squares ? vfma(d, d, sums[0]) : vadd(sums[0], d);
    }
    float rest = 0;
    for (; i < count; i++) {
        const float d = x[i] - shift;
        rest += squares ? d * d : d;
    }
    return vsum(vadd(vadd(sums[0], sums[1]), vadd(sums[2], sums[3]))) + rest;
}

KERNEL void layer_norm(float *y, const float *x, const float *scale, const float *shift, size_t rows, size_t channels, float epsilon) {
    const float share = channels ? 1.0f / (float)channels : 0;
    for (size_t r = 0; r < rows; r++, x += channels, y += channels) {
        // The first element is near the mean where all are far from 0, which the sum would then lose.
        const float origin = channels ? x[0] : 0;
        const float mean = origin + row_sum(x, channels, origin, false) * share;
        const float variance = row_sum(x, channels, mean, true) * share;
        const vf m = vset(mean), s = vset(1.0f / sqrtf(variance + epsilon));
        EACH_VECTOR(channels, vstore(y + i, vfma(vmul(vsub(vload(x + i), m), s), vload(scale + i), vload(shift + i))),
                    vstore_part(y + i, vfma(vmul(vsub(vload_part(x + i, left), m), s), vload_part(scale + i, left), vload_part(shift + i, left)), left))
    }
}
