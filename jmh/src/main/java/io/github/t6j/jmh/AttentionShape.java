package io.github.t6j.jmh;

import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.LayerOptions;
import io.github.t6j.attention.grouped.GroupedQueryAttention;
import io.github.t6j.attention.grouped.GroupedQueryConfig;
import io.github.t6j.attention.grouped.GroupedTiedAttention;
import io.github.t6j.attention.grouped.GroupedTiedConfig;
import io.github.t6j.attention.grouped.MultiMatrixConfig;
import io.github.t6j.attention.latent.LatentAttention;
import io.github.t6j.attention.latent.LatentConfig;
import io.github.t6j.attention.paged.PageAttention;
import io.github.t6j.attention.tpa.TpaConfig;
import io.github.t6j.attention.tpa.steps.SteppedConfig;
import io.github.t6j.attention.tpa.steps.Steps;
import java.lang.foreign.Arena;
import java.util.SplittableRandom;

/**
 * Attentions that the benchmarks compare, by the names of their parameters.
 *
 * @param attention mha, mqa, gqa, mla, tpa or tpa_kvonly; at equal heads also gla, gta, mfa or mlra; tpa_steps in shape
 *     olala
 * @param width elements per position between blocks, d_model
 * @param sizes sizes of the attention
 */
record AttentionShape(String attention, int width, AttentionConfig sizes) {
    /** q_lora_rank, which no benchmark of attention alone uses. */
    private static final int QUERY_LATENT = 512;

    private static final String OF_THE_PAPER = "mha, mqa, gqa, mla, tpa or tpa_kvonly";

    /**
     * Sizes from which the attentions of a shape are built.
     *
     * @param keyValueHeads key and value heads of GQA and GTA
     * @param queryRank R_Q of TPA
     * @param rank R_K = R_V of TPA
     * @param latent elements of all latents of MLA, GLA and MLRA, kv_lora_rank
     * @param rope elements of the shared part of their keys, qk_rope_head_dim
     */
    private record Parts(int keyValueHeads, int queryRank, int rank, int latent, int rope) {}

    /**
     * Returns an attention of a shape. In the paper's decoding experiment (figures 5, 7 and 8: d_model 2048, 1024,
     * 3072) and d128, all attentions have equal heads; in its language models (tables 9 and 10), equal parameters. mlra
     * is the shape of the published MLRA checkpoints of 2.9 billion parameters, which have no TPA KV-only. olala is the
     * shape of Olala 7A1B, which has only tpa_steps.
     *
     * @throws IllegalArgumentException if the shape, or the attention in it, does not exist
     */
    static AttentionShape of(String shape, String attention) {
        return switch (shape) {
            case "paper" -> equalHeads(attention, 32, 64, 16);
            case "paper-1024" -> equalHeads(attention, 16, 64, 16);
            case "paper-3072" -> equalHeads(attention, 48, 64, 16);
            case "d128" -> equalHeads(attention, 32, 128, 8);
            case "mlra" -> published(attention);
            case "small" -> equalParameters(attention, 768, 12, 23, 22, 13, 34, 22);
            case "medium" -> equalParameters(attention, 1024, 16, 31, 30, 23, 47, 29);
            case "large" -> equalParameters(attention, 1280, 20, 39, 38, 34, 61, 37);
            case "xl" -> equalParameters(attention, 1600, 25, 49, 48, 49, 78, 47);
            case "olala" -> olala(attention);
            default -> throw BenchmarkSupport.unknown(
                    "shape", "paper, paper-1024, paper-3072, d128, mlra, small, medium, large, xl or olala", shape);
        };
    }

    /**
     * Returns a shape with ranks R_Q, 1, 1, with 4 key heads for GQA, and with MLA's latent as in the paper's
     * experiment.
     */
    private static AttentionShape equalHeads(String attention, int heads, int headDim, int queryRank) {
        return of(attention, heads * headDim, heads, headDim, new Parts(4, queryRank, 1, 256, 32));
    }

