package io.github.t6j.cli.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.Model;
import io.github.t6j.ModelFormatException;
import io.github.t6j.ModelOptions;
import io.github.t6j.ModelOptions.Load;
import io.github.t6j.Session;
import io.github.t6j.WeightType;
import io.github.t6j.cli.CommandResult;
import io.github.t6j.cli.LaunchedProcess;
import io.github.t6j.cli.formats.ModelFormat;
import io.github.t6j.cli.formats.ModelKind;
import io.github.t6j.cli.formats.ModelSizes;
import io.github.t6j.cli.formats.StoredModel;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Weights rounded while they are loaded equal the weights that {@code t6j convert --dtype} writes, bit for bit. */
class WeightTypeTest {
    private static final long SEED = Long.getLong("t6j.weights.seed", 32);
    private static final int IDS = 150;

    @TempDir
    private Path folder;

    private record Case(ModelKind kind, DType stored, ModelFormat format, WeightType type, int number) {}

    /** Returns a case for each kind of model; each type and each stored type meet several kinds. */
    static List<Case> cases() {
        List<DType> types = Arrays.stream(DType.values()).filter(DType::isFloating)
                .filter(type -> type != DType.F64 && type != DType.IQ4_NL) // IQ4_NL becomes q8_0 when it is loaded
                .toList();
        List<Case> cases = new ArrayList<>();
        for (ModelKind kind : ModelKind.values()) {
            int number = cases.size();
            DType stored = types.get(number * 5 % types.size());
            ModelFormat format = kind.isInGguf()
                    ? ModelFormat.GGUF
                    : ModelFormat.SHARDS.holds(stored) && number % 2 == 0
                            ? ModelFormat.SHARDS
                            : ModelFormat.SAFETENSORS;
            WeightType type = WeightType.values()[number % WeightType.values().length];
            cases.add(new Case(kind, stored, format, type, number));
        }
        return cases;
    }

    private static String word(WeightType type) {
        return type.name().toLowerCase(Locale.ROOT);
    }

    private Path converted(Path source, WeightType type) {
        Path converted = folder.resolve("converted");
        CommandResult ran =
                CommandResult.of("convert", source.toString(), converted.toString(), "--dtype", word(type));
        assertThat(ran.code()).as(ran.err()).isZero();
        return converted;
    }

    private static float[][] logits(Model model, long seed) {
        float[][] logits = new float[IDS][];
        int[] ids = new Random(seed).ints(IDS, 0, model.info().sizes().vocabulary()).toArray();
        try (Session session = model.newSession()) {
            session.prefill(ids, (position, found) -> logits[position] = found.clone());
        }
        return logits;
    }

    @Tag("full")
    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void theBitsAreThoseOfConvertedFiles(Case test) throws IOException {
        ModelSizes sizes = ModelSizes.of(test.number % ModelSizes.COUNT);
        StoredModel stored = test.format.random(test.kind, sizes, test.stored, SEED + test.number);
        Path source = test.format.write(stored, folder.resolve("source"));
        ModelOptions rounding = ModelOptions.defaults().withWeightType(test.type).withThreads(2)
                .withLoad(test.number % 3 == 0 ? Load.MMAP : Load.COPY);
        try (Model loaded = Model.load(source, rounding);
                Model expected = Model.load(converted(source, test.type), ModelOptions.defaults().withThreads(1))) {
            assertThat(loaded.weightType()).isEqualTo(word(test.type));
            assertThat(loaded.weightBytes()).isEqualTo(expected.weightBytes());
            assertThat(logits(loaded, SEED)).as("seed %d, %s", SEED, test).isDeepEqualTo(logits(expected, SEED));
            boolean twice = test.type != WeightType.F32 && test.type != WeightType.BF16 && stored.tensors().stream()
                    .anyMatch(
                            tensor -> tensor.dtype().isQuantized() && !tensor.dtype().name().equals(test.type.name()));
            assertThat(loaded.notes().stream().anyMatch(note -> note.contains("rounded a second time")))
                    .isEqualTo(twice);
        }
    }

