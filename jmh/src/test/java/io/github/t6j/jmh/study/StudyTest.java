package io.github.t6j.jmh.study;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A study of two attentions on a page of text: runs, their table, and that none is done twice. */
class StudyTest {
    @TempDir
    Path folder;

    private int study() {
        return StudyCommand.run("--out", folder.resolve("out").toString(), "--work", folder.resolve("work").toString(),
                "--testdata", folder.resolve("testdata").toString(), "--size", "nano", "--attentions", "mha,t6",
                "--rates",
                "0.004,0.002", "--seeds", "1,2", "--tokens", "16384");
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
        Files.delete(result); // as if it had been interrupted after its last checkpoint
        assertThat(study()).isZero();
        StudyResult after = StudyResult.read(result);
        assertThat(after.validationLoss()).isEqualTo(before.validationLoss());
        assertThat(after.testLoss()).isEqualTo(before.testLoss());
        assertThat(Files.readString(out.resolve("study.md")).lines().count()).isEqualTo(table.lines().count());
    }
}
