package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Tests the promises of SECURITY.md about the sources, and that the tests in its table exist. */
class SecurityTest {
    private static final Path ROOT = TestData.path("..").normalize();
    private static final List<String> ENGINE =
            List.of("engine/core", "engine/grammar", "engine/native", "engine/schedule", "engine/speculation",
                    "engine/training");
    private static final List<String> MODULES =
            Stream.concat(ENGINE.stream(), Stream.of("cli", "cli/chat", "jmh")).toList();
    private static final Pattern ROW = Pattern.compile("(?m)^\\| ([^|]+) \\| ([^|]+) \\|$");
    private static final Pattern NAME = Pattern.compile("`(\\w+)`");

    /** Names of APIs that run code named by a file, or access memory unchecked. */
    private static final Pattern FORBIDDEN = Pattern.compile(
            "\\b(Unsafe|jdk\\.internal|java\\.lang\\.reflect|forName|ClassLoader|defineClass|ServiceLoader"
                    + "|ObjectInputStream|ProcessBuilder|Runtime\\.getRuntime\\(\\)\\.exec|System\\.load)\\b");
    private static final Pattern NATIVE = Pattern.compile("\\b(Linker|reinterpret)\\b");
    private static final String CHECKS = "VECTOR_ACCESS_OOB_CHECK";

    private static List<Path> files(String folder) throws IOException {
        try (Stream<Path> files = Files.walk(ROOT.resolve(folder))) {
            return files.filter(Files::isRegularFile).toList();
        }
    }

    private static List<String> engineSourcesWith(Pattern pattern) throws IOException {
        List<String> found = new ArrayList<>();
        for (String module : ENGINE) {
            for (Path file : files(module + "/src/main/java")) {
                if (pattern.matcher(Files.readString(file)).find()) {
                    found.add(file.getFileName().toString());
                }
            }
        }
        return found;
    }

    @Test
    void everyTestOfTheTableExists() throws IOException {
        Set<String> tests = new HashSet<>();
        for (String module : MODULES) {
            files(module + "/src/test").forEach(file -> tests.add(file.getFileName().toString()));
        }
        List<MatchResult> rows = ROW.matcher(Files.readString(ROOT.resolve("SECURITY.md"))).results().toList();
        assertThat(rows).hasSizeGreaterThan(10);
        for (MatchResult row : rows.subList(1, rows.size())) {
            if (!row.group(1).startsWith("---")) {
                List<String> named = NAME.matcher(row.group(2)).results().map(name -> name.group(1) + ".java").toList();
                assertThat(named).as("SECURITY.md: expected tests that exist for: " + row.group(1)).isNotEmpty()
                        .isSubsetOf(tests);
            }
        }
    }

    @Test
    void theEngineRunsNoCodeNamedByAFile() throws IOException {
        assertThat(engineSourcesWith(FORBIDDEN)).isEmpty();
    }

    @Test
    void nativeCodeIsCalledInTwoPlaces() throws IOException {
        assertThat(engineSourcesWith(NATIVE)).containsExactlyInAnyOrder("NativeMemory.java", "Library.java");
    }

    @Test
    void boundsChecksAreNeverDisabled() throws IOException {
        assertThat(System.getProperty("jdk.incubator.vector." + CHECKS)).isNull();
        List<Path> files = new ArrayList<>();
        for (String folder : List.of("cli/bin", ".ci", ".github", ".mvn")) {
            files.addAll(files(folder));
        }
        for (String module : MODULES) {
            files.addAll(files(module + "/src/main"));
            files.add(ROOT.resolve(module).resolve("pom.xml"));
        }
        files.add(ROOT.resolve("pom.xml"));
        for (Path file : files) {
            String text = Files.readString(file, StandardCharsets.ISO_8859_1); // fonts are not UTF-8
            assertThat(text).as(file.toString()).doesNotContain(CHECKS);
        }
    }
}
