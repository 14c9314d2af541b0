package io.github.t6j.family.mlra;

import io.github.t6j.ModelFormatException;
import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.TensorRole;
import io.github.t6j.family.ConfigJson;
import io.github.t6j.family.Family;
import io.github.t6j.family.ModelMetadata;
import io.github.t6j.family.Shapes;
import io.github.t6j.family.t6.T6Family;
import io.github.t6j.family.t6.T6Rope;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.NamedTensors;
import io.github.t6j.model.TensorSpec;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Published models of "Multi-Head Low-Rank Attention" (ICLR 2026): TPA, and ten other attentions ({@link
 * MlraAttentions}) in the same blocks. Every norm has a gain, and RoPE rotates counterclockwise with f32 tables.
 */
public final class MlraFamily implements Family {
    private static final String ATTENTION_NORM = "input_layernorm.weight";
    private static final String FEED_FORWARD_NORM = "post_attention_layernorm.weight";
    private static final String OUTPUT_NORM = "layernorm.weight";
    private static final String GATE = "gated_proj"; // of the ablation with gates
    private static final String GROUPED_GATE = "c_gated"; // of GQA
    private static final float EPSILON = 1e-6f;
    private static final Rope.Form FORM = new Rope.Form(false, true, false);

    @Override
    public String name() {
        return "MLRA";
    }

    @Override
    public boolean usesGpt2Tokenizer() {
        return true;
    }

    @Override
    public boolean recognizes(NamedTensors tensors) {
        return tensors.has(Shapes.block(0) + ATTENTION_NORM);
    }

    @Override
    public ModelConfig read(NamedTensors tensors, ModelMetadata description) {
        Shapes shapes = new Shapes(tensors);
        description.checkFullRope(
                shapes.where() + ": this is a model of the MLRA checkpoints, which all have full RoPE; expected"
                        + " the variant full or none, found ");
        boolean untied = tensors.differ(T6Family.EMBEDDING_NAME, T6Family.HEAD_NAME); // their evaluation can untie them
        List<Long> embedding = untied
                ? tensors.matrix(T6Family.EMBEDDING_NAME).shape()
                : tensors.tied(T6Family.EMBEDDING_NAME, T6Family.HEAD_NAME).shape();
        ConfigJson config = description.config();
        List<String> assumptions = new ArrayList<>();
        ModelConfig.Sizes sizes = shapes.sizes(embedding, config, 2048, assumptions);
        config.check("intermediate_size", sizes.hidden(), "the rows of mlp.c_fc1");
        AttentionConfig attention = new MlraAttentions(shapes, description, sizes.width()).read();
        if (attention.rotatedDim() % 2 != 0) {
            throw new ModelFormatException(
                    shapes.where() + ": RoPE rotates pairs of elements, but the vector to rotate has "
                            + attention.rotatedDim() + " elements; expected an even number");
        }
        Rope.Config rotation =
                new Rope.Config(attention.rotatedDim(), 0f, T6Rope.form(description.variantJson(), FORM));
        boolean gated = shapes.hasAttention(GATE) || shapes.hasAttention(GROUPED_GATE);
        Set<TensorRole> optional = EnumSet.noneOf(TensorRole.class);
        if (untied) {
            optional.add(TensorRole.OUTPUT);
        }
        if (gated) {
            optional.add(TensorRole.OUTPUT_GATE);
        }
        String name = MlraAttentions.name(attention) + (gated ? ", gated" : "")
                + (description.variantJson().noScale() ? ", no scale" : "")
                + (rotation.form().equals(FORM) ? "" : ", RoPE" + T6Rope.words(rotation.form()));
        return new ModelConfig(
                name(), name, sizes, attention, false, rotation, new ModelConfig.Norms(EPSILON, false),
                optional, List.copyOf(assumptions));
    }

    @Override
    public List<TensorSpec> tensors(ModelConfig config) {
        List<TensorSpec> specs = new ArrayList<>();
        ModelConfig.Sizes sizes = config.sizes();
        AttentionConfig attention = config.attention();
        long values = (long) attention.heads() * attention.valueDim();
        for (int layer = 0; layer < sizes.layers(); layer++) {
            String block = Shapes.block(layer);
            MlraAttentions.tensors(layer, attention, sizes.width(), specs);
            if (config.optional().contains(TensorRole.OUTPUT_GATE)) {
                specs.add(new TensorSpec(
                        Shapes.attention(layer, GROUPED_GATE), Shapes.attention(layer, GATE),
                        List.of(values, (long) sizes.width()), TensorRole.OUTPUT_GATE, layer));
            }
            specs.add(Shapes.attention(TensorRole.ATTENTION_OUTPUT, layer, "c_proj", sizes.width(), values));
            T6Family.feedForward(layer, sizes, specs);
            specs.add(TensorSpec.of(TensorRole.ATTENTION_NORM, layer, block + ATTENTION_NORM, sizes.width()));
            specs.add(TensorSpec.of(TensorRole.FEED_FORWARD_NORM, layer, block + FEED_FORWARD_NORM, sizes.width()));
        }
        specs.add(TensorSpec.of(TensorRole.OUTPUT_NORM, TensorSpec.NO_LAYER, OUTPUT_NORM, sizes.width()));
        if (config.optional().contains(TensorRole.OUTPUT)) {
            List<Long> shape = List.of((long) sizes.vocabulary(), (long) sizes.width());
            specs.add(new TensorSpec(
                    T6Family.EMBEDDING_NAME, null, shape, TensorRole.EMBEDDING, TensorSpec.NO_LAYER));
            specs.add(new TensorSpec(T6Family.HEAD_NAME, null, shape, TensorRole.OUTPUT, TensorSpec.NO_LAYER));
        } else {
            specs.add(T6Family.embedding(sizes));
        }
        return specs;
    }
}
