package io.github.t6j.jmh.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Polygon;
import java.awt.Shape;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Rectangle2D;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Style of an attention: a colour, a marker and a dash of its own, so that it can be told apart in grey as well. Any
 * two colours differ for readers with each kind of colour blindness, and each differs from the background.
 *
 * @param color colour on white
 * @param dark colour on {@link #DARK_BACKGROUND}, for a dark page
 * @param dash lengths of line and gap; none for a solid line
 */
record AttentionStyle(Color color, Color dark, Shape marker, float... dash) {
    static final Color GRID = new Color(0xDDDDDD);
    static final Color BAR = new Color(0x6F8FB8);
    static final Color BAR_ABOVE_LIMIT = new Color(0xC77B3B);
    static final Color DARK_BACKGROUND = new Color(0x16181D);

    private static final Map<String, AttentionStyle> OF_ATTENTIONS = new LinkedHashMap<>();

    static {
        style("tpa", 0x000000, 0xFFFFFF, new Ellipse2D.Double(-4.5, -4.5, 9, 9));
        style("tpa_kvonly", 0x35755A, 0x26FA7F, polygon(-2, -6, 2, -6, 2, -2, 6, -2, 6, 2, 2, 2, 2, 6, -2, 6, -2, 2,
                -6, 2, -6, -2, -2, -2), 4, 3);
        style("mha", 0x9E4B11, 0xE67F1F, new Rectangle2D.Double(-4, -4, 8, 8), 16, 3);
        style("mqa", 0x2D98FB, 0x92D0FF, polygon(-5, 4, 5, 4, 0, -5), 2, 3);
        style("gqa", 0x161B93, 0x4883CB, polygon(-5, 0, 0, -5, 5, 0, 0, 5), 8, 3);
        style("mla", 0xBF8C00, 0xFFD500, polygon(-5, -4, 5, -4, 0, 5), 8, 3, 2, 3);
        style("mfa", 0x412F09, 0x85854D, polygon(-5, -5, 5, 5, 5, -5, -5, 5), 2, 2);
        style("gta", 0x8800F0, 0x8F62FF, polygon(-5, -5, -5, 5, 5, 0), 10, 2, 2, 2, 2, 2);
        style("gla", 0x9B8DB5, 0xB0C3A1, polygon(5, -5, 5, 5, -5, 0), 12, 4);
        style("mlra", 0x66005C, 0xB16C8E, polygon(-6, -2, 6, -2, 6, 2, -6, 2), 6, 2, 2, 2);
    }

    private static void style(String attention, int color, int dark, Shape marker, float... dash) {
        OF_ATTENTIONS.put(attention, new AttentionStyle(new Color(color), new Color(dark), marker, dash));
    }

    private static Polygon polygon(int... points) {
        Polygon polygon = new Polygon();
        for (int i = 0; i < points.length; i += 2) {
            polygon.addPoint(points[i], points[i + 1]);
        }
        return polygon;
    }

    static AttentionStyle of(String attention) {
        return OF_ATTENTIONS.get(attention);
    }

    /** Returns all styles. */
    static List<AttentionStyle> all() {
        return new ArrayList<>(OF_ATTENTIONS.values());
    }

    BasicStroke stroke() {
        return dash.length == 0
                ? new BasicStroke(1.8f)
                : new BasicStroke(1.8f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, dash, 0);
    }

    /** Returns CSS rules that give a figure its dark colours if the reader's system is dark. */
    static String darkRules() {
        Map<Color, Color> darker = new LinkedHashMap<>(Map.of(
                Color.WHITE, DARK_BACKGROUND, GRID, new Color(0x3A3E47), Color.GRAY, new Color(0x9A9FA8), BAR,
                new Color(0x4F74A3), BAR_ABOVE_LIMIT, new Color(0xA85F24)));
        all().forEach(style -> darker.put(style.color, style.dark));
        return darker.entrySet().stream().sorted((a, b) -> Integer.compare(a.getKey().getRGB(), b.getKey().getRGB()))
                .map(pair -> rule("fill", pair.getKey(), pair.getValue())
                        + rule("stroke", pair.getKey(), pair.getValue()))
                .collect(Collectors.joining("", "@media (prefers-color-scheme: dark) {\n", "}\n"));
    }

    /** Returns a rule; Batik writes white, black and grey by name. */
    private static String rule(String property, Color from, Color to) {
        String name = Map.of(Color.WHITE, "white", Color.BLACK, "black", Color.GRAY, "gray").getOrDefault(from,
                "rgb(" + from.getRed() + "," + from.getGreen() + "," + from.getBlue() + ")");
        return String.format("[%s=\"%s\"] { %s: #%06X; }%n", property, name, property, to.getRGB() & 0xFFFFFF)
                .replace("\r", "");
    }
}
