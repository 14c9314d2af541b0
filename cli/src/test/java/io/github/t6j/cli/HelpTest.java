package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.github.t6j.cli.io.TerminalWidth;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Layout of the help. */
class HelpTest {
    private static final String ESCAPE = "\u001b";

    static List<String> commands() {
        return List.of("generate", "chat", "embed", "rerank", "serve", "pull", "models", "logits", "perplexity",
                "score",
                "inspect", "tokenize", "tokenizer", "tokenizer train", "convert", "init", "bench", "config");
    }

    private static CommandResult help(String command, Map<String, String> environment, boolean terminal) {
        List<String> args = new ArrayList<>(List.of(command.isEmpty() ? new String[0] : command.split(" ")));
        args.add("--help");
        return CommandResult.in(environment, terminal ? "" : null, args.toArray(String[]::new));
    }

    private static List<String> lines(String command, String columns) {
        return help(command, Map.of("COLUMNS", columns), false).out().lines().toList();
    }

    private static List<String> examples(List<String> lines) {
        return lines.stream().filter(line -> line.matches("  (T6J\\S+ )?t6j .*")).toList();
    }

    /** Examples are not wrapped, so that they can be copied. */
    @ParameterizedTest
    @MethodSource("commands")
    void fitsTheTerminal(String command) {
        for (int columns : new int[] {60, 80, 100}) {
            assertThat(lines(command, "" + columns)).allMatch(line -> line.length() <= columns);
        }
        assertThat(examples(lines(command, "60"))).isNotEmpty().isEqualTo(examples(lines(command, "100")));
    }

    /** Splits examples as a shell does. */
    @ParameterizedTest
    @MethodSource("commands")
    void examplesAreAccepted(String command) {
        for (String example : examples(lines(command, "100"))) {
            String words = example.replaceAll(" < \\S+|\\$\\(.*\\)|T6J_\\S+ ", "").replace("--model", "").strip();
            List<String> args = new ArrayList<>();
            Matcher word = Pattern.compile("\"([^\"]*)\"|(\\S+)").matcher(words);
            while (word.find()) {
                args.add(word.group(1) == null ? word.group(2) : word.group(1));
            }
            assertThat(args.removeFirst()).isEqualTo("t6j");
            assertThatCode(() -> new Main(System.in, System.out, System.err, false).commandLine()
                    .parseArgs(args.toArray(String[]::new))).as(example).doesNotThrowAnyException();
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 60", "400, 100", "-3, 80", "x, 80", "'', 80", "73, 73"})
    void isSixtyToAHundredWide(String columns, String width) {
        assertThat(lines("generate", columns)).isEqualTo(lines("generate", width));
        assertThat(TerminalWidth.of(Map.of("COLUMNS", columns), false)).isEqualTo(Integer.parseInt(width));
    }

    @Test
    void isGrouped() {
        assertThat(lines("generate", "80")).containsSubsequence("Arguments:", "Options:", "Sampling:", "Model:",
                "Output:",
                "Help and errors:");
        List<String> help = lines("generate", "80");
        int sampling = help.indexOf("Sampling:");
        assertThat(help.subList(sampling, help.indexOf("Model:"))).anyMatch(line -> line.contains("--temperature"))
                .noneMatch(line -> line.contains("--threads"));
    }

    /** One line for each command; a terminal has 24 lines of 80 columns. */
    @Test
    void theListOfCommandsFitsATerminal() {
        List<String> help = lines("", "80");

        assertThat(help).hasSizeLessThanOrEqualTo(24).allMatch(line -> line.length() <= 80)
                .noneMatch(line -> line.contains("\uFEFF")) // which keeps words together while lines are made
                .containsSubsequence("Use a model:", "Make and measure models:");
        for (String command : new Main(System.in, System.out, System.err, false).commandLine().getSubcommands()
                .keySet()) {
            assertThat(help.stream().filter(line -> line.matches("  (\\w+, )?" + command + "[ ,].*"))).as(command)
                    .hasSize(command.equals("help") ? 0 : 1);
        }
        assertThat(lines("", "60")).allMatch(line -> line.length() <= 60);
    }

    @Test
    void showsTheHelpOfACommandOfACommand() {
        assertThat(CommandResult.of("help", "tokenizer", "train").out())
                .isEqualTo(CommandResult.of("tokenizer", "train", "--help").out());
        assertThat(CommandResult.of("help").out()).isEqualTo(CommandResult.of("--help").out());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "help genrate         | t6j: no such command: genrate; did you mean generate? (see t6j --help)",
        "genrate              | t6j: no such command: genrate; did you mean generate? (see t6j --help)",
        "help tokenizer tarin | t6j: no such command: tarin; did you mean train? (see t6j tokenizer --help)",
        "help xyzzy           | t6j: no such command: xyzzy (see t6j --help)",
        "help init more       | t6j: t6j init has no commands, found more (see t6j init --help)",
        "init --out x --preset t6-smal | t6j: --preset: expected a preset such as t6-small, found t6-smal (see t6j init --help)"})
    void suggestsSimilarNames(String commandLine, String message) {
        CommandResult ran = CommandResult.of(commandLine.split(" "));

        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.err().strip()).isEqualTo(message);
    }

