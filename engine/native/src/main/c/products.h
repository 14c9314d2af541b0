// The products themselves, compiled once for each form, which defines the vectors and operations that tile uses. All else
// is plain C, which compilers vectorise.

#include "t6j.h"

#include <string.h>

#define ALWAYS_INLINE inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")
#define ROW (2 * PANEL) // bytes in a row of a panel: 32-bit integers with outputs o and o + 16 in their halves

static float of_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

// Rounds a row, as RoundedRows and RoundBlocks do in Java.
static void round_row(const float *x, int count, block *to) {
    for (int at = 0; at < count; at += SIZE, to++) {
        float in[SIZE] = {0};
        if (count - at >= SIZE) {
            memcpy(in, x + at, sizeof in);
        } else {
            memcpy(in, x + at, sizeof(float) * (count - at));
        }
        uint32_t largest = 0;
        for (int i = 0; i < SIZE; i++) {
            uint32_t magnitude = bits_of(in[i]) & 0x7FFFFFFF;
            largest = magnitude > largest ? magnitude : largest;
        }
        float magnitude = of_bits(largest);
        int finite = largest < 0x7F800000;
        int none = magnitude < 0x1p-64f;
        float inverse = !finite || none ? 0 : 127 / magnitude;
        int32_t sums[2] = {0, 0};
        for (int i = 0; i < SIZE; i++) {
            // adding 1.5 * 2^23 rounds to a whole number, which is then in the lowest bits
            to->quants[i] = (int8_t) bits_of(in[i] * inverse + 0x1.8p23f);
        }
        for (int i = 0; i < SIZE / 2; i++) {
            sums[0] += to->quants[i];
            sums[1] += to->quants[SIZE / 2 + i];
        }
        to->sums[0] = sums[0];
        to->sums[1] = sums[1];
        to->scale = finite ? none ? 0 : magnitude / 127 : of_bits(0x7FC00000);
        to->total = (float) (sums[0] + sums[1]) * to->scale;
    }
}

// In a panel of Q8_0, the first input of each pair has 128 added. Flipping the highest bit of a byte adds 128 or subtracts
// it, so that all or no weights have it.
#define FLIP (SIGNED ? 0x00800080 : 0x80008000)
#define Q8_ZERO (SIGNED ? 0 : 128)

// Vectors of half a row, on any processor.
typedef uint32_t half_row __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t signed_half __attribute__((vector_size(64), aligned(4), may_alias));
typedef float float_half __attribute__((vector_size(64), aligned(4), may_alias));

static ALWAYS_INLINE half_row load_half(const uint8_t *row, int half) {
    return *(const half_row *) (row + 64 * half);
}

// Converts the f16 in the high halves of integers. They are finite, and the exponents of f16 and float differ by 112.
static ALWAYS_INLINE float_half of_f16(half_row high, float unit) {
    return (float_half) ((half_row) ((signed_half) high >> 3) & 0x8FFFE000) * (0x1p112f * unit);
}

// Converts a row of f16.
static ALWAYS_INLINE void halves(const uint8_t *row, float unit, float to[PANEL]) {
    for (int half = 0; half < 2; half++) {
        half_row pairs = load_half(row, half);
        *(float_half *) (to + 32 * half) = of_f16(pairs << 16, unit);
        *(float_half *) (to + 32 * half + 16) = of_f16(pairs, unit);
    }
}

static ALWAYS_INLINE float_half to_floats(half_row numbers) {
    return __builtin_convertvector((signed_half) numbers, float_half);
}

// Joins two pairs of inputs, 16 bits an output, to four inputs of each of 32 outputs.
static ALWAYS_INLINE void join(half_row first, half_row second, uint8_t (*to)[4]) {
    *(half_row *) to = (first & 0xFFFF) | second << 16;
    *(half_row *) (to + 16) = first >> 16 | (second & 0xFFFF0000);
}

// Returns bits of a row in a group, a part of a pair of inputs.
static ALWAYS_INLINE half_row piece(const uint8_t *group, int half, int row, int shift, uint32_t mask) {
    return load_half(group + row * ROW, half) >> shift & mask * 0x01010101;
}

