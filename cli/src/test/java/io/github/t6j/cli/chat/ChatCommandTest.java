package io.github.t6j.cli.chat;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.chat.models.ChatModels;
import io.github.t6j.cli.CommandResult;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@code t6j chat} with piped input: one message per line, or one message. For a terminal see {@code ChatTerminalTest}.
 */
class ChatCommandTest {
    private static final int VOCABULARY = 4100;
    private static final int CONTEXT = 256;

    @TempDir
    private static Path models;

    /** Adds a system message of the variables to a template. */
    private static final String EFFORT = """
            {{- '<|im_start|>system
            ' + (reasoning_effort | default('medium')) + (' brief' if brief else ' wordy') + '<|im_end|>
            ' -}}
            """;

    @TempDir
    private Path folder;

    /** Writes models of random weights with t6-tiny's tokenizer and the templates. */
    @BeforeAll
    static void makeModels() throws IOException {
        Path config = Files.writeString(models.resolve("config.json"), """
                {"vocab_size": %d, "block_size": %d, "n_layer": 2, "n_head": 4, "head_dim": 16, "n_embd": 64, "rank": 2,
                 "q_rank": 2}""".formatted(VOCABULARY, CONTEXT));
        Map<String, String> templates = Map.of("chatml", ChatModels.CHATML, "thinking", ChatModels.THINKING, "refusing",
                ChatModels.WITHOUT_SYSTEM, "effort", EFFORT + ChatModels.CHATML);
        for (var template : templates.entrySet()) {
            Path made = models.resolve(template.getKey());
            assertThat(CommandResult.of("init", "--config", config.toString(), "--out", made.toString()).code())
                    .isZero();
            Path bundled = Path.of(CommandResult.TINY, "tokenizer.json");
            Map<String, Object> tokenizer = Json.parseObject(Files.readAllBytes(bundled), bundled.toString());
            List<Object> added = new ArrayList<>(Json.array(tokenizer.get("added_tokens"), "added_tokens"));
            added.addAll(ChatModels.marks(4096));
            tokenizer.put("added_tokens", added);
            Files.writeString(made.resolve("tokenizer.json"), Json.write(tokenizer));
            Files.writeString(made.resolve("tokenizer_config.json"), Json.write(Map.of(
                    "chat_template", template.getValue(), "eos_token", "<|endoftext|>")));
        }
    }

    private static CommandResult chat(String input, String... args) {
        List<String> all = new ArrayList<>(List.of("chat"));
        all.addAll(List.of(args));
        return CommandResult.withInput(input.getBytes(StandardCharsets.UTF_8), all.toArray(String[]::new));
    }

    /** Runs t6-tiny, which has no template, greedily. */
    private static CommandResult plain(String input, String... args) {
        List<String> all = new ArrayList<>(List.of("--model", CommandResult.TINY, "--temperature", "0"));
        all.addAll(List.of(args));
        return chat(input, all.toArray(String[]::new));
    }

    /** Runs a model of random weights with the template of that name. */
    private static CommandResult by(String template, String input, String... args) {
        List<String> all = new ArrayList<>(List.of("--model", models.resolve(template).toString(), "--seed", "5",
                "--temperature", "1", "--top-k", "0", "--top-p", "1"));
        all.addAll(List.of(args));
        return chat(input, all.toArray(String[]::new));
    }

    /** Returns generate's continuation of {@code text}. */
    private static String continued(String text) {
        CommandResult ran =
                CommandResult.of("generate", text, "--model", CommandResult.TINY, "-n", "12", "--temperature", "0");
        assertThat(ran.code()).isZero();
        return ran.out().substring(0, ran.out().length() - 1);
    }

    @Test
    void linesAreTurnsOfPlainText() {
        String first = continued("The whale\n\n");
        String second = continued("The whale\n\n" + first + "\n\nAnd then?\n\n");

        assertThat(plain("The whale\n\nAnd then?\n", "-n", "12"))
                .isEqualTo(new CommandResult(0, first + "\n" + second + "\n", ""));
    }

    @Test
    void aPromptIsOneTurn() {
        assertThat(plain("", "--prompt", "The whale", "-n", "12"))
                .isEqualTo(new CommandResult(0, continued("The whale\n\n") + "\n", ""));
        assertThat(plain("The\nwhale", "--prompt", "-", "-n", "12"))
                .isEqualTo(new CommandResult(0, continued("The\nwhale\n\n") + "\n", ""));
        assertThat(plain("", "--prompt", "x", "--system", "Be brief.", "-n", "12").out())
                .isEqualTo(continued("Be brief.\n\nx\n\n") + "\n");
        assertThat(plain("", "--prompt", "/reset", "-n", "12").out()).as("a message").isNotEmpty();
    }

