package io.github.t6j.family.mlra;

import static io.github.t6j.attention.TensorRole.KEY_VALUE_UP;
import static io.github.t6j.attention.TensorRole.KEY_VALUE_UP_INPUTS_FIRST;
import static io.github.t6j.attention.TensorRole.LATENT_NORM;
import static io.github.t6j.attention.TensorRole.PROJECTION;
import static io.github.t6j.attention.TensorRole.QUERY_LATENT_NORM;
import static io.github.t6j.attention.TensorRole.QUERY_UP;

import io.github.t6j.ModelFormatException;
import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.grouped.GroupedQueryConfig;
import io.github.t6j.attention.grouped.GroupedTiedConfig;
import io.github.t6j.attention.grouped.MultiMatrixConfig;
import io.github.t6j.attention.latent.LatentConfig;
import io.github.t6j.attention.tpa.TpaConfig;
import io.github.t6j.attention.tpa.forms.TpaForm;
import io.github.t6j.family.ModelMetadata;
import io.github.t6j.family.Shapes;
import io.github.t6j.family.t6.T6Factors;
import io.github.t6j.family.t6.T6Family;
import io.github.t6j.model.TensorSpec;
import java.util.List;

/**
 * Attentions of the MLRA checkpoints. The tensors of the first block identify the attention; each attention has its
 * list of tensors.
 *
 * <pre>
 *   known by                             attention
 *   c_qkv.W_A_k                          TPA
 *   W_rope_k                             GTA
 *   w_q                                  MFA
 *   kv_b_proj, one matrix                MLA
 *   kv_b_proj_1, kv_b_proj_2             GLA-2: a latent for each half of the heads
 *   kv_b_proj [latents, latent, out]     GLA-4, MLRA-2, MLRA-4: out determines the number of heads of a latent
 *   c_q                                  MHA, GQA, MQA
 * </pre>
 *
 * @param width elements of the residual stream
 */
record MlraAttentions(Shapes shapes, ModelMetadata description, int width) {
    private static final String SHAPES = "the attention's shapes";

    /**
     * Returns the name, inside the file, of the parameter that holds several matrices, inputs before outputs. It has no
     * suffix {@code .weight}.
     */
    private static String ups(int layer) {
        return Shapes.block(layer) + "attn.kv_b_proj";
    }

    AttentionConfig read() {
        description.variantJson().refuseHeads();
        description.variantJson().refuseWindow();
        description.variantJson().steps().refuse();
        if (T6Factors.serves(shapes)) {
            description.variantJson().refuseNoScale();
            return T6Factors.read(shapes, description);
        }
        T6Family.refuseFactorKeys(description.variantJson());
        if (shapes.hasAttention("q_a_proj")) {
            return latent();
        }
        description.variantJson().refuseNoScale();
        if (shapes.hasAttention("W_rope_k")) {
            return groupedTied();
        }
        if (shapes.hasAttention("w_q")) {
            return multiMatrix();
        }
        if (shapes.hasAttention("c_q")) {
            GroupedQueryConfig sizes = T6Family.groupedQuery(shapes, description.config());
            description.config().check("head_dim", sizes.headDim(), "n_head and the rows of c_q");
            return sizes;
        }
        throw ModelFormatException.unsupported(shapes.where() + ": expected an attention of the MLRA checkpoints, with "
                + Shapes.attention(0, "c_qkv.W_A_k") + ", c_q or q_a_proj, found none of these tensors");
    }

    private GroupedTiedConfig groupedTied() {
        int rope = shapes.attentionRows("W_rope_k");
        int headDim = Math.multiplyExact(2, rope);
        int heads = shapes.quotient(shapes.attentionRows("c_q"), headDim, "rows of c_q", "doubled rows of W_rope_k");
        int keyValueHeads =
                shapes.quotient(shapes.attentionRows("kv_proj"), headDim, "rows of kv_proj",
                        "doubled rows of W_rope_k");
        int groupSize = shapes.quotient(heads, keyValueHeads, "number of heads", "number of key heads");
        description.config().check("n_head", heads, SHAPES);
        description.config().check("head_dim", headDim, SHAPES);
        description.config().check("group_size", groupSize, SHAPES);
        return new GroupedTiedConfig(heads, headDim, keyValueHeads, rope);
    }

