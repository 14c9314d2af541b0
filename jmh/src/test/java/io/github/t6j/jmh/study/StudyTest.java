package io.github.t6j.jmh.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A study of two attentions on a page of text: its runs, its table, and that no run is repeated. */
class StudyTest {
    @TempDir
    Path folder;

    private int study(String... more) {
        return StudyCommand.run(Stream
                .concat(Stream.of("--out", folder.resolve("out").toString(), "--work",
                        folder.resolve("work").toString(),
                        "--testdata", folder.resolve("testdata").toString(), "--size", "nano", "--attentions", "mha,t6",
                        "--rates",
                        "0.004,0.002", "--seeds", "1,2", "--tokens", "16384", "--speed-rounds", "1"), Stream.of(more))
                .toArray(String[]::new));
    }

    private void copyData() throws IOException {
        Path from = Path.of(System.getProperty("t6j.testdata"));
        Path text = Files.createDirectories(folder.resolve("testdata/text"));
        Path tokenizer = Files.createDirectories(folder.resolve("testdata/tokenizers/bpe4096"));
        Files.copy(from.resolve("tokenizers/bpe4096/tokenizer.json"), tokenizer.resolve("tokenizer.json"));
        String book = Files.readString(from.resolve("text/test.txt"));
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(text.resolve("train.txt.gz")))) {
            out.write(book.substring(0, 120_000).getBytes(StandardCharsets.UTF_8));
        }
        Files.writeString(text.resolve("valid.txt"), book.substring(120_000, 126_000));
        Files.writeString(text.resolve("test.txt"), book.substring(126_000, 132_000));
    }

    @Test
    void runsAreDoneOnce() throws IOException {
        copyData();
        assertThat(study()).isZero();
        Path out = folder.resolve("out");
        String table = Files.readString(out.resolve("study.md"));
        assertThat(table.lines().filter(line -> line.startsWith("| MHA | 2 | ") || line.startsWith("| T6 | 2 | ")))
                .hasSize(2);
        assertThat(table).contains("1,310,208", "1,319,424").contains("| attention | 0.004 | 0.002 | ");
        assertThat(out.resolve("learning-curves.html")).content().contains("mha-nano-16k-", "t6-nano-16k-");
        StudySpeed speed = StudySpeed.read(out.resolve("speed.json"));
        assertThat(speed.tokensPerSecond().keySet()).containsExactly("mha-nano", "t6-nano");
        assertThat(speed.tokensPerSecond().get("t6-nano")).hasSize(10)
                .allSatisfy(rate -> assertThat(rate).isPositive());
        assertThat(table).contains("| tokens/s |", speed.of("mha-nano") + " |\n", speed.of("t6-nano") + " |\n",
                "10 training steps of 4096 tokens (in parentheses the fastest), in 1 rounds");
        Path result;
        try (var files = Files.list(out.resolve("results"))) {
            List<Path> results = files.sorted().toList();
            assertThat(results).hasSize(2 * (2 + 2));
            result = results.stream().filter(file -> file.getFileName().toString().startsWith("t6-nano-16k"))
                    .findFirst()
                    .orElseThrow();
        }
        StudyResult before = StudyResult.read(result);
        assertThat(before.validationBits()).isBetween(1.0, 8.0);
        assertThat(before.cacheBytes()).isEqualTo(4L * (2 + 2) * (5 + 32) * 4);
        String measured = Files.readString(out.resolve("speed.json"));
        Files.delete(result); // as if it had been interrupted after its last checkpoint
        assertThat(study()).isZero();
        StudyResult after = StudyResult.read(result);
        assertThat(after.validationLoss()).isEqualTo(before.validationLoss());
        assertThat(after.testLoss()).isEqualTo(before.testLoss());
        assertThat(Files.readString(out.resolve("study.md")).lines().count()).isEqualTo(table.lines().count());
        assertThat(out.resolve("speed.json")).as("measured once").hasContent(measured);
    }

    @Test
    void speedAloneTrainsNothing() throws IOException {
        copyData();
        assertThat(study("--speed")).isZero();
        Path out = folder.resolve("out");
        assertThat(StudySpeed.read(out.resolve("speed.json")).tokensPerSecond()).hasSize(2);
        assertThat(out.resolve("results")).isEmptyDirectory();
        assertThat(out.resolve("study.md")).doesNotExist();
        assertThat(study("--speed", "--speed-rounds", "0")).isEqualTo(2);
    }

    /**
     * Reads results from when they had a run's tokens per second; writes the table with and without the measured speed.
     */
    @Test
    void olderResultsAreRead() throws IOException {
        Path file = folder.resolve("old.json");
        Files.writeString(file, """
                {"preset": "mha-micro", "attention": "MHA", "rate": 0.001, "seed": 1, "steps": 343, "tokens": 1404928,
                 "parameters": 3440640, "validationLoss": 5.1037, "validationBits": 1.9336, "testLoss": 5.2345,
                 "testBits": 2.0738, "cacheBytes": 9216, "tokensPerSecond": 9149.5}
                """);
        StudyResult old = StudyResult.read(file);
        assertThat(old).isEqualTo(new StudyResult(
                "mha-micro", "MHA", 0.001, 1, 343, 1_404_928, 3_440_640, 5.1037, 1.9336, 5.2345, 2.0738, 9216));
        Map<String, List<StudyResult>> runs = Map.of("mha", List.of(old));
        assertThat(StudyTable.of(runs, runs, null)).contains("| 3,440,640 | 9,216 |\n")
                .doesNotContain("tokens/s", "Tokens/s");
        Map<String, List<Double>> steps = Map.of("mha-micro", List.of(100.0, 1.0, 1300.0, 1100.0));
        assertThat(StudyTable.of(runs, runs, new StudySpeed(2, 5, 2, 4096, 2, steps))).contains(
                "| 3,440,640 | 9,216 | 600 (1,300) |\n",
                "Tokens/s: the median of 4 training steps of 4096 tokens (in parentheses the fastest), in 2 rounds over the attentions, "
                        + "each time after 5 steps of warm-up; 2 threads.");
        assertThat(StudyTable.of(runs, runs, new StudySpeed(2, 5, 2, 4096, 2, Map.of()))).contains("| 9,216 | – |\n");
        StudyResult diverged = new StudyResult("mha-micro", "MHA", 0.1, 1, 9, 9, 9, Double.POSITIVE_INFINITY,
                Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY, 9216);
        diverged.write(file);
        assertThat(StudyResult.read(file)).isEqualTo(diverged);
        assertThat(StudyTable.of(Map.of("mha", List.of(old, diverged)), Map.of("mha", List.of(diverged, old)), null))
                .contains("| MHA | 5.1037 | diverged | ", "| MHA | 2 | 0.1 | diverged | diverged | ")
                .doesNotContain("NaN");
        Files.writeString(file, "[]");
        assertThatThrownBy(() -> StudySpeed.read(file)).isInstanceOf(IOException.class)
                .hasMessage(file + ": expected the speeds of a study, found other content: delete the file");
    }
}
