package io.github.t6j.jmh.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.Paint;
import java.awt.Shape;
import java.awt.geom.AffineTransform;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.awt.geom.Rectangle2D;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SortedMap;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.AxisSpace;
import org.jfree.chart.axis.AxisState;
import org.jfree.chart.axis.LogAxis;
import org.jfree.chart.axis.NumberTick;
import org.jfree.chart.axis.NumberTickUnit;
import org.jfree.chart.axis.TickType;
import org.jfree.chart.axis.ValueAxis;
import org.jfree.chart.axis.ValueTick;
import org.jfree.chart.plot.DatasetRenderingOrder;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYErrorRenderer;
import org.jfree.chart.renderer.xy.XYLineAndShapeRenderer;
import org.jfree.chart.text.TextUtils;
import org.jfree.chart.title.TextTitle;
import org.jfree.chart.ui.RectangleEdge;
import org.jfree.chart.ui.RectangleInsets;
import org.jfree.chart.ui.TextAnchor;
import org.jfree.data.xy.XYSeries;
import org.jfree.data.xy.XYSeriesCollection;
import org.jfree.data.xy.YIntervalSeries;
import org.jfree.data.xy.YIntervalSeriesCollection;

/** Figure of curves as SVG, legible on a phone, and dark if the reader's system is. */
public final class Chart {
    static final int WIDTH = 480;
    private static final int HEIGHT = 420;
    private static final int TICKS = 6; // at most, on a logarithmic axis

    /** Width of the numbers and the label of the vertical axis, so that figures below each other are aligned. */
    private static final int AXIS = 56;

    /** Space that JFreeChart leaves next to a plot. */
    private static final int INSET = 8;

    /** Scale of a hollow marker, and diameter of a dot. */
    private static final double MARKER = 1.7;
    private static final double DOT = 4;

    /** Opacity of a disc, of 255. */
    private static final int PALE = 0x40;

    /** Digits of ticks on a logarithmic axis of less than two decades: the first of which two fit. */
    private static final List<double[]> DIGITS = List.of(new double[] {1, 2, 5},
            IntStream.range(1, 10).asDoubleStream().toArray(),
            IntStream.range(10, 100).mapToDouble(i -> i / 10.0).toArray());

    static final Font TEXT = new Font(Font.SANS_SERIF, Font.PLAIN, 13);

    static {
        TextUtils.setUseDrawRotatedStringWorkaround(false); // which would draw the text as curves
    }

    private final YIntervalSeriesCollection curves = new YIntervalSeriesCollection();
    private final Renderer renderer = new Renderer();
    private final JFreeChart chart;
    private final String title;

    public Chart(String title, String subtitle, ValueAxis x, ValueAxis y) {
        this.title = subtitle.isEmpty() ? title : title + ", " + subtitle;
        renderer.setDrawXError(false);
        renderer.setDefaultLinesVisible(true);
        renderer.setUseFillPaint(true);
        renderer.setErrorStroke(new BasicStroke(1.2f));
        renderer.setLegendLine(new Line2D.Double(-16, 0, 16, 0));
        XYPlot plot = new XYPlot(curves, x, y, renderer);
        plot.setBackgroundPaint(Color.WHITE);
        plot.setDomainGridlinePaint(AttentionStyle.GRID);
        plot.setRangeGridlinePaint(AttentionStyle.GRID);
        for (ValueAxis axis : List.of(x, y)) {
            axis.setLabelFont(TEXT);
            axis.setTickLabelFont(TEXT);
        }
        AxisSpace left = new AxisSpace();
        left.setLeft(AXIS);
        plot.setFixedRangeAxisSpace(left);
        plot.setInsets(new RectangleInsets(4, INSET, 4, INSET));
        chart = new JFreeChart(title, TEXT.deriveFont(Font.BOLD, 14), plot, false);
        chart.addSubtitle(0, new TextTitle(subtitle, TEXT));
        for (TextTitle line : List.of(chart.getTitle(), (TextTitle) chart.getSubtitle(0))) {
            line.setMargin(0, AXIS + INSET, 0, INSET); // centred above the curves
        }
        chart.setBackgroundPaint(Color.WHITE);
        chart.setPadding(new RectangleInsets(4, 4, 4, 12));
    }