// Returns pair number index of a group of rows, see KQuantFormat.
static ALWAYS_INLINE half_row pair(const uint8_t *group, int half, const int bits, const int index) {
    if (bits == 4) {
        return piece(group, half, 0, 4 * index, 0x0F);
    }
    if (bits == 6 && index < 3) {
        return piece(group, half, index, 0, 0x3F);
    }
    if (bits == 6) {
        return piece(group, half, 0, 6, 0x03) | piece(group, half, 1, 4, 0x0C) | piece(group, half, 2, 2, 0x30);
    }
    switch (index) {
        case 2: return piece(group, half, 0, 5, 0x07) | piece(group, half, 1, 2, 0x18);
        case 5: return piece(group, half, 2, 5, 0x07) | piece(group, half, 3, 2, 0x18);
        case 7:
            return piece(group, half, 4, 5, 0x07) | piece(group, half, 3, 4, 0x08) | piece(group, half, 1, 3, 0x10);
        default: return piece(group, half, index - index / 3, 0, 0x1F);
    }
}

// Unpacks the integers of a block and returns the first byte after them.
static ALWAYS_INLINE const uint8_t *unpack(const uint8_t *from, const int type, const int bits, uint8_t (*to)[PANEL][4]) {
    const int pairs = bits == 8 || bits == 4 ? 2 : bits == 6 ? 4 : 8; // in a group
    const int rows = bits == 8 ? 2 : bits == 4 ? 1 : bits == 6 ? 3 : 5;
    for (int first = 0; first < SIZE / 2; first += pairs, from += rows * ROW) {
        UNROLL for (int i = 0; i < pairs; i += 2) {
            UNROLL for (int half = 0; half < 2; half++) {
                uint8_t(*quads)[4] = to[(first + i) / 2] + 32 * half;
                if (type == Q8_0) {
                    join(load_half(from, half) ^ FLIP, load_half(from + ROW, half) ^ FLIP, quads);
                } else {
                    join(pair(from, half, bits, i), pair(from, half, bits, i + 1), quads);
                }
            }
        }
    }
    return from;
}

// Unpacks the scales and offsets of a block, whose types have neither at the start of a super-block, and returns the
// first byte after them.
static ALWAYS_INLINE const uint8_t *scales(
        const uint8_t *from, const int type, int zero, float unit, int b, weights *to) {
    halves(from, unit, to->scales[b]);
    if (type != Q4_1 && type != Q5_1) {
        return from + ROW;
    }
    halves(from + ROW, unit, to->offsets[b]);
    for (int i = 0; i < PANEL; i++) {
        to->offsets[b][i] = to->scales[b][i] * zero + to->offsets[b][i];
    }
    return from + 2 * ROW;
}

// Does the same for types with common scales and mins, [2][PANEL].
static ALWAYS_INLINE const uint8_t *scaled(
        const uint8_t *from, const int type, float zero, float (*common)[PANEL], int b, weights *to) {
    for (int o = 0; o < PANEL; o += 16) {
        half_row bytes = load_half(from, o / 32) >> o % 32;
        float_half first = to_floats(bytes & 0xFF);
        float_half second = to_floats(bytes >> 8 & 0xFF);
        float_half scale = *(float_half *) (common[0] + o);
        if (type == Q6_K) {
            *(float_half *) (to->scales[2 * b] + o) = scale * (first - 128);
            *(float_half *) (to->scales[2 * b + 1] + o) = scale * (second - 128);
        } else {
            float_half min = *(float_half *) (common[1] + o);
            *(float_half *) (to->scales[b] + o) = scale * first;
            *(float_half *) (to->offsets[b] + o) = scale * first * zero - min * second;
        }
    }
    return from + ROW;
}

