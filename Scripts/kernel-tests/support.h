// What the tests of the kernels share: random shapes and numbers, and a comparison that counts failures.
#pragma once

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inference_kernels.h"

static uint64_t state = 0x9E3779B97F4A7C15u;
static int failures;
static const mien_kernels *kernels;

static size_t below(size_t count) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (size_t)(state % count);
}

static size_t between(size_t low, size_t high) { return low + below(high - low + 1); }

// Sizes around whole vectors, where the tails are.
static size_t odd_size(size_t limit) {
    const size_t lanes = kernels->lanes;
    const size_t sizes[] = {1, 2, 3, 7, lanes - 1, lanes, lanes + 1, 2 * lanes - 1, 2 * lanes, 2 * lanes + 1, 3 * lanes, 3 * lanes + 5, 5 * lanes + 3};
    const size_t size = below(3) ? sizes[below(sizeof sizes / sizeof sizes[0])] : between(1, limit);
    return size < 1 ? 1 : size > limit ? limit : size;
}

static void *allocate(size_t bytes) {
    void *memory = malloc(bytes ? bytes : 1);
    if (!memory) { abort(); }
    return memory;
}

static float *numbers(size_t count, float size) {
    float *values = allocate(count * sizeof(float));
    for (size_t i = 0; i < count; i++) { values[i] = ((float)below(20001) / 10000 - 1) * size; }
    return values;
}

// `bound` is absolute; it comes from the operation's size, see each test.
static void compare(const char *what, double got, double wanted, double bound) {
    if (fabs(got - wanted) <= bound || (isnan(got) && isnan(wanted)) || got == wanted) { return; }
    if (failures++ < 20) { printf("%s %s: got %.9g, wanted %.9g (bound %.3g)\n", kernels->name, what, got, wanted, bound); }
}

static double clamp(double x, double lower, double upper) { return x < lower ? lower : x > upper ? upper : x; }
