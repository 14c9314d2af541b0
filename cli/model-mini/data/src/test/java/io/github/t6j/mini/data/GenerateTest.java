package io.github.t6j.mini.data;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Checks the files of the generator and of the filter, and runs the scorer on them. */
@Isolated
class GenerateTest {
    private static final Path TESTDATA = Path.of(System.getProperty("t6j.testdata"));

    @TempDir
    private Path folder;

    private Map<String, String> generate(String name, int seed) throws IOException {
        Path out = folder.resolve(name);
        Generate.main(new String[] {"--out", out.toString(), "--seed", "" + seed, "--megabytes", "1", "--conversations",
            "500", "--held-out", "20"});
        try (Stream<Path> files = Files.walk(out)) {
            return files.filter(Files::isRegularFile).collect(Collectors.toMap(file -> out.relativize(file).toString(),
                    GenerateTest::read, (first, second) -> first, TreeMap::new));
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void theSameSeedGivesTheSameFiles() throws IOException {
        Map<String, String> first = generate("first", 7);
        assertThat(generate("second", 7)).isEqualTo(first);
        assertThat(generate("third", 8).get("pretrain.txt")).isNotEqualTo(first.get("pretrain.txt"));
        assertThat(first.keySet()).contains("talk.jsonl", "talk.txt", "stories.txt", "chat_template.jinja",
                "generation_config.json");
        assertThat(first.get("pretrain.txt").length()).isBetween(990_000, 1_010_000);
    }

    @Test
    void nothingIsOffensive() throws IOException {
        WordFilter filter = WordFilter.offensive();
        generate("texts", 9)
                .forEach((name, text) -> assertThat(text.lines().filter(filter::isOffensive)).as(name).isEmpty());
    }

    /** The bundled answers to all held-out questions are right, and a model's right answers are counted. */
    @Test
    void theScorerCounts() throws Exception {
        Map<String, String> files = generate("scored", 7);
        for (String name : files.keySet()) {
            if (name.startsWith("held-out") && !name.contains("stories/")) {
                files.get(name).lines().map(line -> Json.parseObject(line.getBytes(StandardCharsets.UTF_8), name))
                        .forEach(
                                first -> assertThat(Score.isRight(first, first.get("answer").toString()))
                                        .as(first.toString())
                                        .isTrue());
            }
        }
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream before = System.out;
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            Score.main(new String[] {"--model", TESTDATA.resolve("models/t6-tiny").toString(), "--held-out",
                folder.resolve("scored/held-out/wordings/colours.jsonl").toString(), "--limit", "1", "--answers",
                folder.resolve("answers.jsonl").toString()});
        } finally {
            System.setOut(before);
        }
        assertThat(printed.toString(StandardCharsets.UTF_8))
                .containsPattern("\\| wordings \\| colours \\| 1 \\| \\d+\\.\\d %");
        assertThat(Files.readAllLines(folder.resolve("answers.jsonl"))).hasSize(1);
    }

    @Test
    void standardErrorsFollowTheBinomialDistribution() {
        assertThat(new Score.Result("things", "sums", 1000, 900))
                .hasToString("| things | sums | 1000 | 90.0 % | 0.9 |");
    }

    @Test
    void paragraphsWithAWordOfTheListAreDropped() throws IOException {
        WordFilter filter = new WordFilter(Set.of(WordFilter.rot13("onq")));
        assertThat(filter.without("One.\n\nTwo is Bad.\nTruly.\n\nThree is baddish."))
                .isEqualTo("One.\n\nThree is baddish.");
        assertThat(filter.without("bads")).isEmpty();
        assertThat(List.of(filter.paragraphs(), filter.dropped())).containsExactly(4, 2);
        assertThat(Lines.of("offensive.txt")).hasSizeGreaterThan(50).allMatch(line -> line.matches("[a-z]+"))
                .doesNotHaveDuplicates();

        Path books = Files.writeString(folder.resolve("books.txt"), "One.<|endoftext|>\nTwo.\n\n"
                + WordFilter.rot13(Lines.of("offensive.txt").getFirst()) + " three.<|endoftext|>");
        Books.main(new String[] {"--data", books.toString(), "--out", folder.resolve("kept.txt").toString()});
        assertThat(Set.of(Files.readString(folder.resolve("kept.txt")).split("<\\|endoftext\\|>")))
                .isEqualTo(Set.of("One.", "Two."));
    }
}
