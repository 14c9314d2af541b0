package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The same seed gives the same text, however java is started and in any environment. */
class PlatformTest {
    private static final String TEXT = " there was a young boy named Vlualo. He lived in a";
    private static final String[] GENERATE = {"generate", "Once upon a time", "--seed", "1", "-n", "16"};

    @TempDir
    private Path folder;

    private static void assertText(ProcessBuilder builder) {
        CommandResult ran = LaunchedProcess.run(builder);
        assertThat(ran).isEqualTo(new CommandResult(0, TEXT + "\n", ran.err()));
        assertThat(withoutNote(ran)).isEmpty();
    }

    /** Returns stderr without the note that this JVM cannot load the native library. */
    private static String withoutNote(CommandResult ran) {
        return ran.err().replaceFirst("t6j: note: native kernels: .*\n", "");
    }

    /**
     * Vectors of every width that the machine has, none, other roundings, other compilers, another language. java warns
     * about widths that the machine does not have.
     */
    static Stream<List<String>> machines() {
        return Stream.of(
                LaunchedProcess.modules(),
                LaunchedProcess.modules("-XX:MaxVectorSize=16"),
                LaunchedProcess.modules("-XX:MaxVectorSize=32", "-XX:-PrintWarnings"),
                LaunchedProcess.modules("-XX:MaxVectorSize=64", "-XX:-PrintWarnings"),
                LaunchedProcess.classes(Main.class),
                LaunchedProcess.classes(Main.class, "--add-modules=jdk.incubator.vector"),
                LaunchedProcess.modules("-XX:-UseFMA"),
                LaunchedProcess.modules("-XX:TieredStopAtLevel=1"),
                LaunchedProcess.modules("-Duser.language=tr", "-Duser.country=TR"));
    }

    @Tag("full")
    @ParameterizedTest
    @MethodSource("machines")
    void theTextIsTheSame(List<String> java) {
        assertText(LaunchedProcess.builder(java, GENERATE));
    }

    @Test
    void withoutLocaleAndHome() {
        ProcessBuilder builder = LaunchedProcess.builder(LaunchedProcess.modules(), GENERATE);
        builder.environment().keySet().removeAll(List.of("HOME", "USER", "LANG"));
        builder.environment().put("LC_ALL", "C");
        assertText(builder);
    }

    /** A folder of the model, and one to work in, with letters beyond ASCII; both are read-only. */
    @Test
    @DisabledOnOs(OS.WINDOWS)
    void inFoldersWithAnyName() throws IOException {
        Path work = Files.createDirectory(folder.resolve("é 日本 🐳"));
        Path model = Files.createDirectory(work.resolve("modèle 🐋"));
        for (String name : CommandResult.BUNDLED_FILES) {
            Files.copy(CommandResult.BUNDLED.resolve(name), model.resolve(name));
        }
        assertThat(model.toFile().setWritable(false)).isTrue();
        assertThat(work.toFile().setWritable(false)).isTrue();
        ProcessBuilder builder = LaunchedProcess.builder(LaunchedProcess.modules(), GENERATE).directory(work.toFile());
        builder.command().addAll(List.of("--model", model.getFileName().toString()));
        builder.environment().put("LC_ALL", "C.UTF-8");
        try {
            assertText(builder);
        } finally {
            assertThat(work.toFile().setWritable(true) && model.toFile().setWritable(true)).isTrue();
        }
    }

    /** Runs a command line in a shell, where "$@" is t6j. */
    private CommandResult inShell(String script, String... args) {
        ProcessBuilder builder = LaunchedProcess.builder(LaunchedProcess.modules(), args);
        builder.command().addAll(0, List.of("sh", "-c", script, "sh"));
        return LaunchedProcess.run(builder.directory(folder.toFile()));
    }

