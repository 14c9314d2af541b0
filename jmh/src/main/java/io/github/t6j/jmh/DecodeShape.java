package io.github.t6j.jmh;

import io.github.t6j.attention.Attention;
import io.github.t6j.attention.GroupedQueryAttention;
import io.github.t6j.attention.TensorProductAttention;

/** The attentions that {@link DecodeAttentionBenchmark} compares, by the names of its parameters. */
final class DecodeShape {
    private DecodeShape() {}

    /**
     * An attention of a shape: those of the paper's decoding experiment (figures 5, 7 and 8: d_model 2048, 1024, 3072)
     * and d128 have as many heads for all, those of its language models (tables 9 and 10) as many parameters.
     *
     * @throws IllegalArgumentException if there is no such shape or attention
     */
    static Attention of(String shape, String attention) {
        return switch (shape) {
            case "paper" -> equalHeads(attention, 32, 64, 16);
            case "paper-1024" -> equalHeads(attention, 16, 64, 16);
            case "paper-3072" -> equalHeads(attention, 48, 64, 16);
            case "d128" -> equalHeads(attention, 32, 128, 8);
            case "small" -> equalParameters(attention, 12, 23, 22, 34, 22);
            case "medium" -> equalParameters(attention, 16, 31, 30, 47, 29);
            case "large" -> equalParameters(attention, 20, 39, 38, 61, 37);
            case "xl" -> equalParameters(attention, 25, 49, 48, 78, 47);
            default -> throw Setting.unknown(
                    "shape", "paper, paper-1024, paper-3072, d128, small, medium, large or xl", shape);
        };
    }

    /** Ranks R_Q, 1, 1, and 4 key heads for GQA. */
    private static Attention equalHeads(String attention, int heads, int headDim, int queryRank) {
        return switch (attention) {
            case "mha" -> new GroupedQueryAttention(heads, headDim, heads);
            case "mqa" -> new GroupedQueryAttention(heads, headDim, 1);
            case "gqa" -> new GroupedQueryAttention(heads, headDim, 4);
            case "tpa" -> new TensorProductAttention(heads, headDim, queryRank, 1, 1);
            case "tpa_kvonly" -> new TensorProductAttention(heads, headDim, 0, 1, 1);
            default -> throw unknownAttention(attention);
        };
    }

    /** Heads of 64, ranks 6, 2, 2, and 2 key heads for GQA. */
    private static Attention equalParameters(String attention, int mha, int mqa, int gqa, int tpa, int tpaKvOnly) {
        return switch (attention) {
            case "mha" -> new GroupedQueryAttention(mha, 64, mha);
            case "mqa" -> new GroupedQueryAttention(mqa, 64, 1);
            case "gqa" -> new GroupedQueryAttention(gqa, 64, 2);
            case "tpa" -> new TensorProductAttention(tpa, 64, 6, 2, 2);
            case "tpa_kvonly" -> new TensorProductAttention(tpaKvOnly, 64, 0, 2, 2);
            default -> throw unknownAttention(attention);
        };
    }

    private static IllegalArgumentException unknownAttention(String attention) {
        return Setting.unknown("attention", "mha, mqa, gqa, tpa or tpa_kvonly", attention);
    }
}
