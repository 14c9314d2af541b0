package io.github.t6j.cli.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.cli.CommandResult;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** testdata/models/t6-tiny/reference.json, made by another program, has the ids. */
class TokenizeCommandTest {

    @Test
    void printsIdsByComma() {
        assertThat(CommandResult.of("tokenize", "The whale", "--model", CommandResult.TINY))
                .isEqualTo(new CommandResult(0, "583,2886\n", ""));
    }

    @Test
    void decodesIds() {
        assertThat(CommandResult.of("tokenize", "--decode", "583,2886", "--model", CommandResult.TINY))
                .isEqualTo(new CommandResult(0, "The whale\n", ""));
        assertThat(CommandResult.withInput("583 \n 2886\n".getBytes(StandardCharsets.UTF_8), "tokenize", "--decode",
                "--model", CommandResult.TINY))
                .isEqualTo(new CommandResult(0, "The whale\n", ""));
    }

    @Test
    void severalArgumentsAreIds() {
        assertThat(CommandResult.of("tokenize", "--decode", "583", "2886", "--model", CommandResult.TINY))
                .isEqualTo(new CommandResult(0, "The whale\n", ""));
    }

    /** A character of several ids is one piece; the bundled tokenizer has no whole whale emoji. */
    @Test
    void piecesAreTheTextsOfIds() {
        assertThat(CommandResult.of("tokenize", "--pieces", "The whale", "--model", CommandResult.TINY))
                .isEqualTo(new CommandResult(0, "583\t\"The\"\n2886\t\" whale\"\n", ""));
        assertThat(CommandResult.of("tokenize", "--pieces", "--decode", "583", "2886", "--model", CommandResult.TINY))
                .isEqualTo(new CommandResult(0, "583\t\"The\"\n2886\t\" whale\"\n", ""));
        assertThat(CommandResult.of("tokenize", "--pieces", "a🐳\n").out().lines())
                .anyMatch(line -> line.matches("\\d+(,\\d+)+\t\" ?🐳\"")).anyMatch(line -> line.endsWith("\"\\n\""));
    }

    @Test
    void aTerminalShowsPiecesInColours() {
        CommandResult ran =
                CommandResult.in(Map.of("TERM", "xterm"), "", "tokenize", "--pieces", "The whale", "--model",
                        CommandResult.TINY);
        assertThat(ran.out()).isEqualTo("\u001b[30;46mThe\u001b[0m\u001b[30;43m whale\u001b[0m\n");
        CommandResult plain = CommandResult.in(Map.of("NO_COLOR", "1"), "", "tokenize", "--pieces", "The whale",
                "--model", CommandResult.TINY);
        assertThat(plain.out()).isEqualTo("583\t\"The\"\n2886\t\" whale\"\n");
    }

    @Test
    void readsStandardInputExactly() {
        byte[] input = "The whale".getBytes(StandardCharsets.UTF_8);

        assertThat(CommandResult.withInput(input, "tokenize", "--model", CommandResult.TINY).out())
                .isEqualTo("583,2886\n");
        assertThat(CommandResult.withInput(input, "tokenize", "-", "--model", CommandResult.TINY).out())
                .isEqualTo("583,2886\n");
        assertThat(CommandResult
                .withInput("The whale\n".getBytes(StandardCharsets.UTF_8), "tokenize", "--model", CommandResult.TINY)
                .out())
                .isEqualTo("583,2886,198\n");
    }

    @Test
    void readsNoSpecialIdsFromText() {
        assertThat(CommandResult.of("tokenize", "<|endoftext|>").out()).doesNotContain("4095");
    }

    @Test
    void anEmptyTextHasNoIds() {
        assertThat(CommandResult.of("tokenize", "")).isEqualTo(new CommandResult(0, "\n", ""));
    }

    @Test
    void anIdOutOfRangeIsNamed() {
        CommandResult ran = CommandResult.of("tokenize", "--decode", "5,4096");

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("id 4096 at position 1: expected ids below 4096").hasLineCount(1);
    }

    @Test
    void inputThatIsNotUtf8IsAnError() {
        CommandResult ran = CommandResult.withInput(new byte[] {'a', 'b', (byte) 0xff}, "tokenize");

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("standard input: expected UTF-8, found an invalid byte at offset 2")
                .hasLineCount(1);
    }

    @Test
    void aFolderWithoutTokenizerIsAnError() {
        CommandResult ran = CommandResult.of("tokenize", "x", "--model",
                CommandResult.TESTDATA.resolve("golden/T6_odd").toString());

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("T6_odd", "tokenizer.json").hasLineCount(1);
    }
}
