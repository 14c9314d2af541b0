package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.json.Json;
import io.github.t6j.oracle.LlamaGguf;
import io.github.t6j.tokenizer.HandMadeTokenizer;
import io.github.t6j.weights.GgufFile;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.checkpoint.Checkpoint;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Embeddings of texts: options, errors, and the files that state a model's pooling. */
class EmbedderTest {
    private static final long SEED = 7;
    private static final EmbeddingOptions RAW = EmbeddingOptions.defaults().withNormalized(false);

    @TempDir
    Path folder;

    private static Model tiny() {
        return Model.load(TestData.tiny(), ModelOptions.defaults().withThreads(2));
    }

    private static float[] mean(float[][] states, int width) {
        double[] sum = new double[width];
        for (float[] state : states) {
            for (int i = 0; i < width; i++) {
                sum[i] += state[i];
            }
        }
        float[] mean = new float[width];
        for (int i = 0; i < width; i++) {
            mean[i] = (float) (sum[i] / states.length);
        }
        return mean;
    }

    @Test
    void aModelWithoutPoolingFilesGivesTheNormalisedMean() {
        try (Model model = tiny()) {
            assertThat(model.statesPooling()).isFalse();
            assertThat(model.embeddingDefaults())
                    .isEqualTo(EmbeddingOptions.defaults().withPooling(Pooling.MEAN).withNormalized(true));
            int width = model.info().sizes().width();
            Embedding found = model.embed("The whale swims.");
            float[][] states = model.hiddenStates(Prompt.of("The whale swims."), -1);
            float[] mean = mean(states, width);
            double length = Math.sqrt(dot(mean, mean));
            assertThat(found.tokens()).isEqualTo(states.length);
            assertThat(dot(found.vector(), found.vector())).isCloseTo(1, within(1e-6));
            for (int i = 0; i < width; i++) {
                assertThat(found.vector()[i]).isCloseTo((float) (mean[i] / length), within(1e-6f));
            }
            assertThat(new Embedder(model, RAW).embed(Prompt.of("The whale swims.")).vector())
                    .usingComparatorWithPrecision(1e-6f).containsExactly(mean);
            assertThat(found.cosine(new Embedder(model, RAW).embed(Prompt.of("The whale swims.")))).isCloseTo(1,
                    within(1e-6));
            assertThat(found.cosine(model.embed("Call me Ishmael."))).isBetween(-1.0, 0.999);
        }
    }

