package io.github.t6j.jmh.suite;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A suite in processes of its own, stopped and started again. */
@Tag("full")
class SuiteProcessTest {
    @TempDir
    private Path folder;

    private Process report() throws IOException {
        return new ProcessBuilder(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djmh.ignoreLock=true", "-cp", System.getProperty("java.class.path"), "io.github.t6j.jmh.Main",
                "report", "--suite", "test", "--out", folder.toString())).redirectErrorStream(true).start();
    }

    private int results() throws IOException {
        return JsonParser.parseString(Files.readString(folder.resolve("results.json"))).getAsJsonArray().size();
    }

    @Test
    void anInterruptedSuiteGoesOn() throws Exception {
        Process first = report();
        StringBuilder printed = new StringBuilder();
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(first.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                printed.append(line).append('\n');
                if (line.startsWith("[1/4")) {
                    first.toHandle().destroy(); // keeps its output open; the signal of kill runs the same hooks as Ctrl-C
                }
            }
        }
        int kept = results();

        assertThat(first.waitFor()).isNotZero();
        assertThat(printed.toString()).doesNotContain("sun.misc.Unsafe", "failed")
                .contains(" ms", "stopped: " + kept + " of 4 points are kept in " + folder.resolve("results.json"),
                        "  java -Djmh.ignoreLock=true -jar jmh/target/benchmarks.jar report --suite test --out "
                                + folder,
                        "report --from " + folder.resolve("results.json") + " --out " + folder);
        assertThat(kept).isBetween(1, 3);

        Process second = report();
        String rest = new String(second.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(second.waitFor()).as(rest).isZero();
        assertThat(rest).contains("4 points, " + kept + " of them measured before", (4 - kept) + " measured, 0 skipped")
                .doesNotContain("sun.misc.Unsafe");
        assertThat(results()).isEqualTo(4);
        assertThat(folder.resolve("report.html")).exists();
    }

    /** Results of another suite are not overwritten: 28 kB of paper by 6 kB of quick, for example. */
    @Test
    void resultsOfAnotherRunStay() throws Exception {
        Files.writeString(folder.resolve("results.json"), "[]");
        Files.writeString(folder.resolve("machine.json"), "{\"suite\": \"paper\", \"cores\": 1}");

        Process report = report();
        String printed = new String(report.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(report.waitFor()).isEqualTo(1);
        assertThat(printed).contains("found suite paper instead of test; give another --out");
        assertThat(folder.resolve("results.json")).content().isEqualTo("[]");
    }
}
