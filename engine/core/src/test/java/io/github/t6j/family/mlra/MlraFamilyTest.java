package io.github.t6j.family.mlra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.Model;
import io.github.t6j.ModelFormatException;
import io.github.t6j.ModelOptions;
import io.github.t6j.RopeVariant;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.TestData;
import io.github.t6j.attention.AttentionPath;
import io.github.t6j.family.MlraCase;
import io.github.t6j.family.ModelMetadata;
import io.github.t6j.family.TensorProductConversion;
import io.github.t6j.family.VariantJson;
import io.github.t6j.family.registry.Families;
import io.github.t6j.family.t6.T6Family;
import io.github.t6j.json.Json;
import io.github.t6j.model.NamedTensors;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.checkpoint.Checkpoint;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests the MLRA checkpoints with small models of their code: every attention, gains and their epsilon,
 * counterclockwise RoPE.
 */
@Tag("width")
class MlraFamilyTest {
    /** Tolerance of logits compared with float64. */
    private static final double TOLERANCE = 2e-4;

    private static final int CHUNK = 7;

    @TempDir
    Path folder;

    static List<MlraCase> cases() {
        return MlraCase.ALL;
    }

    @Test
    void allCasesExist() throws IOException {
        try (Stream<Path> folders = Files.list(TestData.path("golden_mlra"))) {
            assertThat(folders.map(path -> path.getFileName().toString()))
                    .containsExactlyInAnyOrderElementsOf(Stream.concat(
                            cases().stream().map(MlraCase::name), Stream.of("tpa_sharded")).toList());
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void logitsEqualTheOfficialCode(MlraCase golden) {
        try (Model model = golden.load()) {
            assertThat(model.info().family()).isEqualTo("MLRA");
            assertThat(model.info().attention().name()).isEqualTo(golden.attention());
            for (AttentionPath path : AttentionPath.values()) {
                check(golden.ids(), golden.logits("logits"), model, path.of(golden.options()));
            }
        }
    }

    /**
     * Checks one pass, chunks and single steps: all within the tolerance, with the same bits except for TPA's two forms
     * (ADR 31).
     */
    private static void check(int[] ids, double[] expected, Model model, SessionOptions options) {
        try (Session whole = model.newSession(options);
                Session chunks = model.newSession(options);
                Session steps = model.newSession(options)) {
            float[][] found = new float[ids.length][];
            Offset<Float> between = offset(model.info().attention().name().startsWith("TPA") ? 1e-4f : 0f);
            whole.prefill(ids, (position, logits) -> found[position] = logits.clone());
            for (int position = 0; position < ids.length; position++) {
                steps.step(ids[position]);
                for (int id = 0; id < found[position].length; id++) {
                    double exact = expected[position * found[position].length + id];
                    assertThat((double) found[position][id]).as("position " + position + " id " + id)
                            .isCloseTo(exact, within(TOLERANCE));
                }
                assertThat(steps.logits()).as("step " + position).containsExactly(found[position], between);
            }
            for (int from = 0; from < ids.length; from += CHUNK) {
                int first = from;
                chunks.prefill(Arrays.copyOfRange(ids, from, Math.min(from + CHUNK, ids.length)),
                        (position, logits) -> {
                            assertThat(position).isBetween(first, first + CHUNK - 1);
                            assertThat(logits).as("chunks, position " + position)
                                    .containsExactly(found[position], between);
                        });
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void greedyTokensEqualTheOfficialCode(MlraCase golden) {
        try (Model model = golden.load(); Session session = model.newSession(golden.options())) {
            session.prefill(golden.ids());
            for (int expected : golden.tokens()) {
                assertThat(TestData.best(session.logits())).as("position " + session.position()).isEqualTo(expected);
                session.step(expected);
            }
        }
    }

    /** Reads the layout of the published files: shards in PyTorch's format, both names of the tied matrix. */
    @Test
    void shardsAreRead() {
        MlraCase whole = MlraCase.of("tpa_even");
        try (Model model = Model.load(TestData.path("golden_mlra/tpa_sharded"))) {
            check(whole.ids(), whole.logits("logits"), model, whole.options());
        }
    }

    /** Rounds cosines and sines as the official evaluation does under bf16 autocast, by a key of t6j.json. */
    @ParameterizedTest
    @ValueSource(strings = {"tpa_even", "tpa_odd"})
    void tablesMayBeRounded(String name) throws IOException {
        MlraCase golden = MlraCase.of(name);
        copy(golden, "{\"rope_tables\": \"bf16\"}");
        try (Model model = Model.load(folder)) {
            check(golden.ids(), golden.logits("logits_rope_bf16"), model, golden.options());
            assertThat(model.info().attention().name()).isEqualTo("TPA, RoPE half-split counterclockwise bf16");
        }
    }

    private void copy(MlraCase golden, String t6j) throws IOException {
        for (String file : new String[] {"config.json", "model.safetensors"}) {
            Files.copy(golden.folder().resolve(file), folder.resolve(file));
        }
        Files.writeString(folder.resolve("t6j.json"), t6j);
    }

    /** Multiplying gains and c_proj by the factors and omitting the factors gives the same model. */
    @ParameterizedTest
    @ValueSource(strings = {"mla", "gla_2", "gla_4", "mlra_2", "mlra_4"})
    void factorsMayBeOmitted(String name) throws IOException {
        MlraCase golden = MlraCase.of(name);
        copy(golden, "{\"no_scale\": true}");
        Map<String, Object> config = golden.config();
        double width = ((Long) config.get("n_embd")).doubleValue();
        double latents = name.equals("mla") ? 1 : name.equals("gla_2") ? 2 : 4;
        double branches = name.startsWith("mlra") ? name.charAt(5) - '0' : 1;
        golden.withTensors(tensors -> {
            tensors.replaceAll((tensorName, tensor) -> {
                if (tensorName.contains("q_a_layernorm")) {
                    return times(tensor, Math.sqrt(width / ((Long) config.get("q_lora_rank"))));
                }
                if (tensorName.contains("kv_a_layernorm")) {
                    return times(tensor, Math.sqrt(width * latents / ((Long) config.get("kv_lora_rank"))));
                }
                return tensorName.endsWith("attn.c_proj.weight") ? times(tensor, 1 / Math.sqrt(branches)) : tensor;
            });
            Safetensors.write(folder.resolve("model.safetensors"), Map.of(), List.copyOf(tensors.values()));
        });
        try (Model model = Model.load(folder)) {
            check(golden.ids(), golden.logits("logits"), model, golden.options());
            assertThat(model.info().attention().name()).isEqualTo(golden.attention() + ", no scale");
        }
    }

    /** Converts whole heads to fixed factors (paper, section 4). */
    @ParameterizedTest
    @ValueSource(strings = {"mha", "gqa", "mqa"})
    void wholeHeadsMayBeFactors(String name) {
        MlraCase golden = MlraCase.of(name);
        golden.withTensors(tensors -> {
            TensorProductConversion made = TensorProductConversion.of(tensors, golden.config(), VariantJson.none());
            List<Tensor> named = new ArrayList<>();
            made.tensors().forEach((tensorName, tensor) -> named.add(
                    new Tensor(tensorName, tensor.dtype(), tensor.shape(), tensor.data())));
            Safetensors.write(folder.resolve("model.safetensors"), Map.of(), named);
            write("config.json", Json.write(made.config()));
            write("t6j.json", Json.write(made.variant().keys()));
        });
        try (Model model = Model.load(folder)) {
            check(golden.ids(), golden.logits("logits"), model, golden.options());
            assertThat(model.info().attention().name()).isEqualTo("TPA KV-only, fixed a_k a_v");
        }
    }

    private void write(String file, String text) {
        try {
            Files.writeString(folder.resolve(file), text);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    @Test
    void twoStageQueriesCannotBeConverted() {
        MlraCase golden = MlraCase.of("mfa");
        golden.withTensors(tensors -> assertThatThrownBy(
                () -> TensorProductConversion.of(tensors, golden.config(), VariantJson.none()))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("attn.w_q.weight of MFA"));
    }

    private static Tensor times(Tensor tensor, double factor) {
        float[] elements = tensor.toFloats();
        for (int i = 0; i < elements.length; i++) {
            elements[i] = (float) (elements[i] * factor);
        }
        return Tensor.of(tensor.name(), elements, tensor.shape().stream().mapToLong(Long::longValue).toArray());
    }

    @ParameterizedTest
    @ValueSource(strings = {"tpa_even", "mha", "gta", "mfa"})
    void missingFactorsCannotBeOmitted(String name) throws IOException {
        copy(MlraCase.of(name), "{\"no_scale\": true}");
        assertThatThrownBy(() -> Model.load(folder))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("no_scale: expected no such key");
    }

    @ParameterizedTest
    @ValueSource(strings = {"tpa_even", "mha", "mla"})
    void onlyTheLlamaFamilysHeadsMayBeFactors(String name) throws IOException {
        copy(MlraCase.of(name), "{\"heads\": \"factors\"}");
        assertThatThrownBy(() -> Model.load(folder))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("heads: expected no such key, since only the Llama family's");
    }

    @ParameterizedTest
    @ValueSource(strings = {"tpa_even", "mha", "mla"})
    void onlyOlalaHasAWindowToRead(String name) throws IOException {
        copy(MlraCase.of(name), "{\"window\": \"limits\"}");
        assertThatThrownBy(() -> Model.load(folder))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("window: expected no such key, since only Olala");
    }

    @ParameterizedTest
    @ValueSource(strings = {"mha", "gta", "mla"})
    void keysOfFactorsNeedFactors(String name) throws IOException {
        copy(MlraCase.of(name), "{\"head_factors\": \"softmax\"}");
        assertThatThrownBy(() -> Model.load(folder))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("it has the key head_factors of factored attention");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void anotherVariantIsRefused(MlraCase golden) {
        ModelOptions options = ModelOptions.defaults().withVariant(RopeVariant.PARTIALROPE);
        assertThatThrownBy(() -> Model.load(golden.folder(), options))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("the variant full or none, found partialrope");
    }

    @Test
    void anUnknownAttentionIsRefused() {
        MlraCase golden = MlraCase.of("tpa_even");
        golden.withTensors(tensors -> {
            tensors.keySet().removeIf(name -> name.contains("c_qkv"));
            assertThatThrownBy(() -> describe(tensors, golden.config()))
                    .isInstanceOf(ModelFormatException.class)
                    .hasMessageContaining("expected an attention of the MLRA checkpoints");
        });
    }

    /** Refuses TensorProduct-Microllama, whose attention was never published. */
    @Test
    void microllamaIsRefused() {
        String name = "model.layers.0.self_attn.c_qkv.W_A_k.weight";
        String embedding = "model.embed_tokens.weight"; // the Llama family has the same name
        Map<String, Tensor> tensors = Map.of(
                name, Tensor.of(name, new float[8], 2, 4), embedding, Tensor.of(embedding, new float[8], 2, 4));
        assertThatThrownBy(() -> describe(tensors, Map.of()))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("TensorProduct-Microllama");
    }

    @Test
    void matricesInOneParameterNeedThreeDimensions() {
        MlraCase golden = MlraCase.of("mlra_4");
        golden.withTensors(tensors -> {
            String name = "transformer.h.0.attn.kv_b_proj";
            tensors.put(name, Tensor.of(name, tensors.get(name).toFloats(), 20, 54));
            assertThatThrownBy(() -> describe(tensors, golden.config()))
                    .isInstanceOf(ModelFormatException.class)
                    .hasMessageContaining(
                            name + ": expected several matrices, a shape of three dimensions, found shape");
        });
    }

    /** Gives one tensor, by its name inside the attention, a shape that no model has. */
    @ParameterizedTest
    @CsvSource({
        "mla, kv_a_proj_with_mqa.weight, 12, 32, more rows than latents have elements",
        "mla, q_b_proj.weight, 61, 20, rows of q_b_proj without columns of c_proj to be a multiple of the rope rows",
        "gta, W_rope_k.weight, 5, 30, rows of c_q to be a multiple of the doubled rows of W_rope_k",
        "gta, kv_proj.weight, 48, 30, number of heads to be a multiple of the number of key heads",
        "mfa, c_k.weight, 15, 30, rows of w_q to be a multiple of the rows of c_k"})
    void shapesThatContradictEachOtherAreRefused(String name, String tensor, int rows, int columns, String message) {
        MlraCase.of(name).withTensors(tensors -> {
            String full = "transformer.h.0.attn." + tensor;
            tensors.put(full, Tensor.of(full, new float[rows * columns], rows, columns));
            assertThatThrownBy(() -> describe(tensors, Map.of()))
                    .isInstanceOf(ModelFormatException.class)
                    .hasMessageContaining(message);
        });
    }

    @ParameterizedTest
    @CsvSource({"4, 54", "3, 36"})
    void latentsMustShareTheHeads(int latents, int outputs) {
        MlraCase golden = MlraCase.of("mlra_2");
        golden.withTensors(tensors -> {
            String name = "transformer.h.0.attn.kv_b_proj";
            tensors.put(name, Tensor.of(name, new float[latents * 5 * outputs], latents, 5, outputs));
            assertThatThrownBy(() -> describe(tensors, Map.of()))
                    .isInstanceOf(ModelFormatException.class)
                    .hasMessageStartingWith("here: expected");
        });
    }

    private static void describe(Map<String, Tensor> tensors, Map<String, Object> config) {
        Families.describe(new NamedTensors(tensors, "here"), ModelMetadata.of(config, null));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void sizesMustMatchTheShapes(MlraCase golden) {
        golden.withTensors(tensors -> {
            for (String key : golden.config().keySet()) {
                Map<String, Object> config = new LinkedHashMap<>(golden.config());
                if (config.get(key) instanceof Long && !key.equals("block_size")) {
                    config.put(key, 99L);
                    assertThatThrownBy(() -> describe(tensors, config)).as(key)
                            .isInstanceOf(ModelFormatException.class)
                            .hasMessageContaining("99");
                }
            }
        });
    }

    /**
     * The official evaluation does not tie the matrices that it loads, so an output matrix of twice the embedding gives
     * twice the logits.
     */
    @Test
    void anUntiedOutputMatrixIsRead(@TempDir Path folder) throws IOException {
        Path golden = TestData.path("golden_mlra/tpa_even");
        Files.copy(golden.resolve("config.json"), folder.resolve("config.json"));
        try (Checkpoint checkpoint = Checkpoint.open(golden, true)) {
            Map<String, Tensor> tensors = new LinkedHashMap<>(checkpoint.tensors());
            Tensor embedding = tensors.getOrDefault(T6Family.HEAD_NAME, tensors.get(T6Family.EMBEDDING_NAME));
            float[] doubled = embedding.toFloats();
            tensors.put(T6Family.EMBEDDING_NAME,
                    Tensor.of(T6Family.EMBEDDING_NAME, doubled.clone(), embedding.shape().get(0),
                            embedding.shape().get(1)));
            for (int i = 0; i < doubled.length; i++) {
                doubled[i] *= 2;
            }
            tensors.put(T6Family.HEAD_NAME,
                    Tensor.of(T6Family.HEAD_NAME, doubled, embedding.shape().get(0), embedding.shape().get(1)));
            Safetensors.write(folder.resolve("model.safetensors"), Map.of(), List.copyOf(tensors.values()));
        }
        try (Model tied = Model.load(golden);
                Model untied = Model.load(folder);
                Session first = tied.newSession();
                Session second = untied.newSession()) {
            first.prefill(5, 7, 11);
            second.prefill(5, 7, 11);
            for (int id = 0; id < first.logits().length; id++) {
                assertThat(second.logits()[id]).isEqualTo(2 * first.logits()[id]);
            }
        }
    }
}
