package io.github.t6j.training.layers;

import io.github.t6j.training.layers.MicroBatch.Part;
import io.github.t6j.training.products.Rows;

/**
 * Token shift: each vector mixes with the vector of the same head one position before, by a gate per head that is 0 at
 * the first position of a document.
 *
 * <pre>
 *   y[t] = (1 − α[t]) x[t] + α[t] x[t−1]     α[t] = σ(g[t])
 *   dx[t] = (1 − α[t]) dy[t] + α[t+1] dy[t+1]     dg[t] = α[t] (1 − α[t]) dy[t] · (x[t−1] − x[t])
 * </pre>
 *
 * @param heads number of vectors of a row
 * @param size elements of a vector
 * @param gatesAt offset of g [heads] in a projected row
 */
record TokenShift(Resources resources, int heads, int size, int gatesAt) {
    static float sigmoid(float x) {
        return (float) (1 / (1 + StrictMath.exp(-x)));
    }

    private float gate(Rows projected, int row, int head) {
        return sigmoid(projected.array()[projected.row(row) + gatesAt + head]);
    }

    private interface DocumentWork {
        void run(int first, int end, int head);
    }

    private void eachHead(Part part, DocumentWork work) {
        resources.workers.run(part.documents() * heads, (item, worker) -> {
            int document = item / heads;
            work.run(part.row(document), part.row(document) + part.length(document), item % heads);
        });
    }

    /** Replaces x, whose first row is that of the part, by y. */
    void forward(Rows projected, Part part, Rows x) {
        eachHead(part, (first, end, head) -> {
            for (int row = end - 1; row > first; row--) {
                float alpha = gate(projected, row, head);
                int at = x.row(row - part.row()) + head * size;
                for (int d = at; d < at + size; d++) {
                    x.array()[d] = (1 - alpha) * x.array()[d] + alpha * x.array()[d - x.stride()];
                }
            }
        });
    }

    /** Replaces dy by dx, and writes dg into {@code dprojected}; x and dy begin at the part's first row. */
    void backward(Rows projected, Part part, Rows x, Rows dy, Rows dprojected) {
        eachHead(part, (first, end, head) -> {
            float alpha = 0;
            for (int row = first; row < end; row++) {
                int at = x.row(row - part.row()) + head * size;
                int dyAt = dy.row(row - part.row()) + head * size;
                double slope = 0;
                for (int d = 0; row > first && d < size; d++) {
                    slope += (double) dy.array()[dyAt + d] * (x.array()[at - x.stride() + d] - x.array()[at + d]);
                }
                dprojected.array()[dprojected.row(row) + gatesAt + head] = (float) (alpha * (1 - alpha) * slope);
                float next = row + 1 < end ? gate(projected, row + 1, head) : 0;
                for (int d = dyAt; d < dyAt + size; d++) {
                    float after = next == 0 ? 0 : next * dy.array()[d + dy.stride()];
                    dy.array()[d] = (1 - alpha) * dy.array()[d] + after;
                }
                alpha = next;
            }
        });
    }
}
