package io.github.t6j.jmh.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.Paint;
import java.awt.geom.Rectangle2D;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.List;
import java.util.Locale;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.AxisLocation;
import org.jfree.chart.axis.CategoryAxis;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.labels.CategoryItemLabelGenerator;
import org.jfree.chart.labels.ItemLabelAnchor;
import org.jfree.chart.labels.ItemLabelPosition;
import org.jfree.chart.plot.CategoryPlot;
import org.jfree.chart.plot.PlotOrientation;
import org.jfree.chart.plot.ValueMarker;
import org.jfree.chart.renderer.category.StandardBarPainter;
import org.jfree.chart.renderer.category.StatisticalBarRenderer;
import org.jfree.chart.title.TextTitle;
import org.jfree.chart.ui.Layer;
import org.jfree.chart.ui.TextAnchor;
import org.jfree.data.category.CategoryDataset;
import org.jfree.data.statistics.DefaultStatisticalCategoryDataset;

/** Horizontal bars from 0 with error bars, and their numbers to the right. */
final class Bars {
    private static final int BAR_HEIGHT = 26;

    private Bars() {}

    /** @param limit position of a line across the bars, or NaN */
    static Plot of(String name, String title, String subtitle, String valueTitle, double limit, List<Bar> bars) {
        DefaultStatisticalCategoryDataset data = new DefaultStatisticalCategoryDataset();
        for (Bar bar : bars) {
            Number mean = bar.value().mean();
            Number error = Double.isNaN(bar.value().error()) ? null : bar.value().error();
            data.add(mean, error, valueTitle, bar.label());
        }
        CategoryAxis labels = new CategoryAxis();
        labels.setTickLabelFont(Charts.TEXT);
        labels.setMaximumCategoryLabelWidthRatio(0.45f);
        NumberAxis axis = new NumberAxis(valueTitle);
        axis.setLabelFont(Charts.TEXT);
        axis.setTickLabelFont(Charts.TEXT);
        axis.setUpperMargin(0.42); // leaves room for the numbers
        axis.setNumberFormatOverride(new DecimalFormat("0.##", DecimalFormatSymbols.getInstance(Locale.ROOT)));
        CategoryPlot plot = new CategoryPlot(data, labels, axis, new Renderer(bars));
        plot.setOrientation(PlotOrientation.HORIZONTAL);
        plot.setBackgroundPaint(Color.WHITE);
        plot.setRangeGridlinePaint(AttentionStyle.GRID);
        plot.setRangeAxisLocation(AxisLocation.BOTTOM_OR_LEFT);
        if (!Double.isNaN(limit)) {
            plot.addRangeMarker(new ValueMarker(limit, Color.BLACK, new BasicStroke(1.2f)), Layer.FOREGROUND);
        }
        JFreeChart chart = new JFreeChart(title, Charts.TITLE, plot, false);
        chart.addSubtitle(new TextTitle(subtitle, Charts.TEXT));
        return Charts.draw(name, title + ", " + subtitle, chart, 110 + BAR_HEIGHT * bars.size());
    }

    /** Bars of one series. */
    private static final class Renderer extends StatisticalBarRenderer {
        private static final long serialVersionUID = 1;

        private final transient List<Bar> bars;

        Renderer(List<Bar> bars) {
            this.bars = bars;
            setBarPainter(new StandardBarPainter());
            setShadowVisible(false);
            setDrawBarOutline(false);
            setErrorIndicatorPaint(Color.BLACK);
            setErrorIndicatorStroke(new BasicStroke(1.4f));
            setDefaultItemLabelGenerator(new Text(bars));
            setDefaultItemLabelsVisible(true);
            setDefaultItemLabelFont(Charts.TEXT);
            setDefaultItemLabelPaint(Color.BLACK);
            setDefaultPositiveItemLabelPosition(
                    new ItemLabelPosition(ItemLabelAnchor.OUTSIDE3, TextAnchor.CENTER_LEFT));
        }

        @Override
        public Paint getItemPaint(int row, int column) {
            return bars.get(column).aboveLimit() ? AttentionStyle.BAR_ABOVE_LIMIT : AttentionStyle.BAR;
        }

        /** Draws the number beyond the error bar, not across it. */
        @Override
        protected void drawItemLabel(
                Graphics2D graphics, CategoryDataset data, int row, int column, CategoryPlot plot,
                CategoryItemLabelGenerator generator, Rectangle2D bar, boolean negative) {
            Measured value = bars.get(column).value();
            double longer = value.mean() == 0 ? 1 : value.high() / value.mean();
            super.drawItemLabel(graphics, data, row, column, plot, generator,
                    new Rectangle2D.Double(bar.getX(), bar.getY(), longer * bar.getWidth(), bar.getHeight()), negative);
        }
    }

    /** Text of the numbers, the same as in tables. */
    private record Text(List<Bar> bars) implements CategoryItemLabelGenerator {
        @Override
        public String generateRowLabel(CategoryDataset data, int row) {
            return "";
        }

        @Override
        public String generateColumnLabel(CategoryDataset data, int column) {
            return bars.get(column).label();
        }

        @Override
        public String generateLabel(CategoryDataset data, int row, int column) {
            return bars.get(column).text();
        }
    }
}
