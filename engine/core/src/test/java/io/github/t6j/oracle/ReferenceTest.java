package io.github.t6j.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.TestData;
import io.github.t6j.TestData.GoldenModel;
import io.github.t6j.family.VariantName;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The references compute what the original programs compute in float64. */
class ReferenceTest {
    static List<GoldenModel> t6() {
        return TestData.goldenModels();
    }

    static List<String> mlra() throws java.io.IOException {
        return folders("golden_mlra");
    }

    static List<String> llama() throws java.io.IOException {
        return Stream.concat(folders("golden_llama").stream(), folders("golden_wide").stream()).toList();
    }

    static List<String> more() {
        return List.of("qwen3moe-norm", "qwen3moe-mixed", "mixtral-top2", "mixtral-window");
    }

    private static List<String> folders(String parent) throws java.io.IOException {
        try (Stream<Path> folders = Files.list(TestData.path(parent))) {
            return folders.filter(folder -> Files.exists(folder.resolve("greedy.json")))
                    .map(folder -> parent + "/" + folder.getFileName()).sorted().toList();
        }
    }

    private static void check(double[][] found, double[] expected, double tolerance) {
        double largest = 0;
        for (int t = 0; t < found.length; t++) {
            for (int id = 0; id < found[t].length; id++) {
                largest = Math.max(largest, Math.abs(found[t][id] - expected[t * found[t].length + id]));
            }
        }
        assertThat(expected).hasSize(found.length * found[0].length);
        assertThat(largest).isLessThan(tolerance);
    }

    /** Official tables with decay are floats of another library, up to a unit in the last place off. */
    @ParameterizedTest
    @MethodSource("t6")
    void t6IsTheOfficialCode(GoldenModel golden) {
        T6Reference reference = new T6Reference(
                Weights.read(golden.weights()), TestData.json(golden.folder().resolve("config.json")),
                VariantName.of(golden.variant()), golden.name().contains("ropek"));
        boolean decays = VariantName.of(golden.variant()).matches(".*decay|linearattn");
        check(reference.logits(golden.ids()), golden.logits(), decays ? 1e-5 : 1e-9);
    }

    @ParameterizedTest
    @MethodSource("mlra")
    void mlraIsTheOfficialCode(String name) {
        MlraReference reference =
                new MlraReference(Weights.read(TestData.path(name)), TestData.json(name + "/config.json"));
        check(reference.logits(prompt(name)), TestData.doubles(name + "/logits_f64.safetensors", "logits"), 1e-9);
    }

    @ParameterizedTest
    @MethodSource("llama")
    void llamaIsTheNumpyOracle(String name) {
        LlamaReference reference =
                new LlamaReference(Weights.read(TestData.path(name)), TestData.json(name + "/config.json"));
        check(reference.logits(prompt(name)), TestData.doubles(name + "/logits_f64.safetensors", "logits"), 1e-9);
    }

    @ParameterizedTest
    @MethodSource("more")
    void moreFamiliesAreTheNumpyOracle(String name) {
        String folder = "golden_more/" + name;
        LlamaReference reference =
                new LlamaReference(Weights.read(TestData.path(folder)), TestData.json(folder + "/config.json"));
        check(reference.logits(MoreCase.of(name).prompt()),
                TestData.doubles(folder + "/logits_f64.safetensors", "logits"), 1e-9);
    }

    /** Products with weights of 8 bits, or of f16, round their inputs to 8 bits, or to f16, as llama.cpp does. */
    @ParameterizedTest
    @ValueSource(strings = {"llama-wide", "llama-wide16", "llama-wide32", "qwen3-wide"})
    void ggufIsTheNumpyOracle(String name) {
        String folder = "golden_wide/gguf-" + name + "-q8_0";
        Path file = TestData.path(folder + "/model-q8_0.gguf");
        LlamaReference reference = LlamaGguf.reference(file, TestData.json("golden_wide/" + name + "/config.json"));
        int[] ids = prompt("golden_wide/" + name);
        check(reference.logits(ids), TestData.doubles(folder + "/logits_f64.safetensors", "logits"), 1e-7);
        check(reference.logits(ids, new ProductRounding(file, true)),
                TestData.doubles(folder + "/logits_f64.safetensors", "logits_activations_rounded"), 1e-7);
    }

    private static int[] prompt(String name) {
        return TestData.ints(TestData.json(name + "/greedy.json").get("prompt"));
    }
}
