package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.Model;
import io.github.t6j.chat.Chat;
import io.github.t6j.grammar.Grammar;
import io.github.t6j.schedule.Scheduler;
import io.github.t6j.speculation.Speculation;
import io.github.t6j.training.Trainer;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Java code of the library's pages and train.md compiles and runs; {@code .ci/examples} does so elsewhere. */
class LibraryPageTest {
    private static final Path TESTDATA = Path.of(System.getProperty("t6j.testdata"));
    private static final Path DOCS = TESTDATA.resolve("../cli/docs");

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

    /** Returns the Java blocks of a page of cli/docs. */
    private static Iterator<String> blocks(String page) {
        try {
            return Pattern.compile("(?s)```java\n(.*?)```").matcher(Files.readString(DOCS.resolve(page))).results()
                    .map(block -> block.group(1)).toList().iterator();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    @Tag("full")
    @Test
    void theirJavaCompilesAndRuns() throws Exception {
        Map<String, Iterator<String>> pages = new HashMap<>();
        String program = Files.readAllLines(DOCS.resolve("../src/test/resources/Library.java.txt")).stream()
                .map(line -> line.startsWith("@")
                        ? pages.computeIfAbsent(line.substring(1), LibraryPageTest::blocks).next()
                        : line)
                .collect(Collectors.joining("\n"));
        assertThat(pages.values()).as("pages whose last block runs").noneMatch(Iterator::hasNext);
        Path source = Files.writeString(folder.resolve("Library.java"), program);
        String classes = Stream.of(place(Model.class), place(Chat.class), place(Grammar.class),
                place(Scheduler.class), place(Speculation.class), place(Trainer.class),
                System.getProperty("java.class.path"), folder.toString())
                .distinct().collect(Collectors.joining(File.pathSeparator));
        output("javac", List.of("-cp", classes, "-d", folder.toString(), source.toString()));
        String out = output("java", List.of("--add-modules=jdk.incubator.vector", "-Dstdout.encoding=UTF-8", "-cp",
                classes, "Library", TESTDATA.resolve("models/t6-tiny").toString()));
        assertThat(out)
                .contains("defaults: 0.8", "MAX_TOKENS", "Likelihood[id=", "whale: ", "sea: MAX_TOKENS", "metrics: 40",
                        "reason: MAX_TOKENS", "attended: 100 of 100", "attended: 1 of 101", "restored: 90", "10: ",
                        "all ran")
                .containsPattern("(?s)captain: .*captain: .*captain: ")
                .containsPattern("step by step: .").containsPattern("digits: [0-9]{5,}\\R")
                .containsPattern("answer: .");
    }
}
