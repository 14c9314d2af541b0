package io.github.t6j.cli.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.cli.CommandResult;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A text to train on, a folder for a run, and the arguments of small runs, for tests of {@code t6j train}. */
abstract class TrainRuns {
    @TempDir
    Path folder;
    Path data;
    Path out;

    @BeforeEach
    void write() throws IOException {
        String text = Files.readString(CommandResult.TESTDATA.resolve("text/test.txt"));
        data = Files.writeString(folder.resolve("data.txt"), text.substring(0, 30_000));
        out = folder.resolve("run");
    }

    String[] command(Path into, String... more) {
        List<String> all = new ArrayList<>(List.of("train", "--data", data.toString(), "--out", into.toString()));
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    static String[] small(String... more) {
        return Stream.concat(
                Stream.of("--preset", "t6-nano", "--context", "64", "--batch", "2"), Stream.of(more))
                .toArray(String[]::new);
    }

    static List<Map<String, Object>> log(Path run) throws IOException {
        return Files.readAllLines(run.resolve("log.jsonl")).stream()
                .map(line -> Json.parseObject(line.getBytes(StandardCharsets.UTF_8), "log")).toList();
    }

    static void assertFailed(CommandResult ran, String... parts) {
        String error = ran.err().lines().reduce((first, second) -> second).orElseThrow();
        assertThat(error).startsWith("t6j: ").contains(parts);
        assertThat(ran.err()).doesNotContain("\tat ");
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.out()).isEmpty();
    }

    static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(file);
            }
        }
    }
}
