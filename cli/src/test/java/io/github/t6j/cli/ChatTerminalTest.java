package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** {@code t6j chat} through its launcher on a terminal, with typed input. */
@EnabledOnOs(OS.LINUX)
class ChatTerminalTest {
    private static final String ENTER = "\r";
    private static final String CTRL_C = "\u0003";
    private static final String CTRL_D = "\u0004";
    private static final int DISCARDED = 10; // lines; JLine counts one Ctrl-C in twenty twice
    private static final String UP = "\u001bOA"; // cursor key in application mode
    private static final String PASTE = "\u001b[200~%s\u001b[201~";

    @TempDir
    private static Path checkout;

    @TempDir
    private Path folder;
    private int prompts;

    @BeforeAll
    static void build() throws IOException {
        LauncherTest.checkout(checkout);
    }

    private LaunchedProcess start(String... args) {
        // The Ctrl-C for the chat would end a shell that stays.
        ProcessBuilder builder = LaunchedProcess.terminal(checkout, "exec \"$t6j\" chat --seed 1 --session "
                + folder.resolve("talk.json") + " " + String.join(" ", args));
        builder.environment().put("XDG_STATE_HOME", folder.resolve("state").toString());
        prompts = 0;
        LaunchedProcess launched = LaunchedProcess.start(builder);
        awaitPrompt(launched);
        return launched;
    }

    /** Waits for the prompt; with it JLine turns on bracketed paste. */
    private void awaitPrompt(LaunchedProcess launched) {
        launched.awaitOut("\u001b[?2004h", ++prompts);
    }

    private void type(LaunchedProcess launched, String... lines) {
        for (String line : lines) {
            launched.type(line + ENTER);
            awaitPrompt(launched);
        }
    }

    private List<String> contents() throws IOException {
        Path file = folder.resolve("talk.json");
        Object messages = Json.parseObject(Files.readAllBytes(file), file.toString()).get("messages");
        return Json.array(messages, "messages").stream()
                .map(message -> (String) Json.object(message, "message").get("content")).toList();
    }

    @Test
    void ctrlCEndsTheAnswerAndCtrlDTheChat() throws IOException {
        String whole =
                CommandResult.withInput("Tell me\n".getBytes(), "chat", "--seed", "1", "-n", "1500", "-c", "2000",
                        "--ignore-eos").out();
        LaunchedProcess chat = start("-n", "1500", "-c", "2000", "--ignore-eos"); // takes some seconds
        chat.type("Tell me" + ENTER);
        chat.awaitOut(whole.strip().substring(0, 10));
        chat.type(CTRL_C);
        chat.awaitOut("^C");
        awaitPrompt(chat);
        type(chat, "/set n 3", "And then?");
        for (int i = 0; i < DISCARDED; i++) {
            chat.type("not this" + CTRL_C);
            awaitPrompt(chat);
        }
        type(chat, "the end");
        chat.type(CTRL_D);

        CommandResult ran = chat.end();
        assertThat(ran.code()).isZero();
        assertThat(ran.out()).doesNotContain("WARNING", "Exception");
        assertThat(ran.out().split("t6j: Ctrl-D ends the chat", -1)).hasSize(DISCARDED + 1);
        List<String> said = contents();
        assertThat(said).hasSize(6);
        assertThat(said.get(0)).isEqualTo("Tell me");
        assertThat(whole).startsWith(said.get(1));
        assertThat(said.get(1).length()).isLessThan(whole.length() - 1);
        assertThat(said.get(2)).isEqualTo("And then?");
        assertThat(said.get(4)).isEqualTo("the end");
    }

    @Test
    void linesAreEditedRecalledAndPasted() throws IOException {
        LaunchedProcess chat = start("-n 1");
        type(chat, "ello\u0001H", UP + "!", "one\\" + ENTER + "two", "\"\"\"a" + ENTER + " b\\" + ENTER + "\"\"\"",
                PASTE.formatted("this is\n\tone message\\\n") + "x", "é🐳");
        chat.type(CTRL_D);

        CommandResult ran = chat.end();
        assertThat(ran.code()).isZero();
        List<String> contents = contents();
        List<String> said = IntStream.range(0, contents.size() / 2).mapToObj(i -> contents.get(2 * i)).toList();
        assertThat(said).containsExactly(
                "Hello", "Hello!", "one\ntwo", "a\n b\\\n", "this is\n\tone message\\\nx", "é🐳");
        Path history = folder.resolve("state/t6j/history");
        assertThat(Files.readString(history)).contains("Hello!");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(history))).isEqualTo("rw-------");
    }

    @Test
    void nothingIsKeptWithoutAHistory() {
        LaunchedProcess chat = start("-n 1 --no-history");
        type(chat, "Hello");
        chat.type(CTRL_D);
        assertThat(chat.end().code()).isZero();
        assertThat(folder.resolve("state")).doesNotExist();
    }
}
