package io.github.t6j.flashtpa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestData;
import io.github.t6j.TestNumbers;
import io.github.t6j.flashtpa.FlashTpa.Factors;
import io.github.t6j.flashtpa.FlashTpa.Shape;
import io.github.t6j.flashtpa.RotaryEmbedding.Pairing;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests rotations by position against the documented formula in float64 and against the paper's authors' code. */
class RotaryEmbeddingTest {
    /** Rotates a vector as the class documents, in float64. */
    private static double[] oracle(float[] x, Pairing pairing, int rotaryDim, double base, int position) {
        double[] y = TestNumbers.doubles(x);
        for (int i = 0; i < rotaryDim / 2; i++) {
            double angle = position * Math.pow(base, -2.0 * i / rotaryDim);
            int first = pairing == Pairing.ADJACENT ? 2 * i : i;
            int second = pairing == Pairing.ADJACENT ? 2 * i + 1 : i + rotaryDim / 2;
            y[first] = x[first] * Math.cos(angle) - x[second] * Math.sin(angle);
            y[second] = x[first] * Math.sin(angle) + x[second] * Math.cos(angle);
        }
        return y;
    }

    /** The angle in f32 has an error of a few units in the last place: 2⁻²² of it, relative to vectors up to 1.5. */
    @ParameterizedTest
    @EnumSource(Pairing.class)
    void vectorsAreRotatedByTheDocumentedFormula(Pairing pairing) {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        int vectors = 3;
        int size = 37;
        int[] positions = {0, 1, 2, 63, 64, 129, 2047, 30000};
        for (int rotaryDim : new int[] {2, 20, 36}) {
            for (double base : new double[] {10000, 500000}) {
                float[] x = TestNumbers.uniform(random, positions.length * vectors * size);
                float[] found = x.clone();
                new RotaryEmbedding(pairing, rotaryDim, base).rotate(found, vectors, size, positions);
                for (int v = 0; v < positions.length * vectors; v++) {
                    float[] vector = Arrays.copyOfRange(x, v * size, (v + 1) * size);
                    int position = positions[v / vectors];
                    double[] expected = oracle(vector, pairing, rotaryDim, base, position);
                    for (int i = 0; i < size; i++) {
                        assertThat((double) found[v * size + i])
                                .as("seed " + seed + ", position " + position + ", element " + i)
                                .isCloseTo(expected[i], within(1e-6 + 1.5 * position * 0x1p-22));
                        assertThat(i < rotaryDim || found[v * size + i] == vector[i]).isTrue();
                    }
                }
            }
        }
    }

    @Test
    void theRotationOfT6MatchesTheOfficialCode() {
        for (int dim : new int[] {8, 24}) {
            double[] x = TestData.doubles("golden/units/units.safetensors", "rope_d" + dim + "/x");
            double[] y = TestData.doubles("golden/units/units.safetensors", "rope_d" + dim + "/y");
            int positions = 37;
            float[] found = new float[x.length];
            for (int i = 0; i < found.length; i++) {
                found[i] = (float) x[i];
            }
            RotaryEmbedding.t6(dim).rotate(
                    found, x.length / positions / dim, dim, IntStream.range(0, positions).toArray());
            for (int i = 0; i < found.length; i++) {
                assertThat((double) found[i]).as("element " + i).isCloseTo(y[i], within(1e-6));
            }
        }
    }

    @Test
    void frequenciesMayBeGiven() {
        float[] frequencies = {1f, 0.01f, 0f};
        float[] x = {1, 2, 3, 4, 5, 6, 7};
        new RotaryEmbedding(Pairing.HALVES, frequencies).rotate(x, 1, 7, new int[] {5});
        double[] expected = {
            Math.cos(5) - 4 * Math.sin(5), 2 * Math.cos(0.05) - 5 * Math.sin(0.05), 3,
            Math.sin(5) + 4 * Math.cos(5), 2 * Math.sin(0.05) + 5 * Math.cos(0.05), 6, 7
        };
        for (int i = 0; i < x.length; i++) {
            assertThat((double) x[i]).isCloseTo(expected[i], within(1e-6));
        }
    }

    /** Shifting all positions changes no attention, in the direction of T6, too. */
    @Test
    void scoresDependOnDistancesOnly() {
        Shape shape = new Shape(3, 16, 8, 2, 2, 1);
        FlashTpaData data = FlashTpaData.random(shape, 1, 1, 90, new Random(8));
        RotaryEmbedding rope = new RotaryEmbedding(Pairing.HALVES, 16, 10000);
        float[] expected = attend(data, rope, 0);
        assertThat(attend(data, rope, 0)).isEqualTo(expected);
        for (int shift : new int[] {1, 100, 1000}) {
            float[] found = attend(data, rope, shift);
            for (int i = 0; i < found.length; i++) {
                assertThat(found[i]).as("shift " + shift).isCloseTo(expected[i], within(2e-3f));
            }
        }
        float[] plain = attend(data, null, 0);
        double largest = IntStream.range(0, plain.length).mapToDouble(i -> Math.abs(plain[i] - expected[i])).max()
                .getAsDouble();
        assertThat(largest).as("effect of positions").isGreaterThan(0.05);
    }

    private static float[] attend(FlashTpaData data, RotaryEmbedding rope, int shift) {
        float[] bK = data.bK().clone();
        float[] bQ = data.bQ().clone();
        if (rope != null) {
            rope.rotate(bK, 2, 16, IntStream.range(shift, shift + 90).toArray());
            rope.rotate(bQ, 2, 16, new int[] {shift + 89});
        }
        try (FlashTpa flash = new FlashTpa(data.shape()); FlashTpaCache cache = flash.newCache(1)) {
            cache.append(90, Factors.of(data.aK(), bK), data.v());
            return cache.attend(1, Factors.of(data.aQ(), bQ));
        }
    }

    @Test
    void errorsNameTheInvalidArgument() {
        refuses(() -> new RotaryEmbedding(Pairing.HALVES, 7, 10000),
                "rotaryDim: expected an even number from 2 on, found 7");
        refuses(() -> RotaryEmbedding.t6(0), "rotaryDim: expected an even number from 2 on, found 0");
        refuses(() -> new RotaryEmbedding(Pairing.HALVES, 8, 0), "base: expected a finite number above 0, found 0.0");
        refuses(() -> new RotaryEmbedding(Pairing.HALVES), "frequencies: expected one or more, found none");
        refuses(() -> new RotaryEmbedding(Pairing.HALVES, 1f, Float.NaN),
                "frequencies[1]: expected a finite number, found NaN");
        RotaryEmbedding rope = RotaryEmbedding.t6(8);
        refuses(() -> rope.rotate(new float[16], 2, 7, new int[1]), "size: expected 8 or more, found 7");
        refuses(() -> rope.rotate(new float[17], 2, 8, new int[1]),
                "x: expected [1][2][8] = 16 elements, found 17");
        refuses(() -> rope.rotate(new float[16], 2, 8, new int[] {-1}), "positions[0]: expected 0 or more, found -1");
        assertThatNullPointerException().isThrownBy(() -> new RotaryEmbedding(null, 8, 10000)).withMessage("pairing");
        assertThatNullPointerException().isThrownBy(() -> rope.rotate(null, 1, 8, new int[1])).withMessage("x");
    }

    private static void refuses(Runnable call, String message) {
        assertThatIllegalArgumentException().isThrownBy(call::run).withMessage(message);
    }
}
