package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code t6j generate} through its launcher on a terminal, simulated by util-linux' {@code script}. */
@EnabledOnOs(OS.LINUX)
class PromptTerminalTest {
    private static final String TEXT = CommandResult.TESTDATA.resolve("text/test.txt").toString();
    private static final String CTRL_C = "\u0003";

    @TempDir
    private static Path checkout;

    @BeforeAll
    static void build() throws IOException {
        LauncherTest.checkout(checkout);
    }

    private static LaunchedProcess start(String command) {
        ProcessBuilder builder = LaunchedProcess.terminal(checkout, command);
        builder.environment().remove("COLUMNS");
        return LaunchedProcess.start(builder);
    }

    /** Reading takes longer than the second before progress appears. */
    @Tag("full")
    @Test
    void aLongPipedPromptShowsProgress() {
        LaunchedProcess launched = start("cat " + TEXT + " | \"$t6j\" generate --context 300000 -n 1");
        launched.awaitOut("\rreading the prompt ");
        launched.awaitOut(" %");
        launched.type(CTRL_C);
        assertThat(launched.end(20).code()).isEqualTo(Main.INTERRUPTED);
    }

    @Tag("full")
    @Test
    void nothingIsShownWhereMessagesGoToAFile(@TempDir Path folder) throws IOException {
        Path messages = folder.resolve("messages");
        LaunchedProcess launched =
                start("head -c 12000 " + TEXT + " | \"$t6j\" generate --threads 1 --context 300000 -n 1 --seed 1 2>"
                        + messages);
        assertThat(launched.end().code()).isZero();
        assertThat(messages).content().startsWith("t6j: note: --context 300000").hasLineCount(1);
    }

    /** Progress is cleared before the prompt appears. */
    @Tag("full")
    @Test
    void thePromptIsShownAfterTheProgress() {
        CommandResult ran = start("head -c 12000 " + TEXT + " > " + checkout.resolve("long") + "; \"$t6j\" generate -f "
                + checkout.resolve("long") + " --threads 1 --context 300000 -n 1 --seed 1").end();
        assertThat(ran.code()).isZero();
        assertThat(ran.out()).contains("\rreading the prompt ");
        assertThat(ran.out().lastIndexOf("reading the prompt ")).isLessThan(ran.out().indexOf("\u001b[2m…"));
    }

    /** The terminal shows ^C behind the progress; nothing of both stays on the line. */
    @Tag("full")
    @ParameterizedTest
    @ValueSource(strings = {
        "perplexity --context 64 --file TEXT | perplexity ",
        "bench --prompt 8 --generate 4 --warm-up 3 --repetitions 1 | tg4 1 s",
        "train --data COPY --out OUT --preset t6-nano --steps 1000 | training step "
    })
    void ctrlCLeavesACleanLine(String command, @TempDir Path folder) throws IOException {
        Path copy = Files.copy(Path.of(TEXT), folder.resolve("text")); // train writes the tokens next to it
        String[] parts = command.replace("TEXT", TEXT).replace("COPY", copy.toString())
                .replace("OUT", folder.resolve("out").toString()).split(" \\| ");
        LaunchedProcess launched = start("stty cols 80; \"$t6j\" " + parts[0]);
        launched.awaitOut(parts[1]);
        launched.type(CTRL_C);
        CommandResult ran = launched.end();
        assertThat(ran.code()).isEqualTo(Main.INTERRUPTED);
        List<String> lines = Screen.lines(ran.out(), 80);
        assertThat(lines).filteredOn(line -> !line.startsWith("- ")) // lines of a report
                .noneMatch(line -> line.matches(".*(\\^C|\\d %|tg4 \\d|training step|\tat ).*"));
        assertThat(lines.getLast()).isEmpty();
    }

    /**
     * The terminal shows ^C where the text is; nothing of the text is lost. Without noflsh the terminal itself drops what it
     * has not shown yet.
     */
    @Test
    void ctrlCKeepsTheText(@TempDir Path folder) throws IOException {
        String options = "generate 'Once upon a time' --seed 1 --ignore-eos -c 2000 ";
        LaunchedProcess launched = start("stty cols 80 noflsh; \"$t6j\" " + options + "-n 1900 --no-echo");
        launched.awaitOut("basket"); // in a story of several lines
        launched.type(CTRL_C);
        CommandResult ran = launched.end();
        assertThat(ran.code()).isEqualTo(Main.INTERRUPTED);
        String whole = CommandResult.of("generate", "Once upon a time", "--seed", "1", "--ignore-eos", "-c", "2000",
                "-n", "500").out();
        List<String> shown = Screen.lines(ran.out(), 80);
        String text = String.join(" ", shown).replaceFirst("^.*may be worse ", "").replace("^C", "").strip();
        assertThat(text).hasSizeGreaterThan(100);
        assertThat(String.join(" ", whole.strip().split("\\s+"))).startsWith(String.join(" ", text.split("\\s+")));
    }

    @Tag("full")
    @Test
    void helpAsksTheTerminalHowWideItIs() {
        CommandResult narrow = start("stty cols 64; \"$t6j\" generate --help").end();
        assertThat(
                narrow.out().replaceAll("\u001b\\[[\\d;]*m", "").lines().mapToInt(String::length).max().orElseThrow())
                .isBetween(58, 64);
        assertThat(narrow.out()).contains("\u001b[");
    }
}
