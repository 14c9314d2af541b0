package io.github.t6j;

import io.github.t6j.kernels.WarmingKernels;
import io.github.t6j.sampling.SamplingOptions;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

/** Implementation of {@link Model#warmUp}. */
final class WarmUp {
    /** Context length of more than a page, so that full pages are processed, too. */
    static final int CONTEXT = 128;

    /** Lengths of prompts whose rows split into tiles of all heights that longer prompts need, evenly and unevenly. */
    private static final int[] PROMPTS = {24, 25, 19, 33, 100};
    private static final int TOKENS = 24;

    private WarmUp() {}

    static boolean run(Model model, WarmingKernels kernels, Duration atMost) {
        long start = System.nanoTime();
        GenerationOptions options = new GenerationOptions(
                TOKENS, SamplingOptions.defaults().withSeed(0L), List.of(), true);
        try (Session session = model.newSession(SessionOptions.defaults().withContextLength(CONTEXT))) {
            for (int round = 0; round < PROMPTS.length || !kernels.isWarm(); round++) {
                int[] ids = IntStream.range(0, PROMPTS[round % PROMPTS.length])
                        .map(i -> i * 31 % session.vocabulary()).toArray();
                session.truncate(0);
                Generation generation = session.generate(ids, options, token -> isWithin(start, atMost));
                if (generation.finishReason() == FinishReason.CANCELLED || !isWithin(start, atMost)) {
                    return false;
                }
            }
            return true;
        } catch (IllegalStateException closed) {
            if (!model.use().isClosed()) {
                throw closed;
            }
            return false;
        }
    }

    private static boolean isWithin(long start, Duration atMost) {
        return System.nanoTime() - start < atMost.toNanos();
    }
}
