package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.family.VariantJson;
import io.github.t6j.family.VariantName;
import io.github.t6j.family.t6.T6Config;
import io.github.t6j.json.Json;
import io.github.t6j.model.TensorSpec;
import io.github.t6j.weights.GgufFile;
import io.github.t6j.weights.NativeMemory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests the models in testdata/hostile, which once crashed the engine or made it hang. */
@Isolated
@Timeout(10)
class HostileModelsTest {
    @TempDir
    Path folder;

    /** Returns the options of all models. */
    ModelOptions options() {
        return ModelOptions.defaults();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "zero-hidden            | full              | expected sizes from 1 to 4194304, found shape",
        "zero-width             | full              | expected sizes from 1 to 4194304, found shape",
        "zero-width-heads       | full              | expected sizes from 1 to 4194304, found shape",
        "zero-width-hidden-1G   | full              | expected sizes from 1 to 4194304, found shape",
        "zero-width-vocab-2e40  | full              | expected sizes from 1 to 4194304, found shape",
        "zero-width-vocab-500M  | full              | expected sizes from 1 to 4194304, found shape",
        "fixed-a_v-rank0        | full              | expected sizes from 1 to 4194304, found shape",
        "mla-negative-headdim   | full              | to be a multiple of",
        "infinity-header        | full              | expected a number of at most 1.7976931348623157E308",
        "index-infinity         | full              | expected a number of at most 1.7976931348623157E308",
        "config-infinity        | full              | expected a number of at most 1.7976931348623157E308",
        "index-surrogate        | full              | weight_map",
        "decay-1e-50            | partialrope-decay | rope_decay_base: expected above 0, up to 1, found 1.0E-50",
        "experts-2e40           | full              | experts.experts.weight: expected sizes from 1",
        "experts-empty          | full              | all experts, found shape [5, 0, 7]",
        "olala-experts-2e31     | full              | moe_num_routed_experts: expected at most 262144",
        "olala-experts-200k     | full              | expected at least 400001 tensors for the model's layers"
    })
    void theErrorGivesTheReason(String folder, String variant, String message) {
        ModelOptions options = options().withVariant(VariantName.parse(variant));
        assertThatThrownBy(() -> Model.load(TestData.path("hostile/" + folder), options))
                .isInstanceOfSatisfying(ModelFormatException.class, error -> {
                    assertThat(error.path()).contains(TestData.path("hostile/" + folder));
                    assertThat(error.kind()).isEqualTo(ModelFormatException.Kind.DAMAGED);
                })
                .isInstanceOf(T6jException.class)
                .hasMessageContaining(message);
    }

    /** Changes one key of a sound config.json. */
    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', delimiter = '|', value = {
        "model_type           | \"mamba\"", "hidden_act       | \"gelu\"",
        "architectures        | [\"LlamaForSequenceClassification\"]", "rope_interleaved | true",
        "quantization_config  | {\"quant_method\": \"awq\"}", "partial_rotary_factor | 0.5",
        "rope_scaling         | {\"rope_type\": \"longrope\"}"
    })
    void aModelOfAnotherKindIsUnsupported(String key, String value) throws IOException {
        Path golden = TestData.path("golden_llama/llama3-gqa");
        Map<String, Object> config =
                new LinkedHashMap<>(Json.parseObject(Files.readAllBytes(golden.resolve("config.json")), "config"));
        config.put(key, Json.parse(value.getBytes(StandardCharsets.UTF_8), key));
        Files.writeString(folder.resolve("config.json"), Json.write(config));
        Files.copy(golden.resolve("model.safetensors"), folder.resolve("model.safetensors"));
        assertUnsupported(() -> Model.load(folder, options()), folder);
    }

    @Test
    void anotherVersionOrTypeIsUnsupported() throws IOException {
        Path gguf = folder.resolve("model.gguf");
        Files.write(gguf, new GgufFile().version(1).make());
        assertUnsupported(() -> Model.load(gguf, options()), gguf);
        Files.write(gguf, new GgufFile().tensor("w", 16, new byte[66], 1, 256).make()); // IQ2_XXS
        assertUnsupported(() -> Model.load(gguf, options()), gguf);
    }

    private static void assertUnsupported(ThrowingCallable call, Path path) {
        assertThatThrownBy(call).isInstanceOfSatisfying(ModelFormatException.class, error -> {
            assertThat(error.path()).as(error.getMessage()).contains(path);
            assertThat(error.kind()).as(error.getMessage()).isEqualTo(ModelFormatException.Kind.UNSUPPORTED);
        });
    }

    /** Matrices with few rows in a sparse file, which would take gigabytes when padded to whole panels. */
    @Test
    void weightsThatWouldGrowInMemoryAreRejected() throws IOException {
        long width = 3;
        Map<String, Object> config = Map.of(
                "n_layer", 1L, "n_head", 1L, "head_dim", 2L, "group_size", 1L, "n_embd", width, "vocab_size", 1L,
                "block_size", 8L);
        Map<String, Object> header = new LinkedHashMap<>();
        long end = 0;
        for (TensorSpec spec : new T6Config(T6Config.Attention.GQA, config, VariantJson.none()).tensors()) {
            List<Long> shape = spec.shape().stream().map(size -> size == width ? 1L << 22 : size).toList();
            long begin = end;
            end += 2 * shape.stream().reduce(1L, Math::multiplyExact);
            header.put(spec.name(), Map.of("dtype", "F16", "shape", shape, "data_offsets", List.of(begin, end)));
        }
        byte[] json = Json.writeLine(header).getBytes(StandardCharsets.UTF_8);
        Path file = folder.resolve("model.safetensors");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, json.length));
            channel.write(ByteBuffer.wrap(json));
            channel.write(ByteBuffer.allocate(1), 8 + json.length + end - 1);
        }
        Files.writeString(folder.resolve("config.json"), "{\"n_head\": 1}");
        long before = NativeMemory.allocatedBytes();
        assertThatThrownBy(() -> Model.load(folder, options().withWeightType(WeightType.F32)))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining(folder.toString()).hasMessageContaining("to take at most");
        assertThat(NativeMemory.allocatedBytes()).isEqualTo(before);
    }

    /** The cache stores no elements, in every cache type. */
    @Test
    void aModelWithFixedKeysAndValuesRuns() {
        try (Model model = Model.load(TestData.path("hostile/all-keys-values-fixed"), options())) {
            float[] expected = null;
            for (CacheType type : CacheType.values()) {
                try (Session session = model.newSession(SessionOptions.defaults().withCacheType(type))) {
                    session.prefill(1, 2, 3);
                    float[] logits = Arrays.copyOf(session.logits(), session.logits().length);
                    expected = expected == null ? logits : expected;
                    assertThat(logits).as(type.name()).isEqualTo(expected);
                    assertThat(session.usedCacheBytes()).isZero();
                }
            }
        }
    }
}
