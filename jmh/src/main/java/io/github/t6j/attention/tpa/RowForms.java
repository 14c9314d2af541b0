package io.github.t6j.attention.tpa;

import io.github.t6j.attention.paged.PrefillOperations;

/** Gives benchmarks access to package-private code of the engine. */
public final class RowForms {
    private RowForms() {}

    /** Returns the operations that tensor product attention chooses for passes of many rows. */
    public static PrefillOperations operations(FactoredAttention attention) {
        return attention.newOperations();
    }
}
