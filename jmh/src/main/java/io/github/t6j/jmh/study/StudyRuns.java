package io.github.t6j.jmh.study;

import java.util.Comparator;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.SortedMap;
import java.util.function.ToDoubleFunction;

/**
 * Completed runs of an attention.
 *
 * @param attention parameter of the attention, such as t6
 * @param byRate runs of each learning rate, one per seed; none if no run is complete
 */
record StudyRuns(String attention, SortedMap<Double, List<StudyResult>> byRate) {
    /** Returns true if each rate has a run. */
    boolean hasAllRates() {
        return missingRate() == null;
    }

    /** Returns the first rate without a run, or null. */
    Double missingRate() {
        return byRate.keySet().stream().filter(rate -> byRate.get(rate).isEmpty()).findFirst().orElse(null);
    }

    /** Returns the rate with the lowest mean validation loss of its runs. */
    double bestRate() {
        return byRate.keySet().stream().filter(rate -> !byRate.get(rate).isEmpty())
                .min(Comparator.comparingDouble(rate -> mean(byRate.get(rate), StudyResult::validationLoss)))
                .orElseThrow();
    }

    /** Returns the runs of the best rate; none before each rate has a run. */
    List<StudyResult> seeds() {
        return hasAllRates() ? byRate.get(bestRate()) : List.of();
    }

    /** Returns the mean over the seeds. */
    double mean(ToDoubleFunction<StudyResult> value) {
        return mean(seeds(), value);
    }

    static double mean(List<StudyResult> runs, ToDoubleFunction<StudyResult> value) {
        return runs.stream().mapToDouble(value).average().orElseThrow();
    }

    /** Returns the largest value of a run minus the smallest. */
    static double range(List<StudyResult> runs, ToDoubleFunction<StudyResult> value) {
        DoubleSummaryStatistics all = runs.stream().mapToDouble(value).summaryStatistics();
        return all.getMax() - all.getMin();
    }

    /** Returns the sample standard deviation over the seeds; NaN for one seed, or if a run diverged. */
    double deviation(ToDoubleFunction<StudyResult> value) {
        double mean = mean(value);
        double squares = seeds().stream().mapToDouble(run -> Math.pow(value.applyAsDouble(run) - mean, 2)).sum();
        return Math.sqrt(squares / (seeds().size() - 1));
    }
}
