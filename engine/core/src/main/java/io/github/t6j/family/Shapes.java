package io.github.t6j.family;

import io.github.t6j.ModelFormatException;
import io.github.t6j.attention.TensorRole;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.NamedTensors;
import io.github.t6j.model.TensorSpec;
import java.util.List;

/** Shapes of the first block's tensors, by the names that the official code and its descendants share. */
public final class Shapes {
    private final NamedTensors tensors;

    public Shapes(NamedTensors tensors) {
        this.tensors = tensors;
    }

    public String where() {
        return tensors.where();
    }

    /** Returns the prefix of the names of a block's tensors. */
    public static String block(int layer) {
        return "transformer.h." + layer + ".";
    }

    /** Returns the full name of a weight of a block's attention. */
    public static String attention(int layer, String name) {
        return block(layer) + "attn." + name + ".weight";
    }

    /** Returns a weight of a block's attention. */
    public static TensorSpec attention(TensorRole role, int layer, String name, long... shape) {
        return TensorSpec.of(role, layer, attention(layer, name), shape);
    }

    public boolean has(String name) {
        return tensors.has(name);
    }

    public boolean hasAttention(String name) {
        return has(attention(0, name));
    }

    private int layers() {
        int layers = 0;
        while (has(block(layers) + "mlp.c_fc1.weight")) {
            layers++;
        }
        return layers;
    }

    /**
     * Returns the sizes of everything except attention, after checking them against config.json.
     *
     * @param embedding shape of the embedding
     * @param contextLength context length if config.json has no block_size, which is added to {@code assumptions}
     */
    public ModelConfig.Sizes sizes(
            List<Long> embedding, ConfigJson config, int contextLength, List<String> assumptions) {
        ModelConfig.Sizes sizes = new ModelConfig.Sizes(
                Math.toIntExact(embedding.get(0)), layers(), Math.toIntExact(embedding.get(1)),
                rows(block(0) + "mlp.c_fc1.weight"), config.optional("block_size", contextLength));
        config.check("vocab_size", sizes.vocabulary(), "the embedding's rows");
        config.check("n_embd", sizes.width(), "the embedding's columns");
        config.check("n_layer", sizes.layers(), "the numbered blocks");
        if (!config.has("block_size")) {
            assumptions
                    .add("a context of " + contextLength + " tokens, since config.json has no block_size; if the model"
                            + " was trained on another length, add that key");
        }
        return sizes;
    }

    /** Returns the rows of a matrix, by its full name. */
    public int rows(String name) {
        return Math.toIntExact(tensors.matrix(name).shape().get(0));
    }

    /** Returns the rows of a weight of the first block's attention. */
    public int attentionRows(String name) {
        return rows(attention(0, name));
    }

    /** Returns the columns of a weight of the first block's attention. */
    public int attentionColumns(String name) {
        return Math.toIntExact(tensors.matrix(attention(0, name)).shape().get(1));
    }

    /** Fails unless {@code right}; the error names what was expected and found. */
    public void check(boolean right, String expected, String found) {
        if (!right) {
            throw new ModelFormatException(where() + ": expected " + expected + ", found " + found);
        }
    }

    /** Fails if a weight of the first block's attention has another number of rows. */
    public void checkAttentionRows(String name, long expected) {
        int found = attentionRows(name);
        if (found != expected) {
            throw new ModelFormatException(where() + ": " + attention(0, name) + ": expected " + expected
                    + " rows by the shapes of its neighbours, found " + found);
        }
    }

    /** Returns the shape [rows, columns] of a matrix parameter, by its full name. */
    public List<Long> parameterShape(String name) {
        return tensors.matrix(name).shape();
    }

    /** Returns the shape of several matrices in one parameter, [matrices, inputs, outputs]. */
    public List<Long> matricesShape(String name) {
        List<Long> shape = tensors.get(name).shape();
        if (shape.size() != 3) {
            throw new ModelFormatException(where() + ": " + name
                    + ": expected several matrices, a shape of three dimensions, found shape " + shape);
        }
        return shape;
    }

    /** Returns product / factor, which must be an integer: a size that shapes show only as a product. */
    public int quotient(long product, long factor, String what, String by) {
        check(factor > 0 && product > 0 && product % factor == 0, "the " + what + " to be a multiple of the " + by,
                product + " and " + factor);
        return Math.toIntExact(product / factor);
    }

    /**
     * Returns √(product / divisor), which must be an integer: the number of heads if three sizes are pairwise products.
     */
    public int root(long product, long divisor, String what) {
        long root = divisor <= 0 || product <= 0 ? 0 : Math.round(Math.sqrt((double) product / divisor));
        if (root == 0 || root * root * divisor != product) {
            throw new ModelFormatException(where() + ": no number of heads fits the shapes of " + what
                    + "; the file is damaged or belongs to another model");
        }
        return Math.toIntExact(root);
    }
}
