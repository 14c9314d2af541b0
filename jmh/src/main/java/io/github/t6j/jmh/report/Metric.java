package io.github.t6j.jmh.report;

import java.util.List;
import org.openjdk.jmh.util.ListStatistics;

/**
 * A score or counter as JMH writes it.
 *
 * @param score the mean
 * @param scoreUnit such as ns/op
 * @param rawData [forks][iterations]
 */
record Metric(double score, String scoreUnit, List<List<Double>> rawData) {
    /** How sure an interval is to hold the mean, if iterations were independent. */
    static final double CONFIDENCE = 0.95;

    /** Half the interval around the mean, or NaN of a single iteration. */
    double error() {
        double[] all = rawData.stream().flatMap(List::stream).mapToDouble(Double::doubleValue).toArray();
        return all.length < 2 ? Double.NaN : new ListStatistics(all).getMeanErrorAt(CONFIDENCE);
    }
}
