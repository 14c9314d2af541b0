package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Memory limits in Java images that have few modules: {@code --limit-modules} hides the others as jlink leaves them
 * out.
 */
class UnknownMemoryTest {
    @TempDir
    Path folder;

    private static String place(Class<?> of) throws Exception {
        return Path.of(of.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
    }

    /** Folder with the program's class and no other test's, to go into the engine's module. */
    private String program() throws Exception {
        Path file = folder.resolve("io/github/t6j/HugeContext.class");
        Files.createDirectories(file.getParent());
        Files.write(file, HugeContext.class.getResourceAsStream("HugeContext.class").readAllBytes());
        return folder.toString();
    }

    /** Lines on stdout of {@link HugeContext} in a JVM of its own; {@code err} gets stderr. */
    private static List<String> run(Path err, List<String> options) throws Exception {
        List<String> command =
                new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(options);
        command.add(TestData.tiny().toString());
        Process process = new ProcessBuilder(command).redirectError(err.toFile()).start();
        try (var out = process.inputReader()) {
            List<String> lines = out.lines().toList();
            assertThat(process.waitFor()).as("%s\n%s", command, read(err)).isZero();
            return lines;
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    @Test
    void theModuleBringsWhatKnowsTheMemory() throws Exception {
        Path err = folder.resolve("err");
        List<String> lines = run(err, List.of(
                "--limit-modules", "io.github.t6j.engine", "--module-path", place(Model.class),
                "--patch-module", "io.github.t6j.engine=" + program(),
                "--module", "io.github.t6j.engine/" + HugeContext.class.getName()));
        assertThat(lines).containsExactly("refused", "refused");
        assertThat(err).content().doesNotContain("memory");
    }

    @Test
    void onTheClassPathWithoutThatModuleTheMissingLimitIsLoggedOnce() throws Exception {
        Path err = folder.resolve("err");
        List<String> lines = run(err, List.of(
                "--limit-modules", "jdk.incubator.vector", "--add-modules", "jdk.incubator.vector",
                "--class-path", place(Model.class) + File.pathSeparator + program(),
                HugeContext.class.getName()));
        assertThat(lines).containsExactly("made: 2147483647", "made: 2147483647");
        assertThat(err).content().containsOnlyOnce("jdk.management").contains("memory", "--add-modules jdk.management");
    }
}