    private static double dot(float[] x, float[] y) {
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            sum += (double) x[i] * y[i];
        }
        return sum;
    }

    @Test
    void shortVectorsAreCutBeforeTheyAreNormalised() {
        try (Model model = tiny()) {
            float[] whole = new Embedder(model, RAW).embed(Prompt.of("The sea")).vector();
            Embedder embedder = new Embedder(model, EmbeddingOptions.defaults().withDimensions(37));
            assertThat(embedder.dimensions()).isEqualTo(37);
            assertThat(new Embedder(model, RAW.withDimensions(37)).embed(Prompt.of("The sea")).vector())
                    .containsExactly(Arrays.copyOf(whole, 37));
            float[] cut = embedder.embed(Prompt.of("The sea")).vector();
            double length = Math.sqrt(dot(Arrays.copyOf(whole, 37), Arrays.copyOf(whole, 37)));
            for (int i = 0; i < 37; i++) {
                assertThat(cut[i]).isCloseTo((float) (whole[i] / length), within(1e-6f));
            }
        }
    }

    @Test
    void errorsNameTheTextAndTheLimit() {
        try (Model model = tiny()) {
            int context = model.info().sizes().contextLength();
            int[] tooLong = new Random(SEED).ints(context + 1, 0, 4096).toArray();
            Embedder embedder = new Embedder(model);
            assertThatThrownBy(() -> embedder.embed(List.of(Prompt.of("a"), Prompt.of(""))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("prompts[1]: expected at least one token, found none: remove empty texts");
            assertThatThrownBy(() -> embedder.embed(Prompt.of(new int[0]))).hasMessageContaining("at least one token");
            assertThatThrownBy(() -> embedder.embed(Prompt.of(tooLong))).hasMessage("prompts[0]: expected at most "
                    + context + " tokens, the model's context, found " + (context + 1) + ": split or truncate it");
            assertThatThrownBy(() -> embedder.embed(Prompt.of(3, -1))).hasMessageContaining("found -1");
            int vocabulary = model.info().sizes().vocabulary();
            assertThatThrownBy(() -> embedder.embed(Prompt.of(vocabulary)))
                    .hasMessage("prompts[0]: expected ids from 0 to " + (vocabulary - 1) + ", found " + vocabulary);
            int layers = model.info().sizes().layers();
            assertThatThrownBy(() -> new Embedder(model, RAW.withLayer(layers + 1)))
                    .hasMessage("layer: expected at most " + layers + ", the layers of the model, found "
                            + (layers + 1));
            assertThatThrownBy(() -> new Embedder(model, RAW.withDimensions(5000)))
                    .hasMessageContaining("dimensions: expected at most " + model.info().sizes().width());
            assertThat(embedder.embed(List.<Prompt>of())).isEmpty();

            Embedding cut = new Embedder(model, EmbeddingOptions.defaults().withTruncate(true))
                    .embed(Prompt.of(tooLong));
            assertThat(cut.truncated()).isTrue();
            assertThat(cut.tokens()).isEqualTo(context);
            Embedding fits = embedder.embed(Prompt.of(Arrays.copyOf(tooLong, context)));
            assertThat(fits.truncated()).isFalse();
            assertThat(cut.vector()).isEqualTo(fits.vector());
        }
    }

    @Test
    void optionsAndClosingEndACall() {
        Model model = tiny();
        EmbeddingOptions options = EmbeddingOptions.defaults();
        List<String> texts = List.of("The whale", "The sea");
        for (EmbeddingOptions late : List.of(
                options.withCall(CallOptions.defaults().withDeadline(Instant.now().minusMillis(1))),
                options.withCall(CallOptions.defaults().withTimeout(Duration.ZERO)))) {
            assertThatThrownBy(() -> model.embed(texts, late)).isInstanceOf(CancellationException.class)
                    .hasMessage("embedding: the deadline has passed");
        }
        AtomicInteger blocks = new AtomicInteger();
        assertThatThrownBy(() -> model.embed(texts,
                options.withCall(CallOptions.defaults().withCancellation(() -> blocks.incrementAndGet() > 2))))
                .isInstanceOf(CancellationException.class).hasMessage("embedding was cancelled");
        assertThatThrownBy(() -> model.embed(texts, options.withCall(CallOptions.defaults().withCancellation(() -> {
            model.close();
            return false;
        })))).isInstanceOf(CancellationException.class);
        assertThatThrownBy(() -> model.embed("The whale")).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("the model is closed");
    }

    /** Neighbours and threads never change the bits. */
    @Test
    void threadsEmbedAtOnce() throws InterruptedException {
        Random random = new Random(SEED);
        List<Prompt> prompts = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            prompts.add(Prompt.of(random.ints(1 + random.nextInt(150), 0, 4096).toArray()));
        }
        try (Model model = tiny()) {
            Embedder embedder = new Embedder(model);
            List<float[]> alone = prompts.stream().map(prompt -> embedder.embed(prompt).vector()).toList();
            List<List<Embedding>> found = new ArrayList<>();
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                threads.add(Thread.startVirtualThread(() -> {
                    List<Embedding> all = embedder.embed(prompts);
                    synchronized (found) {
                        found.add(all);
                    }
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(found).hasSize(3).allSatisfy(all -> {
                for (int i = 0; i < alone.size(); i++) {
                    assertThat(all.get(i).vector()).as("seed " + SEED + ", text " + i).isEqualTo(alone.get(i));
                }
            });
        }
    }

    @Test
    void aWeightThatIsNaNIsReported() throws IOException {
        copyTiny();
        try (Checkpoint checkpoint = Checkpoint.open(TestData.tiny(), false)) {
            List<Tensor> tensors = new ArrayList<>();
            for (Tensor tensor : checkpoint.tensors().values()) {
                float[] elements = tensor.toFloats();
                if (tensors.isEmpty()) {
                    Arrays.fill(elements, Float.NaN);
                }
                tensors.add(Tensor.of(
                        tensor.name(), elements, tensor.shape().stream().mapToLong(size -> size).toArray()));
            }
            Safetensors.write(folder.resolve("model.safetensors"), Map.of(), tensors);
        }
        try (Model model = Model.load(folder)) {
            for (EmbeddingOptions options : List.of(RAW, EmbeddingOptions.defaults())) {
                assertThatThrownBy(() -> model.embed(List.of("The whale"), options))
                        .isInstanceOf(IllegalStateException.class).hasMessageContaining("found NaN for prompts[0]");
            }
        }
    }

    private void copyTiny() throws IOException {
        for (String name : List.of("config.json", "tokenizer.json", "model.safetensors")) {
            Files.copy(TestData.tiny().resolve(name), folder.resolve(name));
        }
    }

    private void write(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private static final String MODULES = """
            [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
             {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}%s]""";
    private static final String NORMALIZE =
            ", {\"idx\": 2, \"name\": \"2\", \"path\": \"2_Normalize\", \"type\": \"sentence_transformers.models.Normalize\"}";

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{\"word_embedding_dimension\": 1024, \"pooling_mode_cls_token\": false, \"pooling_mode_mean_tokens\": false,"
                + " \"pooling_mode_lasttoken\": true, \"include_prompt\": true} | LAST",
        "{\"pooling_mode_cls_token\": true, \"pooling_mode_mean_tokens\": false} | CLS",
        "{\"pooling_mode_mean_tokens\": true} | MEAN",
        "{\"pooling_mode\": \"lasttoken\"} | LAST",
        "{\"pooling_mode\": [\"mean\"]} | MEAN",
    })
    void theFolderStatesItsPooling(String pooling, Pooling expected) throws IOException {
        copyTiny();
        write("1_Pooling/config.json", pooling);
        for (String modules : new String[] {null, MODULES.formatted(""), MODULES.formatted(NORMALIZE)}) {
            if (modules != null) {
                write("modules.json", modules);
            }
            try (Model model = Model.load(folder)) {
                assertThat(model.statesPooling()).isTrue();
                assertThat(model.embeddingDefaults().pooling()).isEqualTo(expected);
                assertThat(model.embeddingDefaults().normalized())
                        .isEqualTo(modules == null || modules.contains("Normalize"));
                assertThat(new Embedder(model).options().pooling()).isEqualTo(expected);
                assertThat(new Embedder(model, RAW.withPooling(Pooling.CLS)).options().pooling())
                        .isEqualTo(Pooling.CLS);
                assertThat(model.embed("a").vector()).isEqualTo(
                        model.embed(List.of("a"), model.embeddingDefaults().withPooling(expected)).getFirst().vector());
            }
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{\"pooling_mode_max_tokens\": true} | none | found [max_tokens]",
        "{\"pooling_mode_mean_tokens\": true, \"pooling_mode_cls_token\": true} | none | found [cls_token, mean_tokens]",
        "{} | none | expected one pooling of mean, lasttoken and cls, found []",
        "{\"pooling_mode_mean_tokens\": true} | , {\"type\": \"sentence_transformers.models.Dense\"} | found also [Dense]",
        "none |  | 1_Pooling/config.json: expected the pooling of modules.json, found no such file",
    })
    void anUnsupportedPoolingIsRefusedByNameUnlessTheUserChoosesOne(String pooling, String module, String message)
            throws IOException {
        copyTiny();
        if (!pooling.equals("none")) {
            write("1_Pooling/config.json", pooling);
        }
        if (!"none".equals(module)) {
            write("modules.json", MODULES.formatted(module == null ? "" : module));
        }
        try (Model model = Model.load(folder)) {
            assertThatThrownBy(() -> model.embed("a")).isInstanceOf(ModelFormatException.class)
                    .satisfies(wrong -> assertThat(wrong.getMessage().replace('\\', '/')).contains(message));
            assertThat(model.embed(List.of("a"), EmbeddingOptions.defaults().withPooling(Pooling.LAST))).hasSize(1);
        }
    }

    @Test
    void malformedPoolingFilesAreErrors() throws IOException {
        copyTiny();
        write("modules.json", "{\"type\": 3}");
        assertThatThrownBy(() -> Model.load(folder)).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("modules.json").hasMessageContaining("expected a JSON array");
        write("modules.json", "[{\"type\": 3}]");
        assertThatThrownBy(() -> Model.load(folder)).hasMessageContaining("expected modules with a type");
        Files.delete(folder.resolve("modules.json"));
        write("1_Pooling/config.json", "{\"pooling_mode_mean_tokens\": 1}");
        assertThatThrownBy(() -> Model.load(folder))
                .hasMessageContaining("pooling_mode_mean_tokens: expected true or false, found 1");
    }

    /** The layout of Qwen3-Embedding: names without prefix, a template that appends a token, the last token's state. */
    @Test
    void anEmbeddingModelIsReadAsItsFilesSay() throws IOException {
        Path golden = TestData.path("golden_wide/qwen3-wide");
        List<Tensor> tensors = new ArrayList<>();
        try (Checkpoint checkpoint = Checkpoint.open(golden, false)) {
            for (Tensor tensor : checkpoint.tensors().values()) {
                tensors.add(Tensor.of(tensor.name().replaceFirst("^model\\.", ""), tensor.toFloats(),
                        tensor.shape().stream().mapToLong(size -> size).toArray()));
            }
            Safetensors.write(folder.resolve("model.safetensors"), Map.of("format", "pt"), tensors);
        }
        Map<String, Object> config = TestData.json(golden.resolve("config.json"));
        config.put("architectures", List.of("Qwen3Model"));
        write("config.json", Json.write(config));
        write("modules.json", MODULES.formatted(NORMALIZE));
        write("1_Pooling/config.json", "{\"pooling_mode_lasttoken\": true}");
        write("tokenizer.json", byteTokenizer());
        try (Model model = Model.load(folder); Model original = Model.load(golden)) {
            assertThat(model.tokenizer().encodeWhole("whale")).containsExactly('w', 'h', 'a', 'l', 'e', 256);
            assertThat(model.tokenizer().encodePrompt("whale")).containsExactly('w', 'h', 'a', 'l', 'e');
            Embedding found = model.embed("whale");
            assertThat(found.tokens()).isEqualTo(6);
            assertThat(found.vector()).isEqualTo(new Embedder(original, EmbeddingOptions.defaults()
                    .withPooling(Pooling.LAST)).embed(Prompt.of('w', 'h', 'a', 'l', 'e', 256)).vector());
            assertThatThrownBy(() -> model.embed("")).hasMessageContaining("at least one token");
        }
        config.put("max_position_embeddings", 70L);
        write("config.json", Json.write(config));
        try (Model model = Model.load(folder)) {
            Embedder embedder = new Embedder(model, EmbeddingOptions.defaults().withTruncate(true));
            assertThat(embedder.embed(Prompt.of("a".repeat(69))).truncated()).isFalse();
            assertThat(embedder.embed(Prompt.of("a".repeat(100))).truncated()).isTrue();
            assertThat(embedder.embed(Prompt.of("a".repeat(100))).vector()).as("the appended token stays")
                    .isEqualTo(embedder.embed(Prompt.of("a".repeat(69))).vector());
        }
        config.put("is_causal", false);
        write("config.json", Json.write(config));
        assertThatThrownBy(() -> Model.load(folder)).hasMessageContaining("is_causal: expected true");
    }

    /** A tokenizer of 256 bytes and a token that its template appends to texts. */
    private static String byteTokenizer() {
        Map<String, Object> json = HandMadeTokenizer.tokenizerJson(List.of());
        HandMadeTokenizer.add(json, "<|endoftext|>", 256, true);
        json.put("post_processor", Json.parseObject("""
                {"type": "Sequence", "processors": [{"type": "ByteLevel"}, {"type": "TemplateProcessing",
                 "single": [{"Sequence": {"id": "A"}}, {"SpecialToken": {"id": "<|endoftext|>"}}], "special_tokens":
                 {"<|endoftext|>": {"id": "<|endoftext|>", "ids": [256], "tokens": ["<|endoftext|>"]}}}]}
                """.getBytes(StandardCharsets.UTF_8), "post_processor"));
        return Json.write(json);
    }

    @ParameterizedTest
    @CsvSource({"0, MEAN, false", "1, MEAN, true", "2, CLS, true", "3, LAST, true"})
    void aGgufFileStatesItsPooling(int type, Pooling expected, boolean states) throws IOException {
        Path file = folder.resolve("model.gguf");
        LlamaGguf.write(TestData.path("golden_wide/qwen3-wide"), file,
                new GgufFile().key("qwen3.pooling_type", GgufFile.U32, type));
        write("1_Pooling/config.json", "{\"pooling_mode_weightedmean_tokens\": true}"); // the file has precedence
        try (Model model = Model.load(file)) {
            if (states) {
                assertThat(model.embeddingDefaults())
                        .isEqualTo(EmbeddingOptions.defaults().withPooling(expected).withNormalized(true));
            } else {
                assertThatThrownBy(model::embeddingDefaults).hasMessageContaining("weightedmean_tokens");
            }
        }
    }

    @Test
    void aGgufFileOfARerankerIsRefusedByName() throws IOException {
        Path file = folder.resolve("model.gguf");
        LlamaGguf.write(TestData.path("golden_wide/qwen3-wide"), file,
                new GgufFile().key("qwen3.pooling_type", GgufFile.U32, 4));
        try (Model model = Model.load(file)) {
            assertThatThrownBy(model::embeddingDefaults).isInstanceOf(ModelFormatException.class).hasMessageContaining(
                    "qwen3.pooling_type: expected 1 (mean), 2 (cls) or 3 (last), found 4");
        }
    }
}
