package io.github.t6j.family.llama;

import static io.github.t6j.attention.TensorRole.ATTENTION_NORM;
import static io.github.t6j.attention.TensorRole.ATTENTION_OUTPUT;
import static io.github.t6j.attention.TensorRole.DOWN;
import static io.github.t6j.attention.TensorRole.FEED_FORWARD_NORM;
import static io.github.t6j.attention.TensorRole.GATE_UP;
import static io.github.t6j.attention.TensorRole.PROJECTION;

import io.github.t6j.family.ModelMetadata;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.NamedTensors;

/**
 * Phi-3, Phi-3.5, Phi-4 and Phi-4-mini: Llama's block whose matrices are stored as the engine packs them, queries above
 * keys above values and gate above up.
 */
public final class Phi3Family extends LlamaFamily {
    static final String NAME = "Phi-3";
    static final String QUERY_KEY_VALUE = "self_attn.qkv_proj.weight";
    static final String GATE_UP_NAME = "mlp.gate_up_proj.weight";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public boolean recognizes(NamedTensors tensors) {
        return super.recognizes(tensors) && tensors.has(LlamaNames.layer(0, QUERY_KEY_VALUE));
    }

    @Override
    public ModelConfig read(NamedTensors tensors, ModelMetadata description) {
        return new Phi3Reader(tensors, description).read();
    }

    @Override
    void addLayer(LayerTensors layer) {
        layer.add(ATTENTION_NORM, "input_layernorm.weight", layer.width());
        layer.add(PROJECTION, QUERY_KEY_VALUE, layer.queries() + 2 * layer.keys(), layer.width());
        layer.add(ATTENTION_OUTPUT, "self_attn.o_proj.weight", layer.width(), layer.queries());
        layer.add(FEED_FORWARD_NORM, "post_attention_layernorm.weight", layer.width());
        layer.add(GATE_UP, GATE_UP_NAME, 2 * layer.hidden(), layer.width());
        layer.add(DOWN, "mlp.down_proj.weight", layer.width(), layer.hidden());
    }
}
