package io.github.t6j.cli;

import io.github.t6j.ModelInfo;
import io.github.t6j.SessionOptions.CacheType;
import java.util.Locale;

/**
 * What a test gave.
 *
 * @param model the folder's name
 * @param weightBytes in memory
 * @param weightType as the files have most of them
 * @param seconds of each repetition
 * @param stepBytes that writing one token in every session reads of weights and caches, on average; 0 when reading
 * @param readBandwidth bytes a second, mean of the read tests before the repetitions
 * @param samplingShare of the time, that choosing ids took
 * @param cacheBytes of all sessions at the end
 * @param cacheBytesPerToken in one session
 */
record BenchResult(
        String model, ModelInfo info, long weightBytes, String weightType, int threads, BenchCase test,
        CacheType cacheType, double[] seconds, double stepBytes, double readBandwidth, double samplingShare,
        long cacheBytes, long cacheBytesPerToken) {

    private double tokens() {
        return (double) test.tokens() * test.batch();
    }

    /** Mean over the repetitions. */
    double tokensPerSecond() {
        double sum = 0;
        for (double one : seconds) {
            sum += tokens() / one;
        }
        return sum / seconds.length;
    }

    /** Standard deviation of a sample; 0 of a single one. */
    double deviation() {
        double mean = tokensPerSecond();
        double squares = 0;
        for (double one : seconds) {
            squares += Math.pow(tokens() / one - mean, 2);
        }
        return seconds.length == 1 ? 0 : Math.sqrt(squares / (seconds.length - 1));
    }

    /** Tokens a second, and their deviation. */
    String speed() {
        return String.format(Locale.ROOT, tokensPerSecond() < 10 ? "%.2f ± %.2f" : "%.1f ± %.1f", tokensPerSecond(),
                deviation());
    }

    /** Of weights and caches, while writing. */
    double bytesPerSecond() {
        return stepBytes * tokensPerSecond() / test.batch();
    }
}
