package io.github.t6j.attention;

/**
 * Place of a layer in a model whose layers may differ in kind.
 *
 * @param block index of the layer's block in the model
 * @param kind index of the layer's kind; layers of a kind share a cache and an algorithm
 * @param index index of the layer among those of its kind, which is its index in their cache
 */
public record LayerPlace(int block, int kind, int index) {
    /** Returns the place of a block in a model whose layers are all of one kind. */
    public static LayerPlace of(int block) {
        return new LayerPlace(block, 0, block);
    }
}