    /** A file's name or an option stays on one line where the text is wrapped. */
    @ParameterizedTest
    @MethodSource("commands")
    void namesAreNotBroken(String command) {
        for (int columns = 60; columns <= 100; columns += 7) {
            assertThat(lines(command, "" + columns).stream() // without the synopsis
                    .dropWhile(line -> line.startsWith("Usage") || line.startsWith("        ")))
                    .as("%d columns", columns)
                    .noneMatch(line -> line.strip().matches("(jsonl|safetensors|gguf|cpp)\\b.*|.*\\w-"));
        }
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyOptionIsThereOnce(String command) {
        var line = new Main(System.in, System.out, System.err, false).commandLine();
        for (String name : command.isEmpty() ? new String[0] : command.split(" ")) {
            line = line.getSubcommands().get(name);
        }
        List<String> help = lines(command, "100");
        for (var option : line.getCommandSpec().options()) {
            // the synopsis, which has deeper lines, may begin one with an option
            String names = " {2,6}(-\\w+, )?(--[\\w-]+, )?" + option.longestName() + "([ =,].*)?";
            assertThat(help.stream().filter(entry -> entry.matches(names))).as(option.longestName())
                    .hasSize(option.hidden() ? 0 : 1);
        }
    }

    @Test
    void colorsAreForTerminals() {
        assertThat(help("generate", Map.of("TERM", "xterm"), true).out()).contains(ESCAPE + "[");
        assertThat(help("generate", Map.of("TERM", "xterm"), false).out()).doesNotContain(ESCAPE);
        assertThat(help("generate", Map.of("TERM", "dumb"), true).out()).doesNotContain(ESCAPE);
        assertThat(help("generate", Map.of("NO_COLOR", "1"), true).out()).doesNotContain(ESCAPE);
        assertThat(help("generate", Map.of("NO_COLOR", ""), true).out()).contains(ESCAPE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"logits -m x -t 1 --ids 1 --out x", "chat -m x -p hi -n 3 -c 9",
        "bench -m x -p 1 -n 1 -d 0 -r 1",
        "embed -m x -p hi -t 1", "perplexity -m x -f pom.xml -c 9", "score -m x -f ${task}", "inspect -m x -c 9",
        "tokenize -m x hi",
        "generate -m x -s 1 --n-predict 3 hi", "chat -m x -sys Brief. -n -1 -j {} hi", "run x.gguf hi"})
    void shortNamesAreKnown(String commandLine) {
        String task = CommandResult.TESTDATA.resolve("hostile/nan-weights/task.jsonl").toString();
        assertThat(CommandResult.of(commandLine.replace("${task}", task).split(" ")).err())
                .matches("(?s)t6j: (--model x|NAME x.gguf): expected a folder.*");
    }
}
