package io.github.t6j.chat.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.ModelFormatException;
import io.github.t6j.chat.Message;
import io.github.t6j.chat.ToolCall;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConversationFileTest {
    private static final List<Message> SOME = List.of(
            Message.system("Be brief.\n"), Message.user("\"Ahoy\" \\ é 🐳 \u001b[2J"), Message.assistant(""),
            Message.assistant("", "so", List.of(new ToolCall("a1", "f", "{\"x\":[1,{}]}"))),
            Message.toolResult("a1", "f", "21"), Message.assistant("", "", List.of(new ToolCall("a2", "g", "{\"x"))));

    @TempDir
    private Path folder;

    @Test
    void isReadAsItWasWritten() {
        Path file = folder.resolve("talk.json");
        ConversationFile.write(file, SOME);
        assertThat(ConversationFile.read(file)).isEqualTo(SOME);
        ConversationFile.write(file, List.of());
        assertThat(ConversationFile.read(file)).isEmpty();
        assertThat(folder).isDirectoryNotContaining("glob:**.partial");
    }

    /** Other programs write the same format. */
    @Test
    void isReadableByPeopleAndWritableByThem() throws IOException {
        Path file = Files.writeString(folder.resolve("talk.json"),
                "{\"model\": \"x\", \"messages\": [{\"content\": \"hi\", \"role\": \"user\", \"name\": 1}]}");
        assertThat(ConversationFile.read(file)).containsExactly(Message.user("hi"));
        ConversationFile.write(file, List.of(Message.user("hi")));
        assertThat(Files.readString(file).replaceAll("\\s", "")).isEqualTo(
                "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aNewFileIsForItsOwnerAlone() throws IOException {
        Path file = folder.resolve("talk.json");
        ConversationFile.write(file, SOME);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-------");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            []                                        | expected a JSON object
            {}                                        | messages: expected an array of messages, found no such key
            {"messages": 7}                           | messages: expected an array of messages, found another value
            {"messages": [7]}                         | messages[0]: expected a JSON object
            {"messages": [{"content": "x"}]}          | messages[0]: role: expected system, user, assistant, tool, found null
            {"messages": [{"role": "x"}]}             | messages[0]: role: expected system, user, assistant, tool, found "x"
            {"messages": [{"role": "user"}]}          | messages[0]: content: expected a text, found null
            {"messages": [{"role": "user", "content": ["x"]}]} | messages[0]: content: expected a text, found ["x"]
            {"messages": [{"role": "assistant", "tool_calls": 1}]} | messages[0]: tool_calls: expected a JSON array
            {"messages": [{"role": "assistant", "tool_calls": [{"id": "a"}]}]} | messages[0]: tool_calls[0]: function: expected a JSON object
            {"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "a"}}]}]} | messages[0]: tool_calls[0]: id: expected a text, found null
            """)
    void anythingElseIsRefused(String json, String message) throws IOException {
        Path file = Files.writeString(folder.resolve("talk.json"), json);
        assertThatThrownBy(() -> ConversationFile.read(file)).isInstanceOf(ModelFormatException.class)
                .hasMessageStartingWith(file.toString()).hasMessageContaining(message);
    }

    @Test
    void malformedFilesAreRefused() {
        assertThatThrownBy(() -> ConversationFile.read(folder)).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("expected a file, found a folder");
        assertThatThrownBy(() -> ConversationFile.write(folder.resolve("no/talk.json"), SOME))
                .hasMessageContaining("cannot be written: no such file or folder");
    }
}
