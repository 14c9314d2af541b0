package io.github.t6j.tokenizer.split;

import java.util.Arrays;

/** Growable array of ids. */
public final class IntList {
    private int[] values = new int[64];
    private int size;

    public void add(int value) {
        if (size == values.length) {
            values = Arrays.copyOf(values, Math.addExact(size, size >> 1));
        }
        values[size++] = value;
    }

    public int[] toArray() {
        return Arrays.copyOf(values, size);
    }
}