    private static AttentionShape published(String attention) {
        if (attention.equals("tpa_kvonly")) {
            throw BenchmarkSupport.unknown(
                    "attention", "mha, mqa, gqa, mla, tpa, gla, gta, mfa or mlra of shape mlra", attention);
        }
        return of(attention, 3072, 24, 128, new Parts(6, 6, 2, 512, 64));
    }

    /** Returns groups of three heads and one of noise, with shift, norms, a limit of scores, and gates; no window. */
    private static AttentionShape olala(String attention) {
        if (!attention.equals("tpa_steps")) {
            throw BenchmarkSupport.unknown("attention", "tpa_steps of shape olala", attention);
        }
        Steps steps = new Steps(
                true, 1e-6f, null, new LayerOptions.Scores(128, 150f), 0, true, new Steps.Gate(false, false, 0f), null);
        return new AttentionShape(attention, 1536, new SteppedConfig(48, 128, 12, 0, 4, steps));
    }

    /** Returns a shape with heads of 64, ranks 6, 2, 2, and 2 key heads for GQA. */
    private static AttentionShape equalParameters(
            String attention, int width, int mha, int mqa, int gqa, int mla, int tpa, int tpaKvOnly) {
        int heads = switch (attention) {
            case "mha" -> mha;
            case "mqa" -> mqa;
            case "gqa" -> gqa;
            case "mla" -> mla;
            case "tpa" -> tpa;
            case "tpa_kvonly" -> tpaKvOnly;
            default -> throw BenchmarkSupport.unknown(
                    "attention", OF_THE_PAPER + " at equal parameters", attention);
        };
        return of(attention, width, heads, 64, new Parts(2, 6, 2, 256, 32));
    }

    /**
     * Returns a shape. MFA's heads have twice the size, as in its published model; GLA has two latents, MLRA four, each
     * with a branch.
     */
    private static AttentionShape of(String attention, int width, int heads, int headDim, Parts parts) {
        return new AttentionShape(attention, width, switch (attention) {
            case "mha" -> new GroupedQueryConfig(heads, headDim, heads);
            case "mqa" -> new GroupedQueryConfig(heads, headDim, 1);
            case "gqa" -> new GroupedQueryConfig(heads, headDim, parts.keyValueHeads);
            case "mla" -> latent(heads, headDim, parts, LatentConfig.Parts.WHOLE);
            case "gla" -> latent(heads, headDim, parts, new LatentConfig.Parts(2, 1));
            case "mlra" -> latent(heads, headDim, parts, new LatentConfig.Parts(4, 4));
            case "gta" -> new GroupedTiedConfig(heads, headDim, parts.keyValueHeads, headDim / 2);
            case "mfa" -> new MultiMatrixConfig(heads, 2 * headDim, QUERY_LATENT);
            case "tpa" -> new TpaConfig(heads, headDim, headDim, parts.queryRank, parts.rank, parts.rank);
            case "tpa_kvonly" -> new TpaConfig(heads, headDim, headDim, 0, parts.rank, parts.rank);
            default -> throw BenchmarkSupport.unknown(
                    "attention", "mha, mqa, gqa, mla, tpa, tpa_kvonly, gla, gta, mfa or mlra", attention);
        });
    }

    private static LatentConfig latent(int heads, int headDim, Parts sizes, LatentConfig.Parts parts) {
        return new LatentConfig(heads, headDim, headDim, QUERY_LATENT, sizes.latent, sizes.rope, parts,
                LatentConfig.Factors.NONE);
    }

    /** Builds the engine's attention of this shape; up-projections of latents are seeded numbers in {@code arena}. */
    PageAttention build(Arena arena) {
        return switch (sizes) {
            case TpaConfig form -> form.newAttention();
            case SteppedConfig stepped -> stepped.newAttention();
            case GroupedQueryConfig grouped -> new GroupedQueryAttention(
                    grouped.heads(), grouped.headDim(), grouped.keyValueHeads());
            case MultiMatrixConfig factored -> new GroupedQueryAttention(factored.heads(), factored.headDim(), 1);
            case GroupedTiedConfig tied -> new GroupedTiedAttention(tied);
            case LatentConfig latent -> new LatentAttention(latent, up(latent), arena);
            default -> throw new IllegalStateException("expected an attention of the benchmarks, found " + sizes);
        };
    }

