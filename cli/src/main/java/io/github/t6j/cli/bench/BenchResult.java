package io.github.t6j.cli.bench;

import io.github.t6j.ModelInfo;
import io.github.t6j.SessionOptions.CacheType;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Result of a test.
 *
 * @param model name of the model's folder
 * @param weightBytes bytes of the weights in memory
 * @param weightType type of most weights in the files
 * @param seconds duration of each repetition
 * @param stepBytes average bytes of weights and caches that a step reads, for one token in every session; 0 for a
 *     prompt or with drafts
 * @param readBandwidth bytes per second, the mean of the read tests after the repetitions
 * @param samplingShare share of the time that sampling takes
 * @param conditions what the machine did meanwhile
 * @param cacheBytes cache bytes of all sessions at the end
 * @param cacheBytesPerToken cache bytes per token of one session
 */
record BenchResult(
        String model, ModelInfo info, long weightBytes, String weightType, int threads, BenchCase test,
        CacheType cacheType, double[] seconds, double stepBytes, double readBandwidth, double samplingShare,
        Conditions conditions, long cacheBytes, long cacheBytesPerToken) {

    /** Maximum number of processors that other processes may use without a warning. */
    private static final double MAX_OTHERS = 0.1;

    /** Maximum deviation without a warning, as a share of the mean. */
    private static final double MAX_DEVIATION = 0.1;

    /**
     * Conditions of a test.
     *
     * @param cpuSeconds processor time of a repetition, with the JVM's compilers and collectors
     * @param otherProcessors processors that other processes used
     * @param hugePageBytes bytes of the weights that are in huge pages
     * @param cold true if each repetition was the first work of a new process
     * @param steady false if the warm-up ended before the test took the same time twice
     */
    record Conditions(double cpuSeconds, double otherProcessors, long hugePageBytes, boolean cold, boolean steady) {}

    /** Returns what makes the result doubtful, one sentence each. */
    List<String> doubts() {
        List<String> doubts = new ArrayList<>();
        if (!conditions.steady) {
            doubts.add("the warm-up ended before two runs agreed within 3 %");
        }
        if (conditions.otherProcessors > MAX_OTHERS) {
            doubts.add(String.format(Locale.ROOT, "other processes used %.1f processors", conditions.otherProcessors));
        }
        if (deviation() > MAX_DEVIATION * tokensPerSecond()) {
            doubts.add(String.format(
                    Locale.ROOT, "the repetitions differ by ± %.0f %%", 100 * deviation() / tokensPerSecond()));
        }
        return doubts;
    }

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
