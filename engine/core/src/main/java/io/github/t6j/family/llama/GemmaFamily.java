package io.github.t6j.family.llama;

import static io.github.t6j.attention.TensorRole.ATTENTION_NORM;
import static io.github.t6j.attention.TensorRole.ATTENTION_POST_NORM;
import static io.github.t6j.attention.TensorRole.FEED_FORWARD_NORM;
import static io.github.t6j.attention.TensorRole.FEED_FORWARD_POST_NORM;

import io.github.t6j.family.ModelMetadata;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.NamedTensors;

/**
 * Gemma 2 and the text part of Gemma 3 (Google): norms before and after each half of a block, with gains stored less 1,
 * a GELU, a scaled embedding, windows in most layers. Gemma 2 caps scores and logits; Gemma 3 has a separate RoPE for
 * windowed layers.
 */
public final class GemmaFamily extends LlamaFamily {
    static final String NAME = "Gemma";
    private static final String BEFORE_FEED_FORWARD = "pre_feedforward_layernorm.weight";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public boolean recognizes(NamedTensors tensors) {
        return super.recognizes(tensors) && tensors.has(LlamaNames.layer(0, BEFORE_FEED_FORWARD));
    }

    @Override
    public ModelConfig read(NamedTensors tensors, ModelMetadata description) {
        return GemmaReader.of(tensors, description).read();
    }

    /** In Gemma, post_attention_layernorm is the norm of attention's output. */
    @Override
    void addLayer(LayerTensors layer) {
        layer.add(ATTENTION_NORM, "input_layernorm.weight", layer.width());
        layer.addAttention();
        layer.add(ATTENTION_POST_NORM, "post_attention_layernorm.weight", layer.width());
        layer.add(FEED_FORWARD_NORM, BEFORE_FEED_FORWARD, layer.width());
        layer.addFeedForward();
        layer.add(FEED_FORWARD_POST_NORM, "post_feedforward_layernorm.weight", layer.width());
    }
}
