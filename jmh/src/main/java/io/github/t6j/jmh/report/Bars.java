package io.github.t6j.jmh.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Paint;
import java.awt.geom.Rectangle2D;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.CategoryAxis;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.plot.CategoryPlot;
import org.jfree.chart.plot.PlotOrientation;
import org.jfree.chart.renderer.category.StandardBarPainter;
import org.jfree.chart.renderer.category.StatisticalBarRenderer;
import org.jfree.chart.title.TextTitle;
import org.jfree.chart.ui.RectangleInsets;
import org.jfree.data.statistics.DefaultStatisticalCategoryDataset;

/** Figure of horizontal bars with error bars, for values at one place of an axis, which make no curve. */
final class Bars {
    private static final int BAR = 34; // with a name of two lines

    /** Height of title, axis and borders. */
    private static final int BORDERS = 110;

    /** Share of the width that the names of the bars may take. */
    private static final float NAMES = 0.5f;

    private static final String ROW = "";

    private final DefaultStatisticalCategoryDataset values = new DefaultStatisticalCategoryDataset();
    private final List<Color> colors = new ArrayList<>();
    private final String title;
    private final String subtitle;
    private final String unit;

    Bars(String title, String subtitle, String unit) {
        this.title = title;
        this.subtitle = subtitle;
        this.unit = unit;
    }

    /** Adds a bar below the others, with its value in its name. */
    void bar(String name, Color color, Measured value) {
        colors.add(color);
        values.add(Double.valueOf(value.mean()), Double.isNaN(value.error()) ? null : Double.valueOf(value.error()),
                ROW, name + ": " + Numbers.digits(value.mean()));
    }

    Plot plot(String name) {
        int height = BORDERS + BAR * colors.size();
        Drawing drawing = new Drawing(Chart.WIDTH, height);
        chart().draw(drawing, new Rectangle2D.Double(0, 0, Chart.WIDTH, height));
        return new Plot(name, subtitle.isEmpty() ? title : title + ", " + subtitle, drawing.svg());
    }

    private JFreeChart chart() {
        CategoryAxis names = new CategoryAxis();
        names.setTickLabelFont(Chart.TEXT);
        names.setMaximumCategoryLabelWidthRatio(NAMES);
        names.setMaximumCategoryLabelLines(2);
        NumberAxis numbers = new NumberAxis(unit);
        numbers.setLabelFont(Chart.TEXT);
        numbers.setTickLabelFont(Chart.TEXT);
        numbers.setStandardTickUnits(NumberAxis.createStandardTickUnits(Locale.ROOT));
        CategoryPlot plot = new CategoryPlot(values, names, numbers, new Renderer(colors));
        plot.setOrientation(PlotOrientation.HORIZONTAL);
        plot.setBackgroundPaint(Color.WHITE);
        plot.setRangeGridlinePaint(AttentionStyle.GRID);
        JFreeChart chart = new JFreeChart(title, Chart.TEXT.deriveFont(Font.BOLD, 14), plot, false);
        chart.addSubtitle(0, new TextTitle(subtitle, Chart.TEXT));
        chart.setBackgroundPaint(Color.WHITE);
        chart.setPadding(new RectangleInsets(4, 4, 4, 12));
        return chart;
    }

    /** Renderer with a colour for each bar, where its superclass has one for each row. */
    @SuppressWarnings("serial") // nothing serialises it
    private static final class Renderer extends StatisticalBarRenderer {
        private final List<Color> colors;

        Renderer(List<Color> colors) {
            this.colors = colors;
            setBarPainter(new StandardBarPainter()); // without a gradient
            setShadowVisible(false);
            setDrawBarOutline(false);
            setErrorIndicatorPaint(Color.GRAY);
            setErrorIndicatorStroke(new BasicStroke(1.5f));
        }

        @Override
        public Paint getItemPaint(int row, int column) {
            return colors.get(column);
        }
    }
}
