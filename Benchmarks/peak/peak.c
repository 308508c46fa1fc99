// Loops of nothing but the instruction in question, with enough independent accumulators to hide its latency.
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "peak.h"

#define ACCUMULATORS 12
#define ROUNDS 4000000
#define BYTES ((size_t)512 << 20)
#define THREADS 64

// Each gives the operations (or bytes) of one call.
static double nothing(void *memory) { (void)memory; return 0; }

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

__attribute__((target("avx2,fma"))) static double f32_avx2(void *memory) {
    __m256 sum[ACCUMULATORS];
    const __m256 a = _mm256_set1_ps(0.999f), b = _mm256_set1_ps(1e-6f);
    for (int i = 0; i < ACCUMULATORS; i++) { sum[i] = _mm256_set1_ps((float)i); }
    for (int round = 0; round < ROUNDS; round++) {
        _Pragma("clang loop unroll(full)") for (int i = 0; i < ACCUMULATORS; i++) { sum[i] = _mm256_fmadd_ps(sum[i], a, b); }
        __asm__ volatile("" : "+x"(sum[0]), "+x"(sum[1]), "+x"(sum[2]), "+x"(sum[3]));
    }
    for (int i = 1; i < ACCUMULATORS; i++) { sum[0] = _mm256_add_ps(sum[0], sum[i]); }
    _mm256_storeu_ps(memory, sum[0]);
    return 2.0 * 8 * ACCUMULATORS * ROUNDS;
}

__attribute__((target("avx512f"))) static double f32_avx512(void *memory) {
    __m512 sum[ACCUMULATORS];
    const __m512 a = _mm512_set1_ps(0.999f), b = _mm512_set1_ps(1e-6f);
    for (int i = 0; i < ACCUMULATORS; i++) { sum[i] = _mm512_set1_ps((float)i); }
    for (int round = 0; round < ROUNDS; round++) {
        _Pragma("clang loop unroll(full)") for (int i = 0; i < ACCUMULATORS; i++) { sum[i] = _mm512_fmadd_ps(sum[i], a, b); }
        __asm__ volatile("" : "+v"(sum[0]), "+v"(sum[1]), "+v"(sum[2]), "+v"(sum[3]));
    }
    for (int i = 1; i < ACCUMULATORS; i++) { sum[0] = _mm512_add_ps(sum[0], sum[i]); }
    _mm512_storeu_ps(memory, sum[0]);
    return 2.0 * 16 * ACCUMULATORS * ROUNDS;
}

// Without VNNI bytes are multiplied in pairs, added in 16 bits, and those added in 32: three instructions for 32 products.
__attribute__((target("avx2"))) static double int8_avx2(void *memory) {
    __m256i sum[ACCUMULATORS];
    __m256i a = _mm256_set1_epi8(3), b = _mm256_set1_epi8(-2), one = _mm256_set1_epi16(1);
    for (int i = 0; i < ACCUMULATORS; i++) { sum[i] = _mm256_setzero_si256(); }
    for (int round = 0; round < ROUNDS; round++) {
        _Pragma("clang loop unroll(full)") for (int i = 0; i < ACCUMULATORS; i++) {
            __asm__ volatile("" : "+x"(a));
            sum[i] = _mm256_add_epi32(sum[i], _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), one));
        }
    }
    for (int i = 1; i < ACCUMULATORS; i++) { sum[0] = _mm256_add_epi32(sum[0], sum[i]); }
    _mm256_storeu_si256(memory, sum[0]);
    return 2.0 * 32 * ACCUMULATORS * ROUNDS;
}

