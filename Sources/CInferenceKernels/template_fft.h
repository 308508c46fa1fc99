// Power spectra of overlapping frames, one frame in each lane, so that a butterfly is whole-vector arithmetic without shuffles; and the
// logarithms of their sums through a filter bank.
//
// The transform of real numbers is a mixed-radix one by decimation in time. A pass joins `radix` transforms of m points into one of
// radix * m. Because the spectrum of real numbers is Hermitian, only its first half is kept: the vectors of one transform are
// [re 0, re 1, im 1, re 2, im 2, ...], with re N/2 last where N is even. Passes of odd radix come first, so m is odd in them.

// Where a pass puts frequency k of a transform: as described above, or as its power in the last pass.
INLINE void put(float *y, size_t k, vf re, vf im, const bool power) {
    if (power) {
        vstore(y + k * LANES, vfma(re, re, vmul(im, im)));
    } else {
        vstore(y + (2 * k - 1) * LANES, re);
        vstore(y + 2 * k * LANES, im);
    }
}

INLINE void put_real(float *y, size_t k, vf re, const bool power) {
    vstore(y + (power || k == 0 ? k : 2 * k - 1) * LANES, power ? vmul(re, re) : re);
}

// Frequency k of input j, turned by its twiddle factor cos - i sin.
INLINE void get(const float *x, size_t k, const float *twiddle, vf *re, vf *im) {
    const vf a = vload(x + (2 * k - 1) * LANES), b = vload(x + 2 * k * LANES), cosine = vset(twiddle[0]), sine = vset(twiddle[1]);
    *re = vfma(b, sine, vmul(a, cosine));
    *im = vfnma(a, sine, vmul(b, cosine));
}

// In each of these, s holds `radix` inputs one pitch apart, y takes one output, and frequencies beyond the half are written as the
// conjugate of their mirror image.

INLINE void join_2(const float *s, size_t pitch, float *y, size_t m, const float *t, const bool power) {
    const vf a = vload(s), b = vload(s + pitch);
    put_real(y, 0, vadd(a, b), power);
    put_real(y, m, vsub(a, b), power);
    size_t k = 1;
    for (; 2 * k < m; k++, t += 2) {
        const vf ar = vload(s + (2 * k - 1) * LANES), ai = vload(s + 2 * k * LANES);
        vf br, bi;
        get(s + pitch, k, t, &br, &bi);
        put(y, k, vadd(ar, br), vadd(ai, bi), power);
        put(y, m - k, vsub(ar, br), vsub(bi, ai), power);
    }
    if (2 * k == m) {
        put(y, k, vload(s + (m - 1) * LANES), vsub(vset(0.0f), vload(s + pitch + (m - 1) * LANES)), power);
    }
}

INLINE void join_4(const float *s, size_t pitch, float *y, size_t m, const float *t, const bool power) {
    const vf a = vload(s), b = vload(s + pitch), c = vload(s + 2 * pitch), d = vload(s + 3 * pitch);
    const vf even = vadd(a, c), odd = vadd(b, d);
    put_real(y, 0, vadd(even, odd), power);
    put(y, m, vsub(a, c), vsub(d, b), power);
    put_real(y, 2 * m, vsub(even, odd), power);
    size_t k = 1;
    for (; 2 * k < m; k++, t += 6) {
        const vf ar = vload(s + (2 * k - 1) * LANES), ai = vload(s + 2 * k * LANES);
        vf br, bi, cr, ci, dr, di;
        get(s + pitch, k, t, &br, &bi);
        get(s + 2 * pitch, k, t + 2, &cr, &ci);
        get(s + 3 * pitch, k, t + 4, &dr, &di);
        const vf sum_r = vadd(ar, cr), sum_i = vadd(ai, ci), other_r = vadd(br, dr), other_i = vadd(bi, di);
        const vf left_r = vsub(ar, cr), left_i = vsub(ai, ci), right_r = vsub(dr, br), right_i = vsub(bi, di);
        put(y, k, vadd(sum_r, other_r), vadd(sum_i, other_i), power);
        put(y, 2 * m - k, vsub(sum_r, other_r), vsub(other_i, sum_i), power);
        put(y, m + k, vadd(left_r, right_i), vadd(left_i, right_r), power);
        put(y, m - k, vsub(left_r, right_i), vsub(right_r, left_i), power);
    }
    if (2 * k == m) {
        const vf e = vload(s + (m - 1) * LANES), f = vload(s + pitch + (m - 1) * LANES), g = vload(s + 2 * pitch + (m - 1) * LANES);
        const vf h = vload(s + 3 * pitch + (m - 1) * LANES), half = vset(0.70710678f);
        const vf re = vmul(vsub(f, h), half), im = vmul(vadd(f, h), half);
        put(y, k, vadd(e, re), vsub(vsub(vset(0.0f), g), im), power);
        put(y, m + k, vsub(e, re), vsub(g, im), power);
    }
}

