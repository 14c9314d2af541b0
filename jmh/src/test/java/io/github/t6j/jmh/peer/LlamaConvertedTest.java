package io.github.t6j.jmh.peer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.Session;
import io.github.t6j.cli.Main;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * GGUF files of {@code t6j convert --to-gguf}, read by llama.cpp. Models come from GGUF files like those of llama.cpp's
 * converter, by way of a folder in Hugging Face layout.
 */
@Tag("peer")
class LlamaConvertedTest {
    private static final long SEED = 56;
    private static final int IDS = 60;
    private static final int THREADS = 2;
    /** Largest difference of logits in f32, relative to the largest logit. */
    private static final double BOUND = 1e-5;

    @TempDir
    private Path folder;

    private static void t6j(Object... args) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        PrintStream errors = new PrintStream(err, true, StandardCharsets.UTF_8);
        int code = new Main(InputStream.nullInputStream(), OutputStream.nullOutputStream(), errors, false, false,
                Map.of("XDG_CONFIG_HOME", "no-configuration")).run(
                        Arrays.stream(args).map(Object::toString).toArray(String[]::new));
        assertThat(code).as(err.toString(StandardCharsets.UTF_8)).isZero();
    }

    private static float[][] llama(Path file, int[] ids) {
        try (LlamaModel model = Llama.open().load(file); LlamaContext context = model.newContext(256, THREADS)) {
            return context.decode(ids);
        }
    }

    private static float[][] t6j(Path folder, int[] ids) {
        float[][] logits = new float[ids.length][];
        try (Model model = Model.load(folder, ModelOptions.defaults().withThreads(THREADS));
                Session session = model.newSession()) {
            session.prefill(ids, (position, found) -> logits[position] = found.clone());
        }
        return logits;
    }

    private static double difference(float[][] found, float[][] expected) {
        double difference = 0;
        double largest = 0;
        for (int row = 0; row < expected.length; row++) {
            for (int id = 0; id < expected[row].length; id++) {
                difference = Math.max(difference, Math.abs(found[row][id] - expected[row][id]));
                largest = Math.max(largest, Math.abs(expected[row][id]));
            }
        }
        return difference / largest;
    }

    private static int[] ids(int vocabulary) {
        return new Random(SEED).ints(IDS, 0, vocabulary).toArray();
    }

    static Stream<Object> models() {
        return Stream.concat(RandomModel.all().stream(), DenseModel.all().stream());
    }

    /** The folder of an f32 file gives a file with the same logits, to the bit. */
    @ParameterizedTest
    @MethodSource("models")
    void f32FilesHaveTheSameLogits(Object shape) throws IOException {
        Path before = folder.resolve("before.gguf");
        int vocabulary = write(shape, before);
        Path made = folder.resolve("made");
        Path after = folder.resolve("after.gguf");
        t6j("convert", before, made);
        t6j("convert", made, "--to-gguf", after);
        int[] ids = ids(vocabulary);
        float[][] expected = llama(before, ids);
        assertThat(llama(after, ids)).as("seed %d", SEED).isDeepEqualTo(expected);
        double bound = shape instanceof DenseModel dense ? dense.bound() : BOUND;
        assertThat(difference(t6j(made, ids), expected)).as("seed %d", SEED).isLessThan(bound);
    }

    private static int write(Object shape, Path file) throws IOException {
        if (shape instanceof DenseModel dense) {
            dense.write(file, SEED);
            return DenseModel.VOCABULARY;
        }
        ((RandomModel) shape).write(file, SEED);
        return RandomModel.VOCABULARY;
    }

    /**
     * llama.cpp turns the weights of the file into f32, and so does t6j with those of the folder: the same numbers,
     * whose logits agree as those of f32 files do.
     */
    @ParameterizedTest
    @ValueSource(strings = {"f16", "bf16", "q8_0", "q4_0", "q4_k", "q5_k", "q6_k"})
    void otherTypesHaveTheSameNumbers(String type) throws IOException {
        Path before = folder.resolve("before.gguf");
        RandomModel shape = RandomModel.all().stream()
                .filter(model -> model.architecture().equals("llama") && model.width() == 1024).findFirst()
                .orElseThrow();
        shape.write(before, SEED);
        Path made = folder.resolve("made");
        Path after = folder.resolve("after.gguf");
        t6j("convert", before, made, "--dtype", type);
        t6j("convert", made, "--to-gguf", after);
        int[] ids = ids(RandomModel.VOCABULARY);
        llama(after, ids); // loads and computes
        Path numbers = folder.resolve("f32.gguf");
        Llama.open().quantize(after, numbers, LlamaFileType.F32);
        Path exact = folder.resolve("exact");
        t6j("convert", made, exact, "--dtype", "f32");
        assertThat(difference(t6j(exact, ids), llama(numbers, ids))).as("%s, seed %d", type, SEED).isLessThan(BOUND);
    }

    @ParameterizedTest
    @ValueSource(strings = {"smollm2", "qwen3", "mistral-v0.1-legacy", "llama3-small"})
    void llamaCppReadsTheTokenizer(String name) throws IOException {
        Path made = Files.createDirectory(folder.resolve("made"));
        VocabularyFile.copyJson(name, made.resolve("tokenizer.json"));
        Path config = Path.of(System.getProperty("t6j.testdata"), "tokenizers", name, "tokenizer_config.json");
        Files.copy(config, made.resolve("tokenizer_config.json"));
        writeModel(made);
        Path file = folder.resolve("file.gguf");
        t6j("convert", made, "--to-gguf", file);
        try (LlamaModel llama = Llama.open().loadVocabulary(file); Model t6j = Model.load(made)) {
            for (String text : List.of("Hello world", "The quick brown fox, 123 times.\n\n  It's  done",
                    "naïve café — 日本")) {
                assertThat(llama.tokenize(text)).as(text).isEqualTo(t6j.tokenizer().encode(text));
            }
        }
    }

    /** Writes a model of zeros, whose embedding has a row for each id of the tokenizer. */
    private static void writeModel(Path made) throws IOException {
        long vocabulary = Tokenizer.load(made).size();
        Files.writeString(made.resolve("config.json"), """
                {"model_type": "llama", "hidden_size": 8, "num_attention_heads": 1, "num_hidden_layers": 1,
                 "intermediate_size": 8, "max_position_embeddings": 64, "vocab_size": %d, "tie_word_embeddings": true}
                """.formatted(vocabulary));
        List<Tensor> tensors = new ArrayList<>(List.of(zeros("model.embed_tokens", vocabulary, 8),
                zeros("model.norm", 8)));
        for (String norm : List.of("input_layernorm", "post_attention_layernorm")) {
            tensors.add(zeros("model.layers.0." + norm, 8));
        }
        for (String name : List.of("self_attn.q", "self_attn.k", "self_attn.v", "self_attn.o", "mlp.gate", "mlp.up",
                "mlp.down")) {
            tensors.add(zeros("model.layers.0." + name + "_proj", 8, 8));
        }
        Safetensors.write(made.resolve("model.safetensors"), Map.of(), tensors);
    }

    private static Tensor zeros(String name, long... shape) {
        return Tensor.of(name + ".weight", new float[(int) Arrays.stream(shape).reduce(1, Math::multiplyExact)], shape);
    }
}
