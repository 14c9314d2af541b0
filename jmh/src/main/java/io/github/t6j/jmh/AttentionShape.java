package io.github.t6j.jmh;

import io.github.t6j.attention.GroupedQueryAttention;
import io.github.t6j.attention.Latent;
import io.github.t6j.attention.LatentAttention;
import io.github.t6j.attention.PageAttention;
import io.github.t6j.attention.TensorProductAttention;
import java.lang.foreign.Arena;
import java.util.SplittableRandom;

/**
 * The attentions that benchmarks compare, by the names of their parameters.
 *
 * @param attention mha, mqa, gqa, mla, tpa or tpa_kvonly
 * @param width elements per position between blocks, d_model
 * @param heads query heads, h
 * @param headDim d
 * @param keyValueHeads of mha, mqa and gqa, else 0
 * @param queryRank R_Q of tpa, else 0
 * @param rank R_K = R_V of tpa and tpa_kvonly, else 0
 */
record AttentionShape(
        String attention, int width, int heads, int headDim, int keyValueHeads, int queryRank, int rank) {
    /** Of MLA: kv_lora_rank and qk_rope_head_dim, in the paper's experiment and in its models. */
    private static final int LATENT_RANK = 256;

    private static final int LATENT_ROPE = 32;

    /** q_lora_rank, which no benchmark of attention alone uses. */
    private static final int QUERY_LATENT = 512;

    /**
     * An attention of a shape: those of the paper's decoding experiment (figures 5, 7 and 8: d_model 2048, 1024, 3072)
     * and d128 have as many heads for all, those of its language models (tables 9 and 10) as many parameters.
     *
     * @throws IllegalArgumentException if there is no such shape or attention
     */
    static AttentionShape of(String shape, String attention) {
        return switch (shape) {
            case "paper" -> equalHeads(attention, 32, 64, 16);
            case "paper-1024" -> equalHeads(attention, 16, 64, 16);
            case "paper-3072" -> equalHeads(attention, 48, 64, 16);
            case "d128" -> equalHeads(attention, 32, 128, 8);
            case "small" -> equalParameters(attention, 768, 12, 23, 22, 13, 34, 22);
            case "medium" -> equalParameters(attention, 1024, 16, 31, 30, 23, 47, 29);
            case "large" -> equalParameters(attention, 1280, 20, 39, 38, 34, 61, 37);
            case "xl" -> equalParameters(attention, 1600, 25, 49, 48, 49, 78, 47);
            default -> throw BenchmarkSupport.unknown(
                    "shape", "paper, paper-1024, paper-3072, d128, small, medium, large or xl", shape);
        };
    }

    /** Ranks R_Q, 1, 1, and 4 key heads for GQA. */
    private static AttentionShape equalHeads(String attention, int heads, int headDim, int queryRank) {
        return of(attention, heads * headDim, heads, headDim, 4, queryRank, 1);
    }

    /** Heads of 64, ranks 6, 2, 2, and 2 key heads for GQA. */
    private static AttentionShape equalParameters(
            String attention, int width, int mha, int mqa, int gqa, int mla, int tpa, int tpaKvOnly) {
        int heads = switch (attention) {
            case "mha" -> mha;
            case "mqa" -> mqa;
            case "gqa" -> gqa;
            case "mla" -> mla;
            case "tpa" -> tpa;
            case "tpa_kvonly" -> tpaKvOnly;
            default -> throw unknown(attention);
        };
        return of(attention, width, heads, 64, 2, 6, 2);
    }

    private static AttentionShape of(
            String attention, int width, int heads, int headDim, int groups, int queryRank, int rank) {
        return switch (attention) {
            case "mha" -> new AttentionShape(attention, width, heads, headDim, heads, 0, 0);
            case "mqa" -> new AttentionShape(attention, width, heads, headDim, 1, 0, 0);
            case "gqa" -> new AttentionShape(attention, width, heads, headDim, groups, 0, 0);
            case "mla" -> new AttentionShape(attention, width, heads, headDim, 0, 0, 0);
            case "tpa" -> new AttentionShape(attention, width, heads, headDim, 0, queryRank, rank);
            case "tpa_kvonly" -> new AttentionShape(attention, width, heads, headDim, 0, 0, rank);
            default -> throw unknown(attention);
        };
    }

    private static IllegalArgumentException unknown(String attention) {
        return BenchmarkSupport.unknown("attention", "mha, mqa, gqa, mla, tpa or tpa_kvonly", attention);
    }

    /** The engine's attention of this shape; MLA's up-projections are seeded numbers in {@code arena}. */
    PageAttention build(Arena arena) {
        if (attention.equals("mla")) {
            float[] up = BenchmarkSupport.floats(heads * 2 * headDim * LATENT_RANK, new SplittableRandom(3));
            for (int i = 0; i < up.length; i++) {
                up[i] /= (float) Math.sqrt(LATENT_RANK);
            }
            return new LatentAttention(
                    new Latent(heads, headDim, headDim, QUERY_LATENT, LATENT_RANK, LATENT_ROPE), up, arena);
        }
        return rank > 0
                ? new TensorProductAttention(heads, headDim, queryRank, rank, rank)
                : new GroupedQueryAttention(heads, headDim, keyValueHeads);
    }

    /**
     * Multiplications and additions of one query and one cached token in all heads: products of query and key, and sum of
     * values. The softmax itself is not counted.
     */
    long flopsPerToken() {
        return 2L * switch (attention) {
            case "mla" -> heads * (LATENT_RANK + LATENT_ROPE + LATENT_RANK);
            case "tpa" -> queryRank * rank * headDim + heads * queryRank * rank + valueProducts();
            case "tpa_kvonly" -> heads * rank * headDim + valueProducts();
            default -> 2 * heads * headDim;
        };
    }

    /**
     * The same of a prompt, each row with the tokens up to its own. Passes of MLA rebuild the keys and values of all tokens
     * so far, and multiply with those (ADR 9); passes of TPA rebuild values, and keys where that is less (ADR 31).
     *
     * @param pass rows of a pass, enough to rebuild; a shorter last one counts as if it did so, too
     */
    long flopsOfPrompt(int tokens, int pass) {
        long pairs = (long) tokens * (tokens + 1) / 2;
        long rebuilt = 0;
        for (int first = 0; first < tokens; first += pass) {
            rebuilt += Math.min(first + pass, tokens);
        }
        if (attention.equals("mla")) {
            return 2L * heads * (rebuilt * LATENT_RANK * 2 * headDim + pairs * (headDim + LATENT_ROPE + headDim));
        }
        if (rank == 0) {
            return pairs * flopsPerToken();
        }
        long whole = (long) heads * headDim;
        long factored = (long) rank * (queryRank * headDim + heads * (queryRank + 1));
        return queryRank > 0 && factored <= whole
                ? 2 * (pairs * (factored + whole) + rebuilt * rank * whole)
                : 4 * (pairs * whole + rebuilt * rank * whole);
    }

    /** A_K in the scores, A_V in the probabilities, B_V in the sum. */
    private int valueProducts() {
        return 2 * heads * rank + heads * rank * headDim;
    }
}
