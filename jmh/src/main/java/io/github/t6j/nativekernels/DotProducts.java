package io.github.t6j.nativekernels;

/** Dot products of bytes in registers: the limit of the native products on this processor. */
public final class DotProducts {
    private static final int COUNT = 100_000;

    private final NativeProducts fastest = NativeKernels.forms(null).getFirst();

    /** Computes some, and returns the number of operations, two for each multiply-add. */
    public long compute() {
        return Library.dots(fastest.form(), COUNT);
    }
}
