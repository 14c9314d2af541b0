package io.github.t6j.jmh.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Dimension;
import java.awt.Font;
import java.awt.Polygon;
import java.awt.Shape;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.awt.geom.Rectangle2D;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.text.NumberFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.apache.batik.svggen.SVGGraphics2D;
import org.jfree.chart.ChartFactory;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.AxisLocation;
import org.jfree.chart.axis.CategoryLabelPositions;
import org.jfree.chart.axis.LogAxis;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.axis.NumberTickUnit;
import org.jfree.chart.axis.ValueAxis;
import org.jfree.chart.block.BlockBorder;
import org.jfree.chart.labels.StandardCategoryItemLabelGenerator;
import org.jfree.chart.plot.CategoryPlot;
import org.jfree.chart.plot.PlotOrientation;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.category.BarRenderer;
import org.jfree.chart.renderer.category.StandardBarPainter;
import org.jfree.chart.renderer.xy.XYErrorRenderer;
import org.jfree.chart.text.TextUtils;
import org.jfree.chart.title.LegendTitle;
import org.jfree.chart.title.TextTitle;
import org.jfree.chart.ui.RectangleEdge;
import org.jfree.chart.ui.RectangleInsets;
import org.jfree.data.category.DefaultCategoryDataset;
import org.jfree.data.xy.YIntervalSeries;
import org.jfree.data.xy.YIntervalSeriesCollection;
import org.w3c.dom.Element;

/**
 * Figures as SVG, small enough that their text can be read on a phone. Each attention has a colour, a marker and a dash
 * of its own, so that it is known in grey as well.
 */
final class Charts {
    private static final int WIDTH = 480;
    static final int HEIGHT = 420;
    private static final int BAR_HEIGHT = 26;
    static final Font TITLE = new Font(Font.SANS_SERIF, Font.BOLD, 14);
    private static final Font TEXT = new Font(Font.SANS_SERIF, Font.PLAIN, 13);
    private static final Color GRID = new Color(0xDDDDDD);

    /** How a series looks. */
    private record Look(Color color, Shape marker, float... dash) {}

    /** Okabe and Ito's colours, TPA black and solid. */
    private static final Map<String, Look> LOOKS = Map.of(
            "mha", new Look(new Color(0xD55E00), new Rectangle2D.Double(-4, -4, 8, 8)),
            "mqa", new Look(new Color(0x56B4E9), polygon(-5, 4, 5, 4, 0, -5), 2, 3),
            "gqa", new Look(new Color(0x0072B2), polygon(-5, 0, 0, -5, 5, 0, 0, 5), 8, 3),
            "mla", new Look(new Color(0xE69F00), polygon(-5, -4, 5, -4, 0, 5), 8, 3, 2, 3),
            "tpa", new Look(Color.BLACK, new Ellipse2D.Double(-4.5, -4.5, 9, 9)),
            "tpa_kvonly",
            new Look(new Color(0x009E73), polygon(-2, -6, 2, -6, 2, -2, 6, -2, 6, 2, 2, 2, 2, 6, -2, 6, -2, 2,
                    -6, 2, -6, -2, -2, -2), 4, 3));

    static {
        TextUtils.setUseDrawRotatedStringWorkaround(false); // which would draw the text as curves
    }

    private Charts() {}

    /**
     * Tries to draw a letter.
     *
     * @throws IllegalStateException if the JDK has no font to do it with
     */
    static void checkFonts() {
        try {
            emptyDrawing().getFontMetrics(TEXT).stringWidth("t");
        } catch (RuntimeException | LinkageError | InternalError failure) {
            throw new IllegalStateException(
                    "plots need the system's fonts, and the JDK finds none: install fontconfig and"
                            + " a font, such as by apt install fontconfig fonts-dejavu-core",
                    failure);
        }
    }

    private static Polygon polygon(int... points) {
        Polygon polygon = new Polygon();
        for (int i = 0; i < points.length; i += 2) {
            polygon.addPoint(points[i], points[i + 1]);
        }
        return polygon;
    }

