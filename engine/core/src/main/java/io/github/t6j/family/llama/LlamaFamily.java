package io.github.t6j.family.llama;

import static io.github.t6j.attention.TensorRole.ATTENTION_NORM;
import static io.github.t6j.attention.TensorRole.EMBEDDING;
import static io.github.t6j.attention.TensorRole.FEED_FORWARD_NORM;
import static io.github.t6j.attention.TensorRole.OUTPUT;
import static io.github.t6j.attention.TensorRole.OUTPUT_NORM;
import static io.github.t6j.model.TensorSpec.NO_LAYER;

import io.github.t6j.family.Family;
import io.github.t6j.family.ModelMetadata;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.NamedTensors;
import io.github.t6j.model.TensorSpec;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Llama, Mistral, Qwen2, Qwen3, SmolLM3, Granite, Qwen3-MoE and Mixtral in Hugging Face's layout: grouped query
 * attention, norms with gains, a gated feed-forward part. Some have biases, norms of queries and keys, windows, layers
 * without RoPE, or {@linkplain LlamaExperts experts}. {@link LlamaReader} reads a checkpoint's configuration.
 */
public class LlamaFamily implements Family {
    static final String NAME = "Llama";
    private static final Set<LlamaType> TYPES =
            EnumSet.complementOf(EnumSet.of(LlamaType.PHI3, LlamaType.GEMMA2, LlamaType.GEMMA3_TEXT));

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public boolean recognizes(NamedTensors tensors) {
        return tensors.has(LlamaNames.EMBEDDING) && !tensors.has(LlamaNames.MICROLLAMA);
    }

    @Override
    public ModelConfig read(NamedTensors tensors, ModelMetadata description) {
        return new LlamaReader(tensors, description, TYPES).read();
    }

    @Override
    public boolean keepsType(String matrix) {
        return LlamaExperts.isRouter(matrix);
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
            addLayer(new LayerTensors(layer, config, specs));
        }
        specs.add(TensorSpec.of(OUTPUT_NORM, NO_LAYER, LlamaNames.OUTPUT_NORM, sizes.width()));
        if (!tied) {
            specs.add(new TensorSpec(LlamaNames.OUTPUT, null, shape, OUTPUT, NO_LAYER));
        }
        return specs;
    }

    /** Adds the tensors of a layer, in the order in which matrices of one role are packed. */
    void addLayer(LayerTensors layer) {
        layer.add(ATTENTION_NORM, "input_layernorm.weight", layer.width());
        layer.addAttention();
        layer.add(FEED_FORWARD_NORM, "post_attention_layernorm.weight", layer.width());
        if (layer.config().hasExperts(layer.layer())) {
            LlamaExperts.add(layer.layer(), layer.config(), layer.specs());
        } else {
            layer.addFeedForward();
        }
    }
}
