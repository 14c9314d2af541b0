package io.github.t6j.family.t6;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.ModelFormatException;
import io.github.t6j.RopeVariant;
import io.github.t6j.TestData;
import io.github.t6j.attention.latent.LatentConfig;
import io.github.t6j.family.ModelMetadata;
import io.github.t6j.family.VariantName;
import io.github.t6j.family.registry.Families;
import io.github.t6j.kernels.Workers;
import io.github.t6j.kernels.choice.KernelChoice;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.NamedTensors;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests which model a checkpoint is read as, and which checkpoints are refused, with the reason. */
class T6FamilyTest {
    private static Map<String, Tensor> tensors(String golden) {
        try (Checkpoint checkpoint = Checkpoint.open(TestData.path("golden/" + golden), false)) {
            Map<String, Tensor> copies = new LinkedHashMap<>();
            checkpoint.tensors().forEach((name, tensor) -> copies.put(
                    name,
                    Tensor.of(name, tensor.toFloats(), tensor.shape().stream().mapToLong(Long::longValue).toArray())));
            return copies;
        }
    }

    private static Map<String, Object> config(String golden) {
        return TestData.json("golden/" + golden + "/config.json");
    }

    private static ModelConfig describe(Map<String, Tensor> tensors, Map<String, Object> config, String variant) {
        RopeVariant stated = variant == null ? null : VariantName.parse(variant);
        return Families.describe(new NamedTensors(tensors, "here"), ModelMetadata.of(config, stated));
    }

    private static int size(ModelConfig config, String name) {
        return config.attention().sizes().getOrDefault(name, 0);
    }

    @ParameterizedTest
    @CsvSource({"T6_even,T6,4,16,0,6,2", "T6_odd,T6,5,24,0,5,3", "T6_kvonly_odd,T6 KV-only,5,24,0,0,3",
        "llama-mha,MHA,4,14,4,0,0", "llama-mqa,MQA,5,12,1,0,0", "llama-gqa,GQA,6,12,2,0,0"})
    void shapesDetermineTheModel(String golden, String name, int heads, int headDim, int kvHeads, int queryRank,
            int keyRank) {
        Map<String, Object> full = config(golden);
        ModelConfig described = describe(tensors(golden), full, null);
        assertThat(described.name()).isEqualTo(name);
        assertThat(described.sizes().layers()).isEqualTo(((Long) full.get("n_layer")).intValue());
        assertThat(described.attention().heads()).isEqualTo(((Long) full.get("n_head")).intValue()).isEqualTo(heads);
        assertThat(described.attention().headDim()).isEqualTo(headDim);
        assertThat(size(described, "kv_heads")).isEqualTo(kvHeads);
        assertThat(size(described, "q_rank")).isEqualTo(queryRank);
        assertThat(size(described, "k_rank")).isEqualTo(keyRank);
        if (keyRank > 0) {
            ModelConfig alone = describe(tensors(golden), Map.of("model_type", "gpt2"), null);
            assertThat(alone.attention().heads()).as("without any key").isEqualTo(heads);
            assertThat(alone.attention().headDim()).isEqualTo(headDim);
        }
    }

    @ParameterizedTest
    @CsvSource({"T6_even,n_head,5", "T6_even,head_dim,8", "T6_even,q_rank,5", "T6_even,rank,3", "T6_even,n_layer,2",
        "T6_even,n_embd,63", "T6_even,vocab_size,256", "T6_kvonly,rank,9", "llama-gqa,group_size,2",
        "llama-gqa,head_dim,99", "llama-mla,n_head,5", "llama-mla,head_dim,20"})
    void aContradictionNamesBoth(String golden, String key, long stated) {
        Map<String, Object> config = new LinkedHashMap<>(config(golden));
        Object was = config.put(key, stated);
        assertThatThrownBy(() -> describe(tensors(golden), config, null))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining(key + " = " + stated)
                .hasMessageContaining(was.toString());
    }

