package io.github.t6j.jmh.peer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.weights.DType;
import io.github.t6j.weights.KQuantBlock;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Errors of matrices that t6j quantises, next to the errors of llama_model_quantize for the same weights and types. */
@Tag("peer")
class LlamaQuantizationTest {
    private static final long SEED = 29;
    private static final Results RESULTS = new Results("quantization", "## Quantisation", "",
            "Root mean square of the errors of all matrices of a type, relative to the weights.", "",
            "| type | matrices | t6j's error | llama.cpp's error | largest t6j's ÷ llama.cpp's |",
            "|---|--:|--:|--:|--:|");

    @TempDir
    Path folder;

    /** Sums over the matrices of a type. */
    private static final class Sums {
        private int count;
        private double weights;
        private double t6j;
        private double llama;
        private double largestRatio;
    }

    @Test
    void errorsAreThoseOfLlamaCpp() throws IOException {
        RandomModel model = RandomModel.all().getFirst();
        Path exact = folder.resolve("f32.gguf");
        model.write(exact, SEED);
        Map<DType, Sums> sums = new EnumMap<>(DType.class);
        for (LlamaFileType type : List.of(LlamaFileType.Q4_K_M, LlamaFileType.Q5_K_M, LlamaFileType.Q6_K)) {
            Path quantized = folder.resolve(type + ".gguf");
            Llama.open().quantize(exact, quantized, type);
            try (Checkpoint before = Checkpoint.open(exact, true);
                    Checkpoint after = Checkpoint.open(quantized, true)) {
                after.tensors().forEach((name, tensor) -> {
                    if (KQuantBlock.describes(tensor.dtype()) && tensor.dtype().blockSize() == KQuantBlock.SIZE) {
                        add(before.tensors().get(name).toFloats(), tensor,
                                sums.computeIfAbsent(tensor.dtype(), dtype -> new Sums()));
                    }
                });
            }
        }
        sums.forEach((dtype, sum) -> RESULTS.add(String.format(Locale.ROOT, "| %s | %d | %.5f | %.5f | %.4f |", dtype,
                sum.count, Math.sqrt(sum.t6j / sum.weights), Math.sqrt(sum.llama / sum.weights), sum.largestRatio)));
        assertThat(sums).containsOnlyKeys(EnumSet.of(DType.Q4_K, DType.Q5_K, DType.Q6_K));
        sums.forEach((dtype, sum) -> assertThat(sum.largestRatio).as("%s, seed %d", dtype, SEED)
                .isLessThanOrEqualTo(1.02));
    }

    private static void add(float[] weights, Tensor llama, Sums sums) {
        Tensor t6j = Tensor.of(llama.name(), llama.dtype(), weights, llama.shape().get(0), llama.shape().get(1));
        double ours = squares(t6j.toFloats(), weights);
        double theirs = squares(llama.toFloats(), weights);
        sums.count++;
        sums.weights += squares(new float[weights.length], weights);
        sums.t6j += ours;
        sums.llama += theirs;
        sums.largestRatio = Math.max(sums.largestRatio, Math.sqrt(ours / theirs));
    }

    private static double squares(float[] found, float[] expected) {
        double squares = 0;
        for (int i = 0; i < found.length; i++) {
            squares += Math.pow((double) found[i] - expected[i], 2);
        }
        return squares;
    }

    @AfterAll
    static void write() throws IOException {
        RESULTS.write();
    }
}
