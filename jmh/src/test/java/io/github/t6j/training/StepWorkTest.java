package io.github.t6j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.choice.KernelChoice;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Parts of a step: gradients against differences of the loss, AdamW against its formula, operations against numbers
 * computed by hand.
 */
class StepWorkTest {
    private static Kernels kernels(String name) {
        return name.equals("simd") ? KernelChoice.kernels() : KernelChoice.scalar();
    }

    @Tag("full")
    @ParameterizedTest
    @CsvSource({"simd, 2", "scalar, 1"})
    void backwardGivesTheLossesSlope(String kernels, int threads) {
        try (StepWork work = new StepWork(kernels(kernels), threads, "t6-nano", 2, 9)) {
            work.forward();
            work.backward();
            work.forward();
            double loss = work.backward(); // twice, as a benchmark does: gradients are one pass's
            assertThat(loss).isCloseTo(work.loss(), within(1e-5));
            double squares = 0;
            List<float[]> gradients = new ArrayList<>();
            for (Parameter parameter : work.parameters()) {
                gradients.add(parameter.gradient().clone());
                for (float g : parameter.gradient()) {
                    squares += (double) g * g;
                }
            }
            double norm = Math.sqrt(squares);
            float step = (float) (0.02 / norm); // along the gradient the loss rises by its norm times the way
            move(work, gradients, step);
            double above = work.loss();
            move(work, gradients, -2 * step);
            double below = work.loss();
            assertThat((above - below) / 0.04).isCloseTo(norm, within(0.01 * norm));
        }
    }

    private static void move(StepWork work, List<float[]> gradients, float step) {
        for (int p = 0; p < gradients.size(); p++) {
            float[] value = work.parameters().get(p).value();
            for (int i = 0; i < value.length; i++) {
                value[i] += step * gradients.get(p)[i];
            }
        }
    }

    /** The parts of a step, one by one, leave the numbers that the benchmark hashes. */
    @Test
    void firstStepHasGradientsAndUpdatedWeights() {
        try (StepWork work = new StepWork(KernelChoice.kernels(), 2, "t6-nano", 1, 7);
                StepWork parts = new StepWork(KernelChoice.kernels(), 1, "t6-nano", 1, 7)) {
            float[][] found = work.firstStep();

            parts.forward();
            float loss = (float) parts.backward();
            float norm = (float) parts.optimizer();
            assertThat(found[0]).containsExactly(loss, norm);
            assertThat(found).hasNumberOfRows(1 + 2 * parts.parameters().size());
            for (int p = 0; p < parts.parameters().size(); p++) {
                assertThat(found[1 + 2 * p]).isEqualTo(parts.parameters().get(p).gradient());
                assertThat(found[2 + 2 * p]).isEqualTo(parts.parameters().get(p).value());
            }
            assertThat(work.headDim()).isEqualTo(32);
        }
    }

    @Test
    void optimizerIsAdamW() {
        try (StepWork work = new StepWork(KernelChoice.kernels(), 2, "t6-nano", 1, 7)) {
            work.forward();
            work.backward();
            List<float[]> before = work.parameters().stream().map(parameter -> parameter.value().clone()).toList();
            double factor = Math.min(1, 1 / work.optimizer());
            for (int p = 0; p < before.size(); p++) {
                Parameter parameter = work.parameters().get(p);
                for (int i = 0; i < before.get(p).length; i++) {
                    double g = factor * parameter.gradient()[i];
                    double first = before.get(p)[i] * (1 - 1e-4 * 0.1) - 1e-4 * g / (Math.abs(g) + 1e-8);
                    assertThat((double) parameter.value()[i]).isCloseTo(first, within(1e-7));
                }
            }
        }
    }

    /**
     * t6-nano: 4 layers of 198784 weights (47360 of factors, 20480 of the output, 3 · 128 · 341), 4096 · 128 of the
     * vocabulary, 5 heads of 32 elements, ranks 6, 2, 2; 2 sequences of 3 tokens, 6 pairs each.
     */
    @Test
    void operationsAreThoseOfTheFormula() {
        try (StepWork work = new StepWork(KernelChoice.scalar(), 1, "t6-nano", 2, 3)) {
            long factors = 5 * 10 * 32;
            long pairs = 2 * 6;
            assertThat(work.forwardFlops())
                    .isEqualTo(6 * (2 * 4 * 198_784 + 4 * 2 * factors) + 4 * 4 * 5 * 32 * pairs);
            assertThat(work.backwardFlops()).isEqualTo(
                    6 * (4 * 4 * 198_784 + 6 * 524_288 + 4 * 4 * factors) + 4 * 10 * 5 * 32 * pairs);
            long step = 6 * (6 * 1_319_424 + 4 * 6 * factors) + 4 * 14 * 5 * 32 * pairs;
            assertThat(work.forwardFlops() + work.backwardFlops()).isEqualTo(step);
            assertThat(work.optimizerFlops()).isEqualTo(14 * 1_319_424);
            assertThat(work.optimizerBytes()).isEqualTo(20 * 1_319_424);
        }
    }

    @Test
    void otherAttentionsAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new StepWork(KernelChoice.scalar(), 1, "mha-nano", 1, 3))
                .withMessage("preset: expected a T6, found mha-nano, MHA");
    }
}