    @ParameterizedTest
    @CsvSource({"llama-mla,10", "llama-mla_groupnorm,20"})
    void latentSizesComeFromShapesAlone(String golden, int valueDim) {
        LatentConfig sizes = new LatentConfig(4, 12, valueDim, 20, 14, 8);
        Map<String, Object> config = new LinkedHashMap<>(config(golden));
        // The official configurations of the larger sizes have ranks that the training script never passes.
        config.putAll(Map.of("q_lora_rank", 1024L, "kv_lora_rank", 512L, "v_head_dim", 64L, "qk_rope_head_dim", 32L));
        for (Map<String, Object> stated : List.of(config, Map.<String, Object>of())) {
            ModelConfig described = describe(tensors(golden), stated, null);
            assertThat(described.name()).isEqualTo("MLA");
            assertThat(described.attention()).isEqualTo(sizes);
            assertThat(described.attention().heads()).isEqualTo(4);
            assertThat(described.attention().headDim()).isEqualTo(12 + 8);
            assertThat(described.rope().rotaryDim()).isEqualTo(8);
        }
        assertThatThrownBy(() -> describe(tensors(golden), config, "linearattn"))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("the variant full or none, found linearattn");
    }

    @ParameterizedTest
    @CsvSource({"T6_linearattn", "T6_linearattn_kvonly", "llama-linearattn-gqa"})
    void linearAttentionNeedsTheVariant(String golden) {
        assertThatThrownBy(() -> describe(tensors(golden), config(golden), null))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("partialrope-decay or linearattn");
        ModelConfig linear = describe(tensors(golden), config(golden), "linearattn");
        ModelConfig decay = describe(tensors(golden), config(golden), "partialrope-decay");
        assertThat(linear.linear()).isTrue();
        assertThat(linear.name()).endsWith(", linearattn");
        assertThat(decay.linear()).isFalse();
        assertThat(linear.rope().rotaryDim()).isEqualTo(decay.rope().rotaryDim()).isPositive();
        assertThat(linear.rope().decayBase()).isEqualTo(decay.rope().decayBase()).isEqualTo(0.99f);
    }

    @Test
    void groupNormMustMatchTheKey() {
        Map<String, Object> config = new LinkedHashMap<>(config("T6_even"));
        config.put("using_groupnorm", true);
        assertThatThrownBy(() -> describe(tensors("T6_even"), config, null))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("using_groupnorm = true")
                .hasMessageContaining("subln");
    }

    @Test
    void keysThatAVariantIgnoresAreNotCompared() {
        Map<String, Object> config = new LinkedHashMap<>(config("llama-mha"));
        config.putAll(Map.of("head_dim", 99L, "rank", 98L, "q_rank", 97L));
        assertThat(describe(tensors("llama-mha"), config, null).attention().headDim()).isEqualTo(14);
        Map<String, Object> keyValueOnly = new LinkedHashMap<>(config("T6_kvonly"));
        keyValueOnly.put("q_rank", 77L);
        assertThat(size(describe(tensors("T6_kvonly"), keyValueOnly, null), "q_rank")).isZero();
    }

