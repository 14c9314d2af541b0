// Forms for x86-64. This file is compiled once for each form, with the compiler's options for its instructions, and once
// without, for the choice between them. Dot products are of unsigned weights and signed inputs here.
#include "t6j.h"

#if defined(__AVX2__)
#include <immintrin.h>

#define SIGNED 0

#if defined(__AVX512VNNI__)
#define FORM avx512vnni
#define FORM_NAME "AVX-512 VNNI"
#define LANES 16
#define PRODUCTS 64
#define VECTORS 2
#define TALLEST 6
typedef __m512i ints;
typedef __m512 floats;
#define BROADCAST(number) _mm512_set1_epi32(number)
#define LOAD_INTS(from) _mm512_loadu_si512(from)
#define DOTS(zero, sum, weights0, inputs0, weights1, inputs1) \
    _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(sum, weights0, inputs0), weights1, inputs1)
#define ZERO _mm512_setzero_ps()
#define SPREAD(number) _mm512_set1_ps(number)
#define LOAD(from) _mm512_loadu_ps(from)
#define STORE(to, floats) _mm512_storeu_ps(to, floats)
#define TO_FLOATS(ints) _mm512_cvtepi32_ps(ints)
#define MUL(a, b) _mm512_mul_ps(a, b)
#define FMA(a, b, c) _mm512_fmadd_ps(a, b, c)

#else
#define LANES 8
#define PRODUCTS 32
#define VECTORS 2
#define TALLEST 4
typedef __m256i ints;
typedef __m256 floats;
#define BROADCAST(number) _mm256_set1_epi32(number)
#define LOAD_INTS(from) _mm256_loadu_si256((const __m256i *) (from))
#define ZERO _mm256_setzero_ps()
#define SPREAD(number) _mm256_set1_ps(number)
#define LOAD(from) _mm256_loadu_ps(from)
#define STORE(to, floats) _mm256_storeu_ps(to, floats)
#define TO_FLOATS(ints) _mm256_cvtepi32_ps(ints)
#define MUL(a, b) _mm256_mul_ps(a, b)
#define FMA(a, b, c) _mm256_fmadd_ps(a, b, c)

#if defined(__AVXVNNI__)
#define FORM avxvnni
#define FORM_NAME "AVX-VNNI"
#define DOTS(zero, sum, weights0, inputs0, weights1, inputs1) \
    _mm256_dpbusd_avx_epi32(_mm256_dpbusd_avx_epi32(sum, weights0, inputs0), weights1, inputs1)
#else
#define FORM avx2
#define FORM_NAME "AVX2"
// Bytes at even and odd places apart, as 16-bit integers: for 8-bit weights, two products of bytes do not fit in 16 bits.
static inline __m256i wide_dot(__m256i sum, __m256i weights, __m256i inputs) {
    __m256i even = _mm256_madd_epi16(_mm256_and_si256(weights, _mm256_set1_epi16(0xFF)),
                                     _mm256_srai_epi16(_mm256_slli_epi16(inputs, 8), 8));
    __m256i odd = _mm256_madd_epi16(_mm256_srli_epi16(weights, 8), _mm256_srai_epi16(inputs, 8));
    return _mm256_add_epi32(sum, _mm256_add_epi32(even, odd));
}

// The sum of four products with weights of 6 bits, at most 4 * 63 * 127, fits in 16 bits.
static inline __m256i narrow_dots(__m256i sum, __m256i weights0, __m256i inputs0, __m256i weights1, __m256i inputs1) {
    __m256i both = _mm256_add_epi16(
            _mm256_maddubs_epi16(weights0, inputs0), _mm256_maddubs_epi16(weights1, inputs1));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(both, _mm256_set1_epi16(1)));
}

#define DOTS(zero, sum, weights0, inputs0, weights1, inputs1) \
    (zero == 128 ? wide_dot(wide_dot(sum, weights0, inputs0), weights1, inputs1) \
                 : narrow_dots(sum, weights0, inputs0, weights1, inputs1))
#endif
#endif

#include "products.h"

#else
extern const form avx512vnni, avxvnni, avx2;

int find_forms(const form *forms[FORMS]) {
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
        return 0;
    }
    int count = 0;
    if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) {
        forms[count++] = &avx512vnni;
    }
    if (__builtin_cpu_supports("avxvnni")) {
        forms[count++] = &avxvnni;
    }
    forms[count++] = &avx2;
    return count;
}
#endif
