package io.github.t6j.jmh.peer;

import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.Session;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Logits of GGUF files that llama.cpp has quantised, next to llama.cpp's. Both are compared with a forward pass in
 * float64 of the same weights, turned back into f32. llama.cpp runs with an f32 cache and without flash attention.
 */
@Tag("peer")
class LlamaLogitsTest {
    /** One for all runs, so that two tables differ by what was changed. */
    private static final long SEED = 28;
    private static final int IDS = 150;
    private static final int THREADS = 2;
    private static final Results RESULTS = new Results("logits", "## Logits", "",
            "Error: root mean square of the difference from float64, relative to the logits; " + IDS
                    + " positions, "
                    + RandomModel.VOCABULARY
                    + " logits each. Largest difference: of t6j's and llama.cpp's logits, divided by"
                    + " the largest logit. llama.cpp rounds activations to f16 or bf16 where weights are; both round them"
                    + " to 8 bits where weights are quantised.",
            "", "| model | type | t6j's error | llama.cpp's error | t6j's ÷ llama.cpp's | largest difference |",
            "|---|---|--:|--:|--:|--:|");

    @TempDir
    Path folder;

    /**
     * Bounds of a type.
     *
     * @param difference of t6j's logits and llama.cpp's, relative to the largest logit: products with f16 and bf16
     *     weights round activations in llama.cpp
     * @param ratio of t6j's error and llama.cpp's: integer products round activations in both
     */
    private record Bounds(LlamaFileType type, double difference, double ratio) {
        static Bounds of(LlamaFileType type) {
            return switch (type) {
                case F32 -> new Bounds(type, 1e-5, Double.POSITIVE_INFINITY);
                case F16, BF16 -> new Bounds(type, 1e-2, Double.POSITIVE_INFINITY);
                case Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K_M, Q5_K_M, Q6_K ->
                    new Bounds(type, Double.POSITIVE_INFINITY, 1.3);
            };
        }
    }

    static List<RandomModel> models() {
        return RandomModel.all();
    }

    @ParameterizedTest
    @MethodSource("models")
    void t6jIsAsCloseToFloat64AsLlamaCpp(RandomModel model) throws IOException {
        int[] ids = new Random(SEED).ints(IDS, 0, RandomModel.VOCABULARY).toArray();
        Path f32 = folder.resolve("f32.gguf");
        model.write(f32, SEED);
        SoftAssertions all = new SoftAssertions();
        for (LlamaFileType type : types(model)) {
            Path file = type == LlamaFileType.F32 ? f32 : folder.resolve(type + ".gguf");
            Path dequantized = type == LlamaFileType.F32 ? f32 : folder.resolve("dequantized.gguf");
            if (type != LlamaFileType.F32) {
                Llama.open().quantize(f32, file, type);
                Llama.open().quantize(file, dequantized, LlamaFileType.F32);
            }
            check(model, Bounds.of(type), all, new Logits(
                    t6j(file, ids), llama(file, ids), new Reference(model, dequantized).logits(ids)));
            if (type != LlamaFileType.F32) {
                Files.delete(file);
            }
        }
        all.assertAll();
    }

    /** A rounded product's input may choose another expert, in one program or the other: then nothing is near. */
    private static LlamaFileType[] types(RandomModel model) {
        return model.hasExperts() ? new LlamaFileType[] {LlamaFileType.F32} : LlamaFileType.values();
    }

    private static void check(RandomModel model, Bounds bounds, SoftAssertions all, Logits logits) {
        double ratio = logits.error(logits.t6j) / logits.error(logits.llama);
        String row = String.format(Locale.ROOT, "| %s | %s | %.2e | %.2e | %.2f | %.1e |", model, bounds.type,
                logits.error(logits.t6j), logits.error(logits.llama), ratio, logits.largestDifference());
        RESULTS.add(row);
        all.assertThat(logits.largestDifference()).as("largest difference, seed %d: %s", SEED, row)
                .isLessThanOrEqualTo(bounds.difference);
        all.assertThat(ratio).as("ratio, seed %d: %s", SEED, row).isLessThanOrEqualTo(bounds.ratio);
    }

    @AfterAll
    static void write() throws IOException {
        RESULTS.write();
    }

    private static float[][] t6j(Path file, int[] ids) {
        float[][] logits = new float[ids.length][];
        try (Model model = Model.load(file, ModelOptions.defaults().withThreads(THREADS));
                Session session = model.newSession()) {
            session.prefill(ids, (position, found) -> logits[position] = found.clone());
        }
        return logits;
    }

    private static float[][] llama(Path file, int[] ids) {
        try (LlamaModel model = Llama.open().load(file); LlamaContext context = model.newContext(256, THREADS)) {
            return context.decode(ids);
        }
    }

    /** Logits of all positions: [position][id], but of the reference [id][position]. */
    private record Logits(float[][] t6j, float[][] llama, double[][] reference) {

        /** Root mean square of the difference from the reference, relative to the reference's. */
        double error(float[][] found) {
            double errors = 0;
            double squares = 0;
            for (int position = 0; position < found.length; position++) {
                for (int id = 0; id < reference.length; id++) {
                    double expected = reference[id][position];
                    errors += Math.pow(found[position][id] - expected, 2);
                    squares += expected * expected;
                }
            }
            return Math.sqrt(errors / squares);
        }

        /** Largest difference of both programs, relative to the largest logit. */
        double largestDifference() {
            double largest = 0;
            double difference = 0;
            for (int position = 0; position < llama.length; position++) {
                for (int id = 0; id < reference.length; id++) {
                    largest = Math.max(largest, Math.abs(reference[id][position]));
                    difference = Math.max(difference, Math.abs((double) t6j[position][id] - llama[position][id]));
                }
            }
            return difference / largest;
        }
    }
}
