package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.Model;
import io.github.t6j.chat.ChatModel;
import java.io.File;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Java code of cli/docs/library.md compiles and runs. */
class LibraryPageTest {
    private static final Path TESTDATA = Path.of(System.getProperty("t6j.testdata"));

    /** Code around each block of the page, in order, and its variables. */
    private static final String PROGRAM = """
            import io.github.t6j.*;
            import io.github.t6j.chat.*;
            import io.github.t6j.sampling.*;
            import io.github.t6j.schedule.*;
            import io.github.t6j.tokenizer.*;
            import java.nio.charset.StandardCharsets;
            import java.nio.file.Path;
            import java.time.Duration;
            import java.util.List;
            import java.util.concurrent.*;
            import java.util.concurrent.atomic.AtomicBoolean;
            import java.util.stream.Stream;

            class Page {
                static void load(Path folder) {
                    %s
                }

                static void stream(Session session, GenerationOptions options) {
                    %s
                }

                static void end(Session session, GenerationOptions options) {
                    %s
                }

                static void scheduler(Model model, GenerationOptions options) {
                    %s
                }

                static void prefix(Session session, Tokenizer tokenizer, GenerationOptions options,
                        ExecutorService executor) throws InterruptedException {
                    %s
                }

                static void deadline(Session session, GenerationOptions options) {
                    %s
                }

                static Generation step(Session session, GenerationOptions options, Tokenizer tokenizer) {
                    %s
                    return session.generate("The", options);
                }

                static void chat(Path folder) {
                    %s
                }

                public static void main(String[] args) throws InterruptedException {
                    load(Path.of(args[0]));
                    GenerationOptions options = GenerationOptions.defaults().withMaxTokens(20);
                    try (Model model = Model.load(Path.of(args[0])); Session session = model.newSession();
                            ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
                        stream(session, options);
                        end(session, options.withIgnoreEndOfText(true));
                        scheduler(model, options.withIgnoreEndOfText(true));
                        session.truncate(0);
                        prefix(session, model.tokenizer(), options, executor);
                        deadline(session, options.withIgnoreEndOfText(true));
                        session.truncate(0);
                        System.out.println("digits: " + step(session, options, model.tokenizer()).text());
                    }
                    System.out.print("answer: ");
                    chat(Path.of(args[0]));
                }
            }
            """;

    @TempDir
    private Path folder;

    private static String place(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
        } catch (URISyntaxException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static String output(String tool, List<String> arguments) throws Exception {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", tool).toString()));
        command.addAll(arguments);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("%s\n%s", command, out).isZero();
        return out;
    }

    @Test
    void itsJavaCompilesAndRuns() throws Exception {
        String page = Files.readString(TESTDATA.resolve("../cli/docs/library.md"));
        Object[] blocks = Pattern.compile("(?s)```java\n(.*?)```").matcher(page).results()
                .map(MatchResult::group).map(block -> block.replaceAll("```(java)?", "")).toArray();
        assertThat(blocks).hasSize(8);
        Path source = Files.writeString(folder.resolve("Page.java"), PROGRAM.formatted(blocks));
        String classes = Stream.of(place(Model.class), place(ChatModel.class),
                System.getProperty("java.class.path"), folder.toString())
                .distinct().collect(Collectors.joining(File.pathSeparator));
        output("javac", List.of("-cp", classes, "-d", folder.toString(), source.toString()));
        String out = output("java", List.of("--add-modules=jdk.incubator.vector", "-Dstdout.encoding=UTF-8", "-cp",
                classes, "Page", TESTDATA.resolve("models/t6-tiny").toString()));
        assertThat(out)
                .contains("defaults: 0.8", "MAX_TOKENS", "Likelihood[id=", "whale: ", "sea: MAX_TOKENS", "metrics: 40",
                        "reason: MAX_TOKENS")
                .containsPattern("(?s)captain: .*captain: .*captain: ")
                .containsPattern("digits: [0-9]{5,}\\R").containsPattern("answer: .");
    }
}
