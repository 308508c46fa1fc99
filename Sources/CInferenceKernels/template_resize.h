// Resizing feature maps and pictures.

KERNEL void blend(float *y, const float *const p[4], const float w[4], size_t count) {
    const vf w0 = vset(w[0]), w1 = vset(w[1]), w2 = vset(w[2]), w3 = vset(w[3]);
    EACH_VECTOR(count,
                vstore(y + i, vadd(vfma(vload(p[0] + i), w0, vmul(vload(p[1] + i), w1)),
                                   vfma(vload(p[2] + i), w2, vmul(vload(p[3] + i), w3)))),
                vstore_part(y + i, vadd(vfma(vload_part(p[0] + i, left), w0, vmul(vload_part(p[1] + i, left), w1)),
                                        vfma(vload_part(p[2] + i, left), w2, vmul(vload_part(p[3] + i, left), w3))), left))
}

KERNEL void interpolate(float *y, const float *a, const float *b, float t, size_t count) {
    const vf weight = vset(t);
    EACH_VECTOR(count, vf from = vload(a + i); vstore(y + i, vfma(vsub(vload(b + i), from), weight, from)),
                vf from = vload_part(a + i, left); vstore_part(y + i, vfma(vsub(vload_part(b + i, left), from), weight, from), left))
}

KERNEL void accumulate(float *y, const float *x, float weight, size_t count) {
    const vf w = vset(weight);
    EACH_VECTOR(count, vstore(y + i, vfma(vload(x + i), w, vload(y + i))),
                vstore_part(y + i, vfma(vload_part(x + i, left), w, vload_part(y + i, left)), left))
}

KERNEL void normalize(float *y, const float *x, const float *scale, const float *shift, size_t pixels, size_t channels) {
    // Twelve vectors' worth of factors: a whole number of pixels for 1, 2, 3 and 4 channels.
    float scales[12 * LANES], shifts[12 * LANES];
    for (size_t j = 0; j < 12 * LANES; j++) {
        scales[j] = scale[j % channels];
        shifts[j] = shift[j % channels];
    }
    size_t phase = 0;
    EACH_VECTOR(pixels * channels,
                vstore(y + i, vfma(vload(x + i), vload(scales + phase), vload(shifts + phase))); phase = (phase + LANES) % (12 * LANES),
                vstore_part(y + i, vfma(vload_part(x + i, left), vload(scales + phase), vload(shifts + phase)), left))
}

KERNEL void quantize(uint8_t *y, const float *x, size_t count) {
    for (size_t i = 0; i < count; i++) {
        float value = x[i] + 0.5f;
        value = value > 0 ? value : 0;
        value = value < 255 ? value : 255;
        y[i] = (uint8_t)(int32_t)value;
    }
}

INLINE void resample_channels(float *y, const uint8_t *s, const int32_t *left, const int32_t *right, const float *t, size_t width,
                              const size_t channels) {
    for (size_t x = 0; x < width; x++) {
        const uint8_t *a = s + (size_t)left[x] * channels, *b = s + (size_t)right[x] * channels;
        UNROLL
        for (size_t c = 0; c < channels; c++) {
            const float from = a[c];
            y[x * channels + c] = from + ((float)b[c] - from) * t[x];
        }
    }
}

KERNEL void resample_line(float *y, const uint8_t *s, const int32_t *left, const int32_t *right, const float *t, size_t width, size_t channels) {
    switch (channels) {
    case 1: resample_channels(y, s, left, right, t, width, 1); break;
    case 2: resample_channels(y, s, left, right, t, width, 2); break;
    case 3: resample_channels(y, s, left, right, t, width, 3); break;
    case 4: resample_channels(y, s, left, right, t, width, 4); break;
    }
}

INLINE void average_channels(float *y, const uint8_t *s, const int32_t *first, const int32_t *last, const float *first_weight,
                             const float *last_weight, float scale, size_t width, const size_t channels) {
    for (size_t x = 0; x < width; x++) {
        uint32_t whole[4] = {0, 0, 0, 0};
        for (int32_t column = first[x] + 1; column < last[x]; column++) {
            UNROLL
            for (size_t c = 0; c < channels; c++) { whole[c] += s[(size_t)column * channels + c]; }
        }
        const uint8_t *a = s + (size_t)first[x] * channels, *b = s + (size_t)last[x] * channels;
        UNROLL
        for (size_t c = 0; c < channels; c++) {
            y[x * channels + c] = ((float)a[c] * first_weight[x] + (float)whole[c] + (float)b[c] * last_weight[x]) * scale;
        }
    }
}

KERNEL void average_line(float *y, const uint8_t *s, const int32_t *first, const int32_t *last, const float *first_weight,
                         const float *last_weight, float scale, size_t width, size_t channels) {
    switch (channels) {
    case 1: average_channels(y, s, first, last, first_weight, last_weight, scale, width, 1); break;
    case 2: average_channels(y, s, first, last, first_weight, last_weight, scale, width, 2); break;
    case 3: average_channels(y, s, first, last, first_weight, last_weight, scale, width, 3); break;
    case 4: average_channels(y, s, first, last, first_weight, last_weight, scale, width, 4); break;
    }
}