    /** Drafts change no answer; the statistics of each show them and the kernels. */
    @Test
    void speculationChangesNoAnswer() {
        CommandResult expected = plain("The whale\nAnd then?\n", "-n", "40");
        CommandResult ngrams = plain("The whale\nAnd then?\n/stats\n", "-n", "40", "--speculate", "ngram", "--stats");
        assertThat(ngrams.out()).isEqualTo(expected.out());
        assertThat(ngrams.err().lines().filter(line -> line.matches("drafts    \\d+ accepted, \\d+ rejected")))
                .hasSize(3);
        assertThat(ngrams.err().lines().filter(line -> line.startsWith("kernels   "))).hasSize(3);
        CommandResult second = plain(
                "The whale\nAnd then?\n", "-n", "40", "--speculate", "model", CommandResult.TINY + ":3");
        assertThat(second).isEqualTo(expected);
        CommandResult wrong = plain("", "--speculate", "ngram:16");
        assertThat(wrong.code()).isEqualTo(2);
        assertThat(wrong.err()).contains("--speculate: expected");
    }

    @Test
    void nothingIsNoTurn() {
        assertThat(plain("")).isEqualTo(new CommandResult(0, "", ""));
        assertThat(plain("\n  \n")).isEqualTo(new CommandResult(0, "", ""));
    }

    @Test
    void aConversationContinuesFromItsFile() throws IOException {
        Path file = folder.resolve("talk.json");
        String[] args = {"-n", "12", "--session", file.toString()};
        String whole = by("chatml", "one\ntwo\n", "-n", "12", "--system", "s").out();

        CommandResult first = by("chatml", "one\n", args[0], args[1], args[2], args[3], "--system", "s");
        assertThat(file).exists();
        assertThat(folder.resolve("talk.json.cache")).exists();
        byte[] kept = Files.readAllBytes(folder.resolve("talk.json.cache"));
        byte[] talk = Files.readAllBytes(file);
        CommandResult second = by("chatml", "two\n/stats\n", args);
        assertThat(first.out() + second.out()).isEqualTo(whole);
        assertThat(second.err()).containsPattern("; [1-9]\\d more were in the cache");
        assertThat(messages(file)).extracting(message -> message.get("role"))
                .containsExactly("system", "user", "assistant", "user", "assistant");

        // a damaged or missing cache, or one of another type, changes no answer
        kept[kept.length / 2] ^= 1;
        Files.write(folder.resolve("talk.json.cache"), kept);
        Files.write(file, talk);
        CommandResult damaged = by("chatml", "two\n", args);
        assertThat(damaged.out()).isEqualTo(second.out());
        assertThat(damaged.err()).startsWith("t6j: note: " + folder)
                .endsWith("; the model reads the conversation again\n")
                .hasLineCount(1);
        Files.delete(folder.resolve("talk.json.cache"));
        Files.write(file, talk);
        assertThat(by("chatml", "two\n", args)).isEqualTo(new CommandResult(0, second.out(), ""));
    }

    private static List<Map<String, Object>> messages(Path file) throws IOException {
        Map<String, Object> json = Json.parseObject(Files.readAllBytes(file), file.toString());
        return Json.array(json.get("messages"), "messages").stream().map(message -> Json.object(message, "message"))
                .toList();
    }

    @Test
    void commands() throws IOException {
        Path file = folder.resolve("talk.json");
        CommandResult ran = by("chatml", """
                /system Be brief.
                /system
                one
                /regenerate
                /save %s
                /reset
                two
                /load %1$s
                /set n 2
                /set
                three
                /stats
                /help
                /quit
                four
                """.formatted(file), "-n", "12");

        assertThat(ran.code()).isZero();
        String[] answers = ran.out().split("\n");
        assertThat(answers).hasSize(4);
        assertThat(answers[1]).isEqualTo(answers[0]);
        assertThat(by("chatml", "two\n", "-n", "12", "--system", "Be brief.").out())
                .isEqualTo(answers[2] + "\n");
        assertThat(messages(file)).containsExactly(
                message("system", "Be brief."), message("user", "one"), message("assistant", answers[0]));
        assertThat(
                by("chatml", "one\n/set n 2\nthree\n", "-n", "12", "--system", "Be brief.").out())
                .isEqualTo(answers[0] + "\n" + answers[3] + "\n");
        assertThat(ran.err()).contains("Be brief.\n", file + ": 3 messages, the first is the system message\n",
                "saved the conversation as JSON: " + file + ": 3 messages", "max-tokens          2\n",
                "temperature         1.0\n", "thinking            the model's default\n", "decode    2 tokens",
                " of 256 tokens", "; MHA with 4 heads: ", "/help, /?          show this list\n");
    }

    private static Map<String, Object> message(String role, String content) {
        Map<String, Object> message = new LinkedHashMap<>();
        message.put("role", role);
        message.put("content", content);
        return message;
    }

