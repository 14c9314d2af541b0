package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Wrong command lines: exit code 2, one line with the expected usage, nothing on standard output. */
class UsageTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            genrate                                     | did you mean generate
            generate --temprature 1 x                   | did you mean --temperature
            generate -n -5 x                            | -n: expected 0 or more, or -1 for no limit, found -5
            generate --threads -1 x                     | --threads: expected 1 or more, found -1
            generate --threads 0 x                      | --threads: expected 1 or more, found 0
            generate --context 0 x                      | --context: expected 1 or more, found 0
            generate --temperature -1 x                 | --temperature: expected 0 or more
            generate --temperature NaN x                | --temperature: expected 0 or more
            generate --temperature abc x                | expected a number, found 'abc'
            generate --top-k -1 x                       | --top-k: expected 0
            generate --top-p 2 x                        | --top-p: expected
            generate --min-p -0.1 x                     | --min-p: expected
            generate --repetition-penalty 0 x           | --repetition-penalty: expected above 0
            generate --frequency-penalty NaN x          | --frequency-penalty: expected a finite number
            generate --presence-penalty x x             | '--presence-penalty': expected a number, found 'x'
            generate --logit-bias 5=x x                 | expected a number, found 'x'
            generate --logit-bias -1=2 x                | --logit-bias: expected ids of 0 or more, found -1
            generate --logit-bias 5=Infinity x          | --logit-bias
            generate --logit-bias 5 x                   | --logit-bias
            generate -p a b                             | expected only one of PROMPT, --prompt and --prompt-file, found several
            generate -p a -f b                          | expected only one of PROMPT, --prompt and --prompt-file, found several
            generate x --stream                         | --stream: expected --json, found none
            generate x --logprobs 3                     | --logprobs: expected --json, found none
            generate x --json --samples 2 --stream      | --stream: expected --json without --samples, found both
            generate x --json --logprobs 0              | --logprobs: expected 1 or more, found 0
            generate x --json --logprobs 101            | --logprobs: expected at most 100 (the most supported), found 101
            score --file x --limit 0                    | --limit: expected 1 or more, found 0
            generate --seed 1.5 x                       | expected a whole number, found '1.5'
            generate --seed 1 --seed 2 x                | only once
            generate --load slow x                      | expected copy or mmap, found 'slow'
            generate --variant half x                   | expected full or partialrope
            chat -n -5                                  | -n: expected 0 or more, or -1 for no limit, found -5
            chat --context 0                            | --context: expected 1 or more, found 0
            chat --top-k -1                             | --top-k: expected 0
            run hello -p there                          | TEXT: expected no --prompt beside it, found 'hello'
            run --zzz there                             | Unknown option: '--zzz'; put a text that begins with -
            chat --cache-type f64                       | expected f32 or f16 or bf16 or q8, found 'f64'
            generate a b                                | put quotes around a text of several words
            tokenize a b                                | put quotes around a text of several words
            generate -zzz                               | put a text that begins with - last, after --
            generate x -n                               | Missing required parameter
            generate x -n 99999999999                   | --max-tokens': expected at most 2147483647, found '99999999999'
            generate x -s -9999999999999999999          | --seed': expected -9223372036854775808 or more, found
            generate --foo Hello there --bar            | Unknown options: '--foo', '--bar'; put a text
            generate -m x -hf org/name x                | -hf: expected no --model beside it
            generate -hf foo x                          | -hf foo: expected ORG/NAME
            generate -j {} --regex a x                  | expected one of --json-schema, -j, --grammar and --regex
            list                                        | no such command: list; t6j models lists
            ls                                          | no such command: ls; t6j models lists
            ps                                          | no such command: ps; no model runs in the background: t6j serve
            rm x                                        | no such command: rm; t6j models --remove NAME
            show x                                      | no such command: show; t6j inspect NAME
            create x                                    | no such command: create; t6j convert
            quantize x                                  | no such command: quantize; t6j convert SRC DST --dtype q4_k
            help quantize                               | no such command: quantize; t6j convert SRC DST --dtype q4_k
            bench --warm-up x                           | expected a number, found 'x'
            bench --depth 1,x                           | expected a whole number, found 'x'
            generate x --model -                        | expected a file or folder, found '-'
            logits --ids 1 --out -                      | ./- a file of that name
            generate --samples 0 x                      | --samples: expected 1 or more, found 0
            generate --samples 2 --session s x          | --samples: expected no --session
            score                                       | Missing required option: '--file
            logits --out x                              | Missing required option: '--ids
            logits --ids 1,2                            | Missing required option: '--out
            logits --ids 1,b --out x                    | --ids: expected ids separated by commas, such as 5,17,3, found 'b'
            logits --ids 1,-2 --out x                   | found '-2'
            logits --ids 99999999999 --out x            | found '99999999999'
            logits --ids , --out x                      | --ids: expected at least one id, found none
            logits --ids 1 --path fast --out x          | expected factored or materialized, found 'fast'
            perplexity                                  | `specify one of these): (-f=TEXT | --texts=FILE.jsonl)`
            perplexity --file a --texts b               | mutually exclusive
            perplexity --texts a                        | --texts and --out: expected both or none
            perplexity --file a --out b                 | --texts and --out: expected both or none
            perplexity --texts a --out b --parallel 0   | --parallel: expected 1 or more, found 0
            score --file x --parallel 65                | --parallel: expected at most 64
            score --file x --out a --details b          | --details and --out: expected one of them, found both
            perplexity --file x --context 1             | --context: expected 2 or more, found 1
            perplexity --file x --stride 0              | --stride: expected 1 or more, found 0
            perplexity --file x --context 8 --stride 9  | --stride: expected at most the context, 8, found 9
            inspect a b                                 | Unmatched argument
            inspect -m a b                              | MODEL: expected no --model beside it, found a and b
            serve -hf a/b c                             | MODEL: expected no --model beside it, found a/b and c
            serve --cache-memory 9999999999999          | --cache-memory: expected at most 9223372036854 (
            serve --cache-dir-size 9999999999999        | --cache-dir-size: expected at most 9223372036854 (
            inspect --threads x                         | expected a whole number, found 'x'
            tokenize --decode 5,x                       | TEXT: expected ids separated by commas, such as 5,17,3, found 'x'
            tokenizer trian                             | no such command: trian; did you mean train?
            tokenizer train                             | Missing required options: '--vocab=N'
            tokenizer train --data a --vocab 256 --out b | --vocab: expected 257 or more, found 256
            tokenizer train --data a --vocab 2000000 --out b | --vocab: expected at most 1048576 (the most supported)
            tokenizer train --data --vocab 300 --out b  | --data
            tokenizer train --data a --vocab x --out b  | expected a whole number, found 'x'
            convert                                     | Missing required parameter
            convert a                                   | expected DST or --to-gguf FILE, found neither
            convert a b.gguf                            | DST: expected a folder to create, found b.gguf; --to-gguf b.gguf
            convert a b --dtype f8                      | expected f32, f16, bf16, q8_0, q6_k, q5_k, q4_k or q4_0, found 'f8'
            convert a b --as mha                        | --as
            init --preset tiny                          | Missing required option: '--out
            init --out x                                | --preset=NAME | --config=FILE
            init --preset huge --out x                  | --preset: expected a preset such as tiny, t6-small, mha-small, found huge
            init --preset tiny --config c --out x       | mutually exclusive
            pull                                        | Missing required parameter: 'NAME'
            pull ../x                                   | NAME: expected ORG/NAME, ORG/NAME:QUANT, ORG/NAME/FOLDER, ORG/NAME/FILE.gguf or a short name, found
            pull org/name --revision ..                 | --revision: expected a branch, tag or commit, found '..'
            pull org/name@v1 --revision v2              | --revision: expected one revision, found v1 and v2
            models extra                                | Unmatched argument
            models --yes                                | --yes: expected --remove NAME
            models --remove /x --yes                    | --remove: expected ORG/NAME
            train --out x                               | --data or --chat: expected files to train on, found neither
            train --data x                              | Missing required option: '--out
            train --data x --out y --preset huge        | --preset: expected a preset such as tiny, t6-small, mha-small, found huge
            train --data x --out y --steps 0            | --steps: expected 1 to
            train --data x --out y --steps 1 --minutes 1 | --steps: expected no --passes, --minutes or --tokens
            train --data x --out y --steps 1 --passes 2 | --steps: expected no --passes, --minutes or --tokens
            train --data x --out y --steps 9 --warm-up 10 | --warm-up: expected 0 to 9, the length of the run, found 10
            train --data x --out y --minutes 0          | --minutes: expected a number above 0, found 0
            train --data x --out y --passes NaN         | --passes: expected a number above 0, found NaN
            train --data x --out y --batch 0            | --batch: expected 1 to
            train --data x --out y --learning-rate 0    | --learning-rate: expected above 0 and at most 1
            train --data x --out y --clip -1            | --clip: expected 0 (no clipping) or more
            train --data x --out y --order sorted       | expected random or epoch, found 'sorted'
            train --data x --out y --keep 0             | --keep: expected 1 or more, found 0
            train --data x --out y --resume --context 9 --batch 2 | --resume: expected no --context, --batch, since
            train --data x --out y --variant full       | --variant: expected --init-from, found none
            train --data x --out y --init-from z --preset tiny | --preset: expected no --init-from, whose model
            train --data x --out y --init-from z --init official | --init: expected no --init-from, whose model
            gradients --ids 1,2                         | Missing required option: '--out
            gradients --ids 1,b --out x                 | --ids: expected ids separated by commas, such as 5,17,3, found 'b'
            init --preset tiny --out x --attention rnn  | expected tpa or tpa-kvonly or mha or gqa or mla, found 'rnn'
            """)
    void isOneLineAndTwo(String commandLine, String message) {
        CommandResult ran = CommandResult.of(commandLine.split(" "));

        assertThat(ran.err()).startsWith("t6j: ").contains(message).contains("--help)").hasLineCount(1);
        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.out()).isEmpty();
    }

    @Test
    void emptyStopStringIsBadUsage() {
        CommandResult ran = CommandResult.of("generate", "--stop", "", "x");

        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.err()).contains("--stop: expected strings of one character or more").hasLineCount(1);
    }

    @Test
    void aTextThatBeginsLikeAnOptionIsNone() {
        assertThat(CommandResult.of("generate", "--foo", "- a list").err()).hasLineCount(1)
                .startsWith("t6j: Unknown option: '--foo'; put a text that begins with - last, after -- (");
        assertThat(CommandResult.of("generate", "- a list", "--foo").err()).contains("Unknown option: '--foo';");
        assertThat(CommandResult.of("generate", "--foo=a b").err()).contains("Unknown option: '--foo=a b'");
        CommandResult ran = CommandResult.of("generate", "- a list");
        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.err()).hasLineCount(1)
                .startsWith("t6j: expected an option, found the text '- a list'; put a text that begins with - last");
    }

    @Test
    void anEmptyNameIsNotThisFolder() {
        CommandResult ran = CommandResult.of("generate", "x", "--model", "");

        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.err()).contains("'--model': expected a file or folder, found an empty name").hasLineCount(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"generate", "tokenize"})
    void withoutTextOnATerminalIsBadUsage(String command) {
        CommandResult ran = CommandResult.onTerminal(command);

        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.err()).contains("expected a text, or - to read standard input, found none").hasLineCount(1);
    }

    @Test
    void withoutCommandShowsHelpAndIsTwo() {
        CommandResult ran = CommandResult.of();

        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err()).startsWith("Usage: t6j").contains("generate", "inspect");
    }

    private static String[] commands() {
        return new String[] {"generate", "chat", "serve", "pull", "models", "logits", "perplexity", "score", "inspect",
            "tokenize", "tokenizer", "convert", "init", "train", "gradients", "bench"};
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandHasHelpWithAnExample(String command) {
        for (String[] args : new String[][] {{command, "--help"}, {"help", command}, {command, "-h"}}) {
            CommandResult ran = CommandResult.of(args);

            assertThat(ran.code()).isZero();
            assertThat(ran.err()).isEmpty();
            assertThat(ran.out()).contains("Usage: t6j " + command, "Example", "\n  t6j " + command, "--verbose");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"--help", "-h"})
    void aCommandOfACommandHasHelpWithAnExample(String help) {
        CommandResult ran = CommandResult.of("tokenizer", "train", help);

        assertThat(ran.code()).isZero();
        assertThat(ran.err()).isEmpty();
        assertThat(ran.out()).contains("Usage: t6j tokenizer train", "\n  t6j tokenizer train --data", "--verbose");
    }

    @Test
    void aCommandOfCommandsNeedsOne() {
        CommandResult ran = CommandResult.of("tokenizer");
        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err()).startsWith("Usage: t6j tokenizer").contains("train");
    }

    @Test
    void helpListsEveryCommandAndExitCode() {
        CommandResult ran = CommandResult.of("--help");

        assertThat(ran.code()).isZero();
        assertThat(ran.out())
                .contains(commands())
                .contains("130");
    }

    @Test
    void versionNamesProgramAndJava() {
        CommandResult ran = CommandResult.of("--version");

        assertThat(ran.code()).isZero();
        assertThat(ran.out()).matches("t6j \\d+\\.\\d+\\.\\d+\\S* \\(Java 2\\d\\S*\\)\\R");
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "generate x", "chat --prompt x", "logits --ids 1 --out x", "perplexity --file pom.xml", "inspect", "tokenize x",
        "bench"
    })
    void missingModelIsOneLineAndOne(String commandLine) {
        CommandResult ran = CommandResult.of((commandLine + " --model nowhere").split(" "));

        assertThat(ran.err()).startsWith("t6j: --model nowhere: expected a folder").hasLineCount(1);
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.out()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "logits nowhere --ids 1 --out x", "perplexity nowhere --file pom.xml", "inspect nowhere", "bench nowhere",
        "gradients nowhere --ids 1,2 --out x", "serve nowhere"
    })
    void aModelIsAlsoAnArgument(String commandLine) {
        CommandResult ran = CommandResult.of(commandLine.split(" "));

        assertThat(ran.err()).startsWith("t6j: MODEL nowhere: expected a folder").hasLineCount(1);
        assertThat(ran.code()).isEqualTo(1);
    }

    @Test
    void verboseShowsTheStackTrace() {
        CommandResult ran = CommandResult.of("tokenize", "x", "--model", "nowhere", "--verbose");

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).startsWith("t6j: --model nowhere").contains("\tat io.github.t6j.cli");
    }

    @Test
    void moreThreadsThanTheMachineCanUseAreBadUsage() {
        int max = 4 * Runtime.getRuntime().availableProcessors();
        CommandResult ran = CommandResult.of("generate", "--threads", "2000", "x");
        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.err()).contains("--threads: expected at most " + max + " (4 times the cores), found 2000");
    }

    @Test
    void controlCharactersAndEndlessTextsDoNotReachTheTerminal() {
        CommandResult trace = CommandResult.of("inspect", "--model", "\u001b[2Jno\u0007folder", "--verbose");
        assertThat(trace.err()).contains("\tat ").doesNotContain("\u001b", "\u0007");
        CommandResult ran = CommandResult.of("inspect", "--model", "\u001b[2Jno\u0007folder" + "x".repeat(10_000));
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("\\u001b[2Jno\\u0007folder").doesNotContain("\u001b").hasSizeLessThan(2100);
    }

    /** Terminals read C1 controls as ESC and another character; the others reverse the order of the text after them. */
    @Test
    void controlsOfUnicodeDoNotReachTheTerminal() {
        CommandResult ran = CommandResult.of("inspect", "--model", "a\u009bb\u007fc\u202ed\u2066e\u2069f");
        assertThat(ran.err()).contains("a\\u009bb\\u007fc\\u202ed\\u2066e\\u2069f")
                .doesNotContain("\u009b", "\u007f", "\u202e", "\u2066", "\u2069");
    }

    @ParameterizedTest
    @ValueSource(strings = {"help", "--help", "generate --help", "help bench", "--version"})
    void helpThatCannotBeWrittenFails(String commandLine) {
        assertThat(into("No space left on device", commandLine))
                .isEqualTo(new CommandResult(1, "", "t6j: standard output: No space left on device\n"));
        assertThat(into("Broken pipe", commandLine)).isEqualTo(new CommandResult(0, "", ""));
    }

    private static CommandResult into(String reason, String commandLine) {
        OutputStream full = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException(reason);
            }
        };
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        PrintStream errors = new PrintStream(err, true, StandardCharsets.UTF_8);
        int code = new Main(InputStream.nullInputStream(), full, errors, false).run(commandLine.split(" "));
        return new CommandResult(code, "", err.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n"));
    }
}
