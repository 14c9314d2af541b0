package io.github.t6j;

import java.util.Random;

/** Random numbers for tests. The test chooses the seed and shows it on failure. */
public final class TestNumbers {
    private TestNumbers() {}

    /** Returns {@code n} normal numbers with standard deviation {@code deviation}. */
    public static float[] normal(Random random, int n, double deviation) {
        float[] numbers = new float[n];
        for (int i = 0; i < n; i++) {
            numbers[i] = (float) (random.nextGaussian() * deviation);
        }
        return numbers;
    }

    /** Returns {@code n} uniform numbers from −1 to 1. */
    public static float[] uniform(Random random, int n) {
        return uniform(random, n, 1);
    }

    /** Returns {@code n} uniform numbers from −{@code limit} to {@code limit}. */
    public static float[] uniform(Random random, int n, float limit) {
        float[] numbers = new float[n];
        for (int i = 0; i < n; i++) {
            numbers[i] = limit * (2 * random.nextFloat() - 1);
        }
        return numbers;
    }

    /** Converts floats to doubles. */
    public static double[] doubles(float[] floats) {
        double[] doubles = new double[floats.length];
        for (int i = 0; i < floats.length; i++) {
            doubles[i] = floats[i];
        }
        return doubles;
    }
}
