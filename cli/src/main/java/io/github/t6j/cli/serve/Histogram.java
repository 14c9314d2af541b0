package io.github.t6j.cli.serve;

import java.util.concurrent.atomic.DoubleAdder;
import java.util.concurrent.atomic.LongAdder;

/** Histogram of durations in Prometheus' format: for each limit, the number of durations up to it. */
final class Histogram {
    private static final double[] LIMITS = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300};

    private final LongAdder[] counts = new LongAdder[LIMITS.length + 1];
    private final DoubleAdder sum = new DoubleAdder();

    Histogram() {
        for (int i = 0; i < counts.length; i++) {
            counts[i] = new LongAdder();
        }
    }

    void add(long nanos) {
        double seconds = nanos * 1e-9;
        int i = 0;
        while (i < LIMITS.length && seconds > LIMITS[i]) {
            i++;
        }
        counts[i].increment();
        sum.add(seconds);
    }

    void write(String name, String help, StringBuilder out) {
        out.append("# HELP ").append(name).append(' ').append(help).append("\n# TYPE ").append(name)
                .append(" histogram\n");
        long total = 0;
        for (int i = 0; i < LIMITS.length; i++) {
            total += counts[i].sum();
            bucket(name, Double.toString(LIMITS[i]), total, out);
        }
        total += counts[LIMITS.length].sum();
        bucket(name, "+Inf", total, out);
        out.append(name).append("_sum ").append(sum.sum()).append('\n');
        out.append(name).append("_count ").append(total).append('\n');
    }

    private static void bucket(String name, String limit, long count, StringBuilder out) {
        out.append(name).append("_bucket{le=\"").append(limit).append("\"} ").append(count).append('\n');
    }
}
