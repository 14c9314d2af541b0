package io.github.t6j.cli.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.Session;
import io.github.t6j.WeightType;
import io.github.t6j.cli.CommandResult;
import io.github.t6j.cli.formats.ModelFormat;
import io.github.t6j.cli.formats.ModelKind;
import io.github.t6j.cli.formats.ModelSizes;
import io.github.t6j.json.Json;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.checkpoint.Checkpoint;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code --adapter} of the commands, and adapters of GGUF files, whose rows have another order. */
class AdapterOptionTest {
    private static final long SEED = Long.getLong("t6j.adapter.seed", 350);
    private static final int RANK = 6;
    private static final double ALPHA = 9;
    private static final int IDS = 70;

    @TempDir
    private Path folder;

    private static float[] random(Random random, int count) {
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = (float) random.nextGaussian() / 20;
        }
        return numbers;
    }

    /** Writes an adapter for the matrices of {@code model} whose names match, and the model merged in float64. */
    private void write(Path model, String names, double scale) throws IOException {
        Random random = new Random(SEED);
        List<Tensor> adapter = new ArrayList<>();
        List<Tensor> merged = new ArrayList<>();
        try (Checkpoint checkpoint = Checkpoint.open(model, false)) {
            for (Tensor tensor : checkpoint.tensors().values()) {
                float[] elements = tensor.toFloats();
                if (tensor.name().matches(names)) {
                    int outputs = Math.toIntExact(tensor.shape().get(0));
                    int inputs = Math.toIntExact(tensor.shape().get(1));
                    float[] a = random(random, RANK * inputs);
                    float[] b = random(random, outputs * RANK);
                    String module = "base_model.model." + tensor.name().replaceFirst("weight$", "lora_");
                    adapter.add(Tensor.of(module + "A.weight", DType.BF16, a, RANK, inputs));
                    adapter.add(Tensor.of(module + "B.weight", b, outputs, RANK));
                    adapter.get(adapter.size() - 2).read(0, a, 0, a.length); // rounded
                    for (int i = 0; i < elements.length; i++) {
                        double sum = 0;
                        for (int k = 0; k < RANK; k++) {
                            sum += (double) a[k * inputs + i % inputs] * b[i / inputs * RANK + k];
                        }
                        elements[i] = (float) (elements[i] + scale * sum);
                    }
                }
                merged.add(Tensor.of(tensor.name(), elements,
                        tensor.shape().stream().mapToLong(size -> size).toArray()));
            }
            Path made = Files.createDirectory(folder.resolve("merged"));
            Files.copy(model.resolve("config.json"), made.resolve("config.json"));
            Files.copy(model.resolve("t6j.json"), made.resolve("t6j.json"));
            Safetensors.write(made.resolve("model.safetensors"), checkpoint.metadata(), merged);
        }
        Path made = Files.createDirectory(folder.resolve("lora"));
        Files.writeString(made.resolve("adapter_config.json"),
                Json.write(Map.of("peft_type", "LORA", "r", (long) RANK, "lora_alpha", ALPHA)));
        Safetensors.write(made.resolve("adapter_model.safetensors"), Map.of("format", "pt"), adapter);
    }

    private Path converted(String name, Path source, String... more) {
        Path made = folder.resolve(name);
        List<String> arguments = new ArrayList<>(List.of("convert", source.toString(), made.toString()));
        arguments.addAll(List.of(more));
        CommandResult ran = CommandResult.of(arguments.toArray(String[]::new));
        assertThat(ran.code()).as(ran.err()).isZero();
        return made;
    }

    private static float[][] logits(Path path, ModelOptions options) {
        float[][] logits = new float[IDS][];
        try (Model model = Model.load(path, options.withThreads(2)); Session session = model.newSession()) {
            int[] ids = new Random(SEED).ints(IDS, 0, model.info().sizes().vocabulary()).toArray();
            session.prefill(ids, (position, found) -> logits[position] = found.clone());
        }
        return logits;
    }

    /** Llama's GGUF files store queries and keys in pairs of rows; the others do not. */
    @Tag("full")
    @ParameterizedTest
    @CsvSource({"LLAMA, F32, 0", "LLAMA, Q8_0, 1", "LLAMA_BIAS, Q4_K, 2", "QWEN3, Q5_0, 3", "QWEN2, BF16, 4",
        "LLAMA, Q6_K, 5", "GRANITE, Q4_0, 6", "PHI3, F16, 7", "GEMMA3, Q8_0, 0", "MIXTRAL, F32, 1",
        "QWEN3_MOE, Q4_1, 2"})
    void ggufFilesHaveTheNamesOfHuggingFace(ModelKind kind, DType stored, int sizes) throws IOException {
        Path source = ModelFormat.GGUF.write(
                ModelFormat.GGUF.random(kind, ModelSizes.of(sizes), stored, SEED), folder.resolve("source"));
        Path base = converted("base", source, "--dtype", "f32");
        write(base, ".*(q_proj|k_proj|v_proj|o_proj|qkv_proj|up_proj|down_proj|w1|w2).weight", -0.5f * (ALPHA / RANK));
        Path merged = folder.resolve("merged");
        String adapter = folder.resolve("lora") + ":-0.5";
        ModelOptions options = ModelOptions.defaults().withAdapter(folder.resolve("lora"), -0.5f);

        float[][] expected = logits(merged, ModelOptions.defaults());
        assertThat(logits(source, options.withWeightType(WeightType.F32))).as("seed %d", SEED)
                .isDeepEqualTo(expected);
        assertThat(logits(base, options)).isDeepEqualTo(expected);
        assertThat(logits(converted("f32", source, "--dtype", "f32", "--adapter", adapter), ModelOptions.defaults()))
                .isDeepEqualTo(expected);
        assertThat(logits(source, options.withWeightType(WeightType.Q8_0)))
                .isDeepEqualTo(logits(merged, ModelOptions.defaults().withWeightType(WeightType.Q8_0)));
        assertThat(logits(source, options)) // in the types of the file
                .isDeepEqualTo(logits(converted("kept", source, "--adapter", adapter), ModelOptions.defaults()));
    }

    /** Whole heads become factors under other names, with the changes. */
    @Test
    void conversionsOfTheFormKeepTheAdapter() throws IOException {
        Path source = ModelFormat.SAFETENSORS.write(
                ModelFormat.SAFETENSORS.random(ModelKind.GQA, ModelSizes.of(1), DType.F32, SEED),
                folder.resolve("source"));
        Path base = converted("base", source);
        write(base, ".*(c_q|c_k|c_v|c_fc2).weight", ALPHA / RANK);
        String lora = folder.resolve("lora").toString();
        Path expected = converted("expected", folder.resolve("merged"), "--as", "tpa");
        Path made = converted("made", source, "--as", "tpa", "--adapter", lora);
        assertThat(made.resolve("model.safetensors")).hasSameBinaryContentAs(expected.resolve("model.safetensors"));
        assertThat(converted("plain", source, "--adapter", lora).resolve("model.safetensors"))
                .hasSameBinaryContentAs(folder.resolve("merged").resolve("model.safetensors"));
    }

    @Tag("full")
    @Test
    void commandsNameTheAdapter() throws IOException {
        Path tiny = CommandResult.TESTDATA.resolve("models/t6-tiny");
        Path base = converted("base", tiny);
        write(base, ".*(W_A_q|mlp.c_proj).weight", 2 * ALPHA / RANK);
        String adapter = folder.resolve("lora") + ":2";
        String named = ", adapter lora × 2.0 (LoRA, rank 6, ";

        CommandResult generated = CommandResult.of("generate", "--model", tiny.toString(), "--adapter", adapter, "-n",
                "5", "--stats", "--temperature", "0", "A whale");
        assertThat(generated.code()).as(generated.err()).isZero();
        assertThat(generated.err()).contains(named);
        String merged = folder.resolve("merged").toString();
        CommandResult expected = CommandResult.of("generate", "--model", merged, "--tokenizer", tiny.toString(), "-n",
                "5", "--temperature", "0", "A whale");
        assertThat(generated.out()).isEqualTo(expected.out());
        assertThat((String) CommandResult.of("inspect", "--model", tiny.toString(), "--adapter", adapter, "--json")
                .json().get("weights")).contains(named);
        assertThat(CommandResult.of("inspect", "--model", tiny.toString(), "--adapter", adapter).out())
                .contains(named);
        CommandResult compared = CommandResult.of("bench", "--model", tiny.toString(), "--adapter", adapter,
                "--prompt", "4", "--generate", "2", "--repetitions", "1", "--warm-up", "0", "--compare",
                CommandResult.TESTDATA.resolve("models/t6-mini").toString());
        assertThat(compared.code()).as("models to compare have no adapter: " + compared.err()).isZero();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            none       | --adapter none: expected the folder of a LoRA adapter, or folder:scale, found no such folder
            none:0.5   | --adapter none:0.5: expected the folder of a LoRA adapter, or folder:scale, found no such folder
            FOLDER:1e9e | FOLDER:1e9e: expected the folder of a LoRA adapter, or folder:scale, found no such folder
            FOLDER:1e99 | FOLDER:1e99: expected a finite number after the colon, found 1e99
            FOLDER:1.2.3 | FOLDER:1.2.3: expected a finite number after the colon, found 1.2.3
            FOLDER     | FOLDER: expected the folder of a LoRA adapter of PEFT, found no adapter_model.safetensors in it
            """)
    void wrongAdaptersAreNamed(String adapter, String message) {
        String tiny = CommandResult.TESTDATA.resolve("models/t6-tiny").toString();
        String given = adapter.replace("FOLDER", folder.toString());
        for (String[] command : new String[][] {{"generate", "--model", tiny, "A"}, {"inspect", "--model", tiny},
            {"convert", tiny, folder.resolve("x").toString()}}) {
            List<String> arguments = new ArrayList<>(List.of(command));
            arguments.addAll(List.of("--adapter", given));
            CommandResult ran = CommandResult.of(arguments.toArray(String[]::new));
            assertThat(ran.err()).contains(message.replace("FOLDER", folder.toString())).hasLineCount(1);
            assertThat(ran.code()).isEqualTo(1);
        }
    }
}