    @Test
    void ropeComesFromTheKeysOrTheVariant() {
        Map<String, Object> config = new LinkedHashMap<>(config("T6_even"));
        assertThat(describe(tensors("T6_even"), config, null).rope().rotaryDim()).isEqualTo(16);
        assertThat(describe(tensors("T6_even"), config, null).assumptions()).anyMatch(s -> s.contains("full RoPE"));
        ModelConfig byDefault = describe(tensors("T6_even"), config, "partialrope");
        assertThat(byDefault.rope().rotaryDim()).isEqualTo(4);
        assertThat(byDefault.assumptions()).anyMatch(s -> s.contains("1/3"));
        config.put("rope_partial_factor", 0.5);
        assertThat(describe(tensors("T6_even"), config, null).rope().rotaryDim()).isEqualTo(8);
        assertThat(describe(tensors("T6_even"), config, "full").rope().rotaryDim()).isEqualTo(16);
        config.put("rope_decay_base", 0.99);
        assertThatThrownBy(() -> describe(tensors("T6_even"), config, null))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("partialrope-decay or linearattn");
        assertThat(describe(tensors("T6_even"), config, "partialrope-decay").rope().decayBase()).isEqualTo(0.99f);
        assertThatThrownBy(() -> describe(tensors("T6_even"), config, "rotary"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("found rotary");
        config.put("rope_partial_factor", 1.5);
        assertThatThrownBy(() -> describe(tensors("T6_even"), config, "partialrope"))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("rope_partial_factor: expected 0 to 1, found 1.5");
    }

    @Test
    void otherModelsAreNamedAndRefused() {
        Tensor matrix = Tensor.of("w", new float[4], 2, 2);
        assertThatThrownBy(() -> describe(Map.of("transformer.h.0.attn.c_attn.weight", matrix), Map.of(), null))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("GPT-2 weights");
        assertThatThrownBy(() -> describe(Map.of("h.0.attn.c_attn.weight", matrix), Map.of(), null))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("GPT-2 weights");
        assertThatThrownBy(() -> describe(Map.of("model.layers.0.self_attn.q_proj.weight", matrix), Map.of(), null))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("model.layers.0.self_attn.q_proj.weight");
        assertThatThrownBy(() -> describe(Map.of(), Map.of(), null)).isInstanceOf(ModelFormatException.class);
    }

    @Test
    void missingMisshapenAndUnknownTensorsAreNamed() {
        for (String golden : List.of("T6_groupnorm", "llama-mla_groupnorm")) {
            missingAndMisshapen(golden);
        }
        Map<String, Tensor> more = tensors("T6_groupnorm");
        more.put("transformer.h.0.attn.bias", Tensor.of("b", new float[4], 2, 2));
        assertThatThrownBy(() -> load(more))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("transformer.h.0.attn.bias");
    }

    private static void missingAndMisshapen(String golden) {
        load(golden, tensors(golden));
        for (String name : tensors(golden).keySet()) {
            Map<String, Tensor> without = tensors(golden);
            without.remove(name);
            assertThatThrownBy(() -> load(golden, without)).as(name).isInstanceOf(ModelFormatException.class);
            Map<String, Tensor> misshapen = tensors(golden);
            Tensor tensor = misshapen.get(name);
            long[] shape = tensor.shape().stream().mapToLong(Long::longValue).toArray();
            shape[0]--;
            float[] fewer = java.util.Arrays.copyOf(
                    tensor.toFloats(), (int) (tensor.elementCount() / (shape[0] + 1) * shape[0]));
            misshapen.put(name, Tensor.of(name, fewer, shape));
            assertThatThrownBy(() -> load(golden, misshapen)).as(name).isInstanceOf(ModelFormatException.class);
        }
    }

    @Test
    void untiedEmbeddingsAreRefused() {
        Map<String, Tensor> tensors = tensors("T6_groupnorm");
        Tensor head = tensors.get("lm_head.weight");
        tensors.put("transformer.wte.weight", head);
        load(tensors);
        float[] other = head.toFloats();
        other[7]++;
        tensors.put("transformer.wte.weight", Tensor.of("wte", other, head.shape().get(0), head.shape().get(1)));
        assertThatThrownBy(() -> load(tensors))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("tied");
    }

    private static void load(Map<String, Tensor> tensors) {
        load("T6_groupnorm", tensors);
    }

    private static void load(String golden, Map<String, Tensor> tensors) {
        try (Workers workers = new Workers(1); Arena arena = Arena.ofShared()) {
            ModelConfig config = describe(tensors, config(golden), null);
            Families.load(new NamedTensors(tensors, "here"), config, KernelChoice.kernels(), workers, arena,
                    (done, total) -> {});
        }
    }
}
