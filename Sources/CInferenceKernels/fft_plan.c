// Plans of real FFTs.
#include <math.h>

#include "inference_kernels.h"

// The radices in the order of the passes: odd ones first, then fours, then a two. Returns their number, or 0.
static size_t factor(size_t length, uint8_t radices[MIEN_FFT_PASSES]) {
    static const uint8_t choices[] = {5, 3, 4, 2};
    if (length < 2 || length > MIEN_FFT_LENGTH) { return 0; }
    size_t passes = 0;
    for (size_t i = 0; i < sizeof choices; i++) {
        for (; length % choices[i] == 0; length /= choices[i]) { radices[passes++] = choices[i]; }
    }
    return length == 1 ? passes : 0;
}

size_t mien_fft_twiddle_count(size_t length) {
    uint8_t radices[MIEN_FFT_PASSES];
    const size_t passes = factor(length, radices);
    size_t count = 0, m = 1;
    for (size_t pass = 0; pass < passes; m *= radices[pass++]) { count += mien_fft_pass_twiddles(m, radices[pass]); }
    return passes ? count + 1 : 0;
}

void mien_fft_plan(mien_fft *fft, size_t length, float *twiddles) {
    fft->length = length;
    fft->passes = factor(length, fft->radices);
    fft->twiddles = twiddles;
    size_t m = 1;
    for (size_t pass = 0; pass < fft->passes; m *= fft->radices[pass++]) {
        const size_t radix = fft->radices[pass];
        for (size_t k = 1; 2 * k < m; k++) {
            for (size_t j = 1; j < radix; j++) {
                const double angle = 6.283185307179586 * (double)(j * k) / (double)(radix * m);
                *twiddles++ = (float)cos(angle);
                *twiddles++ = (float)sin(angle);
            }
        }
    }
}
