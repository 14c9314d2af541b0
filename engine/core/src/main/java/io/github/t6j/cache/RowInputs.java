package io.github.t6j.cache;

import java.util.Arrays;

/** Inputs of the states of all layers in the rows of a pass with drafts, to add a row to the states once it is kept. */
public final class RowInputs {
    private final int layers;
    private float[][][] inputs = new float[0][][]; // [rows][layers]
    private int rows; // of the running pass, or 0 without drafts

    RowInputs(int layers) {
        this.layers = layers;
    }

    /** Begins a pass of {@code newRows} rows, or 0 without drafts. */
    void begin(int newRows) {
        rows = newRows;
        if (inputs.length < rows) {
            inputs = new float[rows][layers][0];
        }
    }

    void clear() {
        inputs = new float[0][][];
    }

    /** Returns true if the running pass has drafts, so that it must write the inputs. */
    public boolean records() {
        return rows > 0;
    }

    /** Makes room for {@code count} inputs of each row of the running pass. */
    public void reserve(int layer, int count) {
        for (int row = 0; row < rows; row++) {
            inputs[row][layer] = inputs[row][layer].length == count ? inputs[row][layer] : new float[count];
        }
    }

    /** Copies all inputs of a row of the running pass, if it has drafts. */
    public void record(int layer, int row, float[] from, int at, int count) {
        if (rows > 0) {
            inputs[row][layer] = Arrays.copyOfRange(from, at, at + count);
        }
    }

    /** Returns the inputs of a layer's state in a row of the last pass with drafts. */
    public float[] of(int layer, int row) {
        return inputs[row][layer];
    }
}