    /** Microseconds a step over the group's number, both axes logarithmic, with error bars. */
    static Plot curves(String name, Group group, String numberTitle) {
        YIntervalSeriesCollection data = new YIntervalSeriesCollection();
        XYErrorRenderer renderer = new XYErrorRenderer();
        renderer.setDrawXError(false);
        renderer.setDefaultLinesVisible(true);
        renderer.setLegendLine(new Line2D.Double(-16, 0, 16, 0));
        group.series().forEach((attention, points) -> {
            if (points.size() < 2) {
                return;
            }
            YIntervalSeries curve = new YIntervalSeries(Labels.attention(attention));
            points.forEach((number, result) -> {
                Measured time = result.seconds();
                curve.add(number, time.mean() * 1e6, Math.max(time.low(), time.mean() / 10) * 1e6, time.high() * 1e6);
            });
            Look look = LOOKS.get(attention);
            int index = data.getSeriesCount();
            data.addSeries(curve);
            renderer.setSeriesPaint(index, look.color);
            renderer.setSeriesShape(index, look.marker);
            renderer.setSeriesStroke(index, look.dash.length == 0
                    ? new BasicStroke(1.8f)
                    : new BasicStroke(1.8f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, look.dash, 0));
        });
        renderer.setErrorStroke(new BasicStroke(1.2f));
        LogAxis x = logAxis(numberTitle, 2);
        LogAxis y = logAxis("time per step (µs)", 10);
        y.setNumberFormatOverride(new DecimalFormat("#,##0.##"));
        XYPlot plot = new XYPlot(data, x, y, renderer);
        style(plot);
        String title = "Decode: " + Labels.shape(group.setting().shape());
        JFreeChart chart = new JFreeChart(title, TITLE, plot, true);
        chart.addSubtitle(new TextTitle(group.setting().rest(), TEXT));
        return draw(name, title + ", " + group.setting().rest(), chart, HEIGHT);
    }

    /** White, with a light grid, and the axes' text in the common size. */
    static void style(XYPlot plot) {
        plot.setBackgroundPaint(Color.WHITE);
        plot.setDomainGridlinePaint(GRID);
        plot.setRangeGridlinePaint(GRID);
        for (ValueAxis axis : List.of(plot.getDomainAxis(), plot.getRangeAxis())) {
            axis.setLabelFont(TEXT);
            axis.setTickLabelFont(TEXT);
        }
    }

    private static LogAxis logAxis(String title, int base) {
        LogAxis axis = new LogAxis(title);
        axis.setBase(base);
        axis.setTickUnit(new NumberTickUnit(1));
        if (base == 2) {
            axis.setBaseSymbol("2");
        }
        axis.setMinorTickMarksVisible(false);
        return axis;
    }

    /** Horizontal bars with their elements beside them. */
    static Plot bars(
            String name, String title, String subtitle, String valueTitle, NumberFormat format,
            Map<String, Double> values) {
        DefaultCategoryDataset data = new DefaultCategoryDataset();
        values.forEach((label, value) -> data.addValue(value, valueTitle, label));
        JFreeChart chart = ChartFactory.createBarChart(
                title, null, valueTitle, data, PlotOrientation.HORIZONTAL, false, false, false);
        chart.getTitle().setFont(TITLE);
        chart.addSubtitle(new TextTitle(subtitle, TEXT));
        CategoryPlot plot = chart.getCategoryPlot();
        plot.setBackgroundPaint(Color.WHITE);
        plot.setRangeGridlinePaint(GRID);
        plot.setRangeAxisLocation(AxisLocation.BOTTOM_OR_LEFT);
        BarRenderer renderer = (BarRenderer) plot.getRenderer();
        renderer.setBarPainter(new StandardBarPainter());
        renderer.setShadowVisible(false);
        renderer.setSeriesPaint(0, new Color(0x0072B2));
        renderer.setDefaultItemLabelGenerator(new StandardCategoryItemLabelGenerator("{2}", format));
        renderer.setDefaultItemLabelsVisible(true);
        renderer.setDefaultItemLabelFont(TEXT);
        plot.getDomainAxis().setTickLabelFont(TEXT);
        plot.getDomainAxis().setMaximumCategoryLabelWidthRatio(0.45f);
        plot.getDomainAxis().setCategoryLabelPositions(CategoryLabelPositions.STANDARD);
        NumberAxis axis = (NumberAxis) plot.getRangeAxis();
        axis.setLabelFont(TEXT);
        axis.setTickLabelFont(TEXT);
        axis.setUpperMargin(0.2); // for the elements
        axis.setNumberFormatOverride(format);
        return draw(name, title + ", " + subtitle, chart, 110 + BAR_HEIGHT * values.size());
    }

    /** The figure of a chart. */
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
        StringWriter svg = new StringWriter();
        try {
            graphics.stream(root, svg, true, false);
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

    /** A number of a bar. */
    static NumberFormat format(String pattern) {
        return new DecimalFormat(pattern, DecimalFormatSymbols.getInstance(Locale.ROOT));
    }
}
