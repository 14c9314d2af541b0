package io.github.t6j.jmh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openjdk.jmh.annotations.Fork;

/** Correctness of the training benchmarks, as in {@link BenchmarksTest}: compares with sums in float64. */
class TrainingBenchmarksTest {
    private static final double CLOSE = 1e-4;

    private static Rates rates() {
        Rates rates = new Rates();
        rates.begin();
        return rates;
    }

    @ParameterizedTest
    @CsvSource({"simd, 70, 34, 20", "scalar, 3, 65, 2"})
    void productsAreThoseOfALinearLayer(String kernels, int rows, int outputs, int inputs) {
        TrainingProductsBenchmark benchmark = new TrainingProductsBenchmark();
        benchmark.shape = rows + "x" + outputs + "x" + inputs;
        benchmark.threads = 2;
        benchmark.kernels = kernels;
        benchmark.fill();
        Rates rates = rates();
        float[] x = benchmark.layer.x;
        float[] w = benchmark.layer.w;
        float[] dy = benchmark.layer.dy;

        float[] y = benchmark.forward(rates);
        float[] dx = benchmark.inputGradient(rates);
        float[] dw = benchmark.weightGradient(rates);

        for (int r = 0; r < rows; r++) {
            for (int o = 0; o < outputs; o++) {
                double sum = 0;
                for (int i = 0; i < inputs; i++) {
                    sum += (double) w[o * inputs + i] * x[r * inputs + i];
                }
                assertThat((double) y[r * outputs + o]).isCloseTo(sum, within(CLOSE));
            }
            for (int i = 0; i < inputs; i++) {
                double sum = 0;
                for (int o = 0; o < outputs; o++) {
                    sum += (double) w[o * inputs + i] * dy[r * outputs + o];
                }
                assertThat((double) dx[r * inputs + i]).isCloseTo(sum, within(CLOSE));
            }
        }
        for (int o = 0; o < outputs; o++) {
            for (int i = 0; i < inputs; i++) {
                double sum = 0;
                for (int r = 0; r < rows; r++) {
                    sum += (double) dy[r * outputs + o] * x[r * inputs + i];
                }
                assertThat((double) dw[o * inputs + i]).isCloseTo(sum, within(CLOSE));
            }
        }
        rates.end();
        assertThat(benchmark.layer.flops()).isEqualTo(2L * rows * outputs * inputs);
        assertThat(rates.flopsPerSecond()).isPositive();
        benchmark.close();
    }

    /** Compares y with its definition; since y is linear in v, Σ dy ⊙ y = Σ dv ⊙ v. */
    @ParameterizedTest
    @ValueSource(strings = {"simd", "scalar"})
    void attentionIsThatOfEachHead(String kernels) {
        TrainingAttentionBenchmark benchmark = new TrainingAttentionBenchmark();
        benchmark.shape = "2x66x3x8";
        benchmark.threads = 2;
        benchmark.kernels = kernels;
        benchmark.fill();
        Rates rates = rates();

        float[] y = benchmark.forward(rates);
        float[] dv = benchmark.backward(rates)[2];

        double ofY = 0;
        double ofV = 0;
        for (int i = 0; i < y.length; i++) {
            ofY += (double) benchmark.dy[i] * y[i];
            ofV += (double) benchmark.v[i] * dv[i];
        }
        assertThat(ofV).isCloseTo(ofY, within(1e-3));
        for (int item = 0; item < 6; item++) {
            int first = (item / 3 * 66 * 3 + item % 3) * 8;
            for (int t = 0; t < 66; t++) {
                assertRow(benchmark, y, first, t);
            }
        }
        rates.end();
        assertThat(rates.flopsPerSecond()).isPositive();
        benchmark.close();
    }

    /** Gradients of the first backward pass are compared, before other passes add to them. */
    @Test
    void attentionHashesItsGradients() {
        TrainingAttentionBenchmark benchmark = new TrainingAttentionBenchmark();
        benchmark.shape = "1x66x2x8";
        benchmark.threads = 1;
        benchmark.kernels = "simd";
        benchmark.fill();
        float[] y = benchmark.forward(rates()).clone();
        float[][] gradients = benchmark.backward(rates());
        float[][] expected = {y, gradients[0].clone(), gradients[1].clone(), gradients[2].clone()};
        benchmark.close();

        benchmark.prepare();

        assertThat(Outputs.hash()).isEqualTo(OutputsTest.crc(expected));
        benchmark.close();
    }

    private static void assertRow(TrainingAttentionBenchmark b, float[] y, int first, int t) {
        double sum = 0;
        double[] expected = new double[8];
        for (int s = 0; s <= t; s++) {
            double score = 0;
            for (int d = 0; d < 8; d++) {
                score += (double) b.q[first + t * 24 + d] * b.k[first + s * 24 + d];
            }
            double p = Math.exp(score / Math.sqrt(8));
            sum += p;
            for (int d = 0; d < 8; d++) {
                expected[d] += p * b.v[first + s * 24 + d];
            }
        }
        for (int d = 0; d < 8; d++) {
            assertThat((double) y[first + t * 24 + d]).isCloseTo(expected[d] / sum, within(CLOSE));
        }
    }

    /** {@link io.github.t6j.training.StepWorkTest} checks the numbers; this test checks that all parts are counted. */
    @ParameterizedTest
    @ValueSource(strings = {"simd", "scalar"})
    void partsOfAStepAreCounted(String kernels) {
        TrainingStepBenchmark benchmark = new TrainingStepBenchmark();
        benchmark.shape = "t6-nano/2x5";
        benchmark.threads = 2;
        benchmark.kernels = kernels;
        benchmark.fill();
        Rates forward = rates();
        benchmark.forward(forward);
        forward.end();
        assertThat(forward.flopsPerSecond()).isPositive();

        Rates backward = rates();
        TrainingStepBenchmark.Before before = new TrainingStepBenchmark.Before();
        before.forward(benchmark);
        assertThat(benchmark.backward(before, backward)).isCloseTo(Math.log(4096), within(1.0));
        backward.end();
        assertThat(backward.flopsPerSecond()).isPositive();

        Rates optimizer = rates();
        assertThat(benchmark.optimizer(optimizer)).isPositive();
        optimizer.end();
        assertThat(optimizer.bytesPerSecond() / optimizer.flopsPerSecond()).isCloseTo(20 / 14.0, within(0.01));
        benchmark.close();
    }

    @Test
    void allForkWithVectors() {
        assertThat(new Class<?>[] {TrainingProductsBenchmark.class, TrainingAttentionBenchmark.class,
            TrainingStepBenchmark.class})
                .allSatisfy(benchmark -> assertThat(benchmark.getAnnotation(Fork.class).jvmArgsPrepend())
                        .contains(BenchmarkSupport.VECTORS));
    }
}
