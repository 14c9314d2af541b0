package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Public getters that may have no result return an Optional; only components of options are null for none. */
class GettersTest {
    /** Folders of the exported packages, relative to the root of the project. */
    private static final List<String> PACKAGES = List.of(
            "engine/core/src/main/java/io/github/t6j", "engine/core/src/main/java/io/github/t6j/flashtpa",
            "engine/core/src/main/java/io/github/t6j/sampling", "engine/core/src/main/java/io/github/t6j/tokenizer",
            "engine/grammar/src/main/java/io/github/t6j/grammar",
            "engine/schedule/src/main/java/io/github/t6j/schedule",
            "engine/speculation/src/main/java/io/github/t6j/speculation",
            "engine/training/src/main/java/io/github/t6j/training", "cli/chat/src/main/java/io/github/t6j/chat",
            "cli/chat/src/main/java/io/github/t6j/chat/rerank", "cli/chat/src/main/java/io/github/t6j/chat/template");

    /** Comment, result and name of a public getter of an object. */
    private static final Pattern GETTER = Pattern.compile(
            "/\\*\\*((?:(?!\\*/).)*)\\*/\\s+public (?!static )([\\w<>.\\[\\], ]+) (\\w+)\\(\\) \\{", Pattern.DOTALL);

    @Test
    void noGetterReturnsNull() throws IOException {
        List<String> nullable = new ArrayList<>();
        int getters = 0;
        for (String folder : PACKAGES) {
            try (Stream<Path> files = Files.list(TestData.path("..").resolve(folder))) {
                for (Path file : files.filter(each -> each.toString().endsWith(".java")).toList()) {
                    Matcher getter = GETTER.matcher(Files.readString(file));
                    while (getter.find()) {
                        getters++;
                        if (getter.group(1).contains("Returns") && getter.group(1).contains("null")) {
                            nullable.add(file.getFileName() + ": " + getter.group(3));
                        }
                    }
                }
            }
        }
        assertThat(getters).isGreaterThan(100);
        assertThat(nullable).isEmpty();
    }

    @Test
    void absentResultsAreEmpty() {
        assertThat(Prompt.of(1, 2).text()).isEmpty();
        assertThat(Prompt.of("a").text()).contains("a");
        assertThat(ModelFormatException.unsupported("no").path()).isEmpty();
    }
}