    private MultiMatrixConfig multiMatrix() {
        int headDim = shapes.attentionRows("c_k");
        int heads = shapes.quotient(shapes.attentionRows("w_q"), headDim, "rows of w_q", "rows of c_k");
        int queryRank = shapes.attentionRows("c_q");
        description.config().check("n_head", heads, SHAPES);
        description.config().check("head_dim", headDim, SHAPES);
        description.config().check("share_q_dim", queryRank, "the rows of c_q");
        return new MultiMatrixConfig(heads, headDim, queryRank);
    }

    /**
     * Reads the sizes of latents. With h heads, c_proj has h·nope columns, because values are as large as the part of a
     * key that is not rotated, and q_b_proj has h·(nope + rope) rows.
     */
    private LatentConfig latent() {
        List<Long> up = upShape();
        int latents = Math.toIntExact(up.get(0));
        int rank = Math.toIntExact(latents * up.get(1));
        int out = shapes.attentionColumns("c_proj");
        int rope = shapes.attentionRows("kv_a_proj_with_mqa") - rank;
        shapes.check(rope >= 2, "kv_a_proj_with_mqa to have more rows than latents have elements",
                rope + rank + " and " + rank);
        int heads = shapes.quotient(
                shapes.attentionRows("q_b_proj") - out, rope, "rows of q_b_proj without columns of c_proj",
                "rope rows");
        int nope = shapes.quotient(out, heads, "columns of c_proj", "heads");
        int branches = shapes.quotient(
                latents * up.get(2), 2 * out, "keys and values of all latents", "columns of c_proj twice");
        shapes.check(latents % branches == 0 && heads % (latents / branches) == 0,
                "latents that share the heads evenly",
                latents + " latents for " + branches + " times " + heads + " heads");
        int queryRank = shapes.attentionRows("q_a_proj");
        description.config().check("n_head", heads, SHAPES);
        description.config().check("qk_nope_head_dim", nope, SHAPES);
        description.config().check("qk_rope_head_dim", Math.toIntExact(rope), SHAPES);
        description.config().check("kv_lora_rank", rank, SHAPES);
        description.config().check("q_lora_rank", queryRank, "the rows of q_a_proj");
        LatentConfig.Parts parts = new LatentConfig.Parts(latents, branches);
        return new LatentConfig(
                heads, nope, nope, queryRank, rank, rope, parts,
                description.variantJson().noScale()
                        ? LatentConfig.Factors.NONE
                        : factors(width, queryRank, rank, parts));
    }

    /** Returns the shape of the up-projection to keys and values: [latents, elements of a latent, outputs]. */
    private List<Long> upShape() {
        if (shapes.hasAttention("kv_b_proj")) {
            return List.of(1L, (long) shapes.attentionColumns("kv_b_proj"), (long) shapes.attentionRows("kv_b_proj"));
        }
        if (shapes.hasAttention("kv_b_proj_1")) {
            return List.of(2L, (long) shapes.attentionColumns("kv_b_proj_1"),
                    (long) shapes.attentionRows("kv_b_proj_1"));
        }
        return shapes.matricesShape(ups(0));
    }

    /** Returns the factors: each latent is multiplied by √(width / its size), and b > 1 branches are divided by √b. */
    static LatentConfig.Factors factors(int width, int queryRank, int rank, LatentConfig.Parts parts) {
        return new LatentConfig.Factors(
                Math.sqrt((double) width / queryRank), Math.sqrt((double) width * parts.latents() / rank),
                1 / Math.sqrt(parts.branches()));
    }

    /** Returns the attention's name for the user. */
    static String name(AttentionConfig attention) {
        return switch (attention) {
            case TpaConfig _,TpaForm _ -> T6Factors.name(attention).replaceFirst("^T6", "TPA");
            case GroupedQueryConfig grouped -> grouped.name();
            case GroupedTiedConfig _ -> "GTA";
            case MultiMatrixConfig _ -> "MFA";
            case LatentConfig latent -> name(latent.parts());
            default -> throw none(attention);
        };
    }

