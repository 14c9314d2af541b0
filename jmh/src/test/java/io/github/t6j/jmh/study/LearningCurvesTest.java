package io.github.t6j.jmh.study;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Document;

class LearningCurvesTest {
    @TempDir
    private Path folder;

    /** Writes a log with known losses. */
    private Path log(String name, String attention, int steps, boolean evaluated) throws IOException {
        StringBuilder text = new StringBuilder("{\"attention\":\"" + attention + "\",\"parameters\":1319424}\n");
        for (int step = 1; step <= steps; step++) {
            String place = "{\"step\":" + step + ",\"tokens\":" + 1000L * step + ",\"seconds\":" + 0.5 * step + ",";
            text.append(place).append("\"loss\":").append(8 - 4.0 * step / steps).append("}\n");
            if (evaluated && step % 10 == 0) {
                text.append(place).append("\"validation_loss\":").append(step == 20 ? 3.5 : 7).append("}\n");
            }
        }
        return Files.writeString(Files.createDirectories(folder.resolve(name)).resolve("log.jsonl"), text);
    }

    @Test
    void drawsEveryRunOnce() throws Exception {
        Path out = folder.resolve("curves");
        int code = LearningCurvesCommand.run(log("tpa", "T6", 30, true).toString(), log("second", "T6", 900, false)
                .toString(), log("mha <1>", "MHA", 30, true).toString(), "--out", out.toString());

        assertThat(code).isZero();
        for (String name : new String[] {"loss-over-tokens", "loss-over-time"}) {
            String svg = Files.readString(out.resolve("plots").resolve(name + ".svg"));
            DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            factory.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
            Document parsed = factory.newDocumentBuilder()
                    .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
            assertThat(parsed.getDocumentElement().getTagName()).isEqualTo("svg");
            String text = parsed.getDocumentElement().getTextContent();
            assertThat(text).containsOnlyOnce("T6: tpa").containsOnlyOnce("T6: second, training")
                    .containsOnlyOnce("MHA")
                    .doesNotContain("mha <1>", "T6: tpa, training");
        }
        assertThat(strokes(out, "loss-over-tokens")).as("TPA's black and MHA's brown, as in other figures")
                .contains("black", "rgb(158,75,17)").doesNotContain("rgb(53,117,90)");
        String page = Files.readString(out.resolve("learning-curves.html"));
        assertThat(page)
                .contains("<th scope=\"row\">MHA</th>", "<td>mha &lt;1&gt;</td>")
                .contains("3.5000", "33.12", ">20<", ">30000<", ">0.3<")
                .doesNotContain("<script");
    }

    private static Set<String> strokes(Path out, String name) throws IOException {
        String svg = Files.readString(out.resolve("plots").resolve(name + ".svg"));
        String figure = svg.substring(svg.indexOf("</style")); // whose rules name all colours
        return Pattern.compile("stroke=\"([^\"]+)\"").matcher(figure).results().map(found -> found.group(1))
                .collect(Collectors.toSet());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "text", "{}", "{\"attention\":\"T6\",\"parameters\":1}", "[1]",
        "{\"attention\":\"T6\",\"parameters\":1}\n{\"loss\":1}", "{\"attention\":\"T6\",\"parameters\":\"x\"}"})
    void aMalformedLogIsReportedInOneLine(String text) throws IOException {
        Path file = Files.writeString(folder.resolve("log.jsonl"), text);
        PrintStream err = System.err;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setErr(new PrintStream(printed, true, StandardCharsets.UTF_8));
        int code;
        try {
            code = LearningCurvesCommand.run(file.toString(), "--out", folder.resolve("out").toString());
        } finally {
            System.setErr(err);
        }
        assertThat(code).isEqualTo(1);
        assertThat(printed.toString(StandardCharsets.UTF_8))
                .startsWith("learning-curves: " + file + ": expected a log.jsonl of t6j train").hasLineCount(1);
    }
}