    /**
     * Tries to draw a letter.
     *
     * @throws IllegalStateException if the JDK has no font for it
     */
    public static void checkFonts() {
        try {
            new Drawing(WIDTH, HEIGHT).getFontMetrics(TEXT).stringWidth("t");
        } catch (RuntimeException | LinkageError | InternalError failure) {
            throw new IllegalStateException(
                    "fonts: expected the system's fonts for plots, found none: install fontconfig"
                            + " and a font, for example with apt install fontconfig fonts-dejavu-core",
                    failure);
        }
    }

    /**
     * Returns a logarithmic axis with a tick for each power of {@code base}, or fewer if {@code range} has many. A
     * vertical axis of base 10 that turns out shorter than two decades has ticks at 1, 2 and 5.
     */
    public static LogAxis logAxis(String title, int base, double range) {
        LogAxis axis = new PlainLogAxis(title);
        axis.setBase(base);
        double powers = Math.log(range) / Math.log(base);
        axis.setTickUnit(new NumberTickUnit(Math.ceil(Math.max(1, powers) / TICKS)));
        axis.setNumberFormatOverride(new DecimalFormat("0.####", DecimalFormatSymbols.getInstance(Locale.ROOT)));
        axis.setMinorTickMarksVisible(false);
        return axis;
    }

    /** Adds a curve with error bars; an interval that reaches 0, which has no logarithm, ends at a tenth. */
    public void curve(String label, AttentionStyle style, SortedMap<? extends Number, Measured> values) {
        curve(label, style, values, Set.of());
    }

    /** Adds such a curve whose markers are hollow at some x. */
    void curve(String label, AttentionStyle style, SortedMap<? extends Number, Measured> values,
            Set<? extends Number> hollow) {
        YIntervalSeries series = new YIntervalSeries(label);
        values.forEach((x, y) -> {
            if (hollow.contains(x)) {
                renderer.hollow.add(new Item(curves.getSeriesCount(), series.getItemCount()));
            }
            series.add(x.doubleValue(), y.mean(), Math.max(y.low(), y.mean() / 10), y.high());
        });
        add(series, style.color(), style.stroke(1.8f), style.marker(), true);
    }

    /** Adds a line without error bars. @param marker shape of its points, or null */
    public void line(YIntervalSeries series, Color color, BasicStroke stroke, Shape marker, boolean inLegend) {
        renderer.setDrawYError(false);
        add(series, color, stroke, marker, inLegend);
    }

    /** Adds a hollow marker with an error bar, and a dot for each of {@code values}. */
    public void point(String label, AttentionStyle style, double x, double mean, double error, double... values) {
        YIntervalSeries series = new YIntervalSeries(label);
        series.add(x, mean, mean - error, mean + error);
        Shape marker = AffineTransform.getScaleInstance(MARKER, MARKER).createTransformedShape(style.marker());
        int index = curves.getSeriesCount();
        add(series, style.color(), style.stroke(1.8f), marker, true);
        renderer.setSeriesLinesVisible(index, false);
        renderer.setSeriesShapesFilled(index, false);
        XYSeries dots = new XYSeries(label);
        for (double value : values) {
            dots.add(x, value);
        }
        XYLineAndShapeRenderer small = new XYLineAndShapeRenderer(false, true);
        small.setSeriesPaint(0, style.color());
        small.setSeriesShape(0, new Ellipse2D.Double(-DOT / 2, -DOT / 2, DOT, DOT));
        small.setSeriesVisibleInLegend(0, false);
        small.setDrawOutlines(false);
        over(dots, small);
    }

    /** Adds a pale disc around a point, whose area stands for a third number. */
    public void disc(AttentionStyle style, double x, double y, double diameter) {
        XYSeries center = new XYSeries("");
        center.add(x, y);
        XYLineAndShapeRenderer disc = new XYLineAndShapeRenderer(false, true);
        disc.setSeriesPaint(0, new Color(style.color().getRGB() & 0xFFFFFF | PALE << 24, true));
        disc.setSeriesShape(0, new Ellipse2D.Double(-diameter / 2, -diameter / 2, diameter, diameter));
        disc.setSeriesVisibleInLegend(0, false);
        disc.setDrawOutlines(false);
        over(center, disc);
    }

