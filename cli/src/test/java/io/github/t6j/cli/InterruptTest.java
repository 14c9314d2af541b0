package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ctrl-C and SIGTERM: complete results are printed or saved, partial ones are removed, and no process continues. */
@DisabledOnOs(OS.WINDOWS)
class InterruptTest {
    /** A command ends within a second, or later if the machine is busy. */
    private static final long SECONDS = 10;
    private static final int SIGTERM = 143;
    private static final String TEXT = CommandResult.TESTDATA.resolve("text/test.txt").toString();

    @TempDir
    private Path folder;

    private static LaunchedProcess start(String... args) {
        return LaunchedProcess.start(LaunchedProcess.builder(LaunchedProcess.modules(), args));
    }

    private static LaunchedProcess startOnTerminal(String... args) {
        return LaunchedProcess.start(
                LaunchedProcess.builder(LaunchedProcess.classes(OnTerminal.class, "--add-modules=jdk.incubator.vector"),
                        args));
    }

    @Test
    void generateEndsItsLineAndSavesTheSession() {
        Path file = folder.resolve("chat");
        LaunchedProcess launched =
                start("generate", "Once upon a time", "-n", "100000", "--context", "100000", "--ignore-eos",
                        "--seed", "1", "--session", file.toString());
        launched.awaitOut(" there was a");
        launched.signal("INT");

        CommandResult ran = launched.end(SECONDS);
        assertThat(ran.code()).isEqualTo(Main.INTERRUPTED);
        assertThat(ran.out()).endsWith("\n");
        assertThat(ran.err()).contains("note: --context 100000").hasLineCount(1);
        assertThat(
                CommandResult.of("generate", "", "-n", "1", "--context", "100000", "--session", file.toString()).code())
                .isZero();
    }

    @Test
    void perplexityPrintsPartialResults() {
        LaunchedProcess launched = startOnTerminal("perplexity", "--model", CommandResult.TINY, "--file", TEXT,
                "--context", "64", "--json");
        launched.awaitErr(" ± ");
        launched.signal("INT");

        CommandResult ran = launched.end(SECONDS);
        assertThat(ran.code()).isEqualTo(Main.INTERRUPTED);
        assertThat(ran.json()).containsEntry("partial", true)
                .containsKeys("tokens", "scored", "nll", "perplexity", "bits_per_byte");
        assertThat((Double) ran.json().get("bits_per_byte")).isBetween(1.0, 4.0);
        assertLineIsCleared(ran);
    }

    @Test
    void scorePrintsPartialResults() throws IOException {
        StringBuilder questions = new StringBuilder();
        IntStream.range(0, 20_000).forEach(i -> questions.append("{\"context\": \"The sky number ").append(i)
                .append(" is\", \"choices\": [\"blue\", \"a fish\"], \"gold\": 0}\n"));
        Path file = Files.writeString(folder.resolve("task.jsonl"), questions);
        LaunchedProcess launched = startOnTerminal("score", "--file", file.toString(), "--json");
        launched.awaitErr("left, ");
        launched.signal("INT");

        CommandResult ran = launched.end(SECONDS);
        assertThat(ran.code()).isEqualTo(Main.INTERRUPTED);
        assertThat(ran.json()).containsEntry("partial", true).containsKeys("acc", "acc_norm");
        assertThat((Long) ran.json().get("questions")).isBetween(1L, 19_999L);
        assertLineIsCleared(ran);
    }

    /** The same command then ends with the results of an uninterrupted one. */
    @Tag("full")
    @Test
    void interruptedTextsContinue() throws IOException {
        StringBuilder texts = new StringBuilder();
        IntStream.range(0, 500).forEach(i -> texts.append("{\"text\": \"The whale number ").append(i)
                .append(" was seen from the ship, and the captain looked at it.\"}\n"));
        Path file = Files.writeString(folder.resolve("texts.jsonl"), texts);
        Path out = folder.resolve("out.jsonl");
        String[] command = {"perplexity", "--texts", file.toString(), "--json", "--out"};
        LaunchedProcess launched = startOnTerminal(and(command, out));
        launched.awaitErr("left, ");
        launched.signal("INT");

        CommandResult ran = launched.end(SECONDS);
        assertThat(ran.code()).isEqualTo(Main.INTERRUPTED);
        assertThat(ran.json()).containsEntry("partial", true);
        assertThat((Long) ran.json().get("texts")).isBetween(1L, 499L).isEqualTo(Files.readAllLines(out).size());
        assertThat(ran.err()).contains(" of 500 lines are done; the same command continues");
        CommandResult rest = CommandResult.of(and(command, out));
        Path straight = folder.resolve("straight.jsonl");
        assertThat(rest.out()).isEqualTo(CommandResult.of(and(command, straight)).out());
        assertThat(out).hasSameTextualContentAs(straight);
    }

    private static String[] and(String[] command, Path last) {
        return Stream.concat(Stream.of(command), Stream.of(last.toString())).toArray(String[]::new);
    }

    @Tag("full")
    @Test
    void benchPrintsPartialResults() {
        LaunchedProcess launched = startOnTerminal("bench", "--prompt", "8", "--generate", "4", "--warm-up", "3",
                "--repetitions", "1", "--format", "json");
        launched.awaitErr("tg4 1 s");
        launched.signal("INT");

        CommandResult ran = launched.end(SECONDS);
        assertThat(ran.code()).isEqualTo(Main.INTERRUPTED);
        Object rows = Json.parse(ran.out().getBytes(StandardCharsets.UTF_8), "output");
        assertThat(Json.array(rows, "rows")).hasSize(1);
        assertThat(Json.object(Json.array(rows, "rows").getFirst(), "row"))
                .containsAllEntriesOf(Map.of("test", "pp8", "partial", true));
        assertLineIsCleared(ran);
    }

