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
import org.junit.jupiter.api.Tag;
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
    private static final String CTRL_Z = "\u001a";
    private static final int DISCARDED = 10; // lines; JLine counts one Ctrl-C in twenty twice
    private static final String UP = "\u001bOA"; // cursor key in application mode
    private static final String PASTE_ON = "\u001b[?2004h";
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
        LaunchedProcess launched = launch(args);
        awaitPrompt(launched);
        return launched;
    }

    private LaunchedProcess launch(String... args) {
        // The Ctrl-C for the chat would end a shell that stays.
        ProcessBuilder builder = LaunchedProcess.terminal(checkout, "exec \"$t6j\" chat --seed 1 --session "
                + folder.resolve("talk.json") + " " + String.join(" ", args));
        builder.environment().put("XDG_STATE_HOME", folder.resolve("state").toString());
        prompts = 0;
        return LaunchedProcess.start(builder);
    }

    /** Waits for the prompt; with it JLine turns on the keypad's application mode. */
    private void awaitPrompt(LaunchedProcess launched) {
        launched.awaitOut("\u001b[?1h\u001b=", ++prompts);
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

    @Tag("full")
    @Test
    void ctrlCEndsTheAnswerAndCtrlDTheChat() throws IOException {
        String whole =
                CommandResult.withInput("Tell me\n".getBytes(), "chat", "--seed", "1", "-n", "1500", "-c", "2000",
                        "--ignore-eos").out();
        LaunchedProcess chat = start("-n", "1500", "-c", "2000", "--ignore-eos"); // takes some seconds
        chat.type("Tell me" + ENTER);
        chat.awaitOut(whole.strip().substring(0, 10));
        chat.type(CTRL_C);
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
        List<String> messages = contents();
        assertThat(messages).hasSize(6);
        assertThat(messages.get(0)).isEqualTo("Tell me");
        assertThat(whole).startsWith(messages.get(1));
        assertThat(messages.get(1).length()).isLessThan(whole.length() - 1);
        assertThat(messages.get(2)).isEqualTo("And then?");
        assertThat(messages.get(4)).isEqualTo("the end");
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
        List<String> texts = IntStream.range(0, contents.size() / 2).mapToObj(i -> contents.get(2 * i)).toList();
        assertThat(texts).containsExactly(
                "Hello", "Hello!", "one\ntwo", "a\n b\\\n", "this is\n\tone message\\\nx", "é🐳");
        Path history = folder.resolve("state/t6j/history");
        assertThat(Files.readString(history)).contains("Hello!");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(history))).isEqualTo("rw-------");
    }

    /** Keys during an answer, also pasted ones, are unseen until the next prompt; Ctrl-D then ends the chat. */
    @Tag("full")
    @Test
    void keysTypedDuringAnAnswerBelongToTheNextLine() throws IOException {
        LaunchedProcess chat = start("-n", "500", "-c", "2000", "--ignore-eos");
        chat.type("Tell me" + ENTER);
        chat.awaitOut(PASTE_ON, 3); // before the model is loaded, at the prompt, and after the line
        chat.type("and the" + PASTE.formatted("n\nmore") + "?");
        awaitPrompt(chat);
        chat.type(ENTER);
        chat.awaitOut(PASTE_ON, 5);
        chat.type(CTRL_D);

        CommandResult ran = chat.end();
        assertThat(ran.code()).isZero();
        List<String> texts = contents();
        assertThat(texts).hasSize(4);
        assertThat(texts.get(2)).isEqualTo("and then\nmore?");
        assertThat(ran.out()).doesNotContain("^D", "^[");
    }

    /** Keys, also pasted ones, are unseen until the first prompt; Ctrl-D then ends the chat. */
    @Test
    void keysTypedWhileTheModelLoadsBelongToTheFirstLine() throws IOException {
        LaunchedProcess chat = launch("-n 1");
        chat.awaitOut(PASTE_ON);
        String home = "\u001b[H"; // cursor keys in normal mode, as the terminal sends them before a prompt
        String right = "\u001b[C";
        chat.type("el" + home + "H" + right + right + PASTE.formatted("lo,\nyou") + ENTER + CTRL_D);

        CommandResult ran = chat.end();
        assertThat(ran.code()).isZero();
        assertThat(contents().getFirst()).isEqualTo("Hello,\nyou");
        String loading = ran.out().substring(0, ran.out().indexOf("/help lists the commands"));
        assertThat(loading).contains(PASTE_ON).doesNotContain("el", "^D", "^[");
    }

    /** Lines have at most 40 columns, no word is cut, and an answer piped to a file has other line breaks. */
    @Tag("full")
    @Test
    void answersBreakAtSpaces() {
        LaunchedProcess chat = LaunchedProcess.start(LaunchedProcess.terminal(checkout,
                "stty cols 40; \"$t6j\" chat -p 'Tell me a story.' --seed 1 -n 200; \"$t6j\" generate 'The whale' --seed 1"
                        + " -n 200 --no-echo"));
        CommandResult ran = chat.end();
        assertThat(ran.code()).isZero();
        String first = CommandResult.of("chat", "-p", "Tell me a story.", "--seed", "1", "-n", "200").out();
        String second = CommandResult.of("generate", "The whale", "--seed", "1", "-n", "200").out();
        assertThat(first.lines().mapToInt(String::length).max().orElseThrow()).isGreaterThan(100);
        List<String> shown = Screen.lines(ran.out(), 200).stream().filter(line -> !line.contains("note: ")).toList();
        assertThat(shown).allMatch(line -> line.length() <= 40 || !line.contains(" "));
        assertThat(String.join("\n", shown).split("\\s+"))
                .containsExactly((first + second).split("\\s+"));
    }

    /** Suspended while a line is typed and while an answer comes, it leaves the shell its terminal, and goes on. */
    @Tag("full")
    @Test
    void ctrlZSuspendsAndFgContinues() throws IOException {
        String[] options = {"chat", "--seed", "1", "-n", "400", "-c", "2000", "--ignore-eos"};
        String whole = CommandResult.withInput("Tell me\n".getBytes(), options).out();
        ProcessBuilder builder = LaunchedProcess.terminal(checkout, "exec bash --norc --noprofile -i");
        builder.environment().put("XDG_STATE_HOME", folder.resolve("state").toString());
        builder.environment().put("PS1", "shell: ");
        LaunchedProcess shell = LaunchedProcess.start(builder);
        shell.type("stty -g > " + folder.resolve("before") + "\n");
        shell.type("\"$t6j\" " + String.join(" ", options) + " --session " + folder.resolve("talk.json") + "\n");
        awaitPrompt(shell);
        shell.type("Tell m" + CTRL_Z);
        shell.awaitOut("shell: ", 3);
        shell.type("stty -g > " + folder.resolve("line") + "; fg\n");
        awaitPrompt(shell);
        shell.type("e" + ENTER);
        shell.awaitOut(whole.strip().substring(0, 10));
        shell.type(CTRL_Z);
        shell.awaitOut("shell: ", 4);
        shell.type("stty -g > " + folder.resolve("answer") + "; fg\n");
        shell.awaitOut(whole.strip().substring(whole.strip().length() - 20).replace("\n", "\r\n"));
        shell.type(CTRL_D);
        shell.awaitOut("shell: ", 5);
        shell.type("exit\n");

        assertThat(shell.end().code()).isZero();
        assertThat(contents()).containsExactly("Tell me", whole.strip());
        for (String suspended : List.of("line", "answer")) {
            assertThat(folder.resolve(suspended)).hasSameTextualContentAs(folder.resolve("before"));
        }
    }

    @Tag("full")
    @Test
    void nothingIsKeptWithoutAHistory() {
        LaunchedProcess chat = start("-n 1 --no-history");
        type(chat, "Hello");
        chat.type(CTRL_D);
        assertThat(chat.end().code()).isZero();
        assertThat(folder.resolve("state")).doesNotExist();
    }
}
