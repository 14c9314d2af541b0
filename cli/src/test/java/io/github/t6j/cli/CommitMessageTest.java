package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the commit message hook, .ci/commit-msg. */
@DisabledOnOs(OS.WINDOWS)
class CommitMessageTest {
    @TempDir
    private Path folder;

    /** Returns the message of the hook about a subject, or an empty string if the hook accepts it. */
    private String check(String subject) throws IOException, InterruptedException {
        Path message =
                Files.writeString(folder.resolve("message"), "# comment\n" + subject + "\n\nThe body is free.\n");
        Path script = DocumentsTest.ROOT.resolve(".ci/commit-msg");
        Process hook =
                new ProcessBuilder("bash", script.toString(), message.toString()).redirectErrorStream(true).start();
        String output = new String(hook.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(hook.waitFor()).as(output).isEqualTo(output.isEmpty() ? 0 : 1);
        return output;
    }

    @ParameterizedTest
    @ValueSource(strings = {"Reject duplicate tensors", "Compress saved sessions", "Embed the tokenizer in GGUF files",
        "Address rounding in the softmax", "Merge branch 'x'", "Revert \"Adds a cache.\"",
        "Compare a float64 oracle of größeren Köpfe with the one of 72 characters"})
    void acceptsImperativeSubjects(String subject) throws IOException, InterruptedException {
        assertThat(check(subject)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            Rejects duplicate tensors                                                  | the imperative
            Rejected duplicate tensors                                                 | the imperative
            Rejecting duplicate tensors                                                | the imperative
            The loader rejects duplicate tensors                                       | the imperative
            Weights are read in panels                                                 | the imperative
            Loader: reject duplicate tensors                                           | the prefix 'Loader:'
            MLA reads bf16 pages                                                       | capitalised verb
            Formatting                                                                 | capitalised verb
            Reject duplicate tensors.                                                  | no full stop
            Reject duplicate tensors; name them                                        | semicolon
            Reject duplicate tensors in all files of a model that has several of them  | found 73
            """)
    void rejectsOtherSubjects(String subject, String fault) throws IOException, InterruptedException {
        assertThat(check(subject)).contains("commit subject: expected ").contains(fault);
    }
}
