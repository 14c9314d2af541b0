package io.github.t6j.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.TestData;
import io.github.t6j.family.ModelMetadata;
import io.github.t6j.family.registry.Families;
import io.github.t6j.kernels.Workers;
import io.github.t6j.kernels.choice.KernelChoice;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TransformerTest {
    /** A change in any kind of weight changes the fingerprint, which guards saved sessions. */
    @ParameterizedTest
    @CsvSource({"llama-mla, attn.kv_b_proj", "llama-mla, attn.q_b_proj", "llama-mla, attn.kv_a_layernorm",
        "T6_groupnorm, attn.subln", "T6_groupnorm, attn.c_proj", "T6_groupnorm, mlp.c_fc1"})
    void oneChangedWeightChangesTheFingerprint(String golden, String weight) {
        String name = "transformer.h.1." + weight + ".weight";
        try (Checkpoint checkpoint = Checkpoint.open(TestData.path("golden/" + golden), false)) {
            Map<String, Tensor> changed = new LinkedHashMap<>(checkpoint.tensors());
            Tensor tensor = changed.get(name);
            float[] elements = tensor.toFloats();
            elements[0] += 1;
            long[] shape = tensor.shape().stream().mapToLong(Long::longValue).toArray();
            changed.put(name, Tensor.of(name, elements, shape));

            String original = fingerprint(golden, checkpoint.tensors());

            assertThat(fingerprint(golden, checkpoint.tensors())).isEqualTo(original);
            assertThat(fingerprint(golden, changed)).isNotEqualTo(original);
        }
    }

    private static String fingerprint(String golden, Map<String, Tensor> tensors) {
        try (Workers workers = new Workers(1); Arena arena = Arena.ofShared()) {
            NamedTensors named = new NamedTensors(tensors, golden);
            ModelConfig config = Families.describe(
                    named, ModelMetadata.of(TestData.json("golden/" + golden + "/config.json"), null));
            return Families.load(named, config, KernelChoice.kernels(), workers, arena, (done, total) -> {})
                    .fingerprint();
        }
    }
}
