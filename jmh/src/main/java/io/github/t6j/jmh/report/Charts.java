package io.github.t6j.jmh.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Dimension;
import java.awt.Font;
import java.awt.geom.Line2D;
import java.awt.geom.Rectangle2D;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.function.DoubleFunction;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.apache.batik.svggen.SVGGraphics2D;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.LogAxis;
import org.jfree.chart.axis.NumberTickUnit;
import org.jfree.chart.axis.ValueAxis;
import org.jfree.chart.block.BlockBorder;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYErrorRenderer;
import org.jfree.chart.renderer.xy.XYLineAndShapeRenderer;
import org.jfree.chart.text.TextUtils;
import org.jfree.chart.title.LegendTitle;
import org.jfree.chart.title.TextTitle;
import org.jfree.chart.ui.RectangleEdge;
import org.jfree.chart.ui.RectangleInsets;
import org.jfree.data.Range;
import org.jfree.data.general.DatasetUtils;
import org.jfree.data.xy.XYSeries;
import org.jfree.data.xy.XYSeriesCollection;
import org.jfree.data.xy.YIntervalSeries;
import org.jfree.data.xy.YIntervalSeriesCollection;
import org.w3c.dom.Element;

/** Figures as SVG, small enough to be legible on a phone, and dark if the reader's system is. */
final class Charts {
    private static final int WIDTH = 480;
    static final int HEIGHT = 420;
    static final Font TITLE = new Font(Font.SANS_SERIF, Font.BOLD, 14);
    static final Font TEXT = new Font(Font.SANS_SERIF, Font.PLAIN, 13);

    /** Largest number of ticks on an axis. */
    private static final int TICKS = 6;

    static {
        TextUtils.setUseDrawRotatedStringWorkaround(false); // which would draw the text as curves
    }

    private Charts() {}

    /**
     * Tries to draw a letter.
     *
     * @throws IllegalStateException if the JDK has no font for it
     */
    static void checkFonts() {
        try {
            emptyDrawing().getFontMetrics(TEXT).stringWidth("t");
        } catch (RuntimeException | LinkageError | InternalError failure) {
            throw new IllegalStateException(
                    "fonts: expected the system's fonts for plots, found none: install fontconfig and"
                            + " a font, for example with apt install fontconfig fonts-dejavu-core",
                    failure);
        }
    }

    /** Draws the time of a step over the group's number, with logarithmic axes and error bars. */
    static Plot curves(String name, Group group, String numberTitle) {
        YIntervalSeriesCollection data = new YIntervalSeriesCollection();
        XYErrorRenderer renderer = errorRenderer();
        renderer.setDefaultLinesVisible(true);
        group.series().forEach((attention, points) -> {
            if (points.size() < 2) {
                return;
            }
            YIntervalSeries curve = new YIntervalSeries(Labels.attention(attention));
            points.forEach((number, result) -> add(curve, number, result.seconds()));
            add(data, renderer, curve, attention);
        });
        Range numbers = DatasetUtils.findDomainBounds(data, false);
        LogAxis x = logAxis(numberTitle, 2, Numbers::whole, numbers.getLowerBound(), numbers.getUpperBound());
        LogAxis y = logAxis("time per step", 10, value -> tick(Numbers.time(value)), 1, 1);
        XYPlot plot = new XYPlot(data, x, y, renderer);
        style(plot);
        String title = "Decode: " + Labels.shape(group.setting().shape());
        JFreeChart chart = new JFreeChart(title, TITLE, plot, true);
        chart.addSubtitle(new TextTitle(group.setting().rest(), TEXT));
        return draw(name, title + ", " + group.setting().rest(), chart, HEIGHT);
    }

    /** Draws operations per second over operations per byte, with the roof of both limits. */
    static Plot roofline(String name, Roofline roofline) {
        YIntervalSeriesCollection data = new YIntervalSeriesCollection();
        XYErrorRenderer renderer = errorRenderer();
        for (Roofline.Spot spot : roofline.spots()) {
            YIntervalSeries series = new YIntervalSeries(Labels.attention(spot.attention()));
            add(series, spot.intensity(), spot.rate().times(1e-9));
            add(data, renderer, series, spot.attention());
        }
        Range intensities = DatasetUtils.findDomainBounds(data, false);
        double from = Math.min(roofline.ridge(), intensities.getLowerBound()) / 2;
        double to = Math.max(roofline.ridge(), intensities.getUpperBound()) * 2;
        LogAxis x = logAxis("operations per byte of the cache", 2, value -> tick(Numbers.digits(value)), from, to);
        LogAxis y = logAxis("operations per second (GFLOP/s)", 2, value -> tick(Numbers.digits(value)), 1, 1);
        XYPlot plot = new XYPlot(data, x, y, renderer);
        x.setRange(from, to);
        plot.setDataset(1, roofs(roofline, from, to));
        XYLineAndShapeRenderer lines = new XYLineAndShapeRenderer(true, false);
        for (int series = 0; series < 2; series++) {
            lines.setSeriesPaint(series, Color.GRAY);
            lines.setLegendLine(renderer.getLegendLine());
        }
        lines.setSeriesStroke(0, new BasicStroke(2f));
        lines.setSeriesStroke(1, new BasicStroke(2f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, new float[] {
            6, 3}, 0));
        plot.setRenderer(1, lines);
        style(plot);
        JFreeChart chart = new JFreeChart("Roofline of decode steps", TITLE, plot, true);
        chart.addSubtitle(new TextTitle(roofline.setting(), TEXT));
        return draw(name, "Roofline of decode steps, " + roofline.setting(), chart, HEIGHT);
    }

