// Chooses the kernels once. CPUID alone is not enough: a processor can have AVX registers that the operating system does not save.
// __builtin_cpu_supports looks at XCR0 too.
#if defined(__x86_64__)
#include <cpuid.h>
#endif
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amx.h"
#include "bf16.h"
#include "fp16.h"
#include "inference_kernels.h"

#ifdef MIEN_AMX
#include <sys/syscall.h>
#include <unistd.h>
#endif

extern const mien_kernels mien_kernels_scalar;
#if defined(__x86_64__)
extern const mien_kernels mien_kernels_avx2, mien_kernels_avx512;
extern const mien_quantized_kernels mien_quantized_avx2_vnni, mien_quantized_avx512_vnni;
extern void mien_use_avx512_bf16(mien_kernels *), mien_use_avx512_fp16(mien_kernels *), mien_use_avx512_amx(mien_kernels *);
#elif defined(__aarch64__)
extern const mien_kernels mien_kernels_neon;
#endif

static const char *const known[] = {"scalar", "avx2", "avx512", "amx", "neon"};

static struct {
    const mien_kernels *available[4];
    mien_kernels completed[3]; // AVX2, AVX-512 and AMX tables, as this processor can run them
    size_t count;
    char features[128];
    const mien_kernels *current;
    char error[160];
} selection;

static void add_feature(const char *name) {
    if (selection.features[0]) { strncat(selection.features, " ", sizeof selection.features - strlen(selection.features) - 1); }
    strncat(selection.features, name, sizeof selection.features - strlen(selection.features) - 1);
}

static const mien_kernels *choose(const char *isa, char *error, size_t capacity) {
    const mien_kernels *fastest = selection.available[selection.count - 1];
    error[0] = 0;
    if (!isa || !isa[0]) { return fastest; }
    for (size_t i = 0; i < selection.count; i++) {
        if (strcmp(isa, selection.available[i]->name) == 0) { return selection.available[i]; }
    }
    char can[64] = "";
    for (size_t i = 0; i < selection.count; i++) {
        snprintf(can + strlen(can), sizeof can - strlen(can), "%s%s", i ? ", " : "", selection.available[i]->name);
    }
    bool is_known = false;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) { is_known = is_known || strcmp(isa, known[i]) == 0; }
    snprintf(error, capacity, is_known ? "MIEN_ISA=%.20s is not supported by this machine, which has: %s"
                                       : "MIEN_ISA=%.20s is not an instruction set; this machine has: %s", isa, can);
    return fastest;
}

#if defined(__x86_64__)
// The compilers disagree on a name for it.
static bool has_avx_vnni(void) {
    unsigned eax, ebx, ecx, edx;
    return __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && (eax >> 4 & 1);
}

// Conversions of 16-bit floats; every processor with AVX2 has them, not every compiler a name for it.
static bool has_f16c(void) {
    unsigned eax, ebx, ecx, edx;
    return __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx >> 29 & 1);
}

#ifdef MIEN_BF16
// Products of pairs of bfloat16, beside AVX-512; the compilers disagree on a name for it.
static bool has_avx512_bf16(void) {
    unsigned eax, ebx, ecx, edx;
    return __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && (eax >> 5 & 1);
}
#endif

#ifdef MIEN_FP16
// Arithmetic on 16-bit floats, beside AVX-512; the compilers disagree on a name for it.
static bool has_avx512_fp16(void) {
    unsigned eax, ebx, ecx, edx;
    return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (edx >> 23 & 1);
}
#endif

#ifdef MIEN_AMX
// The processor has tiles of bytes and of 16-bit floats, the operating system saves them, and lets this process use them, which it has to be asked
// for.
static bool has_amx(void) {
    unsigned eax, ebx, ecx, edx, saved, upper;
    if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) || (edx >> 22 & 13) != 13) { return false; }
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx >> 27 & 1)) { return false; }
    __asm__ volatile("xgetbv" : "=a"(saved), "=d"(upper) : "c"(0));
    const long ask_for_state = 0x1023, tile_data = 18; // ARCH_REQ_XCOMP_PERM, of Linux 5.16 and later
    return (saved >> 17 & 3) == 3 && syscall(SYS_arch_prctl, ask_for_state, tile_data) == 0;
}
#endif