__attribute__((target("avx512f,avx512vnni"))) static double int8_avx512(void *memory) {
    __m512i sum[ACCUMULATORS];
    const __m512i a = _mm512_set1_epi8(3), b = _mm512_set1_epi8(-2);
    for (int i = 0; i < ACCUMULATORS; i++) { sum[i] = _mm512_setzero_si512(); }
    for (int round = 0; round < ROUNDS; round++) {
        _Pragma("clang loop unroll(full)") for (int i = 0; i < ACCUMULATORS; i++) { sum[i] = _mm512_dpbusd_epi32(sum[i], a, b); }
        __asm__ volatile("" : "+v"(sum[0]), "+v"(sum[1]), "+v"(sum[2]), "+v"(sum[3]));
    }
    for (int i = 1; i < ACCUMULATORS; i++) { sum[0] = _mm512_add_epi32(sum[0], sum[i]); }
    _mm512_storeu_si512(memory, sum[0]);
    return 2.0 * 64 * ACCUMULATORS * ROUNDS;
}

__attribute__((target("avx512f,avx512fp16"))) static double f16_avx512(void *memory) {
    __m512h sum[ACCUMULATORS];
    const __m512h a = _mm512_set1_ph((_Float16)0.999f), b = _mm512_set1_ph((_Float16)1e-3f);
    for (int i = 0; i < ACCUMULATORS; i++) { sum[i] = _mm512_set1_ph((_Float16)i); }
    for (int round = 0; round < ROUNDS; round++) {
        _Pragma("clang loop unroll(full)") for (int i = 0; i < ACCUMULATORS; i++) { sum[i] = _mm512_fmadd_ph(sum[i], a, b); }
        __asm__ volatile("" : "+v"(sum[0]), "+v"(sum[1]), "+v"(sum[2]), "+v"(sum[3]));
    }
    for (int i = 1; i < ACCUMULATORS; i++) { sum[0] = _mm512_add_ph(sum[0], sum[i]); }
    _mm512_storeu_ph(memory, sum[0]);
    return 2.0 * 32 * ACCUMULATORS * ROUNDS;
}

// Pairs of bfloat16 take longer than one of f32, hence more accumulators.
__attribute__((target("avx512f,avx512bf16"))) static double f16_in_pairs(void *memory) {
    __m512 sum[2 * ACCUMULATORS];
    const __m512bh a = (__m512bh)_mm512_set1_epi16(0x3f7f), b = (__m512bh)_mm512_set1_epi16(0x3586);
    for (int i = 0; i < 2 * ACCUMULATORS; i++) { sum[i] = _mm512_set1_ps((float)i); }
    for (int round = 0; round < ROUNDS / 2; round++) {
        _Pragma("clang loop unroll(full)") for (int i = 0; i < 2 * ACCUMULATORS; i++) { sum[i] = _mm512_dpbf16_ps(sum[i], a, b); }
        __asm__ volatile("" : "+v"(sum[0]), "+v"(sum[1]), "+v"(sum[2]), "+v"(sum[3]));
    }
    for (int i = 1; i < 2 * ACCUMULATORS; i++) { sum[0] = _mm512_add_ps(sum[0], sum[i]); }
    _mm512_storeu_ps(memory, sum[0]);
    return 2.0 * 32 * ACCUMULATORS * ROUNDS;
}

#if defined(__linux__)
// A tile is 16 rows of 64 bytes; its product with another adds 64 products to each of 16 x 16 totals.
__attribute__((target("amx-tile,amx-int8,avx512f"))) static double int8_amx(void *memory) {
    struct {
        uint8_t palette, start, unused[14];
        uint16_t row_bytes[16];
        uint8_t rows[16];
    } shapes = {.palette = 1};
    for (int i = 0; i < 8; i++) { shapes.row_bytes[i] = 64, shapes.rows[i] = 16; }
    uint8_t bytes[1024] = {1, 2, 3};
    _tile_loadconfig(&shapes);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    _tile_loadd(4, bytes, 64);
    _tile_loadd(5, bytes, 64);
    _tile_loadd(6, bytes, 64);
    _tile_loadd(7, bytes, 64);
    for (int round = 0; round < ROUNDS / 4; round++) {
        _tile_dpbusd(0, 4, 6);
        _tile_dpbusd(1, 4, 7);
        _tile_dpbusd(2, 5, 6);
        _tile_dpbusd(3, 5, 7);
    }
    _tile_stored(0, bytes, 64);
    memcpy(memory, bytes, 64);
    _tile_release();
    return 2.0 * 16 * 16 * 64 * 4 * (ROUNDS / 4);
}

