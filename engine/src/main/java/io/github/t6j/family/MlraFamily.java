package io.github.t6j.family;

import io.github.t6j.ModelFormatException;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.TensorProduct;
import io.github.t6j.attention.TensorRole;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.NamedTensors;
import io.github.t6j.model.TensorSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * The published TPA models ("Multi-Head Low-Rank Attention", ICLR 2026). The factors have the official names and
 * layouts; every norm has a gain, and RoPE turns counterclockwise, with tables of f32.
 */
public final class MlraFamily implements Family {
    private static final String ATTENTION_NORM = "input_layernorm.weight";
    private static final String FEED_FORWARD_NORM = "post_attention_layernorm.weight";
    private static final String OUTPUT_NORM = "layernorm.weight";
    private static final float EPSILON = 1e-6f;
    private static final Rope.Form FORM = new Rope.Form(false, true, false);

    @Override
    public String name() {
        return "MLRA";
    }

    @Override
    public boolean recognises(NamedTensors tensors) {
        return tensors.has(Shapes.block(0) + ATTENTION_NORM);
    }

    @Override
    public ModelConfig read(NamedTensors tensors, Description description) {
        Shapes shapes = new Shapes(tensors);
        if (!T6Factors.serves(shapes)) {
            throw new ModelFormatException(shapes.where() + ": expected the TPA model of the MLRA checkpoints, with "
                    + Shapes.attention(0, "c_qkv.W_A_k") + ", found another of them (" + tensors.sample()
                    + "); t6j runs their TPA only");
        }
        T6Rope rope = new T6Rope(shapes.where(), description);
        rope.checkFull(": this is a model of the MLRA checkpoints, which there are only with full RoPE; expected"
                + " the variant full or none, found ");
        TensorProduct form = T6Factors.read(shapes, description);
        List<Long> embedding = tensors.tied(T6Family.EMBEDDING_NAME, T6Family.HEAD_NAME).shape();
        ConfigJson config = description.config();
        ModelConfig.Sizes sizes = new ModelConfig.Sizes(
                Math.toIntExact(embedding.get(0)), shapes.layers(), Math.toIntExact(embedding.get(1)),
                shapes.rows(Shapes.block(0) + "mlp.c_fc1.weight"), config.optional("block_size", 2048));
        config.check("vocab_size", sizes.vocabulary(), "the embedding's rows");
        config.check("n_embd", sizes.width(), "the embedding's columns");
        config.check("n_layer", sizes.layers(), "the numbered blocks");
        config.check("intermediate_size", sizes.hidden(), "the rows of mlp.c_fc1");
        Rope.Config rotation =
                new Rope.Config(form.rotatedDim(), 0f, T6Rope.form(description.variantJson(), FORM));
        List<String> assumptions = config.has("block_size")
                ? List.of()
                : List.of("context length 2048 (config.json has no block_size)");
        return new ModelConfig(
                name(), "TPA" + (rotation.form().equals(FORM) ? "" : ", RoPE" + T6Rope.words(rotation.form())), sizes,
                form, rotation, new ModelConfig.Norms(EPSILON, true, false), assumptions);
    }

    @Override
    public List<TensorSpec> tensors(ModelConfig config) {
        List<TensorSpec> specs = new ArrayList<>();
        ModelConfig.Sizes sizes = config.sizes();
        TensorProduct form = (TensorProduct) config.attention();
        long values = (long) form.heads() * form.valueDim();
        for (int layer = 0; layer < sizes.layers(); layer++) {
            String block = Shapes.block(layer);
            specs.addAll(T6Factors.tensors(layer, form, sizes.width()));
            specs.add(TensorSpec.of(
                    TensorRole.ATTENTION_OUTPUT, layer, Shapes.attention(layer, "c_proj"), sizes.width(), values));
            T6Family.feedForward(layer, sizes, specs);
            specs.add(TensorSpec.of(TensorRole.ATTENTION_NORM, layer, block + ATTENTION_NORM, sizes.width()));
            specs.add(TensorSpec.of(TensorRole.FEED_FORWARD_NORM, layer, block + FEED_FORWARD_NORM, sizes.width()));
        }
        specs.add(TensorSpec.of(TensorRole.OUTPUT_NORM, TensorSpec.NO_LAYER, OUTPUT_NORM, sizes.width()));
        specs.add(T6Family.embedding(sizes));
        return specs;
    }
}