    /** Checks that a line of spaces, with the cursor at its start, is the last that a terminal shows. */
    private static void assertLineIsCleared(CommandResult ran) {
        assertThat(ran.err()).matches("(?s).*\\r +\\r");
    }

    @ParameterizedTest
    @ValueSource(strings = {"INT", "TERM"})
    void initLeavesNothing(String signal) throws IOException {
        Path made = folder.resolve("made");
        LaunchedProcess launched = start("init", "--preset", "t6-medium", "--out", made.toString());
        awaitPartial(made);
        launched.signal(signal);

        CommandResult ran = launched.end(SECONDS);
        assertThat(ran).isEqualTo(new CommandResult(signal.equals("INT") ? Main.INTERRUPTED : SIGTERM, "", ""));
        assertThat(folder).isEmptyDirectory();
    }

    /** A killed process removes nothing, but the next run removes its remains. */
    @Test
    void remainsOfAKilledInitAreCleared() throws IOException {
        Path made = folder.resolve("made");
        LaunchedProcess launched = start("init", "--preset", "t6-medium", "--out", made.toString());
        awaitPartial(made);
        launched.signal("KILL");
        launched.end(SECONDS);
        assertThat(made).isDirectoryContaining("glob:**.partial");

        CommandResult.of("init", "--preset", "tiny", "--out", made.toString()).assertMade(made);
        try (var files = Files.list(made)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("config.json", "model.safetensors");
        }
    }

    @Tag("full")
    @Test
    void twoAtOnceDestroyNothing() throws IOException {
        Path made = folder.resolve("made");
        LaunchedProcess launched = start("init", "--preset", "t6-small", "--out", made.toString());
        awaitPartial(made);

        CommandResult second = CommandResult.of("init", "--preset", "tiny", "--out", made.toString());
        assertThat(second.err()).contains("another t6j writing to it").hasLineCount(1);
        assertThat(second.code()).isEqualTo(1);
        launched.end().assertMade(made);
        assertThat(CommandResult.of("inspect", "--load", "mmap", "--model", made.toString()).code()).isZero();
    }

    private static void awaitPartial(Path made) throws IOException {
        long end = System.nanoTime() + 60_000_000_000L;
        while (true) {
            if (Files.isDirectory(made)) {
                try (var files = Files.list(made)) {
                    if (files.anyMatch(file -> file.toString().endsWith(".partial"))) {
                        return;
                    }
                }
            }
            assertThat(System.nanoTime()).isLessThan(end);
        }
    }

    @Test
    void convertLeavesNothing() throws IOException {
        Path source = folder.resolve("source");
        CommandResult.of("init", "--preset", "t6-small", "--out", source.toString());
        Path made = folder.resolve("made");
        LaunchedProcess launched = start("convert", source.toString(), made.toString(), "--dtype", "q4_0");
        awaitPartial(made);
        launched.signal("TERM");

        assertThat(launched.end(SECONDS)).isEqualTo(new CommandResult(SIGTERM, "", ""));
        assertThat(made).doesNotExist();
    }

    @Test
    void tokenizerTrainLeavesNothing() throws IOException {
        Random random = new Random(1);
        StringBuilder words = new StringBuilder();
        for (int i = 0; i < 400_000; i++) {
            words.append(' ');
            random.ints(10, 'a', 'z' + 1).forEach(letter -> words.append((char) letter));
        }
        Path text = Files.writeString(folder.resolve("words"), words);
        LaunchedProcess launched =
                startOnTerminal("tokenizer", "train", "--data", text.toString(), "--vocab", "1000000",
                        "--out", folder.resolve("made").toString());
        launched.awaitErr("merging ");
        launched.signal("INT");

        CommandResult ran = launched.end(SECONDS);
        assertThat(ran.code()).isEqualTo(Main.INTERRUPTED);
        assertLineIsCleared(ran);
        try (var files = Files.list(folder)) {
            assertThat(files).containsExactly(text);
        }
    }

    @Test
    void logitsLeaveNothing() throws IOException {
        Path ids = Files.writeString(folder.resolve("ids"), "5,".repeat(20_000));
        Path out = folder.resolve("logits");
        LaunchedProcess launched = startOnTerminal("logits", "--ids", "@" + ids, "--step", "--out", out.toString());
        launched.awaitErr("logits ");
        launched.signal("TERM");

        CommandResult ran = launched.end(SECONDS);
        assertThat(ran.code()).isEqualTo(SIGTERM);
        assertLineIsCleared(ran);
        assertThat(folder).isDirectoryNotContaining("glob:**logits*");
    }

    /** A command that waits for input ends. */
    @ParameterizedTest
    @ValueSource(strings = {"tokenize", "generate"})
    void aCommandThatWaitsForInputEnds(String command) throws InterruptedException {
        LaunchedProcess launched = start(command, "-");
        Thread.sleep(1500);
        launched.signal("TERM");

        assertThat(launched.end(SECONDS)).isEqualTo(new CommandResult(SIGTERM, "", ""));
    }
}
