package io.github.t6j.model;

import io.github.t6j.ModelFormatException;
import io.github.t6j.weights.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A checkpoint's tensors by the roles that official names give them; every one must have a role, each role one. */
final class ModelTensors {
    private static final String[] EMBEDDING = {"transformer.wte.weight", "lm_head.weight"};

    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final Set<String> used = new LinkedHashSet<>();
    private final String where;

    /** @param where what to call the checkpoint in errors */
    ModelTensors(Map<String, Tensor> all, String where) {
        this.where = where;
        for (Map.Entry<String, Tensor> entry : all.entrySet()) {
            // What torch.compile and data-parallel wrappers put before each name.
            String name = entry.getKey().replaceFirst("^(_orig_mod\\.|module\\.)+", "");
            tensors.put(name, entry.getValue());
        }
    }

    String where() {
        return where;
    }

    /** Official name of a weight of a block's attention. */
    static String attention(int layer, String name) {
        return "transformer.h." + layer + ".attn." + name + ".weight";
    }

    boolean has(String name) {
        return tensors.containsKey(name);
    }

    boolean hasAttention(String name) {
        return has(attention(0, name));
    }

    /** A few names, for an error. */
    String sample() {
        List<String> names = List.copyOf(tensors.keySet());
        return names.isEmpty() ? "no tensor" : String.join(", ", names.subList(0, Math.min(3, names.size()))) + " …";
    }

    int layers() {
        int layers = 0;
        while (tensors.containsKey("transformer.h." + layers + ".mlp.c_fc1.weight")) {
            layers++;
        }
        return layers;
    }

    /** Rows of a weight of the first block's attention. */
    long attentionRows(String name) {
        return matrix(attention(0, name)).shape().get(0);
    }

    /** Columns of a weight of the first block's attention. */
    long attentionColumns(String name) {
        return matrix(attention(0, name)).shape().get(1);
    }

    /** Fails if a weight of the first block's attention has another number of rows. */
    void checkAttentionRows(String name, long expected) {
        long found = attentionRows(name);
        if (found != expected) {
            throw new ModelFormatException(where + ": " + attention(0, name) + ": expected " + expected
                    + " rows by the shapes of its neighbours, found " + found);
        }
    }

    /** product / factor, which must be whole: a size that shapes show as a product. */
    int quotient(long product, long factor, String what, String by) {
        if (factor <= 0 || product % factor != 0 || product == 0) {
            throw new ModelFormatException(where + ": expected the " + what + " to be a multiple of the " + by
                    + ", found " + product + " and " + factor);
        }
        return Math.toIntExact(product / factor);
    }

    /** √(product / divisor), which must be whole: the number of heads where three sizes are pairwise products. */
    int root(long product, long divisor, String what) {
        long root = divisor == 0 ? 0 : Math.round(Math.sqrt((double) product / divisor));
        if (root == 0 || root * root * divisor != product) {
            throw new ModelFormatException(where + ": no number of heads fits the shapes of " + what
                    + "; the file is damaged or of another model");
        }
        return Math.toIntExact(root);
    }

    /** The shape [rows, columns] of a parameter, a matrix by its whole name. */
    List<Long> parameterShape(String name) {
        return matrix(name).shape();
    }

    /** The elements of a parameter by its whole name, which must be [rows][columns]. */
    float[] parameter(String name, long rows, long columns) {
        Tensor tensor = matrix(name);
        checkShape(tensor, name, rows, columns);
        return tensor.toFloats();
    }

    /** The embedding, under either of its names; a file with both must have them equal. */
    Tensor embedding() {
        Tensor found = null;
        for (String name : EMBEDDING) {
            if (has(name)) {
                Tensor tensor = matrix(name);
                if (found != null && !same(found, tensor)) {
                    throw new ModelFormatException(where + ": expected " + EMBEDDING[0] + " and " + EMBEDDING[1]
                            + " to be one tied matrix, found two that differ; t6j runs models with tied embeddings");
                }
                found = tensor;
            }
        }
        if (found == null) {
            throw new ModelFormatException(
                    where + ": expected " + EMBEDDING[0] + " or " + EMBEDDING[1] + ", found neither: " + sample());
        }
        return found;
    }

    private static boolean same(Tensor a, Tensor b) {
        return a.shape().equals(b.shape()) && a.dtype() == b.dtype() && a.data().mismatch(b.data()) < 0;
    }

    /** A matrix of a block, by its name inside the block. */
    Tensor layer(int layer, String name) {
        return matrix("transformer.h." + layer + "." + name + ".weight");
    }

    /** A matrix of a block, which must be [rows][columns]. */
    Tensor layer(int layer, String name, long rows, long columns) {
        Tensor tensor = layer(layer, name);
        checkShape(tensor, "transformer.h." + layer + "." + name + ".weight", rows, columns);
        return tensor;
    }

    /** A block's vector of {@code n} elements. */
    float[] vector(int layer, String name, int n) {
        String full = "transformer.h." + layer + "." + name + ".weight";
        Tensor tensor = get(full);
        checkShape(tensor, full, (long) n);
        float[] vector = new float[n];
        tensor.read(0, vector, 0, n);
        return vector;
    }

    private Tensor get(String name) {
        used.add(name);
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new ModelFormatException(where + ": expected the tensor " + name + ", found none of that name");
        }
        if (!tensor.dtype().isFloating()) {
            throw new ModelFormatException(where + ": " + name + ": expected weights, found " + tensor.dtype()
                    + "; quantised ones need t6j.quantized in the file's metadata: convert the model again");
        }
        return tensor;
    }

    private Tensor matrix(String name) {
        Tensor tensor = get(name);
        if (tensor.shape().size() != 2) {
            throw new ModelFormatException(where + ": " + name + ": expected a matrix, found shape " + tensor.shape());
        }
        return tensor;
    }

    private void checkShape(Tensor tensor, String name, Long... shape) {
        if (!tensor.shape().equals(List.of(shape))) {
            throw new ModelFormatException(where + ": " + name + ": expected shape " + List.of(shape)
                    + ", found " + tensor.shape());
        }
    }

    /** Fails if a tensor was never asked for: the model would be computed without it. */
    void checkAllUsed() {
        List<String> unknown = new ArrayList<>(tensors.keySet());
        unknown.removeAll(used);
        if (!unknown.isEmpty()) {
            throw new ModelFormatException(where + ": expected the tensors of a T6 model, found "
                    + unknown.size() + " more that it has no place for, first " + unknown.getFirst());
        }
    }
}
