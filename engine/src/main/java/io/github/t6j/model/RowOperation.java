package io.github.t6j.model;

/** What is computed of each row of a pass by itself, on any thread. */
@FunctionalInterface
interface RowOperation {
    /** @param worker an index into buffers that no two threads share */
    void row(Activations a, int row, int worker);
}