INLINE void join_3(const float *s, size_t pitch, float *y, size_t m, const float *t, const bool power) {
    const vf half = vset(0.5f), height = vset(0.86602540f);
    const vf a = vload(s), b = vload(s + pitch), c = vload(s + 2 * pitch), sum = vadd(b, c);
    put_real(y, 0, vadd(a, sum), power);
    put(y, m, vfnma(sum, half, a), vmul(vsub(c, b), height), power);
    for (size_t k = 1; 2 * k < m; k++, t += 4) {
        const vf ar = vload(s + (2 * k - 1) * LANES), ai = vload(s + 2 * k * LANES);
        vf br, bi, cr, ci;
        get(s + pitch, k, t, &br, &bi);
        get(s + 2 * pitch, k, t + 2, &cr, &ci);
        const vf sum_r = vadd(br, cr), sum_i = vadd(bi, ci);
        const vf ur = vfnma(sum_r, half, ar), ui = vfnma(sum_i, half, ai);
        const vf vr = vmul(vsub(cr, br), height), vi = vmul(vsub(bi, ci), height);
        put(y, k, vadd(ar, sum_r), vadd(ai, sum_i), power);
        put(y, m + k, vadd(ur, vi), vadd(ui, vr), power);
        put(y, m - k, vsub(ur, vi), vsub(vr, ui), power);
    }
}

INLINE void join_5(const float *s, size_t pitch, float *y, size_t m, const float *t, const bool power) {
    // Cosines and sines of a fifth and two fifths of a turn.
    const vf c1 = vset(0.30901699f), c2 = vset(-0.80901699f), s1 = vset(0.95105652f), s2 = vset(0.58778525f);
    const vf x0 = vload(s), x1 = vload(s + pitch), x2 = vload(s + 2 * pitch), x3 = vload(s + 3 * pitch), x4 = vload(s + 4 * pitch);
    const vf outer = vadd(x1, x4), inner = vadd(x2, x3), outwards = vsub(x4, x1), inwards = vsub(x3, x2);
    put_real(y, 0, vadd(x0, vadd(outer, inner)), power);
    put(y, m, vfma(inner, c2, vfma(outer, c1, x0)), vfma(inwards, s2, vmul(outwards, s1)), power);
    put(y, 2 * m, vfma(inner, c1, vfma(outer, c2, x0)), vfnma(inwards, s1, vmul(outwards, s2)), power);
    for (size_t k = 1; 2 * k < m; k++, t += 8) {
        const vf ar = vload(s + (2 * k - 1) * LANES), ai = vload(s + 2 * k * LANES);
        vf br, bi, cr, ci, dr, di, er, ei;
        get(s + pitch, k, t, &br, &bi);
        get(s + 2 * pitch, k, t + 2, &cr, &ci);
        get(s + 3 * pitch, k, t + 4, &dr, &di);
        get(s + 4 * pitch, k, t + 6, &er, &ei);
        const vf outer_r = vadd(br, er), outer_i = vadd(bi, ei), inner_r = vadd(cr, dr), inner_i = vadd(ci, di);
        const vf out_r = vsub(er, br), out_i = vsub(bi, ei), in_r = vsub(dr, cr), in_i = vsub(ci, di);
        const vf ur = vfma(inner_r, c2, vfma(outer_r, c1, ar)), ui = vfma(inner_i, c2, vfma(outer_i, c1, ai));
        const vf vr = vfma(in_r, s2, vmul(out_r, s1)), vi = vfma(in_i, s2, vmul(out_i, s1));
        const vf wr = vfma(inner_r, c1, vfma(outer_r, c2, ar)), wi = vfma(inner_i, c1, vfma(outer_i, c2, ai));
        const vf zr = vfnma(in_r, s1, vmul(out_r, s2)), zi = vfnma(in_i, s1, vmul(out_i, s2));
        put(y, k, vadd(ar, vadd(outer_r, inner_r)), vadd(ai, vadd(outer_i, inner_i)), power);
        put(y, m + k, vadd(ur, vi), vadd(ui, vr), power);
        put(y, m - k, vsub(ur, vi), vsub(vr, ui), power);
        put(y, 2 * m + k, vadd(wr, zi), vadd(wi, zr), power);
        put(y, 2 * m - k, vsub(wr, zi), vsub(zr, wi), power);
    }
}

// One pass over the `length / (radix * m)` groups of transforms. Input j of group g is transform g + j * groups.
INLINE void join_all(float *y, const float *x, size_t length, size_t m, size_t radix, const float *twiddles, const bool power) {
    const size_t groups = length / (radix * m), pitch = groups * m * LANES;
    for (size_t g = 0; g < groups; g++, x += m * LANES, y += radix * m * LANES) {
        switch (radix) {
        case 2: join_2(x, pitch, y, m, twiddles, power); break;
        case 3: join_3(x, pitch, y, m, twiddles, power); break;
        case 4: join_4(x, pitch, y, m, twiddles, power); break;
        default: join_5(x, pitch, y, m, twiddles, power); break;
        }
    }
}

KERNEL void join(float *y, const float *x, size_t length, size_t m, size_t radix, const float *twiddles) {
    join_all(y, x, length, m, radix, twiddles, false);
}

KERNEL void join_to_power(float *y, const float *x, size_t length, size_t radix, const float *twiddles) {
    join_all(y, x, length, length / radix, radix, twiddles, true);
}

