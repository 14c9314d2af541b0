package io.github.t6j.model;

/** An operation on each row of a pass alone; rows may be on different threads. */
@FunctionalInterface
interface RowOperation {
    /** @param worker an index into buffers that no two threads share */
    void row(Activations a, int row, int worker);
}
