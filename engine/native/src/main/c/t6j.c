// The functions that io.github.t6j.nativekernels calls. It has checked all bounds.
#include "t6j.h"

#define EXPORT __attribute__((visibility("default")))

static const form *forms[FORMS];

// Number that changes with the layouts and functions: the Java half refuses a library of another build.
EXPORT int t6j_version(void) {
    return 1;
}

// SHA-256 of the sources, which a test compares: a build without the profile native keeps an older library.
EXPORT const char t6j_sources[] = SOURCES;

// Returns the number of forms that this processor can run; must be called before all others.
EXPORT int t6j_forms(void) {
    return find_forms(forms);
}

EXPORT const char *t6j_name(int form) {
    return forms[form]->name;
}

// Rounds count elements of x, from x_at, to blocks, from byte to_at.
EXPORT void t6j_round(int form, const float *x, int x_at, int count, uint8_t *to, int to_at) {
    forms[form]->round(x + x_at, count, (block *) (to + to_at));
}

// Multiplies a panel of weights, from byte w_at, by rows whose blocks begin at byte x_at: y[rows][PANEL], from y_at, rows
// stride floats apart.
EXPORT void t6j_multiply(
        int form, int type, const uint8_t *x, int x_at, int rows, int blocks, const uint8_t *w, int64_t w_at, float unit,
        float *y, int y_at, int stride) {
    forms[form]->multiply(type, (const block *) (x + x_at), rows, blocks, w + w_at, unit, y + y_at, stride);
}

// Computes count times as many dot products as a tile has accumulators, and returns the operations of each time.
EXPORT int t6j_dots(int form, int count) {
    return forms[form]->dots(count);
}