// Unpacks a super-block of blocks blocks and returns the first byte after it.
static ALWAYS_INLINE const uint8_t *unpack_super(
        const uint8_t *from, const int type, const int bits, const int zero, int blocks, float unit, weights *to) {
    float common[2][PANEL];
    const int common_rows = type == Q4_K || type == Q5_K ? 2 : type == Q6_K ? 1 : 0;
    for (int i = 0; i < common_rows; i++, from += ROW) {
        halves(from, unit, common[i]);
    }
    for (int b = 0; b < blocks; b++) {
        from = common_rows > 0 ? scaled(from, type, zero, common, b, to) : scales(from, type, zero, unit, b, to);
        from = unpack(from, type, bits, to->quants + b * QUADS);
    }
    return from;
}

#ifndef OWN_DOTS
// Adds the dot products of some quads of a block to the starts: [rows][VECTORS * LANES], from output c.
static ALWAYS_INLINE void dots_of_part(
        const int rows, const int zero, const block *x, int blocks_of_row, const int32_t *starts,
        const uint8_t (*quants)[PANEL][4], const int first, const int last, int c, ints dots[TALLEST][VECTORS]) {
    UNROLL for (int r = 0; r < rows; r++) {
        UNROLL for (int v = 0; v < VECTORS; v++) {
            dots[r][v] = BROADCAST(starts[r]);
        }
    }
    UNROLL for (int q = first; q < last; q += 2) {
        ints quads[2][VECTORS];
        UNROLL for (int v = 0; v < VECTORS; v++) {
            quads[0][v] = LOAD_INTS(quants[q][c + v * LANES]);
            quads[1][v] = LOAD_INTS(quants[q + 1][c + v * LANES]);
        }
        UNROLL for (int r = 0; r < rows; r++) {
            int32_t eight[2];
            memcpy(eight, x[r * blocks_of_row].quants + 4 * q, sizeof eight);
            ints inputs0 = BROADCAST(eight[0]);
            ints inputs1 = BROADCAST(eight[1]);
            UNROLL for (int v = 0; v < VECTORS; v++) {
                dots[r][v] = DOTS(zero, dots[r][v], quads[0][v], inputs0, quads[1][v], inputs1);
            }
        }
    }
}
#endif

// Multiplies rows and a super-block. The number of rows, of scales a block and the presence of offsets are constants
// wherever this is inlined. The sum of a block starts with what cancels the zero of the weights.
static ALWAYS_INLINE void tile(
        const int rows, const int parts, const int offsets, const int zero, const block *x, int blocks_of_row,
        const weights *w, int blocks, int first, float *y, int stride) {
    for (int c = 0; c < PANEL; c += VECTORS * LANES) {
        floats sums[TALLEST][VECTORS];
        UNROLL for (int r = 0; r < rows; r++) {
            UNROLL for (int v = 0; v < VECTORS; v++) {
                sums[r][v] = first ? ZERO : LOAD(y + r * stride + c + v * LANES);
            }
        }
        for (int b = 0; b < blocks; b++) {
            UNROLL for (int p = 0; p < parts; p++) {
                int32_t starts[TALLEST];
                UNROLL for (int r = 0; r < rows; r++) {
                    const int32_t *of = x[r * blocks_of_row + b].sums;
                    starts[r] = -zero * (parts == 1 ? of[0] + of[1] : of[p]);
                }
                ints dots[TALLEST][VECTORS];
                dots_of_part(rows, zero, x + b, blocks_of_row, starts, w->quants + b * QUADS, p * QUADS / parts,
                             (p + 1) * QUADS / parts, c, dots);
                UNROLL for (int r = 0; r < rows; r++) {
                    floats scale = SPREAD(x[r * blocks_of_row + b].scale);
                    UNROLL for (int v = 0; v < VECTORS; v++) {
                        floats both = MUL(LOAD(w->scales[b * parts + p] + c + v * LANES), scale);
                        sums[r][v] = FMA(TO_FLOATS(dots[r][v]), both, sums[r][v]);
                    }
                }
            }
            if (offsets) {
                UNROLL for (int r = 0; r < rows; r++) {
                    floats total = SPREAD(x[r * blocks_of_row + b].total);
                    UNROLL for (int v = 0; v < VECTORS; v++) {
                        sums[r][v] = FMA(LOAD(w->offsets[b] + c + v * LANES), total, sums[r][v]);
                    }
                }
            }
        }
        UNROLL for (int r = 0; r < rows; r++) {
            UNROLL for (int v = 0; v < VECTORS; v++) {
                STORE(y + r * stride + c + v * LANES, sums[r][v]);
            }
        }
    }
}

