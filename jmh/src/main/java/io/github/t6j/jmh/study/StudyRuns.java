package io.github.t6j.jmh.study;

import java.util.Collection;
import java.util.Comparator;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.SortedMap;
import java.util.function.ToDoubleFunction;

/**
 * Completed runs of an attention.
 *
 * @param attention parameter of the attention, such as t6
 * @param tried runs of the first seed, by their learning rate
 * @param seeds runs of the best rate, one per seed; none if the run of a rate is missing
 */
record StudyRuns(String attention, SortedMap<Double, StudyResult> tried, List<StudyResult> seeds) {
    /** Returns the result with the lowest validation loss. */
    static StudyResult best(Collection<StudyResult> tried) {
        return tried.stream().min(Comparator.comparingDouble(StudyResult::validationLoss)).orElseThrow();
    }

    boolean hasAllRates() {
        return !seeds.isEmpty();
    }

    /** Returns the mean over the seeds. */
    double mean(ToDoubleFunction<StudyResult> value) {
        return seeds.stream().mapToDouble(value).average().orElseThrow();
    }

    /** Returns the largest value of a seed minus the smallest. */
    double range(ToDoubleFunction<StudyResult> value) {
        DoubleSummaryStatistics all = seeds.stream().mapToDouble(value).summaryStatistics();
        return all.getMax() - all.getMin();
    }

    /** Returns the sample standard deviation over the seeds; NaN for one seed, or if a run diverged. */
    double deviation(ToDoubleFunction<StudyResult> value) {
        double mean = mean(value);
        double squares = seeds.stream().mapToDouble(run -> Math.pow(value.applyAsDouble(run) - mean, 2)).sum();
        return Math.sqrt(squares / (seeds.size() - 1));
    }
}
