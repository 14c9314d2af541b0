package io.github.t6j.training.layers;

import io.github.t6j.training.heads.CausalAttention;
import io.github.t6j.training.layers.MicroBatch.Part;
import io.github.t6j.training.products.Rows;
import java.util.Arrays;

/**
 * Causal attention of all heads of all documents; h/g consecutive query heads share a key head. An item of parallel
 * work is a pair of a document and a key head, whose query heads add to its gradients in order.
 */
public final class Heads {
    private final Resources resources;
    private final Shape shape;
    private Rows lse = Rows.NONE; // [documents][h][length of the document]

    /**
     * Sizes of the heads.
     *
     * @param query number of query heads, h
     * @param keyValue number of heads of keys and values, g, a divisor of h
     * @param keyDim elements of a query and a key
     * @param valueDim elements of a value
     * @param window positions that a query sees, with its own, or {@link CausalAttention#NO_WINDOW}
     */
    record Shape(int query, int keyValue, int keyDim, int valueDim, int window) {
        Shape(int query, int keyValue, int keyDim, int valueDim) {
            this(query, keyValue, keyDim, valueDim, CausalAttention.NO_WINDOW);
        }
    }

    /** Heads side by side in the rows of a matrix, each {@code stride} floats after the previous one. */
    record View(Rows rows, int stride) {
        /** Returns the rows of a head from {@code row} on. */
        Rows head(int row, int head) {
            return rows.from(row).after(head * stride);
        }
    }

    Heads(Resources resources, Shape shape) {
        this.resources = resources;
        this.shape = shape;
    }

    /** Makes room for lse of a micro-batch, which {@link #forward} keeps for {@link #backward}. */
    void prepare(MicroBatch batch) {
        lse = lse.atLeast(batch.rows(), shape.query());
    }

    /** Returns the number of elements of a row of y. */
    int outputs() {
        return shape.query() * shape.valueDim();
    }

    /** y = attention(q, k, v); q, k and v begin at the first row of the part, y at row 0 of the micro-batch. */
    void forward(View q, View k, View v, Part part, Rows y) {
        View out = outputs(y, part);
        eachHead(part, (row, length, head, keyHead, lseAt, worker) -> resources.attention[worker].forward(
                q.head(row, head), k.head(row, keyHead), v.head(row, keyHead), length, shape.window(),
                shape.keyDim(), shape.valueDim(), out.head(row, head), lse.array(), lseAt));
    }

    /** Writes dq, dk and dv; rows begin as in {@link #forward}. */
    void backward(View q, View k, View v, Rows y, Rows dy, Part part, View dq, View dk, View dv) {
        View out = outputs(y, part);
        View dout = outputs(dy, part);
        eachHead(part, (row, length, head, keyHead, lseAt, worker) -> {
            if (head % (shape.query() / shape.keyValue()) == 0) {
                clear(dk.head(row, keyHead), length, shape.keyDim());
                clear(dv.head(row, keyHead), length, shape.valueDim());
            }
            resources.attention[worker].backward(
                    q.head(row, head), k.head(row, keyHead), v.head(row, keyHead), out.head(row, head),
                    dout.head(row, head), lse.array(), lseAt, length, shape.window(), shape.keyDim(),
                    shape.valueDim(), dq.head(row, head), dk.head(row, keyHead), dv.head(row, keyHead));
        });
    }

    private View outputs(Rows y, Part part) {
        return new View(y.from(part.row()), shape.valueDim());
    }

    /** Returns the number of sequences whose heads give every thread enough items; more would only take more memory. */
    int sequencesAtOnce() {
        return 8 * resources.workers.threads() / shape.keyValue() + 1;
    }

    private static void clear(Rows x, int rows, int size) {
        for (int at = x.at(), r = 0; r < rows; r++, at += x.stride()) {
            Arrays.fill(x.array(), at, at + size, 0f);
        }
    }

    /** Work on a query head of the document of {@code length} rows that begins at {@code row} of the part. */
    @FunctionalInterface
    private interface HeadWork {
        void run(int row, int length, int head, int keyHead, int lseAt, int worker);
    }

    private void eachHead(Part part, HeadWork work) {
        int group = shape.query() / shape.keyValue();
        resources.workers.run(part.documents() * shape.keyValue(), (item, worker) -> {
            int row = part.row(item / shape.keyValue());
            int length = part.length(item / shape.keyValue());
            int keyHead = item % shape.keyValue();
            for (int head = keyHead * group; head < (keyHead + 1) * group; head++) {
                int lseAt = row * shape.query() + head * length;
                work.run(row - part.row(), length, head, keyHead, lseAt, worker);
            }
        });
    }
}
