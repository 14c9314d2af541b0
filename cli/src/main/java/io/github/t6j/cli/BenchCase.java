package io.github.t6j.cli;

/**
 * What is measured.
 *
 * @param reading whether a prompt is read; else text is written
 * @param tokens of the prompt, or to write in each session
 * @param batch sessions that advance together
 * @param depth tokens in each cache before
 */
record BenchCase(boolean reading, int tokens, int batch, int depth) {
    /** {@code pp512}, {@code tg128 x8 @1024}. */
    String name() {
        return (reading ? "pp" : "tg") + tokens + (batch > 1 ? " x" + batch : "") + (depth > 0 ? " @" + depth : "");
    }
}
