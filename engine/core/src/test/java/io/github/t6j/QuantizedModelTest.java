package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.checkpoint.Checkpoint;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests t6-tiny with quantised weights. */
class QuantizedModelTest {
    private static final int WINDOW = 512;
    private static final int WINDOWS = 10;

    @TempDir
    static Path folder;

    private static int[] ids;

    @BeforeAll
    static void convert() throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(TestData.tiny(), false)) {
            for (DType dtype : new DType[] {DType.Q8_0, DType.Q4_0}) {
                Path made = Files.createDirectory(folder.resolve(dtype.name()));
                for (String name : List.of("config.json", "tokenizer.json")) {
                    Files.copy(TestData.tiny().resolve(name), made.resolve(name));
                }
                List<Tensor> tensors = new ArrayList<>();
                for (Tensor tensor : checkpoint.tensors().values()) {
                    tensors.add(tensor.shape().size() != 2
                            ? tensor
                            : Tensor.of(tensor.name(), dtype, tensor.toFloats(), tensor.shape().get(0),
                                    tensor.shape().get(1)));
                }
                Safetensors.write(made.resolve("model.safetensors"), Map.of(), tensors);
            }
        }
        try (Model model = Model.load(TestData.tiny())) {
            String text = Files.readString(TestData.path("text/test.txt"));
            ids = Arrays.copyOf(model.tokenizer().encodeWithSpecialTokens(text), WINDOW * WINDOWS);
        }
    }

    private static Model load(DType dtype, int threads) {
        return Model.load(folder.resolve(dtype.name()), ModelOptions.defaults().withThreads(threads));
    }

    /** ADR 23 has the results for the whole file. */
    @ParameterizedTest
    @CsvSource({"Q8_0, 0.005", "Q4_0, 0.05"})
    void perplexityIsCloseToF32(DType dtype, double most) {
        double exact;
        try (Model model = Model.load(TestData.tiny())) {
            exact = perplexity(model);
        }
        try (Model model = load(dtype, 2)) {
            assertThat(perplexity(model) / exact).isBetween(1 - most, 1 + most).isNotEqualTo(1);
        }
    }

    private static double perplexity(Model model) {
        double[] nll = new double[1];
        try (Session session = model.newSession()) {
            for (int from = 0; from < ids.length; from += WINDOW) {
                int[] window = Arrays.copyOfRange(ids, from, from + WINDOW);
                session.truncate(0);
                session.prefill(window, (position, logits) -> {
                    if (position + 1 < WINDOW) {
                        nll[0] -= TinyModelTest.logProbability(logits, window[position + 1]);
                    }
                });
            }
        }
        return Math.exp(nll[0] / (WINDOWS * (WINDOW - 1)));
    }

    /** Passes with any number of rows of one form (ADR 31) give the same bits on one thread and on two. */
    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q4_0"})
    void bitsDependOnlyOnTheForm(DType dtype) {
        int[] some = Arrays.copyOf(ids, 160);
        try (Model one = load(dtype, 1); Model two = load(dtype, 2)) {
            assertThat(logits(one, some, 40)).as("many rows").isEqualTo(logits(two, some, 160));
            float[] steps = logits(two, some, 20);
            for (int chunk : new int[] {1, 8, 31}) {
                // the last chunk is always short enough
                assertThat(logits(one, some, chunk)).as("chunks of " + chunk).isEqualTo(steps);
            }
        }
    }

    private static float[] logits(Model model, int[] ids, int chunk) {
        try (Session session = model.newSession()) {
            for (int from = 0; from < ids.length; from += chunk) {
                session.prefill(Arrays.copyOfRange(ids, from, Math.min(from + chunk, ids.length)));
            }
            return session.logits().clone();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q4_0"})
    @Tag("steady")
    void decodingDoesNotAllocate(DType dtype) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Model model = load(dtype, 1); Session session = model.newSession()) {
            model.warmUp(Duration.ofMinutes(1)); // also kernels that are so cheap that the twin would keep them
            long thread = Thread.currentThread().threadId();
            long allocated = Long.MAX_VALUE;
            // vectors are objects until C2 has compiled the kernels, so wait for a stretch without allocations
            for (int round = 0; round < 200 && allocated > 0; round++) {
                session.prefill(Arrays.copyOf(ids, 65));
                long before = threads.getThreadAllocatedBytes(thread);
                for (int i = 0; i < 50; i++) {
                    session.step(ids[i]);
                    session.logits();
                }
                allocated = threads.getThreadAllocatedBytes(thread) - before;
                session.truncate(0);
            }
            assertThat(allocated).isZero();
        }
    }

    @Test
    void filesAreSmallerAndFingerprintsDiffer() throws IOException {
        assertThat(Files.size(folder.resolve("Q8_0/model.safetensors")))
                .isLessThan(Files.size(TestData.tiny().resolve("model.safetensors")) * 35 / 100);
        try (Model eight = load(DType.Q8_0, 1); Model four = load(DType.Q4_0, 1)) {
            assertThat(eight.loaded().transformer().fingerprint())
                    .isNotEqualTo(four.loaded().transformer().fingerprint());
            assertThat(eight.info().sizes().parameters()).isEqualTo(four.info().sizes().parameters());
        }
    }
}