    /** Draws points above those that the figure has. */
    private void over(XYSeries points, XYLineAndShapeRenderer drawing) {
        XYPlot plot = chart.getXYPlot();
        int index = plot.getDatasetCount();
        plot.setDataset(index, new XYSeriesCollection(points));
        plot.setRenderer(index, drawing);
        plot.setDatasetRenderingOrder(DatasetRenderingOrder.FORWARD);
    }

    private void add(YIntervalSeries series, Color color, BasicStroke stroke, Shape marker, boolean inLegend) {
        int index = curves.getSeriesCount();
        curves.addSeries(series);
        renderer.setSeriesPaint(index, color);
        renderer.setSeriesFillPaint(index, color);
        renderer.setSeriesStroke(index, stroke);
        renderer.setSeriesShape(index, marker);
        renderer.setSeriesShapesVisible(index, marker != null);
        renderer.setSeriesVisibleInLegend(index, inLegend);
    }

    /** Draws the figure. */
    public Plot plot(String name) {
        RectangleInsets border = chart.getPadding();
        chart.removeLegend();
        chart.addLegend(ChartLegend.of(chart.getXYPlot(), TEXT, WIDTH - border.getLeft() - border.getRight()));
        Drawing drawing = new Drawing(WIDTH, HEIGHT);
        chart.draw(drawing, new Rectangle2D.Double(0, 0, WIDTH, HEIGHT));
        return new Plot(name, title, drawing.svg());
    }

    /** A point of a curve. */
    private record Item(int series, int number) {}

    /** Renderer of curves that fills some markers with the background. */
    @SuppressWarnings("serial") // nothing serialises it
    private static final class Renderer extends XYErrorRenderer {
        private final Set<Item> hollow = new HashSet<>();

        @Override
        public Paint getItemFillPaint(int series, int item) {
            return hollow.contains(new Item(series, item)) ? Color.WHITE : super.getItemFillPaint(series, item);
        }
    }

    /** Axis with numbers as text; its superclass draws them as curves, since they may have exponents. */
    @SuppressWarnings("serial") // nothing serialises it
    private static final class PlainLogAxis extends LogAxis {
        private static final double DECADE = 10;

        PlainLogAxis(String title) {
            super(title);
        }

        @Override
        @SuppressWarnings({"rawtypes", "unchecked"}) // of JFreeChart
        public List refreshTicks(Graphics2D g2, AxisState state, Rectangle2D dataArea, RectangleEdge edge) {
            if (getBase() == DECADE && RectangleEdge.isLeftOrRight(edge)
                    && getUpperBound() < DECADE * DECADE * getLowerBound()) {
                return DIGITS.stream().map(this::ticks).filter(fine -> fine.size() > 1).findFirst().orElse(List.of());
            }
            List<ValueTick> ticks = super.refreshTicks(g2, state, dataArea, edge);
            return ticks.stream().filter(tick -> tick.getTickType() == TickType.MAJOR)
                    .map(tick -> new NumberTick(tick.getValue(),
                            getNumberFormatOverride().format(tick.getValue()), tick.getTextAnchor(),
                            tick.getRotationAnchor(), tick.getAngle()))
                    .toList();
        }

        /** Returns ticks at {@code digits} times the powers of 10, for an axis at the left. */
        private List<NumberTick> ticks(double... digits) {
            return IntStream.rangeClosed((int) Math.floor(Math.log10(getLowerBound())),
                    (int) Math.floor(Math.log10(getUpperBound()))).mapToDouble(power -> Math.pow(DECADE, power))
                    .flatMap(power -> DoubleStream.of(digits).map(digit -> digit * power))
                    .filter(getRange()::contains)
                    .mapToObj(value -> new NumberTick(value, getNumberFormatOverride().format(value),
                            TextAnchor.CENTER_RIGHT, TextAnchor.CENTER_RIGHT, 0))
                    .toList();
        }
    }
}
