package io.github.t6j.jmh.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.Color;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Colours of figures, in light and dark, for readers with any kind of colour blindness. */
class AttentionStyleTest {
    /**
     * Matrices on linear RGB: none, and protanopia, deuteranopia and tritanopia of Machado, Oliveira and Fernandes,
     * 2009.
     */
    private static final double[][][] EYES = {
        {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
        {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
        {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
        {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}}};

    /** Distance in CIELAB; colours at a distance of about 2 can be told apart side by side. */
    private static final double DISTANCE = 20;

    /** Contrast that WCAG 2.1 requires of parts of graphics. */
    private static final double CONTRAST = 3;

    private static double[] linear(Color color) {
        return Arrays.stream(new int[] {color.getRed(), color.getGreen(), color.getBlue()}).mapToDouble(
                c -> c <= 10 ? c / 255.0 / 12.92 : Math.pow((c / 255.0 + 0.055) / 1.055, 2.4)).toArray();
    }

    private static double luminance(double[] rgb) {
        return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2];
    }

    private static double contrast(Color a, Color b) {
        double first = luminance(linear(a)) + 0.05;
        double second = luminance(linear(b)) + 0.05;
        return Math.max(first, second) / Math.min(first, second);
    }

    private static double[] lab(double[] rgb) {
        double x = root((0.4124 * rgb[0] + 0.3576 * rgb[1] + 0.1805 * rgb[2]) / 0.9505);
        double y = root(luminance(rgb));
        double z = root((0.0193 * rgb[0] + 0.1192 * rgb[1] + 0.9505 * rgb[2]) / 1.089);
        return new double[] {116 * y - 16, 500 * (x - y), 200 * (y - z)};
    }

    private static double root(double value) {
        return value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116.0;
    }

    private static double[] seen(Color color, double[][] eye) {
        double[] rgb = linear(color);
        return lab(Arrays.stream(eye).mapToDouble(row -> Math.clamp(
                row[0] * rgb[0] + row[1] * rgb[1] + row[2] * rgb[2], 0, 1)).toArray());
    }

    private static double distance(double[] a, double[] b) {
        return Math.sqrt(Math.pow(a[0] - b[0], 2) + Math.pow(a[1] - b[1], 2) + Math.pow(a[2] - b[2], 2));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anyTwoColorsDifferForEveryEye(boolean dark) {
        Function<AttentionStyle, Color> color = dark ? AttentionStyle::dark : AttentionStyle::color;
        List<Color> colors = AttentionStyle.all().stream().map(color).toList();

        for (double[][] eye : EYES) {
            for (int i = 0; i < colors.size(); i++) {
                for (int j = 0; j < i; j++) {
                    assertThat(distance(seen(colors.get(i), eye), seen(colors.get(j), eye)))
                            .as("%s and %s", colors.get(i), colors.get(j)).isGreaterThan(DISTANCE);
                }
            }
        }
        Color background = dark ? AttentionStyle.DARK_BACKGROUND : Color.WHITE;
        assertThat(colors).allSatisfy(c -> assertThat(contrast(c, background)).isGreaterThanOrEqualTo(CONTRAST));
    }

    @Test
    void everyAttentionHasALookOfItsOwn() {
        assertThat(AttentionStyle.NAMES.stream().map(AttentionStyle::of)).doesNotContainNull().doesNotHaveDuplicates();
        assertThat(AttentionStyle.all().stream().map(style -> Arrays.toString(style.dash()))).doesNotHaveDuplicates();
    }

    @Test
    void runsOfOneAttentionHaveItsColorAndDashesOfTheirOwn() {
        for (AttentionStyle style : AttentionStyle.all()) {
            List<AttentionStyle> runs = IntStream.range(0, AttentionStyle.NAMES.size()).mapToObj(style::like).toList();

            assertThat(runs).extracting(AttentionStyle::color).containsOnly(style.color());
            assertThat(runs.stream().map(run -> Arrays.toString(run.dash()))).doesNotHaveDuplicates()
                    .startsWith(Arrays.toString(style.dash()));
        }
    }

    /** Names of models that the engine and the study use; T6 is the model whose attention is TPA. */
    @ParameterizedTest
    @CsvSource({"T6, tpa", "TPA, tpa", "T6 KV-only, tpa_kvonly", "MHA, mha", "MLA, mla", "GLA-2, gla"})
    void modelsHaveTheColorOfTheirAttention(String name, String attention) {
        assertThat(AttentionStyle.named(name)).isSameAs(AttentionStyle.of(attention));
        assertThat(AttentionStyle.named("T6 with groups")).isNull();
    }

    @Test
    void figuresTurnDarkWithTheReadersSystem() {
        assertThat(AttentionStyle.darkRules()).startsWith("@media (prefers-color-scheme: dark) {")
                .contains("[fill=\"white\"] { fill: #16181D; }").contains("[fill=\"black\"] { fill: #FFFFFF; }")
                .contains("[stroke=\"rgb(158,75,17)\"] { stroke: #E67F1F; }");
    }
}