    /** Names of the same commands in other programs. */
    @ParameterizedTest
    @ValueSource(strings = {"/exit", "/bye"})
    void commandsHaveOtherNames(String quit) {
        CommandResult ran = by("chatml", "one\n/clear\ntwo\n/?\n" + quit + "\nthree\n", "-n", "12");
        assertThat(ran.code()).isZero();
        assertThat(ran.out()).hasLineCount(2).endsWith(by("chatml", "two\n", "-n", "12").out());
        assertThat(ran.err()).contains("/help, /?", "/quit, /exit, /bye").doesNotContain("no such command");
    }

    @Test
    void answersHaveAGivenForm() throws IOException {
        Path schema = Files.writeString(folder.resolve("schema.json"), "{\"enum\": [\"red\", \"green\"]}");
        Path gbnf = Files.writeString(folder.resolve("form.gbnf"), "root ::= \"a\" \"b\"+ \"c\"");
        for (String template : List.of("chatml", "thinking")) {
            assertThat(by(template, "one\ntwo\n", "--regex", "[0-9]{2}").out()).matches("([0-9]{2}\n){2}");
            assertThat(by(template, "one\n", "--grammar", gbnf.toString()).out()).matches("ab+c\n");
            assertThat(by(template, "one\n", "--json-schema", schema.toString()).out().strip())
                    .isIn("\"red\"", "\"green\"");
            assertThat(by(template, "one\n", "-j", "{\"type\": \"boolean\"}").out().strip()).isIn("true", "false");
        }
    }

    @Test
    void minusOneIsNoLimit() {
        String whole = by("chatml", "one\n").out();
        assertThat(by("chatml", "one\n", "-n", "-1").out()).isEqualTo(whole);
        assertThat(by("chatml", "/set n -1\none\n", "-n", "3").out()).isEqualTo(whole);
    }

    @Test
    void settingsHaveTheNamesOfTheOptions() {
        CommandResult ran = by("thinking", """
                /set max-tokens 3
                /set
                /set n 4
                /set --max-tokens 5
                /set temp 0.5
                /set no-thinking on
                /set
                """);
        assertThat(ran.code()).isZero();
        assertThat(ran.err().lines().filter(line -> line.matches("(max-tokens|temperature|thinking).*")))
                .containsExactly(
                        "max-tokens          3", "temperature         1.0", "thinking            on",
                        "max-tokens          5", "temperature         0.5", "thinking            off");
    }

    /** Errors are reported, the conversation continues, and the exit code is 1. */
    @ParameterizedTest
    @ValueSource(strings = {
        "/foo | t6j: no such command: /foo",
        "/set temperature x | t6j: temperature: expected a number, found 'x'",
        "/set temperature -1 | t6j: temperature: expected 0 or more, finite, found -1.0",
        "/set loudness 1 | t6j: /set: no such setting: 'loudness'; /set lists the settings",
        "/set max-token 1 | t6j: /set: no such setting: 'max-token'; did you mean max-tokens?",
        "/set --top_p 1 | t6j: /set: no such setting: '--top_p'; did you mean top-p or top-k?",
        "/set n | t6j: /set n: expected a value, found only a name",
        "/set thinking off | t6j: thinking: expected a model whose chat template has enable_thinking",
        "/set ignore-eos maybe | t6j: ignore-eos: expected on or off, found 'maybe'",
        "/save | t6j: /save: expected a file, found none",
        "/save pom.xml | t6j: pom.xml: ",
        "/load nowhere.json | t6j: nowhere.json: cannot be read: no such file or folder",
        "/regenerate | t6j: expected a message to answer again, found none"
    })
    void mistakes(String mistake) {
        String[] line = mistake.split(" \\| ");
        CommandResult ran = by("chatml", line[0] + "\nhello\n", "-n", "3");
        assertThat(ran.err()).startsWith(line[1]).hasLineCount(1);
        assertThat(ran.out()).isEqualTo(by("chatml", "hello\n", "-n", "3").out());
        assertThat(ran.code()).isEqualTo(1);
    }

    @Test
    void refusalsOfATemplateArePrinted() {
        CommandResult ran = by("refusing", "hello\n/system -\nhello\n", "-n", "3", "--system", "s");
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("no system role").hasLineCount(1);
        assertThat(ran.out()).hasLineCount(1);
    }