// A table, to be changed, with other products of 8-bit numbers if there are any.
static mien_kernels *add_table(const mien_kernels *table, const mien_quantized_kernels *quantized) {
    mien_kernels *copy = &selection.completed[selection.count - 1];
    *copy = *table;
    if (quantized) { copy->quantized = *quantized; }
    selection.available[selection.count++] = copy;
    return copy;
}

// AVX-512, as far as this processor has it, and AMX beside it, which costs more where threads of others share a core. For f16, arithmetic on 16 bits
// is as fast as products of pairs, and more exact.
static void add_avx512(const mien_quantized_kernels *vnni) {
    mien_kernels *table = add_table(&mien_kernels_avx512, vnni);
    bool has_halves = false;
#ifdef MIEN_FP16
    has_halves = has_avx512_fp16();
    if (has_halves) {
        add_feature("avx512fp16");
        mien_use_avx512_fp16(table);
    }
#endif
#ifdef MIEN_BF16
    if (!has_halves && has_avx512_bf16()) {
        add_feature("avx512bf16");
        mien_use_avx512_bf16(table);
    }
#endif
#ifdef MIEN_AMX
    if (has_halves && vnni && has_amx()) {
        add_feature("amx_int8 amx_bf16");
        table = add_table(table, NULL);
        table->name = "amx";
        mien_use_avx512_amx(table);
    }
#endif
}
#endif

static void detect(void) {
    selection.available[selection.count++] = &mien_kernels_scalar;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("sse4.2")) { add_feature("sse4.2"); }
    if (__builtin_cpu_supports("avx")) { add_feature("avx"); }
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c();
    if (__builtin_cpu_supports("avx2")) { add_feature("avx2"); }
    if (__builtin_cpu_supports("fma")) { add_feature("fma"); }
    const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    if (__builtin_cpu_supports("avx512f")) { add_feature("avx512f"); }
    if (__builtin_cpu_supports("avx512bw")) { add_feature("avx512bw"); }
    if (__builtin_cpu_supports("avx512dq")) { add_feature("avx512dq"); }
    if (__builtin_cpu_supports("avx512vl")) { add_feature("avx512vl"); }
    if (__builtin_cpu_supports("avx512vnni")) { add_feature("avx512vnni"); }
    const bool avx_vnni = avx2 && has_avx_vnni(), avx512_vnni = avx512 && __builtin_cpu_supports("avx512vnni");
    if (avx_vnni) { add_feature("avxvnni"); }
    if (avx2) { add_table(&mien_kernels_avx2, avx_vnni ? &mien_quantized_avx2_vnni : NULL); }
    if (avx512) { add_avx512(avx512_vnni ? &mien_quantized_avx512_vnni : NULL); }
#elif defined(__aarch64__)
    add_feature("neon");
    selection.available[selection.count++] = &mien_kernels_neon;
#endif
    selection.current = choose(getenv("MIEN_ISA"), selection.error, sizeof selection.error);
}

static void detect_once(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, detect);
}

const mien_kernels *mien_current_kernels(void) {
    detect_once();
    return selection.current;
}

const char *mien_selection_error(void) {
    detect_once();
    return selection.error[0] ? selection.error : NULL;
}

const mien_kernels *mien_choose_kernels(const char *isa, char *error, size_t capacity) {
    detect_once();
    char unused[160];
    return choose(isa, error ? error : unused, error ? capacity : sizeof unused);
}

size_t mien_available_count(void) {
    detect_once();
    return selection.count;
}

const mien_kernels *mien_available_kernels(size_t index) {
    detect_once();
    return index < selection.count ? selection.available[index] : NULL;
}

const char *mien_processor_features(void) {
    detect_once();
    return selection.features;
}