    private static float[] up(LatentConfig latent) {
        int count = latent.parts().latents() * latent.upRows() * latent.latentDim();
        float[] up = BenchmarkSupport.floats(count, new SplittableRandom(3));
        for (int i = 0; i < up.length; i++) {
            up[i] /= (float) Math.sqrt(latent.latentDim());
        }
        return up;
    }

    /**
     * Returns multiplications and additions of one query and one cached token in all heads: products of query and key,
     * and the sum of values. The softmax itself is not counted. TPA with steps rebuilds shifted keys and values first.
     */
    long flopsPerToken() {
        int heads = sizes.heads();
        int headDim = sizes.headDim();
        return 2L * switch (sizes) {
            case LatentConfig latent -> heads * (latent.rope() + 2 * latent.parts().branches() * latent.latentDim());
            case TpaConfig form when form.queryRank() > 0 -> form.keyRank() * form.queryRank() * (headDim + heads)
                    + valueProducts(form);
            case TpaConfig form -> heads * form.keyRank() * headDim + valueProducts(form);
            case SteppedConfig stepped -> 2 * (rebuilt(stepped) + heads * headDim);
            default -> 2 * heads * headDim;
        };
    }

    /**
     * Returns the same for a prompt, in which each row attends to the tokens up to its own. Passes of latents rebuild
     * the keys and values of all tokens so far and multiply with those, if that takes fewer operations (ADR 9);
     * otherwise each row absorbs the up-projections. Passes of TPA rebuild values, and keys if that takes fewer
     * operations (ADR 31). Passes of TPA with steps rebuild both.
     *
     * @param pass rows of a pass, enough to rebuild; a shorter last pass counts as if it rebuilt, too
     */
    long flopsOfPrompt(int tokens, int pass) {
        long pairs = (long) tokens * (tokens + 1) / 2;
        long rebuilt = 0;
        for (int first = 0; first < tokens; first += pass) {
            rebuilt += Math.min(first + pass, tokens);
        }
        long whole = (long) sizes.heads() * sizes.headDim();
        return switch (sizes) {
            case LatentConfig latent -> flopsOfPrompt(latent, tokens, pairs, rebuilt);
            case TpaConfig form -> {
                long factored = (long) form.keyRank()
                        * (form.queryRank() * form.headDim() + form.heads() * (form.queryRank() + 1));
                yield form.queryRank() > 0 && factored <= whole
                        ? 2 * (pairs * (factored + whole) + rebuilt * form.keyRank() * whole)
                        : 4 * (pairs * whole + rebuilt * form.keyRank() * whole);
            }
            case SteppedConfig stepped -> 4 * (pairs * whole + rebuilt * rebuilt(stepped));
            default -> pairs * flopsPerToken();
        };
    }

    /** Returns the products that rebuild the keys of a token from its factors and its predecessor's. */
    private static int rebuilt(SteppedConfig stepped) {
        return stepped.keyValueHeads() * 2 * stepped.rank() * stepped.headDim();
    }

    private long flopsOfPrompt(LatentConfig latent, int tokens, long pairs, long rebuilt) {
        long keyHeads = (long) latent.parts().branches() * latent.heads();
        long head = 2L * latent.nope(); // unrotated elements of a key, or elements of a value
        return head < 2 * latent.latentDim()
                ? 2 * keyHeads * (rebuilt * latent.latentDim() * head + pairs * (head + latent.rope()))
                : pairs * flopsPerToken() + 2 * keyHeads * tokens * latent.latentDim() * head;
    }

    /** Returns the products per value: A_K in the scores, A_V in the probabilities, B_V in the sum. */
    private static int valueProducts(TpaConfig form) {
        return form.heads() * form.keyRank() + form.heads() * form.valueRank() * (1 + form.valueDim());
    }
}
