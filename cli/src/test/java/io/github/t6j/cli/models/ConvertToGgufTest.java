package io.github.t6j.cli.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.cli.CommandResult;
import io.github.t6j.cli.StoredTensors;
import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.checkpoint.Checkpoint;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@code t6j convert --to-gguf}, read back by the engine, which reads files of llama.cpp's converter. The peer tests of
 * jmh let llama.cpp read such files.
 */
class ConvertToGgufTest {
    private static final String IDS = "5,17,3,9,41,7,8,2,1,33,12";

    @TempDir
    private Path folder;

    private Path convert(String source, String... options) {
        Path file = folder.resolve("model.gguf");
        List<String> args = new ArrayList<>(List.of("convert", source, "--to-gguf", file.toString()));
        args.addAll(List.of(options));
        CommandResult ran = CommandResult.of(args.toArray(String[]::new));
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err().lines().toList().getLast()).startsWith("t6j: wrote " + file + ": ");
        return file;
    }

    private double[] logits(String model) throws IOException {
        Path out = folder.resolve("logits.safetensors");
        CommandResult ran = CommandResult.of("logits", model, "--ids", IDS, "--out", out.toString());
        assertThat(ran.code()).as(ran.err()).isZero();
        return StoredTensors.read(out).tensors().get("logits").values();
    }

    /** Each architecture, kind of RoPE and arrangement of tensors that llama.cpp runs. */
    @ParameterizedTest
    @ValueSource(strings = {
        "llama/llama3-gqa", "llama/llama2-mha", "llama/llama-bf16", "llama/llama-linear-bias", "llama/llama-yarn",
        "llama/llama-sharded", "llama/mistral-window", "llama/qwen2-bias", "llama/qwen3-norm", "llama/smollm3-nope",
        "llama/gguf-llama3/model-q8_0.gguf", "more/gemma2-defaults", "more/granite-scaled", "more/granite-biases",
        "more/mixtral-top2", "more/phi3-longrope", "more/phi3-window", "more/qwen3moe-norm",
        "more/gguf-mixtral-q8_0/model-q8_0.gguf", "more/gguf-gemma3-q8_0/model-q8_0.gguf"
    })
    void logitsAreThoseOfTheFolder(String name) throws IOException {
        String source = CommandResult.TESTDATA.resolve("golden_" + name).toString();
        Path file = convert(source);
        assertThat(logits(file.toString())).isEqualTo(logits(source));
    }

    @ParameterizedTest
    @ValueSource(strings = {"f32", "f16", "bf16", "q8_0", "q4_0"})
    void typesAreThoseOfAConvertedFolder(String type) throws IOException {
        String source = CommandResult.TESTDATA.resolve("golden_llama/llama3-gqa").toString();
        Path converted = folder.resolve("converted");
        assertThat(CommandResult.of("convert", source, converted.toString(), "--dtype", type).code()).isZero();
        double[] expected = logits(converted.toString());
        assertThat(logits(convert(source, "--dtype", type).toString())).isEqualTo(expected);
        assertThat(logits(convert(converted.toString()).toString())).as("as the weights have it").isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"q4_k", "q5_k", "q6_k"})
    void kQuantsAreWrittenAsTheyAre(String type) throws IOException {
        String source = llama(folder.resolve("llama"), 512, 400).toString();
        Path converted = folder.resolve("converted");
        assertThat(CommandResult.of("convert", source, converted.toString(), "--dtype", type).code()).isZero();
        Path file = convert(converted.toString());
        assertThat(logits(file.toString())).isEqualTo(logits(converted.toString()));
        try (Checkpoint checkpoint = Checkpoint.open(file, true)) {
            assertThat(checkpoint.tensors().get("blk.0.attn_q.weight").dtype().name()).isEqualToIgnoringCase(type);
        }
    }

    /** Writes a Llama model of one layer with random weights. */
    private static Path llama(Path to, int width, int vocabulary) throws IOException {
        Random random = new Random(56);
        Files.createDirectories(to);
        Map<String, Object> config = new LinkedHashMap<>(Map.of("model_type", "llama", "hidden_size", width,
                "num_attention_heads", 4, "num_key_value_heads", 2, "num_hidden_layers", 1, "intermediate_size", 256,
                "max_position_embeddings", 64, "rms_norm_eps", 1e-5, "vocab_size", vocabulary,
                "tie_word_embeddings", true));
        Files.writeString(to.resolve("config.json"), Json.write(config));
        List<Tensor> tensors = new ArrayList<>();
        tensors.add(random("model.embed_tokens.weight", random, vocabulary, width));
        tensors.add(random("model.norm.weight", random, width));
        String layer = "model.layers.0.";
        for (String norm : List.of("input_layernorm", "post_attention_layernorm")) {
            tensors.add(random(layer + norm + ".weight", random, width));
        }
        for (String name : List.of("self_attn.q_proj", "self_attn.o_proj")) {
            tensors.add(random(layer + name + ".weight", random, width, width));
        }
        for (String name : List.of("self_attn.k_proj", "self_attn.v_proj")) {
            tensors.add(random(layer + name + ".weight", random, width / 2, width));
        }
        tensors.add(random(layer + "mlp.gate_proj.weight", random, 256, width));
        tensors.add(random(layer + "mlp.up_proj.weight", random, 256, width));
        tensors.add(random(layer + "mlp.down_proj.weight", random, width, 256));
        Safetensors.write(to.resolve("model.safetensors"), Map.of(), tensors);
        return to;
    }

    private static Tensor random(String name, Random random, long... shape) {
        long count = 1;
        for (long size : shape) {
            count *= size;
        }
        float[] elements = new float[(int) count];
        for (int i = 0; i < elements.length; i++) {
            elements[i] = (shape.length == 1 ? 1 : 0) + (float) random.nextGaussian() * 0.1f;
        }
        return Tensor.of(name, DType.F32, elements, shape);
    }

    @ParameterizedTest
    @CsvSource({"qwen3, 151700, gpt2, qwen2", "smollm2, 49152, gpt2, smollm", "llama3-small, 128256, gpt2, llama-bpe",
        "mistral-v0.1-legacy, 32000, llama, default"})
    void tokenizersHaveTheSameIds(String name, int vocabulary, String model, String pre) throws IOException {
        Path source = llama(folder.resolve("llama"), 8, vocabulary);
        Path tokenizer = CommandResult.TESTDATA.resolve("tokenizers").resolve(name);
        try (InputStream packed = new GZIPInputStream(Files.newInputStream(tokenizer.resolve("tokenizer.json.gz")))) {
            Files.copy(packed, source.resolve("tokenizer.json"));
        }
        Files.copy(tokenizer.resolve("tokenizer_config.json"), source.resolve("tokenizer_config.json"));
        Path file = convert(source.toString());
        try (Checkpoint checkpoint = Checkpoint.open(file, true)) {
            assertThat(checkpoint.gguf()).containsEntry("tokenizer.ggml.model", model)
                    .containsEntry("tokenizer.ggml.pre", pre).containsEntry("general.architecture", "llama");
        }
        Tokenizer expected = Tokenizer.load(source);
        Tokenizer found = Tokenizer.load(file);
        assertThat(found.beginningOfText()).isEqualTo(expected.beginningOfText());
        try (InputStream packed = new GZIPInputStream(Files.newInputStream(tokenizer.resolve("gold.jsonl.gz")))) {
            new String(packed.readAllBytes(), StandardCharsets.UTF_8).lines().limit(500).forEach(line -> {
                String text = (String) Json.parseObject(line.getBytes(StandardCharsets.UTF_8), "gold").get("text");
                assertThat(found.encode(text)).as(text).isEqualTo(expected.encode(text));
                assertThat(found.encodePrompt(text)).as(text).isEqualTo(expected.encodePrompt(text));
            });
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "models/t6-tiny               |            | 1 | expected a model that llama.cpp runs",
        "golden_llama/smollm3-list    |            | 1 | no_rope_layers[0]: expected",
        "golden_more/gemma2-window    |            | 1 | query_pre_attn_scalar: expected",
        "golden_more/qwen3moe-mixed   |            | 1 | expected, for a GGUF file of qwen3moe, experts in all layers",
        "golden_llama/llama3-gqa      | --dtype q4_k | 1 | rows of a multiple of 256 elements, found 32: use --dtype q8_0",
        "golden_llama/llama3-gqa      | --as tpa   | 2 | --as: expected no --to-gguf, found both",
        "golden_llama/llama3-gqa      | x          | 2 | expected DST or --to-gguf FILE, found both"})
    void modelsThatLlamaCppDoesNotRunAreRefused(String model, String options, int code, String message) {
        Path file = folder.resolve("model.gguf");
        List<String> args = new ArrayList<>(List.of("convert", CommandResult.TESTDATA.resolve(model).toString(),
                "--to-gguf", file.toString()));
        args.addAll(options == null ? List.of() : List.of(options.split(" ")));
        CommandResult ran = CommandResult.of(args.toArray(String[]::new));
        assertThat(ran.err().lines().toList().getLast()).contains(message);
        assertThat(ran.code()).isEqualTo(code);
        assertThat(file).doesNotExist();
    }

    @Test
    void foldersAreNotNamedLikeFiles() {
        CommandResult ran = CommandResult.of("convert", CommandResult.TINY, folder.resolve("m.gguf").toString());
        assertThat(ran.err()).contains("DST: expected a folder to create, found ", "; --to-gguf ").hasLineCount(1);
        assertThat(ran.code()).isEqualTo(2);
        assertThat(folder).isEmptyDirectory();
    }
}
