package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** bin/t6j in a built checkout: it has jars, and sources that are older. */
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {
    private static final Path PROJECT = CommandResult.TESTDATA.getParent();
    private static final String TEXT =
            " there was a young boy named Vlualo. He lived in a\n";
    private static final String[] GENERATE = {"generate", "Once upon a time", "--seed", "1", "-n", "16"};

    private static Path built;

    @TempDir
    private Path folder;
    private Path checkout = built;

    @BeforeAll
    static void build(@TempDir Path folder) throws IOException {
        built = checkout(folder.resolve("checkout"));
    }

    /** Makes {@code root} a built checkout. */
    static Path checkout(Path root) throws IOException {
        Path app = Files.createDirectories(root.resolve("cli/target/app"));
        for (var jar : LaunchedProcess.jars().entrySet()) {
            jar(Path.of(jar.getValue()), app.resolve(jar.getKey() + ".jar"));
        }
        Path model = Files.createDirectories(root.resolve("testdata/models/t6-mini"));
        for (String name : CommandResult.BUNDLED_FILES) {
            Files.copy(CommandResult.BUNDLED.resolve(name), model.resolve(name));
        }
        Path launcher = Files.createDirectories(root.resolve("cli/bin")).resolve("t6j");
        Files.copy(PROJECT.resolve("cli/bin/t6j"), launcher, StandardCopyOption.COPY_ATTRIBUTES);
        for (String module : List.of("engine/core", "engine/grammar", "engine/native", "engine/schedule",
                "engine/speculation", "engine/training", "cli/gpt2",
                "cli/chat", "cli", "")) {
            for (String source : List.of("pom.xml", "src/main")) { // the launcher checks only their age
                Path old = Files.createDirectories(root.resolve(module).resolve(source));
                Files.setLastModifiedTime(old, FileTime.fromMillis(0));
            }
        }
        return root;
    }

    /** Makes a jar of {@code classes}, which is a folder, or a jar if the whole build runs. */
    private static void jar(Path classes, Path jar) throws IOException {
        if (Files.isRegularFile(classes)) {
            Files.copy(classes, jar);
            return;
        }
        String[] args = {"--create", "--file", jar.toString(), "-C", classes.toString(), "."};
        assertThat(ToolProvider.findFirst("jar").orElseThrow().run(System.out, System.err, args)).isZero();
    }

    private ProcessBuilder launcher(String... args) {
        ProcessBuilder builder = LaunchedProcess.builder(List.of(checkout.resolve("cli/bin/t6j").toString()), args);
        builder.environment().put("T6J_JAVA_HOME", System.getProperty("java.home"));
        return builder;
    }

    private CommandResult run(String... args) {
        return LaunchedProcess.run(launcher(args));
    }

    /** Runs a script in which "$@" is the launcher and its arguments. */
    private CommandResult inShell(String script, String... args) {
        ProcessBuilder builder = launcher(args);
        builder.command().addAll(0, List.of("sh", "-c", script, "sh"));
        return LaunchedProcess.run(builder);
    }

    /** The second run uses the archive of classes that the first has made. */
    @Test
    void runsAndKeepsTheJvmsWarningToItself() {
        assertThat(run(GENERATE)).isEqualTo(new CommandResult(0, TEXT, ""));
        assertThat(checkout.resolve("cli/target")).isDirectoryContaining("glob:**.jsa");
        assertThat(run(GENERATE)).isEqualTo(new CommandResult(0, TEXT, ""));
        assertThat(run("generate", "x", "--top-p", "7").err()).startsWith("t6j: --top-p: expected ").hasLineCount(1);
    }

    /** The run that makes the archive loads the bundled model. */
    @Test
    void theArchiveDoesNotDependOnTheUsersModel(@TempDir Path settings) throws IOException {
        Path archives = checkout.resolve("cli/target");
        try (Stream<Path> files = Files.list(archives)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".jsa")).toList()) {
                Files.delete(file);
            }
        }
        Files.writeString(Files.createDirectories(settings.resolve("t6j")).resolve("config"), "model = nowhere\n");
        ProcessBuilder builder = launcher("--version");
        builder.environment().putAll(Map.of("XDG_CONFIG_HOME", settings.toString(), "T6J_MODEL", "nowhere"));
        assertThat(LaunchedProcess.run(builder).code()).isZero();
        try (Stream<Path> files = Files.list(archives)) {
            assertThat(files.filter(path -> path.toString().endsWith(".jsa")))
                    .singleElement().satisfies(path -> assertThat(path).isNotEmptyFile());
        }
    }

    @Tag("full")
    @ParameterizedTest
    @CsvSource({"LANG,C.UTF-8", "LC_ALL,C", "LANG,"})
    void aPathBeyondAsciiIsNoHindrance(String variable, String locale) throws IOException {
        checkout = checkout(folder.resolve("é 日本 🐳"));
        for (int i = 0; i < 2; i++) {
            ProcessBuilder builder = launcher(GENERATE);
            builder.environment().keySet().removeAll(List.of("LANG", "LC_ALL"));
            if (locale != null) {
                builder.environment().put(variable, locale);
            }
            assertThat(LaunchedProcess.run(builder)).isEqualTo(new CommandResult(0, TEXT, ""));
        }
    }

    @Test
    void aSecondProcessReportsThatItWaits() throws IOException {
        checkout = checkout(folder.resolve("checkout"));
        Path lock = Files.createDirectory(checkout.resolve("cli/target/build.lock"));
        Files.writeString(lock.resolve("pid"), "" + ProcessHandle.current().pid());
        Path source = checkout.resolve("cli/pom.xml");
        Files.setLastModifiedTime(source, FileTime.fromMillis(System.currentTimeMillis() + 10_000));
        LaunchedProcess waiting = LaunchedProcess.start(launcher("tokenize", "The whale"));
        waiting.awaitErr("t6j: waiting for another process that builds t6j (" + ProcessHandle.current().pid() + ")");
        Files.setLastModifiedTime(source, FileTime.fromMillis(0)); // the other has built
        Files.delete(lock.resolve("pid"));
        Files.delete(lock);
        CommandResult ran = waiting.end();
        assertThat(ran.out()).isEqualTo("293,2383\n");
        assertThat(ran.err()).hasLineCount(1);
    }

    @Test
    void aCheckoutThatCannotBeWrittenIsReported() throws IOException {
        Path cli = Files.createDirectories(folder.resolve("checkout/cli"));
        Files.copy(PROJECT.resolve("cli/bin/t6j"), Files.createDirectory(cli.resolve("bin")).resolve("t6j"),
                StandardCopyOption.COPY_ATTRIBUTES);
        Files.createFile(cli.resolve("target")); // permissions do not stop an administrator, a file does
        checkout = folder.resolve("checkout");
        CommandResult ran = run("tokenize", "x");
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).startsWith("t6j: cannot build: expected permission to write to ").doesNotContain("mkdir")
                .contains("run it once as the owner of ");
    }

    @Test
    void javasErrorsAtTheStartAreShown() throws IOException {
        checkout = checkout(folder.resolve("checkout"));
        Files.writeString(checkout.resolve("cli/target/app/picocli.jar"), "no jar");

        CommandResult ran = run("tokenize", "x");

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("Error occurred during initialization of boot layer", "picocli.jar");
    }

    /** The launcher's own size of the heap at first gives way. */
    @ParameterizedTest
    @ValueSource(strings = {"-Xmx20m", "-XX:MaxHeapSize=20m", "-Xlog:disable -Xmx20m -Dx=y", "-Xms8m -Xmx20m"})
    void aSmallHeapIsTheUsersChoice(String options) {
        ProcessBuilder builder = launcher("tokenize", "The whale");
        builder.environment().put("T6J_JAVA_OPTS", options);
        assertThat(LaunchedProcess.run(builder)).isEqualTo(new CommandResult(0, "293,2383\n", ""));
    }

    @Test
    void wrongOptionsForJavaAreShown() {
        ProcessBuilder builder = launcher("tokenize", "x");
        builder.environment().put("T6J_JAVA_OPTS", "-XX:NoSuchOption");

        CommandResult ran = LaunchedProcess.run(builder);

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err()).contains("NoSuchOption");
    }

    @Tag("full")
    @ParameterizedTest
    @ValueSource(strings = {"\"$@\" 2>&-", "\"$@\" <&-", "\"$@\" <&- 2>&-"})
    void closedDescriptorsAreNoHindrance(String script) {
        CommandResult ran = inShell(script, GENERATE);
        assertThat(ran.out()).isEqualTo(TEXT);
        assertThat(ran.code()).isZero();
    }

    @Tag("full")
    @Test
    void closedInputIsEmptyAndClosedOutputIsAnError() {
        assertThat(inShell("\"$@\" <&-", "tokenize")).isEqualTo(new CommandResult(0, "\n", ""));
        CommandResult closed = inShell("\"$@\" >&-", "tokenize", "x");
        assertThat(closed.code()).isEqualTo(1);
        assertThat(closed.err()).startsWith("t6j: standard output: ").hasLineCount(1);
    }

    /** The launcher becomes java, so that java receives signals. */
    @Tag("full")
    @ParameterizedTest
    @CsvSource({"INT,130", "TERM,143"})
    void signalsEndIt(String signal, int code) {
        ProcessBuilder builder = launcher("generate", "Once upon a time", "--seed", "1", "-n", "100000", "--ignore-eos",
                "--context", "100000");
        builder.command().addAll(0, LaunchedProcess.interruptible());
        LaunchedProcess launched = LaunchedProcess.start(builder);
        launched.awaitOut(" there was a");
        launched.signal(signal);

        CommandResult ran = launched.end(10);
        assertThat(ran.code()).isEqualTo(code);
        assertThat(ran.out()).endsWith("\n");
        assertThat(ran.err()).hasLineCount(1);
    }

    @Test
    void nothingIsLeftInTheTemporaryFolder() throws IOException {
        Path temporary = Files.createDirectory(folder.resolve("tmp"));
        ProcessBuilder builder = launcher("tokenize", "x");
        builder.environment().put("TMPDIR", temporary.toString());

        assertThat(LaunchedProcess.run(builder).code()).isZero();
        try (var files = Files.list(temporary)) {
            assertThat(new ArrayList<>(files.toList())).isEmpty();
        }
    }
}
