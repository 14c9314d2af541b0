package io.github.t6j.cli.chat;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.chat.AnswerPart;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.io.PipedInput;
import io.github.t6j.cli.io.Spinner;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Typed and piped input, its history, and the printing of answers. */
class ChatInputTest {
    @TempDir
    private Path folder;

    private static List<String> messages(String input) {
        PipedInput piped = new PipedInput(input);
        List<String> messages = new ArrayList<>();
        for (String text = piped.next(); text != null; text = piped.next()) {
            messages.add(ChatInput.message(text));
        }
        return messages;
    }

    @Test
    void linesContinueAfterABackslash() {
        assertThat(messages("a\nb")).containsExactly("a", "b");
        assertThat(messages("a\\\nb\\\n\nc\r\n d ")).containsExactly("a\nb", "c", "d");
        assertThat(messages("a\\")).containsExactly("a");
        assertThat(messages("C:\\x\\y\n")).containsExactly("C:\\x\\y");
    }

    @Test
    void quotesKeepSeveralLinesUnchanged() {
        assertThat(messages("\"\"\"\n a\\\n\n\"b\"\n\"\"\"\nc")).containsExactly(" a\\\n\n\"b\"\n", "c");
        assertThat(messages("\"\"\"a\nb\"\"\"")).containsExactly("a\nb");
        assertThat(messages("\"\"\"/help\"\"\"\n\"\"\"\"\"\"")).containsExactly("/help", "");
        assertThat(messages("\"\"\"never\nended")).containsExactly("never\nended");
        assertThat(messages("say \"\"\"x")).containsExactly("say \"\"\"x");
    }

    @Test
    void theHistoryIsWhereTheSystemHasIt() {
        Path home = folder.toAbsolutePath();
        Path state = home.resolve("state");
        assertThat(ChatHistory.file(Map.of(), home)).isEqualTo(home.resolve(".local/state/t6j/history"));
        assertThat(ChatHistory.file(Map.of("XDG_STATE_HOME", state.toString()), home))
                .isEqualTo(state.resolve("t6j/history"));
        assertThat(ChatHistory.file(Map.of("XDG_STATE_HOME", "relative", "LOCALAPPDATA", ""), home))
                .isEqualTo(home.resolve(".local/state/t6j/history"));
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void theHistoryIsForItsOwnerAlone() throws IOException {
        Path file = folder.resolve("state/t6j/history");
        ChatHistory.create(file);
        Files.writeString(file, "x");
        ChatHistory.create(file);
        assertThat(file).hasContent("x");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file.getParent())))
                .isEqualTo("rwx------");
    }

    @Test
    void thinkingIsDimWhereThereAreColors() {
        assertThat(printed(true))
                .isEqualTo("\u001b[2m<think>\n\\u001b[1m\u001b[22m\u001b[2m\n</think>\n\n\u001b[22mé\\u009b\ta\n");
        assertThat(printed(false)).isEqualTo("<think>\n\\u001b[1m\n</think>\n\né\\u009b\ta\n");
    }

    private static String printed(boolean colors) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream err = new PrintStream(out);
        Main main = new Main(new ByteArrayInputStream(new byte[0]), out, err, colors, false, Map.of());
        try (Spinner waiting = new Spinner(main, "waiting")) {
            AnswerPrinter printer = new AnswerPrinter(main, waiting, () -> 0);
            printer.onPart(new AnswerPart.Reasoning("\u001b[1m"));
            printer.onPart(new AnswerPart.Text("é\u009b\ta"));
            printer.end();
        }
        return out.toString(StandardCharsets.UTF_8);
    }
}
