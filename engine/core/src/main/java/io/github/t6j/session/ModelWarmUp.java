package io.github.t6j.session;

import io.github.t6j.kernels.choice.WarmingKernels;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/** Warm-up of a model: prompts and generations until the kernels are compiled. */
public final class ModelWarmUp {
    /** Context length of more than a page, so that full pages are processed, too. */
    public static final int CONTEXT = 128;

    /** Number of ids to generate after each prompt. */
    public static final int TOKENS = 24;

    /** Lengths of prompts that need tiles of every height, with and without a remainder. */
    private static final int[] PROMPTS = {24, 25, 19, 33, 100};

    private ModelWarmUp() {}

    /**
     * Runs generations until {@code kernels} are warm.
     *
     * @param generation continues a prompt in an empty session; returns false if the warm-up must end
     * @return false if it ended early
     */
    public static boolean run(WarmingKernels kernels, int vocabulary, Predicate<int[]> generation) {
        kernels.warmAll();
        for (int round = 0; round < PROMPTS.length || !kernels.isWarm(); round++) {
            int length = PROMPTS[round % PROMPTS.length];
            if (!generation.test(IntStream.range(0, length).map(i -> i * 31 % vocabulary).toArray())) {
                return false;
            }
        }
        return true;
    }
}
