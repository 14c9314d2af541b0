package io.github.t6j.cli.bench;

/**
 * A test of the benchmark.
 *
 * @param reading true if the test reads a prompt, false if it writes text
 * @param tokens tokens of the prompt, or tokens to write in each session
 * @param batch sessions that advance together
 * @param depth tokens in each cache before the test
 * @param drafts maximum number of drafts in a pass, or 0 for no speculation
 * @param right number of right drafts among four
 */
record BenchCase(boolean reading, int tokens, int batch, int depth, int drafts, int right) {
    /** A test without speculation. */
    BenchCase(boolean reading, int tokens, int batch, int depth) {
        this(reading, tokens, batch, depth, 0, 0);
    }

    /** Returns the name of the test, such as {@code pp512} or {@code tg128 x8 @1024}. */
    String name() {
        return (reading ? "pp" : "tg") + tokens + (batch > 1 ? " x" + batch : "") + (depth > 0 ? " @" + depth : "")
                + (drafts > 0 ? " +" + drafts + " " + right + "/4" : "");
    }
}
