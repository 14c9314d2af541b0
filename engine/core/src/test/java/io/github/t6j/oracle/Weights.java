package io.github.t6j.oracle;

import io.github.t6j.weights.checkpoint.Checkpoint;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Named matrices [outputs][inputs] and vectors of a model, in double. */
public final class Weights {
    private final Map<String, double[]> values = new TreeMap<>();
    private final Map<String, List<Long>> shapes = new LinkedHashMap<>();

    /** Weights of a file or of a folder in Hugging Face's layout. */
    public static Weights read(Path path) {
        Weights weights = new Weights();
        try (Checkpoint checkpoint = Checkpoint.open(path, false)) {
            checkpoint.tensors().forEach((name, tensor) -> weights.put(name, tensor.toFloats(), tensor.shape()));
        }
        return weights;
    }

    /** Adds a tensor, or replaces the one of that name. */
    public void put(String name, float[] elements, List<Long> shape) {
        double[] copy = new double[elements.length];
        for (int i = 0; i < elements.length; i++) {
            copy[i] = elements[i];
        }
        values.put(name, copy);
        shapes.put(name, shape);
    }

    /** Elements of a tensor, to read and to change. */
    public double[] get(String name) {
        double[] found = values.get(name);
        if (found == null) {
            throw new IllegalArgumentException("no tensor " + name + " among " + values.keySet());
        }
        return found;
    }

    /** Elements as floats, which they were before. */
    float[] floats(String name) {
        double[] elements = get(name);
        float[] floats = new float[elements.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) elements[i];
        }
        return floats;
    }

    public boolean has(String name) {
        return values.containsKey(name);
    }

    public Set<String> names() {
        return values.keySet();
    }

    public List<Long> shape(String name) {
        return shapes.get(name);
    }

    /** Size of a dimension, from 0. */
    public int size(String name, int dimension) {
        return Math.toIntExact(shapes.get(name).get(dimension));
    }

    /** {@code x} · Wᵀ for each row of {@code x}, plus the bias beside the matrix, if it has one. */
    double[][] times(double[][] x, String matrix) {
        String bias = matrix.replace(".weight", ".bias");
        return Float64.times(x, get(matrix), !bias.equals(matrix) && has(bias) ? get(bias) : null);
    }
}
