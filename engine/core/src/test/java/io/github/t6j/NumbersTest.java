package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.family.VariantName;
import io.github.t6j.sampling.SamplingOptions;
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
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests NaN, infinities and the ends of ranges: errors name them, and no step hides them. */
class NumbersTest {
    private static final int[] IDS = {1, 2, 3, 1};

    /**
     * Copies a golden model with one element of tensor {@code broken} replaced; matrices are converted to
     * {@code dtype}.
     */
    private static void write(Path from, Path to, String broken, float value, DType dtype) throws IOException {
        Files.copy(from.resolve("config.json"), to.resolve("config.json"));
        try (Checkpoint checkpoint = Checkpoint.open(from, false)) {
            List<Tensor> tensors = new ArrayList<>();
            for (Tensor tensor : checkpoint.tensors().values()) {
                float[] elements = tensor.toFloats();
                if (tensor.name().equals(broken)) {
                    // in an embedding, the row of an id that is fed
                    int width = Math.toIntExact(tensor.shape().getLast());
                    elements[tensor.shape().size() == 2 ? width + 1 : 0] = value;
                }
                DType own = tensor.shape().size() == 2 ? dtype : DType.F32;
                tensors.add(Tensor.of(tensor.name(), own, elements,
                        tensor.shape().stream().mapToLong(size -> size).toArray()));
            }
            Safetensors.write(to.resolve("model.safetensors"), Map.of(), tensors);
        }
    }

    private static boolean allNumbers(float[] logits) {
        for (float logit : logits) {
            if (!Float.isFinite(logit)) {
                return false;
            }
        }
        return true;
    }

    private static float[] logits(Model model, CacheType type) {
        try (Session session = model.newSession(SessionOptions.defaults().withCacheType(type))) {
            session.prefill(IDS);
            return session.logits().clone();
        }
    }

    /** One NaN or infinite weight reaches the logits: no maximum, rounding or exponential hides it. */
    @ParameterizedTest
    @CsvSource({"T6_odd, full", "T6_kvonly, full", "T6_groupnorm, full", "llama-gqa, full", "llama-mla, full",
        "T6_linearattn, linearattn"})
    void aNaNOrInfiniteWeightReachesTheLogits(String golden, String variant, @TempDir Path folder) throws IOException {
        Path from = TestData.path("golden/" + golden);
        List<String> names;
        try (Checkpoint checkpoint = Checkpoint.open(from, false)) {
            names = List.copyOf(checkpoint.tensors().keySet());
        }
        List<String> hidden = new ArrayList<>();
        for (String name : names) {
            Path made = Files.createDirectory(folder.resolve(name));
            write(from, made, name, Float.NaN, DType.F32);
            ModelOptions options = ModelOptions.defaults().withThreads(1).withVariant(VariantName.parse(variant));
            try (Model model = Model.load(made, options)) {
                for (CacheType type : CacheType.values()) {
                    if (allNumbers(logits(model, type))) {
                        hidden.add(name + ", cache " + type);
                    }
                }
            }
        }
        assertThat(names).hasSizeGreaterThan(5);
        assertThat(hidden).isEmpty();
    }

    /** NaN in a vector also reaches the logits with quantised weights, where activations are rounded to integers. */
    @ParameterizedTest
    @ValueSource(strings = {"Q8_0", "Q4_0"})
    void quantisedProductsDoNotHideNaN(DType dtype, @TempDir Path folder) throws IOException {
        Path made = Files.createDirectory(folder.resolve("made"));
        Path from = TestData.path("golden/llama-mha_groupnorm");
        String norm;
        try (Checkpoint checkpoint = Checkpoint.open(from, false)) {
            norm = checkpoint.tensors().values().stream().filter(tensor -> tensor.shape().size() == 1)
                    .findFirst().orElseThrow().name();
        }
        write(from, made, norm, Float.NaN, dtype);
        try (Model model = Model.load(made, ModelOptions.defaults().withVariant(VariantName.parse("full")))) {
            assertThat(allNumbers(logits(model, CacheType.F32))).isFalse();
        }
    }

