package io.github.t6j.family.llama;

import static io.github.t6j.attention.TensorRole.ATTENTION_OUTPUT;
import static io.github.t6j.attention.TensorRole.ATTENTION_OUTPUT_BIAS;
import static io.github.t6j.attention.TensorRole.DOWN;
import static io.github.t6j.attention.TensorRole.DOWN_BIAS;
import static io.github.t6j.attention.TensorRole.GATE_UP;
import static io.github.t6j.attention.TensorRole.GATE_UP_BIAS;
import static io.github.t6j.attention.TensorRole.KEY_NORM;
import static io.github.t6j.attention.TensorRole.PROJECTION;
import static io.github.t6j.attention.TensorRole.PROJECTION_BIAS;
import static io.github.t6j.attention.TensorRole.QUERY_NORM;

import io.github.t6j.attention.TensorRole;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.TensorSpec;
import java.util.List;

/**
 * Collects the tensors of a layer.
 *
 * @param specs list to which they are added
 */
record LayerTensors(int layer, ModelConfig config, List<TensorSpec> specs) {
    long width() {
        return config.sizes().width();
    }

    long hidden() {
        return config.sizes().hidden();
    }

    /** Returns the number of elements of all query heads. */
    long queries() {
        return (long) config.attention().heads() * config.attention().headDim();
    }

    /** Returns the number of elements of all key heads. */
    long keys() {
        return (long) config.attention().sizes().get("kv_heads") * config.attention().headDim();
    }

    void addAttention() {
        add(PROJECTION, "self_attn.q_proj.weight", queries(), width());
        add(PROJECTION, "self_attn.k_proj.weight", keys(), width());
        add(PROJECTION, "self_attn.v_proj.weight", keys(), width());
        addOptional(PROJECTION_BIAS, "self_attn.q_proj.bias", queries());
        addOptional(PROJECTION_BIAS, "self_attn.k_proj.bias", keys());
        addOptional(PROJECTION_BIAS, "self_attn.v_proj.bias", keys());
        addOptional(QUERY_NORM, "self_attn.q_norm.weight", config.attention().headDim());
        addOptional(KEY_NORM, "self_attn.k_norm.weight", config.attention().headDim());
        add(ATTENTION_OUTPUT, "self_attn.o_proj.weight", width(), queries());
        addOptional(ATTENTION_OUTPUT_BIAS, "self_attn.o_proj.bias", width());
    }

    void addFeedForward() {
        add(GATE_UP, "mlp.gate_proj.weight", hidden(), width());
        add(GATE_UP, "mlp.up_proj.weight", hidden(), width());
        add(DOWN, "mlp.down_proj.weight", width(), hidden());
        addOptional(GATE_UP_BIAS, "mlp.gate_proj.bias", hidden());
        addOptional(GATE_UP_BIAS, "mlp.up_proj.bias", hidden());
        addOptional(DOWN_BIAS, "mlp.down_proj.bias", width());
    }

    private void addOptional(TensorRole role, String name, long size) {
        if (config.optional().contains(role)) {
            add(role, name, size);
        }
    }

    void add(TensorRole role, String name, long... shape) {
        specs.add(TensorSpec.of(role, layer, LlamaNames.layer(layer, name), shape));
    }
}