// Multiplies all rows and a super-block, in as few and as even tiles as possible.
static ALWAYS_INLINE void tiles(
        const int parts, const int offsets, const int zero, const block *x, int rows, int blocks_of_row, const weights *w,
        int blocks, int first, float *y, int stride) {
    while (rows > 0) {
        int count = (rows + TALLEST - 1) / TALLEST;
        int n = (rows + count - 1) / count;
        switch (n) {
#define CASE(n) \
    case n: \
        if (n <= TALLEST) { \
            tile(n <= TALLEST ? n : 1, parts, offsets, zero, x, blocks_of_row, w, blocks, first, y, stride); \
        } \
        break;
            CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6)
#undef CASE
        }
        rows -= n;
        x += n * blocks_of_row;
        y += n * stride;
    }
}

static ALWAYS_INLINE void of_type(
        const int type, const int bits, const int zero, const block *x, int rows, int blocks, const uint8_t *panel,
        float unit, float *y, int stride) {
    const int parts = type == Q6_K ? 2 : 1;
    const int offsets = type == Q4_1 || type == Q5_1 || type == Q4_K || type == Q5_K;
    weights w;
    for (int b = 0; b < blocks; b += SUPER) {
        int count = blocks - b < SUPER ? blocks - b : SUPER;
        panel = unpack_super(panel, type, bits, zero, count, unit, &w);
        tiles(parts, offsets, zero, x + b, rows, blocks, &w, count, b == 0, y, stride);
    }
}

static void multiply(
        int type, const block *x, int rows, int blocks, const uint8_t *panel, float unit, float *y, int stride) {
    switch (type) {
#define CASE(type, bits, zero) \
    case type: of_type(type, bits, zero, x, rows, blocks, panel, unit, y, stride); break;
        CASE(Q8_0, 8, Q8_ZERO) CASE(Q4_0, 4, 8) CASE(Q4_1, 4, 8) CASE(Q5_0, 5, 16) CASE(Q5_1, 5, 16) CASE(Q4_K, 4, 8)
        CASE(Q5_K, 5, 16) CASE(Q6_K, 6, 32)
#undef CASE
    }
}

// Computes count dot products of each accumulator of a tile, to measure their limit, and returns the operations of one.
static int dots(int count) {
    ints sums[TALLEST][VECTORS];
    int32_t numbers[LANES];
    for (int i = 0; i < LANES; i++) {
        numbers[i] = count + i;
    }
    ints inputs = LOAD_INTS(numbers);
    UNROLL for (int r = 0; r < TALLEST; r++) {
        UNROLL for (int v = 0; v < VECTORS; v++) {
            sums[r][v] = BROADCAST(r * VECTORS + v);
        }
    }
    for (int i = 0; i < count; i += 2) {
        UNROLL for (int r = 0; r < TALLEST; r++) {
            UNROLL for (int v = 0; v < VECTORS; v++) {
                sums[r][v] = DOTS(0, sums[r][v], inputs, inputs, inputs, inputs);
            }
        }
    }
    floats sum = ZERO;
    UNROLL for (int r = 0; r < TALLEST; r++) {
        UNROLL for (int v = 0; v < VECTORS; v++) {
            sum = FMA(TO_FLOATS(sums[r][v]), sum, sum);
        }
    }
    float lanes[LANES];
    STORE(lanes, sum);
    volatile float kept = lanes[LANES - 1]; // otherwise the compiler would drop the sums
    (void) kept;
    return 2 * PRODUCTS * TALLEST * VECTORS;
}

const form FORM = {FORM_NAME, round_row, multiply, dots};