KERNEL void power_spectra(float *power, const float *samples, size_t frames, size_t hop, const float *window, const mien_fft *fft, float *scratch) {
    const size_t length = fft->length;
    // Lanes without a frame of their own repeat the last one.
    const float *starts[LANES];
    for (size_t l = 0; l < LANES; l++) { starts[l] = samples + (l < frames ? l : frames - 1) * hop; }
    vf rows[LANES];
    size_t n = 0;
    for (; n + LANES <= length; n += LANES) {
        const vf weights = vload(window + n);
        UNROLL for (size_t l = 0; l < LANES; l++) { rows[l] = vmul(vload(starts[l] + n), weights); }
        vtranspose(rows);
        UNROLL for (size_t l = 0; l < LANES; l++) { vstore(scratch + (n + l) * LANES, rows[l]); }
    }
    if (n < length) {
        const vf weights = vload_part(window + n, length - n);
        for (size_t l = 0; l < LANES; l++) { rows[l] = vmul(vload_part(starts[l] + n, length - n), weights); }
        vtranspose(rows);
        for (size_t l = 0; n + l < length; l++) { vstore(scratch + (n + l) * LANES, rows[l]); }
    }

    float *from = scratch, *to = scratch + length * LANES;
    const float *twiddles = fft->twiddles;
    size_t m = 1;
    for (size_t pass = 0; pass + 1 < fft->passes; pass++) {
        const size_t radix = fft->radices[pass];
        join(to, from, length, m, radix, twiddles);
        twiddles += mien_fft_pass_twiddles(m, radix);
        m *= radix;
        float *written = to;
        to = from, from = written;
    }
    join_to_power(power, from, length, fft->radices[fft->passes - 1], twiddles);
}

// log10 x for positive normal x, absolute error below 6e-7 for 1e-10 <= x <= 1e10 (half of the last place of 10 is 4.8e-7). NaN for NaN
// and infinity.
INLINE vf vlog10(vf x) {
    vf mantissa;
    const vf exponent = vsplit(x, &mantissa), r = vsub(mantissa, vset(1.0f));
    // log10(1 + r) = r q(r), a minimax polynomial, off by at most 2e-8; log10 2 in two parts, the first of few digits.
    vf q = vset(-0.043873426f);
    q = vfma(q, r, vset(0.071311094f));
    q = vfma(q, r, vset(-0.07527829f));
    q = vfma(q, r, vset(0.08630755f));
    q = vfma(q, r, vset(-0.10839705f));
    q = vfma(q, r, vset(0.1447772f));
    q = vfma(q, r, vset(-0.21715014f));
    q = vfma(q, r, vset(0.4342944f));
    const vf rest = vfma(exponent, vset(4.6050390e-6f), vmul(q, r));
    return vadd(vfma(exponent, vset(0.301025390625f), rest), vsub(x, x));
}

KERNEL void filter_logarithms(float *y, const float *power, size_t frames, const mien_filter_bank *bank) {
    const float *weights = bank->weights;
    const vf least = vset(bank->least);
    for (size_t r = 0; r < bank->filters; r += LANES) {
        const size_t part = bank->filters - r < LANES ? bank->filters - r : LANES;
        vf rows[LANES];
        for (size_t i = 0; i < part; i++) {
            const float *x = power + bank->first[r + i] * LANES;
            vf sum = vset(0.0f);
            for (size_t k = 0; k < bank->widths[r + i]; k++) { sum = vfma(vload(x + k * LANES), vset(weights[k]), sum); }
            weights += bank->widths[r + i];
            rows[i] = sum;
        }
        for (size_t i = part; i < LANES; i++) { rows[i] = least; }
        UNROLL for (size_t i = 0; i < LANES; i++) { rows[i] = vlog10(vmax(least, rows[i])); }
        vtranspose(rows);
        for (size_t f = 0; f < frames; f++) {
            if (part == LANES) {
                vstore(y + f * bank->filters + r, rows[f]);
            } else {
                vstore_part(y + f * bank->filters + r, rows[f], part);
            }
        }
    }
}

KERNEL float largest(const float *x, size_t count) {
    // x - x is 0, or NaN where x is not finite.
    vf top = vset(-INFINITY), strange = vset(0.0f);
    float part_top = -INFINITY, part_strange = 0;
    EACH_VECTOR(count, const vf value = vload(x + i); top = vmax(top, value); strange = vadd(strange, vsub(value, value)),
                for (size_t j = i; j < i + left; j++) { part_top = x[j] > part_top ? x[j] : part_top; part_strange += x[j] - x[j]; })
    const float whole_top = vmaximum(top);
    return (whole_top > part_top ? whole_top : part_top) + (vsum(strange) + part_strange);
}

KERNEL void floor_scale(float *y, const float *x, size_t count, float least, float scale, float shift) {
    const vf low = vset(least), factor = vset(scale), offset = vset(shift);
    EACH_VECTOR(count, vstore(y + i, vfma(vmax(low, vload(x + i)), factor, offset)),
                vstore_part(y + i, vfma(vmax(low, vload_part(x + i, left)), factor, offset), left))
}
