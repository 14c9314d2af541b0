// Forms for arm64, compiled like those of x86.c. Dot products are of signed bytes here.
#include "t6j.h"

#if defined(__ARM_FEATURE_DOTPROD)
#include <arm_neon.h>

#define LANES 4
#define VECTORS 4
#define TALLEST 4
#define SIGNED 1
typedef int32x4_t ints;
typedef float32x4_t floats;
#define BROADCAST(number) vdupq_n_s32(number)
#define LOAD_INTS(from) vld1q_s32((const int32_t *) (from))
#define ZERO vdupq_n_f32(0)
#define SPREAD(number) vdupq_n_f32(number)
#define LOAD(from) vld1q_f32(from)
#define STORE(to, floats) vst1q_f32(to, floats)
#define TO_FLOATS(ints) vcvtq_f32_s32(ints)
#define MUL(a, b) vmulq_f32(a, b)
#define FMA(a, b, c) vfmaq_f32(c, a, b)
#define BYTES(ints) vreinterpretq_s8_s32(ints)

#if defined(__ARM_FEATURE_MATMUL_INT8)
#define FORM i8mm
#define FORM_NAME "NEON i8mm"
#define PRODUCTS 32
#define DOTS(zero, sum, weights0, inputs0, weights1, inputs1) \
    vmmlaq_s32(vmmlaq_s32(sum, BYTES(weights0), BYTES(inputs0)), BYTES(weights1), BYTES(inputs1))
#define OWN_DOTS

// Implements dots_of_part of products.h by products of matrices: an instruction multiplies eight inputs of two rows and two
// outputs. Until the end, the sums of rows r and r + 1 and outputs 0 to 3 are those of outputs 0 and 1, then of 2 and 3.
static inline __attribute__((always_inline)) void dots_of_part(
        const int rows, const int zero, const block *x, int blocks_of_row, const int32_t *starts,
        const uint8_t (*quants)[PANEL][4], const int first, const int last, int c, ints dots[TALLEST][VECTORS]) {
    for (int r = 0; r < rows; r += 2) {
        int second = r + 1 < rows ? r + 1 : r; // a single row is multiplied twice
        ints start = vcombine_s32(vdup_n_s32(starts[r]), vdup_n_s32(starts[second]));
        for (int v = 0; v < VECTORS; v++) {
            dots[r][v] = start;
            dots[r + 1][v] = start;
        }
    }
    for (int q = first; q < last; q += 2) {
        int8x16_t low[VECTORS], high[VECTORS];
        for (int v = 0; v < VECTORS; v++) {
            ints even = LOAD_INTS(quants[q][c + v * LANES]);
            ints odd = LOAD_INTS(quants[q + 1][c + v * LANES]);
            low[v] = BYTES(vzip1q_s32(even, odd));
            high[v] = BYTES(vzip2q_s32(even, odd));
        }
        for (int r = 0; r < rows; r += 2) {
            int second = r + 1 < rows ? r + 1 : r;
            int8x16_t inputs = vcombine_s8(
                    vld1_s8(x[r * blocks_of_row].quants + 4 * q), vld1_s8(x[second * blocks_of_row].quants + 4 * q));
            for (int v = 0; v < VECTORS; v++) {
                dots[r][v] = vmmlaq_s32(dots[r][v], inputs, low[v]);
                dots[r + 1][v] = vmmlaq_s32(dots[r + 1][v], inputs, high[v]);
            }
        }
    }
    for (int r = 0; r < rows; r += 2) {
        for (int v = 0; v < VECTORS; v++) {
            int64x2_t low = vreinterpretq_s64_s32(dots[r][v]);
            int64x2_t high = vreinterpretq_s64_s32(dots[r + 1][v]);
            dots[r][v] = vreinterpretq_s32_s64(vtrn1q_s64(low, high));
            dots[r + 1][v] = vreinterpretq_s32_s64(vtrn2q_s64(low, high));
        }
    }
}
#else
#define FORM dotprod
#define FORM_NAME "NEON dotprod"
#define PRODUCTS 16
#define DOTS(zero, sum, weights0, inputs0, weights1, inputs1) \
    vdotq_s32(vdotq_s32(sum, BYTES(weights0), BYTES(inputs0)), BYTES(weights1), BYTES(inputs1))
#endif

#include "products.h"

#else
extern const form i8mm, dotprod;

#if defined(__APPLE__)
#include <sys/sysctl.h>

static int has(const char *name) {
    int value = 0;
    size_t size = sizeof value;
    return sysctlbyname(name, &value, &size, 0, 0) == 0 && value;
}

#define HAS_DOTPROD has("hw.optional.arm.FEAT_DotProd")
#define HAS_I8MM has("hw.optional.arm.FEAT_I8MM")
#else
#include <sys/auxv.h>

#define HAS_DOTPROD (getauxval(AT_HWCAP) >> 20 & 1)  // HWCAP_ASIMDDP
#define HAS_I8MM (getauxval(AT_HWCAP2) >> 13 & 1)    // HWCAP2_I8MM
#endif

int find_forms(const form *forms[FORMS]) {
    int count = 0;
    if (HAS_DOTPROD && HAS_I8MM) {
        forms[count++] = &i8mm;
    }
    if (HAS_DOTPROD) {
        forms[count++] = &dotprod;
    }
    return count;
}
#endif
