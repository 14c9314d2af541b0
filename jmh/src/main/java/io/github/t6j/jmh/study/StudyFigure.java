package io.github.t6j.jmh.study;

import io.github.t6j.jmh.report.AttentionStyle;
import io.github.t6j.jmh.report.Chart;
import io.github.t6j.jmh.report.Plot;
import java.util.List;
import java.util.Locale;
import org.jfree.chart.axis.LogAxis;
import org.jfree.chart.axis.NumberAxis;

/** Draws the validation loss of each attention over the size of its cache. */
final class StudyFigure {
    /** Ratio of the ends of the horizontal axis to the smallest and the largest cache; leaves a power of 2 between. */
    private static final double MARGIN = 1.5;

    /** Diameter of the disc of the longest decoding step; the areas are proportional to the times. */
    private static final double DISC = 60;

    /** Share of the vertical axis above and below the losses if there are discs. */
    private static final double DISCS = 0.15;

    private StudyFigure() {}

    /**
     * Returns the figure of the complete attentions without diverged runs; null if there are none.
     *
     * @param speed times of decoding, which discs and the legend then show; or null
     */
    static Plot of(List<StudyRuns> attentions, StudySpeed speed) {
        List<StudyRuns> drawn = attentions.stream().filter(StudyRuns::hasAllRates)
                .filter(runs -> style(runs) != null) // T6 with steps has none, and about the cache of T6
                .filter(runs -> Double.isFinite(runs.mean(StudyResult::validationLoss))).toList();
        if (drawn.isEmpty()) {
            return null;
        }
        double min = drawn.stream().mapToDouble(StudyFigure::cacheBytes).min().orElseThrow() / MARGIN;
        double max = drawn.stream().mapToDouble(StudyFigure::cacheBytes).max().orElseThrow() * MARGIN;
        LogAxis bytes = Chart.logAxis("cache, bytes per token (f32)", 2, max / min);
        bytes.setRange(min, max);
        NumberAxis losses = new NumberAxis("validation loss (nats per token)");
        losses.setAutoRangeIncludesZero(false);
        losses.setAutoRangeMinimumSize(0.1);
        losses.setStandardTickUnits(NumberAxis.createStandardTickUnits(Locale.ROOT));
        boolean timed = speed != null && !speed.decodeMillis().isEmpty();
        if (timed) { // space for the discs
            losses.setLowerMargin(DISCS);
            losses.setUpperMargin(DISCS);
        }
        Chart chart = new Chart(
                "Validation loss over cache size",
                "mean ± standard deviation; dots: seeds" + (timed
                        ? String.format(Locale.ROOT, "; area of discs, and ms: time of a token after %,d tokens",
                                speed.depth())
                        : ""),
                bytes, losses);
        double longest = drawn.stream().mapToDouble(runs -> millis(runs, speed)).filter(Double::isFinite).max()
                .orElse(Double.NaN);
        drawn.stream().filter(runs -> Double.isFinite(millis(runs, speed))).forEach(runs -> chart.disc(style(runs),
                cacheBytes(runs), runs.mean(StudyResult::validationLoss),
                DISC * Math.sqrt(millis(runs, speed) / longest)));
        for (StudyRuns runs : drawn) {
            double deviation = runs.deviation(StudyResult::validationLoss);
            AttentionStyle style = style(runs);
            boolean singleSeed = runs.seeds().size() == 1; // without an error bar
            chart.point(label(runs, speed) + (singleSeed ? " (1 seed)" : ""), style,
                    cacheBytes(runs),
                    runs.mean(StudyResult::validationLoss), singleSeed ? 0 : deviation,
                    runs.seeds().stream().mapToDouble(StudyResult::validationLoss).toArray());
        }
        return chart.plot("loss-over-cache");
    }

    /** Returns the name, with the time of a decoding step if it was measured. */
    private static String label(StudyRuns runs, StudySpeed speed) {
        double millis = millis(runs, speed);
        return runs.seeds().getFirst().attention()
                + (Double.isNaN(millis) ? "" : String.format(Locale.ROOT, " %.2f ms", millis));
    }

    /** Returns the time of a decoding step; NaN if it was not measured. */
    private static double millis(StudyRuns runs, StudySpeed speed) {
        return speed == null ? Double.NaN : speed.decodeTime(runs.seeds().getFirst().preset());
    }

    private static AttentionStyle style(StudyRuns runs) {
        return AttentionStyle.of(runs.attention().replace("t6", "tpa").replace('-', '_'));
    }

    private static double cacheBytes(StudyRuns runs) {
        return runs.seeds().getFirst().cacheBytes();
    }
}
