// Element by element and row by row. Every loop is whole vectors, then one part of a vector.

// Added to a number of less than 2^22 this rounds it to a whole n, as the last place of the sum is 1; the sum's last 8 bits are n + 127,
// the exponent of 2^n.
#define POWER_ORIGIN 12583039.0f

// e^x, relative error below 2e-7 for -87 < x < 88; outside, the value at the nearer end. NaN stays NaN.
INLINE vf vexp(vf x) {
    x = vmin(vset(88.0f), vmax(vset(-87.0f), x));
    // x = n ln 2 + r with |r| <= ln 2 / 2; ln 2 in two parts, so that n ln 2 loses nothing.
    const vf shifted = vfma(x, vset(1.44269504f), vset(POWER_ORIGIN)), n = vsub(shifted, vset(POWER_ORIGIN));
    vf r = vfma(n, vset(-0.693359375f), x);
    r = vfma(n, vset(2.12194440e-4f), r);
    // e^r = 1 + r + r^2 q(r): a minimax polynomial.
    vf q = vset(1.9875691500e-4f);
    q = vfma(q, r, vset(1.3981999507e-3f));
    q = vfma(q, r, vset(8.3334519073e-3f));
    q = vfma(q, r, vset(4.1665795894e-2f));
    q = vfma(q, r, vset(1.6666665459e-1f));
    q = vfma(q, r, vset(5.0000001201e-1f));
    const vf power = vadd(vfma(vmul(r, r), q, r), vset(1.0f));
    return vmul(power, vpower(shifted));
}

// 2^x for x <= 0, relative error below 2e-7; 2^-126 for anything smaller. NaN stays NaN.
INLINE vf vexp2_negative(vf x) {
    x = vmax(vset(-126.0f), x);
    const vf shifted = vadd(x, vset(POWER_ORIGIN)), r = vsub(x, vsub(shifted, vset(POWER_ORIGIN)));
    // 2^r for |r| <= 1/2: a minimax polynomial that is 1 at 0.
    vf q = vset(1.3264724e-3f);
    q = vfma(q, r, vset(9.671513e-3f));
    q = vfma(q, r, vset(5.5507336e-2f));
    q = vfma(q, r, vset(2.40222424e-1f));
    q = vfma(q, r, vset(6.93147004e-1f));
    return vmul(vfma(q, r, vset(1.0f)), vpower(shifted));
}

// The same with a relative error below 2e-4, for results that are rounded to 8 bits.
INLINE vf vexp2_rough(vf x) {
    x = vmax(vset(-126.0f), x);
    const vf shifted = vadd(x, vset(POWER_ORIGIN)), r = vsub(x, vsub(shifted, vset(POWER_ORIGIN)));
    vf q = vset(5.459141e-2f);
    q = vfma(q, r, vset(2.4254716e-1f));
    q = vfma(q, r, vset(6.9343762e-1f));
    return vmul(vfma(q, r, vset(1.0f)), vpower(shifted));
}

// Not below 1e-35: processors are a hundred times slower with numbers that are not normal, which networks would then multiply on and on.
INLINE vf vsigmoid(vf x) { return vdiv(vset(1.0f), vadd(vset(1.0f), vexp(vsub(vset(0.0f), vmax(vset(-80.0f), x))))); }

// Near 0 an odd polynomial (the difference of exponentials would cancel), elsewhere 1 - 2 / (e^2|x| + 1).
INLINE vf vtanh(vf x) {
    const vf square = vmul(x, x);
    vf q = vset(-5.70498872745e-3f);
    q = vfma(q, square, vset(2.06390887954e-2f));
    q = vfma(q, square, vset(-5.37397155531e-2f));
    q = vfma(q, square, vset(1.33314422036e-1f));
    q = vfma(q, square, vset(-3.33332819422e-1f));
    const vf small = vfma(vmul(q, square), x, x);
    const vf size = vabs(x);
    const vf tail = vsub(vset(1.0f), vdiv(vset(2.0f), vadd(vexp(vadd(size, size)), vset(1.0f))));
    const vf large = vless(x, vset(0.0f), vsub(vset(0.0f), tail), tail);
    return vless(size, vset(0.625f), small, large);
}

// x Phi(x) = max(x, 0) - h(|x|), where h(a) = a Phi(-a) = a e^(-a^2/2) q(t) with t = 1 / (1 + 0.34 a): minimax for the error of h, 5e-8.
// Nothing cancels where x is negative and the result small.
INLINE vf vgelu(vf x) {
    const vf a = vmin(vset(13.0f), vabs(x)); // h(13) is 1e-37, still normal; of infinity it would be NaN
    const vf t = vdiv(vset(1.0f), vfma(a, vset(0.34f), vset(1.0f)));
    vf q = vset(-1.06404115e-1f);
    q = vfma(q, t, vset(3.30978399e-1f));
    q = vfma(q, t, vset(-4.01540641e-2f));
    q = vfma(q, t, vset(1.86243602e-1f));
    q = vfma(q, t, vset(1.29333844e-1f));
    const vf bell = vexp2_negative(vmul(vmul(a, a), vset(-0.72134752f)));
    return vsub(vmax(vset(0.0f), x), vmul(vmul(vmul(a, t), q), bell));
}

// 1 + tanh(z) = 2 sigmoid(2 z).
INLINE vf vgelu_tanh(vf x) {
    const vf inner = vfma(vmul(vmul(x, x), x), vset(0.0713548163f), vmul(x, vset(1.59576912f)));
    return vmul(x, vsigmoid(inner));
}