// The processor has tiles, and Linux saves them for this process, which has to ask.
static int has_amx(void) {
    unsigned eax, ebx, ecx, edx;
    const long ask_for_state = 0x1023, tile_data = 18;
    return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (edx >> 24 & 3) == 3 && syscall(SYS_arch_prctl, ask_for_state, tile_data) == 0;
}
#endif
static int has_bf16(void) {
    unsigned eax, ebx, ecx, edx;
    return __builtin_cpu_supports("avx512bw") && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && (eax >> 5 & 1);
}
static int has_f16(void) {
    unsigned eax, ebx, ecx, edx;
    return __builtin_cpu_supports("avx512bw") && __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (edx >> 23 & 1);
}
#endif

static double read_memory(void *memory) {
    typedef uint64_t words __attribute__((vector_size(32), aligned(32)));
    const words *at = memory;
    words sum[8] = {{0}};
    for (size_t i = 0; i < BYTES / sizeof(words); i += 8) {
        for (int j = 0; j < 8; j++) { sum[j] ^= at[i + (size_t)j]; }
    }
    for (int j = 1; j < 8; j++) { sum[0] ^= sum[j]; }
    __asm__ volatile("" : : "r"(sum[0][0]) : "memory");
    return (double)BYTES;
}

typedef double (*loop)(void *);

static loop chosen(mien_peak_kind kind) {
    if (kind == MIEN_PEAK_READ) { return read_memory; }
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (kind == MIEN_PEAK_F32) {
        if (__builtin_cpu_supports("avx512f")) { return f32_avx512; }
        if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) { return f32_avx2; }
    } else if (kind == MIEN_PEAK_F16) {
        if (has_f16()) { return f16_avx512; }
        if (has_bf16()) { return f16_in_pairs; }
    } else {
#if defined(__linux__)
        if (has_amx()) { return int8_amx; }
#endif
        if (__builtin_cpu_supports("avx512vnni")) { return int8_avx512; }
        if (__builtin_cpu_supports("avx2")) { return int8_avx2; }
    }
#endif
    return nothing;
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

typedef struct {
    loop run;
    void *memory;
    pthread_barrier_t *start;
    double work, began, ended;
} share;

static void *work(void *argument) {
    share *s = argument;
    pthread_barrier_wait(s->start);
    s->began = seconds();
    s->work = s->run(s->memory);
    s->ended = seconds();
    return NULL;
}

double mien_peak(mien_peak_kind kind, int threads) {
    const loop run = chosen(kind);
    const size_t bytes = kind == MIEN_PEAK_READ ? BYTES : 64;
    if (run == nothing || threads < 1 || threads > THREADS) { return 0; }
    double best = 0;
    share shares[THREADS];
    for (int t = 0; t < threads; t++) {
        shares[t].run = run;
        if (posix_memalign(&shares[t].memory, 64, bytes)) { return 0; }
        memset(shares[t].memory, t + 1, bytes);
    }
    for (int attempt = 0; attempt < 7; attempt++) {
        pthread_t ids[THREADS];
        pthread_barrier_t start;
        pthread_barrier_init(&start, NULL, (unsigned)threads);
        for (int t = 0; t < threads; t++) {
            shares[t].start = &start;
            pthread_create(&ids[t], NULL, work, &shares[t]);
        }
        // The workers read the clock: a thread that only watched could wait for a core of its own while they are at work.
        double total = 0, began = INFINITY, ended = 0;
        for (int t = 0; t < threads; t++) {
            pthread_join(ids[t], NULL);
            total += shares[t].work;
            began = fmin(began, shares[t].began);
            ended = fmax(ended, shares[t].ended);
        }
        const double rate = total / (ended - began) * 1e-9;
        best = rate > best ? rate : best;
        pthread_barrier_destroy(&start);
    }
    for (int t = 0; t < threads; t++) { free(shares[t].memory); }
    return best;
}
