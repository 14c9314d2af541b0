package io.github.t6j.jmh.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYLineAndShapeRenderer;
import org.jfree.data.xy.XYSeries;
import org.jfree.data.xy.XYSeriesCollection;

/**
 * Losses of training runs: a colour for each run, a thin line for training, a thick one with markers for validation.
 */
final class LossCurves {
    private static final List<Color> COLORS = AttentionStyle.all().stream().map(AttentionStyle::color).toList();

    /** Points of a curve; each is the mean of the steps up to it. */
    private static final int POINTS = 200;

    private LossCurves() {}

    /** Draws losses over the number that {@code place} returns for an entry. */
    static Plot of(
            String name, String title, String placeTitle, List<TrainingLog> logs,
            ToDoubleFunction<TrainingLog.Entry> place) {
        XYSeriesCollection data = new XYSeriesCollection();
        XYLineAndShapeRenderer renderer = new XYLineAndShapeRenderer(true, false);
        for (int i = 0; i < logs.size(); i++) {
            Color color = COLORS.get(i % COLORS.size());
            TrainingLog log = logs.get(i);
            renderer.setSeriesPaint(data.getSeriesCount(), new Color(color.getRGB() & 0xFFFFFF | 0x70000000, true));
            renderer.setSeriesStroke(data.getSeriesCount(), new BasicStroke(1f));
            renderer.setSeriesVisibleInLegend(data.getSeriesCount(), log.evaluations().isEmpty());
            data.addSeries(means(log, i, place));
            if (!log.evaluations().isEmpty()) {
                renderer.setSeriesPaint(data.getSeriesCount(), color);
                renderer.setSeriesStroke(data.getSeriesCount(), new BasicStroke(2f));
                renderer.setSeriesShapesVisible(data.getSeriesCount(), true);
                data.addSeries(validations(log, i, place));
            }
        }
        NumberAxis x = new NumberAxis(placeTitle);
        NumberAxis y = new NumberAxis("loss (nats per token)");
        y.setAutoRangeIncludesZero(false);
        XYPlot plot = new XYPlot(data, x, y, renderer);
        Charts.style(plot);
        return Charts.draw(name, title, new JFreeChart(title, Charts.TITLE, plot, true), Charts.HEIGHT);
    }

    private static XYSeries means(TrainingLog log, int index, ToDoubleFunction<TrainingLog.Entry> place) {
        XYSeries series = new XYSeries(label(log, index) + ", training");
        List<TrainingLog.Entry> steps = log.steps();
        int group = Math.max(1, steps.size() / POINTS);
        for (int from = 0; from < steps.size(); from += group) {
            List<TrainingLog.Entry> some = steps.subList(from, Math.min(steps.size(), from + group));
            double loss = some.stream().mapToDouble(TrainingLog.Entry::loss).average().orElseThrow();
            series.add(place.applyAsDouble(some.getLast()), loss);
        }
        return series;
    }

    private static XYSeries validations(TrainingLog log, int index, ToDoubleFunction<TrainingLog.Entry> place) {
        XYSeries series = new XYSeries(label(log, index));
        log.evaluations().forEach(entry -> series.add(place.applyAsDouble(entry), entry.loss()));
        return series;
    }

    /** Returns a label that differs from those of runs with the same name. */
    private static String label(TrainingLog log, int index) {
        return (index + 1) + ": " + log.name() + " (" + log.attention() + ")";
    }
}
