package io.github.t6j.oracle;

import io.github.t6j.TestData;
import io.github.t6j.json.Json;
import java.nio.file.Path;
import java.util.Map;

/** A folder of testdata/golden_more. */
public record MoreCase(String name, Path folder, Map<String, Object> json) {
    public static MoreCase of(String name) {
        Path folder = TestData.path("golden_more/" + name);
        return new MoreCase(name, folder, TestData.json(folder.resolve("case.json")));
    }

    public int[] prompt() {
        return TestData.ints(Json.object(json.get("prompt"), name).get("input_ids"));
    }

    /** Greedy tokens after the prompt. */
    public int[] greedy() {
        return TestData.ints(Json.object(json.get("greedy"), name).get("tokens"));
    }

    /** Logits [ids][vocabulary] of the prompt in float64, or what another program computed. */
    public double[] logits(String tensor) {
        return TestData.doubles("golden_more/" + name + "/logits_f64.safetensors", tensor);
    }

    /** Mean difference of llama.cpp's logits and those in float64. */
    public double meanOfLlamaCpp() {
        Map<String, Object> peers = Json.object(json.get("peers"), name);
        return ((Number) Json.object(peers.get("llama.cpp"), name).get("mean_abs")).doubleValue();
    }
}
