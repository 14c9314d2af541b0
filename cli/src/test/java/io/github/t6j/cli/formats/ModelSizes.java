package io.github.t6j.cli.formats;

/**
 * Sizes of a small model, at and near multiples of 64, the size of a panel.
 *
 * @param heads number of heads, even
 * @param headDim size of a head, even
 * @param latentDim elements of one latent
 * @param rank base of the ranks; each factor may have another one
 */
public record ModelSizes(int width, int hidden, int vocabulary, int heads, int headDim, int latentDim, int rank) {
    /** Number of sizes. */
    public static final int COUNT = 8;

    private static final int[] EDGES = {63, 64, 65, 127, 128, 129, 191, 193};
    private static final int[] HEADS = {4, 6, 4, 2, 6, 4, 2, 8};
    private static final int[] HEAD_DIMS = {16, 22, 32, 66, 10, 48, 64, 8};
    private static final int[] LATENTS = {31, 32, 33, 63, 64, 65, 16, 17};

    /** Returns the sizes with a number below {@link #COUNT}. */
    public static ModelSizes of(int number) {
        return new ModelSizes(
                EDGES[number], EDGES[(number + 3) % COUNT], EDGES[(number + 5) % COUNT], HEADS[number],
                HEAD_DIMS[number], LATENTS[number], 1 + number % 3);
    }

    /**
     * Returns sizes whose rows of {@code width} elements are whole blocks; in every other size, those of {@code
     * hidden}, too.
     */
    ModelSizes inBlocks(int block) {
        int whole = Math.ceilDiv(hidden, block) * block;
        return new ModelSizes(
                Math.ceilDiv(width, block) * block, heads == 4 ? whole : hidden, vocabulary, heads, headDim, latentDim,
                rank);
    }
}
