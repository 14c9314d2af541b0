package io.github.t6j.cli.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.cli.CommandResult;
import io.github.t6j.cli.StoredTensors;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InitCommandTest {
    @TempDir
    Path folder;

    @Test
    void tinyHasTheShapesOfT6Tiny() throws IOException {
        Path made = init("made", "--preset", "tiny");

        StoredTensors expected = StoredTensors.read(Path.of(CommandResult.TINY, "model.safetensors"));
        StoredTensors found = StoredTensors.read(made.resolve("model.safetensors"));
        assertThat(shapes(found)).isEqualTo(shapes(expected));
        assertThat(found.metadata()).isEqualTo(expected.metadata());
        Map<String, Object> config = config(made);
        config(Path.of(CommandResult.TINY)).forEach((key, value) -> {
            if (config.containsKey(key)) {
                assertThat(config.get(key)).as(key).isEqualTo(value);
            }
        });
        assertThat(config).containsKeys("n_layer", "n_head", "n_embd", "head_dim", "rank", "q_rank", "vocab_size");
    }

    @Test
    void numbersAreAboutNormal() throws IOException {
        double[] values = StoredTensors.read(init("made", "--preset", "tiny").resolve("model.safetensors"))
                .tensors().get("lm_head.weight").values();

        double mean = Arrays.stream(values).average().orElseThrow();
        double variance = Arrays.stream(values).map(x -> (x - mean) * (x - mean)).average().orElseThrow();
        assertThat(mean).isCloseTo(0, within(1e-4));
        assertThat(Math.sqrt(variance)).isCloseTo(0.02, within(1e-4));
        assertThat(Arrays.stream(values).filter(x -> Math.abs(x) < 0.02).count() / (double) values.length)
                .isCloseTo(0.6827, within(0.02));
    }

    @Test
    void theSeedDecides() throws IOException {
        byte[] seven = Files.readAllBytes(init("a", "--preset", "tiny", "--seed", "7").resolve("model.safetensors"));
        byte[] again = Files.readAllBytes(init("b", "--preset", "tiny", "--seed", "7").resolve("model.safetensors"));
        byte[] eight = Files.readAllBytes(init("c", "--preset", "tiny", "--seed", "8").resolve("model.safetensors"));

        assertThat(again).isEqualTo(seven);
        assertThat(eight).isNotEqualTo(seven);
    }

    /** 2^-8 and 2^-11: half a unit in the last place of the 16-bit type, relative; f16 is subnormal below 6.1e-5. */
    @ParameterizedTest
    @CsvSource({"bf16, BF16, bfloat16, 0.00390625", "f16, F16, float16, 0.00048828125"})
    void narrowerTypesAreTheSameNumbersRounded(String option, String dtype, String torch, double error)
            throws IOException {
        StoredTensors exact = StoredTensors.read(init("f32", "--preset", "tiny").resolve("model.safetensors"));
        Path made = init("narrow", "--preset", "tiny", "--dtype", option);

        assertThat(config(made)).containsEntry("torch_dtype", torch);
        StoredTensors.read(made.resolve("model.safetensors")).tensors().forEach((name, tensor) -> {
            assertThat(tensor.dtype()).isEqualTo(dtype);
            double[] expected = exact.tensors().get(name).values();
            for (int i = 0; i < expected.length; i++) {
                double allowed = Math.max(Math.abs(expected[i]), 6.2e-5) * error;
                if (!(Math.abs(tensor.values()[i] - expected[i]) <= allowed)) {
                    fail("%s[%d]: expected %s, found %s", name, i, expected[i], tensor.values()[i]);
                }
            }
        });
    }

    /** The elements equal what convert makes of the f32 model. */
    @ParameterizedTest
    @CsvSource({"q8_0", "q4_0", "q4_k", "q5_k", "q6_k"})
    void quantizesAsConvertDoes(String option) {
        Path exact = init("f32", "--preset", "tiny");
        Path made = init("quantised", "--preset", "tiny", "--dtype", option);
        Path converted = folder.resolve("converted");

        assertThat(CommandResult.of("convert", exact.toString(), converted.toString(), "--dtype", option).code())
                .isZero();
        assertThat(made.resolve("model.safetensors"))
                .hasSameBinaryContentAs(converted.resolve("model.safetensors"));
        assertThat(CommandResult.of("inspect", "--model", made.toString()).code()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"T6_odd, tpa", "T6_kvonly_groupnorm, tpa-kvonly", "llama-mha, mha", "llama-gqa_groupnorm, gqa",
        "llama-mla_groupnorm, mla"})
    void aConfigGivesTheOfficialShapes(String name, String attention) throws IOException {
        Path golden = CommandResult.TESTDATA.resolve("golden").resolve(name);

        Path made = init("made", "--config", golden.resolve("config.json").toString(), "--attention", attention);

        assertThat(shapes(StoredTensors.read(made.resolve("model.safetensors"))))
                .isEqualTo(shapes(StoredTensors.read(golden.resolve("model.safetensors"))));
        assertThat(config(made)).containsAllEntriesOf(config(golden));
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen3moe-norm", "qwen3moe-mixed", "mixtral-top2", "mixtral-window"})
    void aConfigOfExpertsGivesTheShapesOfTheFile(String name) throws IOException {
        Path golden = CommandResult.TESTDATA.resolve("golden_more").resolve(name);

        String config = golden.resolve("config.json").toString();
        Path made = init("made", "--config", config, "--dtype", "bf16");

        assertThat(shapes(StoredTensors.read(made.resolve("model.safetensors"))))
                .isEqualTo(shapes(StoredTensors.read(golden.resolve("model.safetensors"))));
        assertThat(config(made)).containsAllEntriesOf(without(config(golden), "torch_dtype"));
        Path quantized = init("quantised", "--config", config, "--dtype", "q4_0");
        StoredTensors.read(quantized.resolve("model.safetensors")).tensors().forEach((tensor, stored) -> assertThat(
                stored.dtype().equals("F32")).as(tensor).isEqualTo(tensor.matches(".*(norm|\\.gate)\\.weight")));
        CommandResult inspected = CommandResult.of("inspect", "--model", quantized.toString());
        assertThat(inspected.code()).as(inspected.err()).isZero();
        assertThat(inspected.out()).contains("experts_used");
    }

    private static Map<String, Object> without(Map<String, Object> config, String key) {
        Map<String, Object> rest = new TreeMap<>(config);
        rest.remove(key);
        return rest;
    }

    /** Loading finds the family and attention again, in the new model and in a conversion of it. */
    @ParameterizedTest
    @CsvSource({"gla-2, GLA-2", "mlra-4, MLRA-4", "mfa, MFA"})
    void presetsOfTheMlraCheckpointsAreOfTheirFamily(String preset, String attention) {
        Path made = init("made", "--preset", "mlra-" + preset + "-small");
        Path converted = folder.resolve("converted");
        assertThat(CommandResult.of("convert", made.toString(), converted.toString(), "--dtype", "q8_0").code())
                .isZero();
        for (Path model : List.of(made, converted)) {
            CommandResult ran = CommandResult.of("inspect", "--model", model.toString(), "--json");
            assertThat(ran.code()).as(ran.err()).isZero();
            assertThat(Json.parseObject(ran.out().getBytes(StandardCharsets.UTF_8), "inspect"))
                    .containsEntry("family", "MLRA")
                    .containsEntry("variant", attention);
        }
    }

    @Test
    void aConfigWithoutASizeIsAnErrorThatNamesIt() throws IOException {
        Path config = Files.writeString(folder.resolve("config.json"), "{\"n_embd\": 64, \"n_head\": 4, \"rank\": 2}");

        CommandResult ran =
                CommandResult.of("init", "--config", config.toString(), "--out", folder.resolve("made").toString());

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("n_layer: expected a whole number above 0, found null").hasLineCount(1);
        assertThat(folder.resolve("made")).doesNotExist();
    }

    @Test
    void aFolderThatHoldsAnythingIsRefused() throws IOException {
        Files.writeString(folder.resolve("precious"), "x");

        CommandResult ran = CommandResult.of("init", "--preset", "tiny", "--out", folder.toString());

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains(folder.toString(), "precious").hasLineCount(1);
        assertThat(folder).isDirectoryNotContaining("glob:**config.json");
    }

    private Path init(String name, String... args) {
        Path made = folder.resolve(name);
        List<String> all = new ArrayList<>(List.of("init", "--out", made.toString()));
        all.addAll(List.of(args));
        CommandResult.of(all.toArray(String[]::new)).assertMade(made);
        return made;
    }

    private static Map<String, String> shapes(StoredTensors file) {
        return file.tensors().entrySet().stream().collect(Collectors.toMap(
                Map.Entry::getKey, entry -> entry.getValue().shape().toString(), (a, b) -> a, TreeMap::new));
    }

    private static Map<String, Object> config(Path model) throws IOException {
        return Json.parseObject(Files.readAllBytes(model.resolve("config.json")), "config.json");
    }

    @Test
    void aPresetDecidesItsAttention() {
        CommandResult ran = CommandResult.of("init", "--preset", "t6-nano", "--attention", "mha", "--out",
                folder.resolve("made").toString());
        assertThat(ran.err())
                .contains("--attention: expected no --preset, which decides the attention, found both");
        assertThat(ran.code()).isEqualTo(2);
        assertThat(folder.resolve("made")).doesNotExist();
    }
}
