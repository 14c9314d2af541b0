package io.github.t6j;

import java.util.Random;

/** Random numbers for tests; the seed is the test's, which shows it when it fails. */
public final class TestNumbers {
    private TestNumbers() {}

    /** {@code n} normal numbers of that standard deviation. */
    public static float[] normal(Random random, int n, double deviation) {
        float[] numbers = new float[n];
        for (int i = 0; i < n; i++) {
            numbers[i] = (float) (random.nextGaussian() * deviation);
        }
        return numbers;
    }

    /** {@code n} numbers from −1 to 1. */
    public static float[] uniform(Random random, int n) {
        return uniform(random, n, 1);
    }

    /** {@code n} numbers from −{@code limit} to {@code limit}. */
    public static float[] uniform(Random random, int n, float limit) {
        float[] numbers = new float[n];
        for (int i = 0; i < n; i++) {
            numbers[i] = limit * (2 * random.nextFloat() - 1);
        }
        return numbers;
    }

    /** The same numbers, wider. */
    public static double[] doubles(float[] floats) {
        double[] doubles = new double[floats.length];
        for (int i = 0; i < floats.length; i++) {
            doubles[i] = floats[i];
        }
        return doubles;
    }
}
