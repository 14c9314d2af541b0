package io.github.t6j.training.layers;

import static io.github.t6j.kernels.Exp2.LOG2_E;

import io.github.t6j.attention.tpa.steps.SteppedConfig;
import io.github.t6j.attention.tpa.steps.SteppedRow;
import io.github.t6j.attention.tpa.steps.Steps;
import io.github.t6j.training.products.Rows;
import java.util.Arrays;

/**
 * Steps between the heads' outputs o and y: differences of signal heads and the noise head of their group, and gates.
 *
 * <pre>
 *   y = a · (o − λ n)     λ = σ(l)     a = σ(g + c), or (g + c) σ(g + c)
 * </pre>
 *
 * Without a step, n is 0 or a is 1.
 */
final class OutputSteps {
    private final Resources resources;
    private final SteppedConfig sizes;
    private final SteppedRow at;
    private final Steps.Gate gate; // or null
    private final int signals; // heads of a group whose outputs leave the layer

    OutputSteps(Resources resources, SteppedConfig sizes) {
        this.resources = resources;
        this.sizes = sizes;
        at = SteppedRow.of(sizes);
        gate = sizes.steps().gate();
        signals = sizes.signalHeads() / sizes.keyValueHeads();
    }

    private float lambda(Rows projected, int row, int group) {
        return sizes.steps().differential()
                ? TokenShift.sigmoid(projected.array()[projected.row(row) + at.lambda() + group])
                : 0;
    }

    /** Returns the offset in a projected row of the gate of an element. */
    private int gate(int head, int d) {
        return at.gates() + (gate.headwise() ? head : head * sizes.headDim() + d);
    }

    private float sigmoid(float x) {
        return 1 / (1 + resources.kernels.exp2(-x * LOG2_E));
    }

    /** Writes y [rows][signal heads][D]; o [rows][H][D]. */
    void forward(Rows projected, Rows o, int rows, Rows y) {
        resources.eachRow(rows, (row, worker) -> {
            for (int head = 0; head < sizes.signalHeads(); head++) {
                int group = head / signals;
                float lambda = lambda(projected, row, group);
                int from = output(o, row, group, head % signals);
                int noise = output(o, row, group, sizes.groupSize() - 1);
                int to = y.row(row) + head * sizes.headDim();
                for (int d = 0; d < sizes.headDim(); d++) {
                    float x = o.array()[from + d] - lambda * o.array()[noise + d];
                    if (gate != null) {
                        float g = projected.array()[projected.row(row) + gate(head, d)] + gate.offset();
                        x *= gate.sigmoid() ? sigmoid(g) : g * sigmoid(g);
                    }
                    y.array()[to + d] = x;
                }
            }
        });
    }

    private int output(Rows o, int row, int group, int head) {
        return o.row(row) + (group * sizes.groupSize() + head) * sizes.headDim();
    }

    /** Writes do, and dl and dg into {@code dprojected}. */
    void backward(Rows projected, Rows o, Rows dy, int rows, Rows dout, Rows dprojected) {
        resources.eachRow(rows, (row, worker) -> {
            int gates = dprojected.row(row) + at.gates();
            Arrays.fill(dprojected.array(), gates, gates + sizes.gates(), 0);
            for (int group = 0; group < sizes.keyValueHeads(); group++) {
                group(projected, o, dy, row, group, dout, dprojected);
            }
        });
    }

    private void group(Rows projected, Rows o, Rows dy, int row, int group, Rows dout, Rows dprojected) {
        int size = sizes.headDim();
        float lambda = lambda(projected, row, group);
        int noise = output(o, row, group, sizes.groupSize() - 1);
        int dnoise = output(dout, row, group, sizes.groupSize() - 1);
        boolean differential = sizes.steps().differential();
        if (differential) {
            Arrays.fill(dout.array(), dnoise, dnoise + size, 0);
        }
        double slope = 0;
        for (int e = 0; e < signals; e++) {
            int head = group * signals + e;
            int from = output(o, row, group, e);
            int to = output(dout, row, group, e);
            for (int d = 0; d < size; d++) {
                float dx = dy.array()[dy.row(row) + head * size + d];
                if (gate != null) {
                    float x = o.array()[from + d] - lambda * o.array()[noise + d];
                    dx = gateGradient(projected, row, gate(head, d), x, dx, dprojected);
                }
                dout.array()[to + d] = dx;
                if (differential) {
                    dout.array()[dnoise + d] -= lambda * dx;
                    slope -= (double) dx * o.array()[noise + d];
                }
            }
        }
        if (differential) {
            dprojected.array()[dprojected.row(row) + at.lambda() + group] = (float) (lambda * (1 - lambda) * slope);
        }
    }

    /** Adds the derivative by a gate, and returns the derivative by what it multiplies. */
    private float gateGradient(Rows projected, int row, int index, float x, float dy, Rows dprojected) {
        float g = projected.array()[projected.row(row) + index] + gate.offset();
        float sigmoid = sigmoid(g);
        float slope = gate.sigmoid() ? sigmoid * (1 - sigmoid) : sigmoid * (1 + g * (1 - sigmoid));
        dprojected.array()[dprojected.row(row) + index] += dy * x * slope;
        return dy * (gate.sigmoid() ? sigmoid : g * sigmoid);
    }
}
