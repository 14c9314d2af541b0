package io.github.t6j.model;

/** Operation on one row of a pass; rows may run on different threads. */
@FunctionalInterface
interface RowOperation {
    /** @param worker index of buffers that no other thread uses at the same time */
    void row(Activations a, int row, int worker);
}
