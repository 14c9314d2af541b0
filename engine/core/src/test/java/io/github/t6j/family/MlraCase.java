package io.github.t6j.family;

import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.SessionOptions;
import io.github.t6j.TestData;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** A small model of the MLRA code with its input and expected output. */
public record MlraCase(String name, String attention) {
    public static final List<MlraCase> ALL = Stream.of(
            "tpa_even, TPA", "tpa_odd, TPA", "tpa_long, TPA", "mha, MHA", "gqa, GQA", "mqa, MQA", "mla, MLA",
            "gla_2, GLA-2", "gla_4, GLA-4", "gta, GTA", "mfa, MFA", "mlra_2, MLRA-2", "mlra_4, MLRA-4")
            .map(line -> line.split(", "))
            .map(words -> new MlraCase(words[0], words[1]))
            .toList();

    public static MlraCase of(String name) {
        return ALL.stream().filter(golden -> golden.name.equals(name)).findFirst().orElseThrow();
    }

    public Path folder() {
        return TestData.path("golden_mlra/" + name);
    }

    public Map<String, Object> config() {
        return TestData.json("golden_mlra/" + name + "/config.json");
    }

    public int[] ids() {
        return TestData.ints(greedy().get("prompt"));
    }

    /** Returns the greedy continuation. */
    public int[] tokens() {
        return TestData.ints(greedy().get("tokens"));
    }

    private Map<String, Object> greedy() {
        return TestData.json("golden_mlra/" + name + "/greedy.json");
    }

    /** Returns the tensor {@code logits} or {@code logits_rope_bf16}, [ids][vocabulary]. */
    public double[] logits(String tensor) {
        return TestData.doubles("golden_mlra/" + name + "/logits_f64.safetensors", tensor);
    }

    public Model load() {
        return load(2);
    }

    public Model load(int threads) {
        return Model.load(folder(), ModelOptions.defaults().withThreads(threads));
    }

    /**
     * Returns options with a context for the prompt and its continuation, since config.json may have a smaller limit.
     */
    public SessionOptions options() {
        return SessionOptions.defaults().withContextLength(ids().length + tokens().length);
    }

    /** Calls {@code use} with the tensors while their file is open. */
    public void withTensors(Consumer<Map<String, Tensor>> use) {
        try (Checkpoint checkpoint = Checkpoint.open(folder(), false)) {
            use.accept(new LinkedHashMap<>(checkpoint.tensors()));
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