    @Test
    void commandsRoundWhileTheyLoad() throws IOException {
        Path source = CommandResult.TESTDATA.resolve("models/t6-tiny");
        List<byte[]> written = new ArrayList<>();
        for (String[] model : new String[][] {
            {source.toString(), "--weight-type", "q4_k"}, {converted(source, WeightType.Q4_K).toString()}}) {
            Path out = folder.resolve("logits" + written.size());
            List<String> arguments =
                    new ArrayList<>(List.of("logits", "--ids", "5,17,3", "--out", out.toString(), "--model"));
            arguments.addAll(List.of(model));
            CommandResult ran = CommandResult.of(arguments.toArray(String[]::new));
            assertThat(ran.code()).as(ran.err()).isZero();
            written.add(Files.readAllBytes(out));
        }
        assertThat(written.getFirst()).isEqualTo(written.getLast());
        assertThat(CommandResult.of("inspect", "--model", source.toString(), "--weight-type", "q6_k", "--json").json())
                .containsEntry("weights_type", "q6_k");
        CommandResult unknown = CommandResult.of("generate", "--weight-type", "q9", "A");
        assertThat(unknown.code()).isEqualTo(2);
        assertThat(unknown.err()).contains("--weight-type", "q9", "q4_k").doesNotContain("\tat ");
    }

    @ParameterizedTest
    @CsvSource({
        "NaN,      Q8_0, 'expected finite numbers, found NaN at [70, 3], which q8_0 cannot hold'",
        "Infinity, Q4_K, 'expected finite numbers, found Infinity at [70, 3], which q4_k cannot hold'",
        "9e6,      Q8_0, 'expected numbers up to 8319008, the largest of q8_0, found 9000000.0 at [70, 3]'"})
    void elementsThatDoNotFitAreNamed(float wrong, WeightType type, String message) throws IOException {
        StoredModel stored = ModelFormat.SAFETENSORS.random(ModelKind.LLAMA, ModelSizes.of(3), DType.F32, SEED);
        List<Tensor> tensors = new ArrayList<>(stored.tensors());
        tensors.replaceAll(tensor -> {
            if (!tensor.name().endsWith("layers.1.self_attn.q_proj.weight")) {
                return tensor;
            }
            float[] elements = tensor.toFloats();
            elements[(int) (70 * tensor.shape().get(1)) + 3] = wrong;
            return Tensor.of(tensor.name(), elements, tensor.shape().get(0), tensor.shape().get(1));
        });
        Path source = ModelFormat.SAFETENSORS.write(
                new StoredModel(stored.config(), stored.variant(), tensors, stored.aliases()),
                folder.resolve("source"));
        assertThatThrownBy(() -> Model.load(source, ModelOptions.defaults().withWeightType(type)))
                .isInstanceOf(ModelFormatException.class).hasMessageContaining(message)
                .hasMessageContaining("model.layers.1.self_attn.q_proj.weight");
        CommandResult ran = CommandResult.of(
                "convert", source.toString(), folder.resolve("x").toString(), "--dtype", word(type));
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains(message);
    }

    /** A model of 200 MB as f32 takes no more memory with 4-bit weights than one that was converted before. */
    @Tag("full")
    @Test
    @EnabledOnOs(OS.LINUX)
    void memoryPeaksNearThePackedSize() throws IOException {
        Path source = folder.resolve("large");
        Path config =
                Files.writeString(folder.resolve("config.json"), "{\"n_layer\": 6, \"n_head\": 12, \"n_embd\": 768,"
                        + " \"head_dim\": 64, \"vocab_size\": 8192, \"block_size\": 512}");
        CommandResult made = CommandResult.of(
                "init", "--config", config.toString(), "--attention", "mha", "--out", source.toString());
        assertThat(made.code()).as(made.err()).isZero();
        long file = source.resolve("model.safetensors").toFile().length();
        assertThat(file).isGreaterThan(150_000_000);
        double converted = peak(converted(source, WeightType.Q4_0).toString());
        assertThat(peak(source.toString(), "--weight-type", "q4_0")).isLessThan(converted + 0.3 * file);
        assertThat(peak(source.toString())).isGreaterThan(converted + 0.6 * file); // else this test finds nothing
    }

    private static double peak(String... model) {
        List<String> arguments = new ArrayList<>(List.of(
                "generate", "-n", "1", "--stats", "--tokenizer", CommandResult.TINY, "A whale", "--model"));
        arguments.addAll(List.of(model));
        LaunchedProcess process = LaunchedProcess.start(LaunchedProcess.builder(
                LaunchedProcess.modules("-Xmx200m", "--add-modules=jdk.incubator.vector"),
                arguments.toArray(String[]::new)));
        String err = process.end().err();
        Matcher peak = Pattern.compile("memory +([0-9.]+) (MB|GB) peak").matcher(err);
        assertThat(peak.find()).as(err).isTrue();
        return Double.parseDouble(peak.group(1)) * (peak.group(2).equals("GB") ? 1e9 : 1e6);
    }
}