    private static String name(LatentConfig.Parts parts) {
        if (parts.latents() == 1) {
            return "MLA";
        }
        return parts.branches() == 1 ? "GLA-" + parts.latents() : "MLRA-" + parts.branches();
    }

    private static IllegalArgumentException none(AttentionConfig attention) {
        return new IllegalArgumentException("no model of the MLRA checkpoints has " + attention);
    }

    /** Adds the tensors of a layer's attention except c_proj. */
    static void tensors(int layer, AttentionConfig attention, int width, List<TensorSpec> specs) {
        switch (attention) {
            case TpaConfig _,TpaForm _ -> specs.addAll(T6Factors.tensors(layer, attention, width));
            case GroupedQueryConfig grouped -> T6Family.groupedQuery(layer, grouped, width, specs);
            case GroupedTiedConfig tied -> groupedTied(layer, tied, width, specs);
            case MultiMatrixConfig factored -> multiMatrix(layer, factored, width, specs);
            case LatentConfig latent -> latent(layer, latent, width, specs);
            default -> throw none(attention);
        }
    }

    private static void groupedTied(int layer, GroupedTiedConfig sizes, int width, List<TensorSpec> specs) {
        specs.add(Shapes.attention(PROJECTION, layer, "c_q", (long) sizes.heads() * sizes.headDim(), width));
        specs.add(Shapes.attention(PROJECTION, layer, "W_rope_k", sizes.rope(), width));
        specs.add(
                Shapes.attention(PROJECTION, layer, "kv_proj", (long) sizes.keyValueHeads() * sizes.headDim(), width));
    }

    private static void multiMatrix(int layer, MultiMatrixConfig sizes, int width, List<TensorSpec> specs) {
        specs.add(Shapes.attention(PROJECTION, layer, "c_q", sizes.queryRank(), width));
        specs.add(Shapes.attention(PROJECTION, layer, "c_k", sizes.headDim(), width));
        specs.add(Shapes.attention(PROJECTION, layer, "c_v", sizes.headDim(), width));
        specs.add(Shapes.attention(QUERY_LATENT_NORM, layer, "q_layernorm", sizes.queryRank()));
        specs.add(Shapes.attention(QUERY_UP, layer, "w_q", (long) sizes.heads() * sizes.headDim(), sizes.queryRank()));
    }

    private static void latent(int layer, LatentConfig sizes, int width, List<TensorSpec> specs) {
        long queries = (long) sizes.heads() * sizes.headDim();
        specs.add(Shapes.attention(PROJECTION, layer, "q_a_proj", sizes.queryRank(), width));
        long keyValues = sizes.keyValueRank() + sizes.rope();
        specs.add(Shapes.attention(PROJECTION, layer, "kv_a_proj_with_mqa", keyValues, width));
        specs.add(Shapes.attention(QUERY_LATENT_NORM, layer, "q_a_layernorm", sizes.queryRank()));
        specs.add(Shapes.attention(QUERY_UP, layer, "q_b_proj", queries, sizes.queryRank()));
        int latents = sizes.parts().latents();
        int rank = sizes.latentDim();
        if (latents == 1) {
            specs.add(Shapes.attention(LATENT_NORM, layer, "kv_a_layernorm", rank));
            specs.add(Shapes.attention(KEY_VALUE_UP, layer, "kv_b_proj", sizes.upRows(), rank));
        } else if (latents == 2) {
            for (int i = 1; i <= latents; i++) {
                specs.add(Shapes.attention(LATENT_NORM, layer, "kv_a_layernorm_" + i, rank));
                specs.add(Shapes.attention(KEY_VALUE_UP, layer, "kv_b_proj_" + i, sizes.upRows(), rank));
            }
        } else {
            for (int i = 0; i < latents; i++) {
                specs.add(Shapes.attention(LATENT_NORM, layer, "kv_a_layernorms." + i, rank));
            }
            specs.add(TensorSpec.of(KEY_VALUE_UP_INPUTS_FIRST, layer, ups(layer), latents, rank, sizes.upRows()));
        }
    }
}
