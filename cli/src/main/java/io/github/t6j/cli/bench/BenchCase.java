package io.github.t6j.cli.bench;

/**
 * A test of the benchmark.
 *
 * @param reading true if the test reads a prompt, false if it writes text
 * @param tokens tokens of the prompt, or tokens to write in each session
 * @param batch sessions that advance together
 * @param depth tokens in each cache before the test
 */
record BenchCase(boolean reading, int tokens, int batch, int depth) {
    /** Returns the name of the test, such as {@code pp512} or {@code tg128 x8 @1024}. */
    String name() {
        return (reading ? "pp" : "tg") + tokens + (batch > 1 ? " x" + batch : "") + (depth > 0 ? " @" + depth : "");
    }
}
