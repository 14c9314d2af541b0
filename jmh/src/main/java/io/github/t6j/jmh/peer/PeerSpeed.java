package io.github.t6j.jmh.peer;

import java.util.Arrays;

/**
 * Speed of a model in an engine, measured alternately with the others.
 *
 * @param model name of the model
 * @param type type of the weights
 * @param cache type of the cache's elements
 * @param depth tokens in the cache before the test; −1 for a prompt into an empty cache
 * @param tokensPerSecond speed of each round
 */
public record PeerSpeed(
        String engine, String model, String type, String cache, int tokens, int depth, double[] tokensPerSecond) {
    /** Returns the name of the test. */
    public String test() {
        return depth < 0 ? "prompt of " + tokens : "decode at " + depth;
    }

    /** Returns the speed of the fastest round. */
    public double fastest() {
        return Arrays.stream(tokensPerSecond).max().orElseThrow();
    }

    /** Returns the median speed; of an even number of rounds, the lower of the two in the middle. */
    public double median() {
        double[] sorted = tokensPerSecond.clone();
        Arrays.sort(sorted);
        return sorted[(sorted.length - 1) / 2];
    }
}
