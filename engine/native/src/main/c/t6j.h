// Products of rounded rows of activations and quantised weights, for io.github.t6j.nativekernels: the layouts that the
// Java half of the module writes and reads, and the functions that it calls. Integers are little-endian.
#ifndef T6J_H
#define T6J_H

#include <stdint.h>

#define PANEL 64 // outputs in a panel
#define SIZE 32  // inputs in a block
#define SUPER 8  // blocks in a super-block
#define QUADS (SIZE / 4)

// Block of a rounded row of activations: integers from -127 to 127, the sums of its halves, the scale, and the sum of
// all integers times the scale.
typedef struct {
    int8_t quants[SIZE];
    int32_t sums[2];
    float scale;
    float total;
} block;

// Types of weights, in the order in which Java numbers them: the enums BlockFormat, then KQuantFormat.
enum type { Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K };

// Weights of a super-block: scale * (quant - zero) + offset. Four inputs of an output are neighbours.
typedef struct {
    uint8_t quants[SUPER * QUADS][PANEL][4];
    float scales[2 * SUPER][PANEL]; // one or two a block
    float offsets[SUPER][PANEL];
} weights;

// Functions compiled for one set of instructions.
typedef struct {
    const char *name;
    void (*round)(const float *x, int count, block *to);
    void (*multiply)(
        int type, const block *x, int rows, int blocks, const uint8_t *panel, float unit, float *y, int stride);
    int (*dots)(int count);
} form;

#define FORMS 4

// Fills in the forms of this processor family that this processor can run, the fastest first; returns their number.
int find_forms(const form *forms[FORMS]);

#endif
