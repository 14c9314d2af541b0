package io.github.t6j.jmh.report;

import java.util.List;
import org.openjdk.jmh.util.ListStatistics;

/**
 * A score or counter in JMH's format.
 *
 * @param score mean
 * @param scoreUnit unit, such as ns/op
 * @param rawData values, [forks][iterations]
 */
record Metric(double score, String scoreUnit, List<List<Double>> rawData) {
    /** Probability that an interval contains the mean, if iterations were independent. */
    static final double CONFIDENCE = 0.95;

    /** Returns half of the interval around the mean, or NaN for a single iteration. */
    double error() {
        double[] all = rawData.stream().flatMap(List::stream).mapToDouble(Double::doubleValue).toArray();
        return all.length < 2 ? Double.NaN : new ListStatistics(all).getMeanErrorAt(CONFIDENCE);
    }
}
