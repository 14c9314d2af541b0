package io.github.t6j.cli.bench;

import io.github.t6j.ModelInfo;
import io.github.t6j.SessionOptions.CacheType;
import java.util.Locale;

/**
 * Result of a test.
 *
 * @param model name of the model's folder
 * @param weightBytes bytes of the weights in memory
 * @param weightType type of most weights in the files
 * @param seconds duration of each repetition
 * @param stepBytes average bytes of weights and caches that a step reads, for one token in every session; 0 for a
 *     prompt
 * @param readBandwidth bytes per second, the mean of the read tests before the repetitions
 * @param samplingShare share of the time that sampling takes
 * @param cacheBytes cache bytes of all sessions at the end
 * @param cacheBytesPerToken cache bytes per token of one session
 */
record BenchResult(
        String model, ModelInfo info, long weightBytes, String weightType, int threads, BenchCase test,
        CacheType cacheType, double[] seconds, double stepBytes, double readBandwidth, double samplingShare,
        long cacheBytes, long cacheBytesPerToken) {

    private double tokens() {
        return (double) test.tokens() * test.batch();
    }

    /** Returns the mean over the repetitions. */
    double tokensPerSecond() {
        double sum = 0;
        for (double time : seconds) {
            sum += tokens() / time;
        }
        return sum / seconds.length;
    }

    /** Returns the sample standard deviation; 0 for a single repetition. */
    double deviation() {
        double mean = tokensPerSecond();
        double squares = 0;
        for (double time : seconds) {
            squares += Math.pow(tokens() / time - mean, 2);
        }
        return seconds.length == 1 ? 0 : Math.sqrt(squares / (seconds.length - 1));
    }

    /** Returns tokens per second and their deviation, formatted. */
    String speed() {
        return String.format(Locale.ROOT, tokensPerSecond() < 10 ? "%.2f ± %.2f" : "%.1f ± %.1f", tokensPerSecond(),
                deviation());
    }

    /** Returns the bytes of weights and caches that writing reads per second. */
    double bytesPerSecond() {
        return stepBytes * tokensPerSecond() / test.batch();
    }
}
