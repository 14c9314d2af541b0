package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.Model;
import io.github.t6j.chat.Chat;
import io.github.t6j.grammar.Grammar;
import io.github.t6j.schedule.Scheduler;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each program of gallery.md runs as a file of its own. */
class GalleryTest {
    private static final Path TESTDATA = CommandResult.TESTDATA;
    private static final Pattern PROGRAM = Pattern.compile("(?s)## ([^\n]+)\n\n```java\n(.*?)```");

    @TempDir
    private Path folder;

    private static List<MatchResult> programs() throws IOException {
        return PROGRAM.matcher(Files.readString(TESTDATA.resolve("../cli/docs/gallery.md"))).results().toList();
    }

    private static String place(Class<?> type) throws URISyntaxException {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
    }

    @Tag("full")
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            0 | (?s)( *\\d+ %  .*)+
            1 | (?s)(-?\\d+: The sea.*){4}
            2 | \\s*\\{\\s?"animal"\\s?:\\s?".*"\\s?,\\s?"legs"\\s?:\\s?[024]\\s?\\}\\R
            3 | [TBS][a-z]+ .+\\R
            4 | perplexity: \\d{2,4}\\.\\d+\\R
            5 | (?s)F32: \\d+ MB for 100,000 tokens\\R.*Q8: \\d+ MB.*
            6 | (?s)The captain .*said yes.*said no.*said nothing.*
            7 | (?s)> .+\\R> .*
            """)
    void runs(int program, String output) throws Exception {
        assertThat(programs()).as("programs; each has a line here").hasSize(8);
        Path source = Files.writeString(folder.resolve("Program.java"), programs().get(program).group(2));
        String classes =
                Stream.of(place(Model.class), place(Chat.class), place(Grammar.class), place(Scheduler.class))
                        .collect(Collectors.joining(File.pathSeparator));
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector", "-Dstdout.encoding=UTF-8", "-cp", classes, source.toString(),
                TESTDATA.resolve("models/t6-tiny").toString()).redirectErrorStream(true).start();
        try (var in = process.getOutputStream()) {
            in.write("Hello\n".getBytes(StandardCharsets.UTF_8));
        }
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .replaceFirst("WARNING: Using incubator modules.*\\R(?:warning: .*\\R|1 warning\\R)*", "");

        assertThat(process.waitFor()).as(out).isZero();
        assertThat(out).matches(output);
    }
}