    @Test
    void aFullContextDropsTurnsAndReportsIt() {
        CommandResult ran = by("chatml", "one two three\n".repeat(8), "-n", "40");
        assertThat(ran.code()).isZero();
        assertThat(ran.out()).hasSizeGreaterThan(8);
        assertThat(ran.err()).contains("t6j: note: the context of 256 tokens was full; the oldest turn was dropped\n");

        CommandResult toEnd = by("chatml", "one\n");
        assertThat(toEnd.code()).isZero();
        assertThat(toEnd.err())
                .isEqualTo("t6j: note: the answer ends because the context of 256 tokens is full; use a"
                        + " larger --context for longer answers\n");

        CommandResult tooLong = by("chatml", "x ".repeat(400) + "\none\n", "-n", "3");
        assertThat(tooLong.code()).isEqualTo(1);
        assertThat(tooLong.err()).startsWith("t6j: message: expected, with the system message, fewer tokens than the"
                + " context's 256, found ").hasLineCount(1);
        assertThat(tooLong.out()).isEqualTo(by("chatml", "one\n", "-n", "3").out());
    }

    @Test
    void thinkingIsSwitchedWhereTheTemplateKnowsIt() {
        CommandResult off = by("thinking", "one\n/set\n", "-n", "3", "--no-thinking");
        assertThat(off.code()).isZero();
        assertThat(off.err()).contains("thinking            off\n");
        assertThat(by("thinking", "/set thinking off\none\n", "-n", "3").out())
                .isEqualTo(off.out());
        assertThat(by("thinking", "one\n", "-n", "3").out()).isNotEqualTo(off.out());

        CommandResult none = by("chatml", "one\n", "--no-thinking");
        assertThat(none)
                .isEqualTo(new CommandResult(1, "", "t6j: --no-thinking: expected a model whose chat template has"
                        + " enable_thinking, found a template without it\n"));
        assertThat(plain("one\n", "--no-thinking").err()).contains("found a model without a template");
    }

    /** A variable changes the answer as the same text in the template does. */
    @Test
    void variablesOfTheTemplateAreSet() {
        CommandResult low = by("effort", "one\n/set\n", "-n", "5", "--template-variable", "reasoning_effort=low",
                "--template-variable", "brief=true");
        assertThat(low.code()).isZero();
        assertThat(low.err()).contains("template-variable   reasoning_effort=\"low\" brief=true\n");
        assertThat(by("effort", "/set template-variable reasoning_effort=low\n/set template-variable brief=true\none\n",
                "-n", "5").out()).isEqualTo(low.out());
        assertThat(by("chatml", "one\n", "-n", "5", "--system", "low brief").out()).isEqualTo(low.out());
        assertThat(by("chatml", "one\n", "-n", "5", "--system", "medium wordy").out())
                .isEqualTo(by("effort", "one\n", "-n", "5").out()).isNotEqualTo(low.out());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "effort | effort=low             | ' effort: expected a variable of the model''s chat template, found a template without it'",
        "effort | enable_thinking=true   | ' enable_thinking: expected another variable, found one that --no-thinking sets'",
        "plain  | reasoning_effort=low   | ' reasoning_effort: expected a variable of the model''s chat template, found a model without a template'"
    })
    void variablesThatCannotBeSetAreRefused(String model, String variable, String error) {
        CommandResult ran = model.equals("plain")
                ? plain("one\n", "--template-variable", variable)
                : by(model, "one\n", "--template-variable", variable);
        assertThat(ran).isEqualTo(new CommandResult(1, "", "t6j: --template-variable" + error + "\n"));
    }

    /** A model that can generate only ESC, line feeds and spaces. */
    @Test
    void controlCharactersDoNotComeThrough() throws IOException {
        Path tokenizer = Files.writeString(folder.resolve("tokenizer.json"), """
                {"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}, "decoder": {"type": "ByteLevel"},
                 "model": {"type": "BPE", "vocab": {"\\u011b": 0, "\\u010a": 1, "\\u0120": 2}, "merges": []}}""");
        String model = CommandResult.TESTDATA.resolve("golden/T6_even").toString();

        CommandResult ran =
                CommandResult.withInput("x\n/system \u001b\n/system\n".getBytes(StandardCharsets.UTF_8), "chat",
                        "--model", model,
                        "--tokenizer", tokenizer.toString(), "--temperature", "5", "-n", "30", "--seed", "1");

        assertThat(ran.code()).isZero();
        assertThat(ran.out()).contains("\\u001b").matches("(\\\\u001b|[\n ])+");
        assertThat(ran.err())
                .isEqualTo("t6j: note: the tokenizer " + tokenizer + " has 3 ids, the model 257: ids from 3 on"
                        + " have no text; is it the tokenizer of this model?\n\\u001b\n");
    }

    @Test
    void aMalformedConversationIsRefusedAndKept() throws IOException {
        Path file = Files.writeString(folder.resolve("talk.json"), "{}");
        CommandResult ran = plain("one\n", "--session", file.toString());
        assertThat(ran).isEqualTo(
                new CommandResult(1, "", "t6j: " + file + ": messages: expected an array of messages, found no"
                        + " such key\n"));
        assertThat(file).hasContent("{}");
    }
}
