package io.github.t6j.family.llama;

import static io.github.t6j.model.TensorRole.ATTENTION_NORM;
import static io.github.t6j.model.TensorRole.ATTENTION_OUTPUT;
import static io.github.t6j.model.TensorRole.ATTENTION_OUTPUT_BIAS;
import static io.github.t6j.model.TensorRole.DOWN;
import static io.github.t6j.model.TensorRole.DOWN_BIAS;
import static io.github.t6j.model.TensorRole.EMBEDDING;
import static io.github.t6j.model.TensorRole.FEED_FORWARD_NORM;
import static io.github.t6j.model.TensorRole.GATE_UP;
import static io.github.t6j.model.TensorRole.GATE_UP_BIAS;
import static io.github.t6j.model.TensorRole.KEY_NORM;
import static io.github.t6j.model.TensorRole.OUTPUT;
import static io.github.t6j.model.TensorRole.OUTPUT_NORM;
import static io.github.t6j.model.TensorRole.PROJECTION;
import static io.github.t6j.model.TensorRole.PROJECTION_BIAS;
import static io.github.t6j.model.TensorRole.QUERY_NORM;
import static io.github.t6j.model.TensorSpec.NO_LAYER;

import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.family.Family;
import io.github.t6j.family.ModelMetadata;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.NamedTensors;
import io.github.t6j.model.TensorRole;
import io.github.t6j.model.TensorSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * Llama, Mistral, Qwen2, Qwen3 and SmolLM3 in Hugging Face's layout: grouped query attention, norms with gains, a gated
 * feed-forward part. Some have biases, norms of queries and keys, windows, or layers without RoPE. {@link LlamaReader}
 * reads a checkpoint's configuration.
 */
public final class LlamaFamily implements Family {
    static final String NAME = "Llama";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public boolean recognises(NamedTensors tensors) {
        return tensors.has(LlamaNames.EMBEDDING) && !tensors.has(LlamaNames.MICROLLAMA);
    }

    @Override
    public ModelConfig read(NamedTensors tensors, ModelMetadata description) {
        return new LlamaReader(tensors, description).read();
    }

    @Override
    public List<TensorSpec> tensors(ModelConfig config) {
        List<TensorSpec> specs = new ArrayList<>();
        ModelConfig.Sizes sizes = config.sizes();
        boolean tied = !config.optional().contains(OUTPUT);
        List<Long> shape = List.of((long) sizes.vocabulary(), (long) sizes.width());
        specs.add(new TensorSpec(
                LlamaNames.EMBEDDING, tied ? LlamaNames.OUTPUT : null, shape, EMBEDDING, NO_LAYER));
        for (int layer = 0; layer < sizes.layers(); layer++) {
            new Layer(layer, config, specs).add();
        }
        specs.add(TensorSpec.of(OUTPUT_NORM, NO_LAYER, LlamaNames.OUTPUT_NORM, sizes.width()));
        if (!tied) {
            specs.add(new TensorSpec(LlamaNames.OUTPUT, null, shape, OUTPUT, NO_LAYER));
        }
        return specs;
    }

    /** Collects the tensors of a layer. */
    private record Layer(int layer, ModelConfig config, List<TensorSpec> specs) {
        void add() {
            ModelConfig.Sizes sizes = config.sizes();
            AttentionConfig attention = config.attention();
            long width = sizes.width();
            long hidden = sizes.hidden();
            long queries = (long) attention.heads() * attention.headDim();
            long keys = (long) attention.sizes().get("kv_heads") * attention.headDim();
            add(ATTENTION_NORM, "input_layernorm.weight", width);
            add(PROJECTION, "self_attn.q_proj.weight", queries, width);
            add(PROJECTION, "self_attn.k_proj.weight", keys, width);
            add(PROJECTION, "self_attn.v_proj.weight", keys, width);
            addOptional(PROJECTION_BIAS, "self_attn.q_proj.bias", queries);
            addOptional(PROJECTION_BIAS, "self_attn.k_proj.bias", keys);
            addOptional(PROJECTION_BIAS, "self_attn.v_proj.bias", keys);
            addOptional(QUERY_NORM, "self_attn.q_norm.weight", attention.headDim());
            addOptional(KEY_NORM, "self_attn.k_norm.weight", attention.headDim());
            add(ATTENTION_OUTPUT, "self_attn.o_proj.weight", width, queries);
            addOptional(ATTENTION_OUTPUT_BIAS, "self_attn.o_proj.bias", width);
            add(FEED_FORWARD_NORM, "post_attention_layernorm.weight", width);
            add(GATE_UP, "mlp.gate_proj.weight", hidden, width);
            add(GATE_UP, "mlp.up_proj.weight", hidden, width);
            add(DOWN, "mlp.down_proj.weight", width, hidden);
            addOptional(GATE_UP_BIAS, "mlp.gate_proj.bias", hidden);
            addOptional(GATE_UP_BIAS, "mlp.up_proj.bias", hidden);
            addOptional(DOWN_BIAS, "mlp.down_proj.bias", width);
        }

        private void addOptional(TensorRole role, String name, long size) {
            if (config.optional().contains(role)) {
                add(role, name, size);
            }
        }

        private void add(TensorRole role, String name, long... shape) {
            specs.add(TensorSpec.of(role, layer, LlamaNames.layer(layer, name), shape));
        }
    }
}
