package io.github.t6j.training.layers;

import io.github.t6j.attention.Rope;
import io.github.t6j.training.layers.MicroBatch.Part;
import io.github.t6j.training.products.Rows;

/**
 * RoPE of a micro-batch's rows, y = R x, and its transpose. R has blocks δ (c s; −s c), where δ is the decay or 1;
 * transposing changes the sign of s. The transpose is not the inverse: rounded tables have c² + s² ≠ 1. (T6_ropek
 * rotates whole queries and keys instead of the features that they are means of, which is equivalent.)
 */
public final class Rotation {
    private final Resources resources;
    private final Rope rope;
    private int positions; // number of positions in the tables
    private float[] cos = new float[0]; //     cosines [positions][pairs]
    private float[] sin = new float[0]; //     sines [positions][pairs]
    private float[] negated = new float[0]; // −sin

    public Rotation(Resources resources, Rope.Config config) {
        this.resources = resources;
        rope = new Rope(config);
    }

    /** Extends the tables to the first {@code length} positions. */
    private void prepare(int length) {
        if (length <= positions) {
            return;
        }
        positions = length;
        cos = new float[Math.multiplyExact(length, rope.pairs())];
        sin = new float[cos.length];
        negated = new float[cos.length];
        for (int position = 0; position < length; position++) {
            rope.table(position, cos, sin, position * rope.pairs());
        }
        for (int i = 0; i < sin.length; i++) {
            negated[i] = -sin[i];
        }
    }

    /** Rotates {@code vectors} vectors of {@code size} elements in each row. */
    void forward(Rows x, MicroBatch batch, int vectors, int size) {
        prepare(batch.longest());
        rotate(x, batch, 0, batch.rows(), vectors, size, sin);
    }

    /** Replaces dy by dx = Rᵀ dy. */
    void backward(Rows dy, MicroBatch batch, int vectors, int size) {
        rotate(dy, batch, 0, batch.rows(), vectors, size, negated);
    }

    /** Rotates vectors of the rows of a part, which begin at the first row of x. */
    void forward(Rows x, MicroBatch batch, Part part, int vectors, int size) {
        prepare(batch.longest());
        rotate(x, batch, part.row(), part.rows(), vectors, size, sin);
    }

    /** Replaces dy by dx = Rᵀ dy in the rows of a part, which begin at the first row of dy. */
    void backward(Rows dy, MicroBatch batch, Part part, int vectors, int size) {
        rotate(dy, batch, part.row(), part.rows(), vectors, size, negated);
    }

    private void rotate(Rows x, MicroBatch batch, int first, int rows, int vectors, int size, float[] sines) {
        resources.eachRow(rows, (row, worker) -> {
            int table = batch.positions()[first + row] * rope.pairs();
            rope.rotate(x.array(), x.row(row), vectors, size, cos, sines, table);
        });
    }
}
