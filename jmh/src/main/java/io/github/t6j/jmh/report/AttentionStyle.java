package io.github.t6j.jmh.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jfree.chart.plot.DefaultDrawingSupplier;

/**
 * Style of an attention: its own colour, marker and dash, so that readers can tell it apart in grey, too. Any two
 * colours differ for readers with each kind of colour blindness, and each differs from the background.
 *
 * @param name name of the attention in text
 * @param color colour on white
 * @param dark colour on {@link #DARK_BACKGROUND}, for a dark page
 * @param dash lengths of line and gap; none for a solid line
 */
public record AttentionStyle(String name, Color color, Color dark, Shape marker, float... dash) {
    static final Color GRID = new Color(0xDDDDDD);
    static final Color DARK_BACKGROUND = new Color(0x16181D);

    private static final Map<String, AttentionStyle> OF_ATTENTIONS = new LinkedHashMap<>();

    /** Attentions in the order of tables and plots: this project's, the paper's, then the others. */
    static final List<String> NAMES;

    static {
        style("tpa", "TPA", 0x000000, 0xFFFFFF);
        style("tpa_kvonly", "TPA KV-only", 0x35755A, 0x26FA7F, 4, 3);
        style("mha", "MHA", 0x9E4B11, 0xE67F1F, 16, 3);
        style("mqa", "MQA", 0x2D98FB, 0x92D0FF, 2, 3);
        style("gqa", "GQA", 0x161B93, 0x4883CB, 8, 3);
        style("mla", "MLA", 0xBF8C00, 0xFFD500, 8, 3, 2, 3);
        style("mfa", "MFA", 0x412F09, 0x85854D, 2, 2);
        style("gta", "GTA", 0x8800F0, 0x8F62FF, 10, 2, 2, 2, 2, 2);
        style("gla", "GLA-2", 0x9B8DB5, 0xB0C3A1, 12, 4);
        style("mlra", "MLRA-4", 0x66005C, 0xB16C8E, 6, 2, 2, 2);
        NAMES = List.copyOf(OF_ATTENTIONS.keySet());
    }

    private static void style(String attention, String name, int color, int dark, float... dash) {
        Shape marker = DefaultDrawingSupplier.DEFAULT_SHAPE_SEQUENCE[OF_ATTENTIONS.size()];
        OF_ATTENTIONS.put(attention, new AttentionStyle(name, new Color(color), new Color(dark), marker, dash));
    }

    /** Returns the style of an attention by its parameter, such as tpa. */
    public static AttentionStyle of(String attention) {
        return OF_ATTENTIONS.get(attention);
    }

    /** Returns the style of an attention by its name in text, such as MHA; null if it has none. T6's is TPA's. */
    public static AttentionStyle named(String name) {
        String searched = name.replaceFirst("^T6(?= KV-only$|$)", "TPA");
        return all().stream().filter(style -> style.name.equals(searched)).findFirst().orElse(null);
    }

    /** Returns the names of attentions in text. */
    static Map<String, String> names() {
        return OF_ATTENTIONS.entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().name));
    }

    /** Returns all styles, in the order of tables and plots. */
    public static List<AttentionStyle> all() {
        return List.copyOf(OF_ATTENTIONS.values());
    }

    /** Returns the colour of this style for another run: {@code number} 0 is this style, others have other dashes. */
    public AttentionStyle like(int number) {
        List<String> names = all().stream().map(AttentionStyle::name).toList();
        AttentionStyle other = all().get((names.indexOf(name) + number) % names.size());
        return new AttentionStyle(name, color, dark, other.marker, other.dash);
    }

    /** Returns the style of the next curve of this attention in a figure. @param earlier number of curves so far */
    AttentionStyle next(Map<AttentionStyle, Integer> earlier) {
        return like(earlier.merge(this, 1, Integer::sum) - 1);
    }

    BasicStroke stroke(float width) {
        return new BasicStroke(width, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, dash.length == 0 ? null : dash,
                0);
    }

    /** Returns CSS rules that give a figure its dark colours if the reader's system is dark. */
    static String darkRules() {
        Map<Integer, Color> darker = new TreeMap<>(Map.of(Color.WHITE.getRGB(), DARK_BACKGROUND, GRID.getRGB(),
                new Color(0x3A3E47), Color.GRAY.getRGB(), new Color(0x9A9FA8)));
        all().forEach(style -> darker.put(style.color.getRGB(), style.dark));
        return darker.entrySet().stream()
                .map(pair -> rule("fill", pair.getKey(), pair.getValue())
                        + rule("stroke", pair.getKey(), pair.getValue()))
                .collect(Collectors.joining("", "@media (prefers-color-scheme: dark) {\n", "}\n"));
    }

    /** Returns a rule; Batik writes white, black and grey by name. */
    private static String rule(String property, int from, Color to) {
        Color light = new Color(from);
        String name = Map.of(Color.WHITE, "white", Color.BLACK, "black", Color.GRAY, "gray").getOrDefault(light,
                "rgb(" + light.getRed() + "," + light.getGreen() + "," + light.getBlue() + ")");
        return "[%s=\"%s\"] { %s: #%06X; }\n".formatted(property, name, property, to.getRGB() & 0xFFFFFF);
    }
}