    private static XYSeriesCollection roofs(Roofline roofline, double from, double to) {
        XYSeries memory = new XYSeries("memory " + Numbers.rate(roofline.memory().mean(), "B/s"));
        XYSeries multiplyAdd =
                new XYSeries("multiply-add " + Numbers.rate(roofline.multiplyAdd().mean(), "FLOP/s"));
        memory.add(from, 1e-9 * roofline.roof(from));
        memory.add(roofline.ridge(), 1e-9 * roofline.multiplyAdd().mean());
        multiplyAdd.add(roofline.ridge(), 1e-9 * roofline.multiplyAdd().mean());
        multiplyAdd.add(to, 1e-9 * roofline.roof(to));
        XYSeriesCollection roofs = new XYSeriesCollection(memory);
        roofs.addSeries(multiplyAdd);
        return roofs;
    }

    private static XYErrorRenderer errorRenderer() {
        XYErrorRenderer renderer = new XYErrorRenderer();
        renderer.setDrawXError(false);
        renderer.setLegendLine(new Line2D.Double(-16, 0, 16, 0));
        renderer.setErrorStroke(new BasicStroke(1.2f));
        return renderer;
    }

    /** Adds a point; an interval that reaches 0, which has no logarithm, ends at a tenth. */
    private static void add(YIntervalSeries series, double x, Measured y) {
        series.add(x, y.mean(), Math.max(y.low(), y.mean() / 10), y.high());
    }

    private static void add(
            YIntervalSeriesCollection data, XYErrorRenderer renderer, YIntervalSeries series, String attention) {
        AttentionStyle style = AttentionStyle.of(attention);
        int index = data.getSeriesCount();
        data.addSeries(series);
        renderer.setSeriesPaint(index, style.color());
        renderer.setSeriesShape(index, style.marker());
        renderer.setSeriesStroke(index, style.stroke());
    }

    /** Sets the style: white, with a light grid, and axis text in the common size. */
    static void style(XYPlot plot) {
        plot.setBackgroundPaint(Color.WHITE);
        plot.setDomainGridlinePaint(AttentionStyle.GRID);
        plot.setRangeGridlinePaint(AttentionStyle.GRID);
        for (ValueAxis axis : List.of(plot.getDomainAxis(), plot.getRangeAxis())) {
            axis.setLabelFont(TEXT);
            axis.setTickLabelFont(TEXT);
        }
    }

    /**
     * Returns an axis with a tick for each power of {@code base}, or fewer if there are too many between {@code from}
     * and {@code to}.
     */
    private static LogAxis logAxis(String title, int base, DoubleFunction<String> text, double from, double to) {
        LogAxis axis = new LogAxis(title);
        axis.setBase(base);
        double powers = Math.log(to / from) / Math.log(base);
        axis.setTickUnit(new NumberTickUnit(Math.ceil(Math.max(1, powers) / TICKS)));
        axis.setNumberFormatOverride(new TickFormat(text));
        axis.setMinorTickMarksVisible(false);
        return axis;
    }

    /** Shortens a tick: 10 ms and 0.5 instead of 10.0 ms and 0.50. */
    private static String tick(String text) {
        return text.contains(".") ? text.replaceFirst("\\.?0+(?= |$)", "") : text;
    }

    /** Returns the figure of a chart. */
    static Plot draw(String name, String title, JFreeChart chart, int height) {
        chart.setBackgroundPaint(Color.WHITE);
        chart.setPadding(new RectangleInsets(4, 4, 4, 12));
        LegendTitle legend = chart.getLegend();
        if (legend != null) {
            legend.setPosition(RectangleEdge.BOTTOM);
            legend.setItemFont(TEXT);
            legend.setFrame(BlockBorder.NONE);
        }
        SVGGraphics2D graphics = emptyDrawing();
        graphics.setSVGCanvasSize(new Dimension(WIDTH, height));
        chart.draw(graphics, new Rectangle2D.Double(0, 0, WIDTH, height));
        Element root = graphics.getRoot();
        root.setAttribute("viewBox", "0 0 " + WIDTH + " " + height);
        Element style = root.getOwnerDocument().createElementNS(root.getNamespaceURI(), "style");
        style.setTextContent(AttentionStyle.darkRules());
        root.insertBefore(style, root.getFirstChild());
        StringWriter svg = new StringWriter();
        try {
            graphics.stream(root, svg, false, false); // as attributes, which dark mode overrides
        } catch (IOException never) {
            throw new UncheckedIOException(never);
        }
        return new Plot(name, title, svg.toString());
    }

    private static SVGGraphics2D emptyDrawing() {
        try {
            return new SVGGraphics2D(DocumentBuilderFactory.newInstance().newDocumentBuilder().getDOMImplementation()
                    .createDocument("http://www.w3.org/2000/svg", "svg", null));
        } catch (ParserConfigurationException never) {
            throw new IllegalStateException("every JDK can make an XML document", never);
        }
    }
}