    @Tag("full")
    @ParameterizedTest
    @ValueSource(strings = {"\"$@\" < /dev/null", "\"$@\" 2>&-", "\"$@\" <&-", "\"$@\" <&- 2>&-"})
    @DisabledOnOs(OS.WINDOWS)
    void withClosedInputAndMessages(String script) {
        CommandResult ran = inShell(script, GENERATE);
        assertThat(ran.out()).isEqualTo(TEXT + "\n");
        assertThat(ran.code()).isZero();
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aReaderThatGoesAwayEndsIt() {
        CommandResult ran =
                inShell("{ \"$@\"; echo $? > code; } | head -c 1", "generate", "The whale", "--seed", "1", "-n", "400");
        assertThat(ran).isEqualTo(new CommandResult(0, " ", ""));
        assertThat(folder.resolve("code")).hasContent("0");
    }

    @Tag("full")
    @ParameterizedTest
    @ValueSource(strings = {"generate x -n 1", "help", "inspect", "tokenize x", "--version", "generate x --json -n 1"})
    @EnabledOnOs(OS.LINUX)
    void outputThatCannotBeWrittenFails(String commandLine) {
        CommandResult ran = inShell("\"$@\" > /dev/full", commandLine.split(" "));
        assertThat(ran).isEqualTo(new CommandResult(1, "", "t6j: standard output: No space left on device\n"));
    }

    /** Simulates a full disk: files end after 8 kB, which is enough for a small session. */
    @Tag("full")
    @ParameterizedTest
    @ValueSource(strings = {
        "generate x -n 16 --session there", "logits --ids 1,2 --out there", "init --preset tiny --out there"
    })
    @EnabledOnOs(OS.LINUX)
    void unwritableFilesAreNamedAndRemoved(String commandLine) throws IOException {
        CommandResult ran = inShell("ulimit -f 16; \"$@\" > /dev/null", commandLine.split(" "));

        assertThat(withoutNote(ran)).startsWith("t6j: there").contains(": cannot be written: File too large")
                .hasLineCount(1)
                .doesNotContain("partial");
        assertThat(ran.code()).isEqualTo(1);
        assertThat(folder).isEmptyDirectory();
    }

    /** Text from a pipe, given as a file name. */
    @Tag("full")
    @Test
    @EnabledOnOs(OS.LINUX)
    void aPipeIsAFileOfText() throws IOException {
        Path text = Files.writeString(folder.resolve("text"), "It was a cold morning, and the sea was grey.");
        CommandResult expected = CommandResult.of("perplexity", "--file", text.toString());

        assertThat(inShell("cat text | \"$@\"", "perplexity", "--file", "/dev/stdin")).isEqualTo(expected);
        assertThat(inShell("mkfifo pipe && cat text > pipe & \"$@\"", "perplexity", "--file", "pipe"))
                .isEqualTo(expected);
        assertThat(expected.code()).isZero();
        CommandResult endless = inShell("\"$@\"", "perplexity", "--file", "/dev/zero");
        assertThat(endless.code()).isEqualTo(1);
        assertThat(endless.err()).contains("/dev/zero: expected at most 268435456 bytes of text").hasLineCount(1);
    }

    /** A prompt is read in the system's locale; standard input and output are always UTF-8. */
    @ParameterizedTest
    @ValueSource(strings = {"C", "C.UTF-8", "tr_TR.ISO-8859-9"})
    @DisabledOnOs(OS.WINDOWS)
    void inputIsUtf8InEveryLocale(String locale) throws IOException {
        Path text = Files.write(folder.resolve("text"), "é 日本 🐳".getBytes(StandardCharsets.UTF_8));
        ProcessBuilder builder = LaunchedProcess.builder(LaunchedProcess.modules(), "tokenize", "-");
        builder.environment().put("LC_ALL", locale);
        builder.redirectInput(new File(text.toString()));
        assertThat(LaunchedProcess.run(builder)).isEqualTo(CommandResult.of("tokenize", "é 日本 🐳"));
    }
}