INLINE vf vactivate(vf x, const mien_activation kind, vf a, vf b) {
    switch (kind) {
    case MIEN_CLAMP: return vmin(b, vmax(a, x));
    case MIEN_LEAKY_RELU: return vless(x, vset(0.0f), vmul(a, x), x);
    case MIEN_SIGMOID: return vsigmoid(x);
    case MIEN_HARD_SWISH:
        return vmul(x, vmin(vset(1.0f), vmax(vset(0.0f), vfma(x, vset(1.0f / 6.0f), vset(0.5f)))));
    case MIEN_SILU: return vmul(x, vsigmoid(x));
    case MIEN_TANH: return vtanh(x);
    case MIEN_GELU: return vgelu(x);
    case MIEN_GELU_TANH: return vgelu_tanh(x);
    }
    return x;
}

#define EACH_VECTOR(count, whole, part)                                                                                            \
    size_t i = 0;                                                                                                                  \
    for (; i + LANES <= (count); i += LANES) { whole; }                                                                            \
    if (i < (count)) {                                                                                                             \
        const size_t left = (count)-i;                                                                                             \
        part;                                                                                                                      \
    }

INLINE void activate_all(float *y, const float *x, size_t count, const mien_activation kind, float first, float second) {
    const vf a = vset(first), b = vset(second);
    EACH_VECTOR(count, vstore(y + i, vactivate(vload(x + i), kind, a, b)),
                vstore_part(y + i, vactivate(vload_part(x + i, left), kind, a, b), left))
}

KERNEL void activate(float *y, const float *x, size_t count, mien_activation kind, float a, float b) {
    switch (kind) {
    case MIEN_CLAMP: activate_all(y, x, count, MIEN_CLAMP, a, b); break;
    case MIEN_LEAKY_RELU: activate_all(y, x, count, MIEN_LEAKY_RELU, a, b); break;
    case MIEN_SIGMOID: activate_all(y, x, count, MIEN_SIGMOID, a, b); break;
    case MIEN_HARD_SWISH: activate_all(y, x, count, MIEN_HARD_SWISH, a, b); break;
    case MIEN_SILU: activate_all(y, x, count, MIEN_SILU, a, b); break;
    case MIEN_TANH: activate_all(y, x, count, MIEN_TANH, a, b); break;
    case MIEN_GELU: activate_all(y, x, count, MIEN_GELU, a, b); break;
    case MIEN_GELU_TANH: activate_all(y, x, count, MIEN_GELU_TANH, a, b); break;
    }
}

KERNEL void scale_shift(float *y, const float *x, const float *scale, const float *shift, size_t rows, size_t channels) {
    for (size_t r = 0; r < rows; r++, x += channels, y += channels) {
        EACH_VECTOR(channels, vstore(y + i, vfma(vload(x + i), vload(scale + i), vload(shift + i))),
                    vstore_part(y + i, vfma(vload_part(x + i, left), vload_part(scale + i, left), vload_part(shift + i, left)), left))
    }
}

KERNEL void add(float *y, const float *a, const float *b, size_t count, float lower, float upper) {
    const vf low = vset(lower), high = vset(upper);
    EACH_VECTOR(count, vstore(y + i, vmin(high, vmax(low, vadd(vload(a + i), vload(b + i))))),
                vstore_part(y + i, vmin(high, vmax(low, vadd(vload_part(a + i, left), vload_part(b + i, left)))), left))
}

KERNEL void multiply(float *y, const float *a, const float *b, size_t count) {
    EACH_VECTOR(count, vstore(y + i, vmul(vload(a + i), vload(b + i))),
                vstore_part(y + i, vmul(vload_part(a + i, left), vload_part(b + i, left)), left))
}

// Totals of up to 64 rows are summed into a total of totals, so that the error does not grow with the picture.
KERNEL void mean_rows(float *y, const float *x, size_t rows, size_t channels) {
    const vf scale = vset(rows ? 1.0f / (float)rows : 0.0f);
    for (size_t c = 0; c < channels; c += LANES) {
        const size_t part = channels - c < LANES ? channels - c : LANES;
        vf total = vset(0.0f);
        for (size_t start = 0; start < rows; start += 64) {
            const size_t end = start + 64 < rows ? start + 64 : rows;
            vf sum = vset(0.0f);
            for (size_t r = start; r < end; r++) { sum = vadd(sum, load_columns(x + r * channels + c, part)); }
            total = vadd(total, sum);
        }
        total = vmul(total, scale);
        if (part == LANES) {
            vstore(y + c, total);
        } else {
            vstore_part(y + c, total, part);
        }
    }
}

KERNEL void softmax(float *y, const float *x, size_t rows, size_t channels) {
    for (size_t r = 0; r < rows; r++, x += channels, y += channels) {
        float top = -INFINITY;
        for (size_t c = 0; c < channels; c++) { top = x[c] > top ? x[c] : top; }
        // The lanes of a part beyond the row would add e^-top to the sum: they are summed one by one.
        const vf shift = vset(top);
        vf sums = vset(0.0f);
        float sum = 0;
        {
            EACH_VECTOR(channels,
                        vf e = vexp(vsub(vload(x + i), shift)); vstore(y + i, e); sums = vadd(sums, e),
                        vstore_part(y + i, vexp(vsub(vload_part(x + i, left), shift)), left);
                        for (size_t j = 0; j < left; j++) { sum += y[i + j]; })
        }
        const vf scale = vset(1.0f / (sum + vsum(sums)));
        EACH_VECTOR(channels, vstore(y + i, vmul(vload(y + i), scale)), vstore_part(y + i, vmul(vload_part(y + i, left), scale), left))
    }
}
