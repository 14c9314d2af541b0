package io.github.t6j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.attention.TensorRole;
import io.github.t6j.kernels.Workers;
import io.github.t6j.model.TensorSpec;
import io.github.t6j.training.layers.TrainingTensor;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests AdamW against its formula in double precision; TrajectoriesTest compares with torch. */
class AdamWTest {
    private static final int UPDATES = 20;
    private static final double RATE = 1e-2;

    /** Parameters larger than a block of elements, and not a multiple of a block. */
    private static List<Parameter> parameters(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Parameter> parameters = List.of(
                new Parameter(TrainingTensor.of(TensorSpec.of(TensorRole.GATE_UP, 0, "matrix", 131, 257))),
                new Parameter(TrainingTensor.of(TensorSpec.of(TensorRole.HEAD_NORM, 0, "gain", 7))));
        parameters.forEach(parameter -> fill(parameter.value(), random, 1));
        return parameters;
    }

    private static void fill(float[] values, SplittableRandom random, double scale) {
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (scale * (2 * random.nextDouble() - 1));
        }
    }

    @ParameterizedTest
    @CsvSource({"false, 1, 1", "true, 2, 0", "true, 3, 0.5"})
    void stepMatchesTheFormula(boolean decaysVectors, long seed, double clip) {
        TrainingOptions.Optimizer options = TrainingOptions.Optimizer.defaults().withBeta1(0.9).withBeta2(0.95)
                .withEpsilon(1e-8).withDecay(0.1).withDecaysVectors(decaysVectors).withClip(clip);
        List<Parameter> parameters = parameters(seed);
        List<double[][]> oracle = parameters.stream().map(AdamWTest::state).toList();
        SplittableRandom random = new SplittableRandom(-seed);
        try (Workers workers = new Workers(2)) {
            AdamW optimizer = new AdamW(parameters, options, workers);
            for (int t = 1; t <= UPDATES; t++) {
                double sum = 0;
                for (Parameter parameter : parameters) {
                    fill(parameter.gradient(), random, t % 3 == 0 ? 1e-3 : 1);
                    for (float g : parameter.gradient()) {
                        sum += (double) g * g;
                    }
                }
                double norm = optimizer.gradientNorm();
                assertThat(norm).as("seed %d", seed).isCloseTo(Math.sqrt(sum), within(1e-12 * norm));
                double factor = clip == 0 ? 1 : Math.min(1, clip / (Math.sqrt(sum) + 1e-6));
                assertThat(options.factor(norm)).isCloseTo(factor, within(1e-12));
                optimizer.step(RATE, t, factor);
                for (int i = 0; i < parameters.size(); i++) {
                    boolean decays = decaysVectors || i == 0;
                    step(oracle.get(i), parameters.get(i).gradient(), factor, t, decays ? 0.1 : 0);
                }
            }
        }
        for (int i = 0; i < parameters.size(); i++) {
            for (int j = 0; j < parameters.get(i).value().length; j++) {
                assertThat((double) parameters.get(i).value()[j]).as("seed %d, %d of %d", seed, j, i)
                        .isCloseTo(oracle.get(i)[0][j], within(2e-6));
            }
        }
    }

    /** State of a parameter: p, m, v. */
    private static double[][] state(Parameter parameter) {
        double[][] state = new double[3][parameter.value().length];
        for (int i = 0; i < parameter.value().length; i++) {
            state[0][i] = parameter.value()[i];
        }
        return state;
    }

    private static void step(double[][] state, float[] gradient, double factor, int t, double decay) {
        for (int i = 0; i < gradient.length; i++) {
            double g = factor * gradient[i];
            state[0][i] -= RATE * decay * state[0][i];
            state[1][i] = 0.9 * state[1][i] + 0.1 * g;
            state[2][i] = 0.95 * state[2][i] + 0.05 * g * g;
            double mean = state[1][i] / (1 - Math.pow(0.9, t));
            double square = state[2][i] / (1 - Math.pow(0.95, t));
            state[0][i] -= RATE * mean / (Math.sqrt(square) + 1e-8);
        }
    }

    @Test
    void bitsDoNotDependOnThreads() {
        float[][] values = new float[3][];
        double[] norms = new double[3];
        for (int threads = 1; threads <= 3; threads++) {
            List<Parameter> parameters = parameters(5);
            SplittableRandom random = new SplittableRandom(6);
            try (Workers workers = new Workers(threads)) {
                AdamW optimizer = new AdamW(parameters, TrainingOptions.Optimizer.defaults(), workers);
                for (int t = 1; t <= 5; t++) {
                    parameters.forEach(parameter -> fill(parameter.gradient(), random, 1));
                    norms[threads - 1] = optimizer.gradientNorm();
                    optimizer.step(RATE, t, 0.5);
                }
            }
            values[threads - 1] = parameters.getFirst().value();
        }
        assertThat(values[1]).isEqualTo(values[0]);
        assertThat(values[2]).isEqualTo(values[0]);
        assertThat(norms).containsOnly(norms[0]);
    }
}
