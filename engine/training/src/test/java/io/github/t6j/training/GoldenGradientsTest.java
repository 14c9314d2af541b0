package io.github.t6j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestData;
import io.github.t6j.TestData.GoldenModel;
import io.github.t6j.kernels.choice.KernelChoice;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests loss and gradients against PyTorch's autograd on the official classes, in float64. */
@Tag("width")
class GoldenGradientsTest {
    private static final double GRADIENT_TOLERANCE = 1e-4; // relative to the tensor's largest gradient
    private static final double LOSS_TOLERANCE = 2e-5;

    static List<GoldenModel> cases() {
        return TestData.goldenModels().stream().filter(golden -> Files.exists(TestData.path(file(golden)))).toList();
    }

    private static String file(GoldenModel golden) {
        return "golden_training/" + golden.name() + ".safetensors";
    }

    private static double[] gradient(GoldenModel golden, String name) {
        return TestData.doubles(file(golden), name.equals("lm_head.weight") ? "transformer.wte.weight" : name);
    }

    @Test
    void sixteenModelsHaveGoldenGradients() {
        assertThat(cases()).hasSize(16);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void gradientsMatchAutograd(GoldenModel golden) {
        SmallModels small = SmallModels.read(golden.weights(), golden.variant());
        try (TrainableModel model = small.trainable(2)) {
            check(golden, model);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void scalarGradientsMatchAutograd(GoldenModel golden) {
        SmallModels small = SmallModels.read(golden.weights(), golden.variant());
        try (TrainableModel model =
                small.withWeights(TrainableModel.of(small.config(), small.specs(), 1, KernelChoice.scalar()))) {
            check(golden, model);
        }
    }

    private static void check(GoldenModel golden, TrainableModel model) {
        int[] ids = golden.ids();
        double loss = model.lossAndGradient(ids, SmallModels.shifted(ids), 1, ids.length, 1);
        assertThat(loss).isCloseTo(TestData.doubles(file(golden), "loss")[0], within(LOSS_TOLERANCE));
        for (Parameter parameter : model.parameters()) {
            double[] expected = gradient(golden, parameter.name());
            assertThat(expected).hasSameSizeAs(parameter.gradient());
            assertThat(error(parameter.gradient(), expected)).as(parameter.name()).isLessThan(GRADIENT_TOLERANCE);
        }
    }

    /** Returns the largest error divided by the largest gradient. */
    static double error(float[] found, double[] expected) {
        double largest = 0;
        double error = 0;
        for (int i = 0; i < expected.length; i++) {
            largest = Math.max(largest, Math.abs(expected[i]));
            error = Math.max(error, Math.abs(found[i] - expected[i]));
            assertThat(found[i]).isFinite();
        }
        return error / largest;
    }
}