    /** Logits may be read, but choosing an id from NaN is an error, and the session keeps its ids. */
    @Test
    void generatingFromNaNLogitsIsAnError() {
        try (Model model = Model.load(TestData.path("hostile/nan-weights")); Session session = model.newSession()) {
            session.prefill(1, 2);
            assertThat(session.logits()).contains(Float.NaN);
            for (SamplingOptions sampling : List.of(SamplingOptions.defaults(), SamplingOptions.greedy())) {
                GenerationOptions options = GenerationOptions.defaults().withSampling(sampling);
                for (ThrowingCallable call : List.<ThrowingCallable>of(
                        () -> session.generate(Prompt.of(3), options, token -> true),
                        () -> session.generateSamples(Prompt.of("a"), 2, options))) {
                    assertThatThrownBy(call).isInstanceOf(IllegalStateException.class).hasMessage(
                            "logits: expected finite numbers or -Infinity, found NaN for id 0: the model computed it;"
                                    + " are its weights damaged?");
                }
            }
            assertThat(session.ids()).startsWith(1, 2, 3);
            session.truncate(0);
            session.step(1);
        }
    }

    @Test
    void aContextOfOneId() {
        try (Model model = Model.load(TestData.tiny());
                Session session = model.newSession(SessionOptions.defaults().withContextLength(1))) {
            assertThat(session.contextLength()).isOne();
            assertThatThrownBy(() -> session.prefill(1, 2)).isInstanceOf(IllegalStateException.class)
                    .hasMessageStartingWith("the context has room for 1 ids and holds 0: expected at most 1 more");
            session.prefill(1);
            float[] logits = session.logits().clone();
            Generation generation = session.generate("", GenerationOptions.defaults());
            assertThat(generation.finishReason()).isEqualTo(FinishReason.CONTEXT_FULL);
            assertThat(generation.tokens()).isEmpty();
            assertThat(session.generateSamples(Prompt.of(""), 2, GenerationOptions.defaults()))
                    .extracting(Generation::finishReason).containsOnly(FinishReason.CONTEXT_FULL);
            String full = "the context has room for 1 ids and holds 1: expected at most 0 more, found 1";
            for (ThrowingCallable call : List.<ThrowingCallable>of(
                    () -> session.step(2), () -> session.prefill(2), () -> model.step(List.of(session), 2),
                    () -> session.generate(Prompt.of(2), GenerationOptions.defaults(), token -> true))) {
                assertThatThrownBy(call).isInstanceOf(IllegalStateException.class).hasMessageStartingWith(full);
            }
            assertThat(session.ids()).containsExactly(1);
            assertThat(session.logits()).isEqualTo(logits);
            session.truncate(0);
            session.step(1);
            assertThat(session.logits()).isEqualTo(logits);
        }
    }

    /** Every method that takes ids rejects it and feeds nothing. */
    @ParameterizedTest
    @ValueSource(ints = {Integer.MIN_VALUE, -1, 4096, Integer.MAX_VALUE})
    void anInvalidIdIsRejected(int id) {
        try (Model model = Model.load(TestData.tiny()); Session session = model.newSession()) {
            GenerationOptions options = GenerationOptions.defaults();
            SamplingOptions bias = id < 0 ? null : SamplingOptions.defaults().withLogitBias(Map.of(id, 1f));
            List<ThrowingCallable> calls = new ArrayList<>(List.of(
                    () -> session.prefill(1, id), () -> session.prefill(new int[] {id}, (position, logits) -> {
                    }), () -> session.step(id), () -> model.step(List.of(session), id),
                    () -> session.generate(Prompt.of(1, id), options, token -> true),
                    () -> model.tokenizer().decode(new int[] {1, id}),
                    () -> model.tokenizer().newDecoder().append(id)));
            if (bias != null) {
                calls.add(() -> session.generate("The", options.withSampling(bias)));
            }
            for (ThrowingCallable call : calls) {
                assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("0 to 4095").hasMessageContaining(String.valueOf(id));
            }
            assertThatThrownBy(session::logits).isInstanceOf(IllegalStateException.class);
        }
    }

    /** Rejected options leave the session unchanged, as in {@link Session#generate}. */
    @Test
    void rejectedSamplesFeedNothing() {
        try (Model model = Model.load(TestData.tiny()); Session session = model.newSession()) {
            SamplingOptions bias = SamplingOptions.defaults().withLogitBias(Map.of(4096, 1f));
            assertThatThrownBy(
                    () -> session.generateSamples(Prompt.of("The"), 2, GenerationOptions.defaults().withSampling(bias)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("logitBias: expected ids from 0 to 4095, found 4096");
            assertThat(session.position()).isZero();
        }
    }
}
