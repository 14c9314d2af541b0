package io.github.t6j.cli.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.cli.Ran;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** The ids are those of testdata/models/t6-tiny/reference.json, made by another program. */
class TokenizeCommandTest {

    @Test
    void printsIdsByComma() {
        assertThat(Ran.of("tokenize", "The whale", "--model", Ran.TINY)).isEqualTo(new Ran(0, "583,2886\n", ""));
    }

    @Test
    void decodesIds() {
        assertThat(Ran.of("tokenize", "--decode", "583,2886", "--model", Ran.TINY))
                .isEqualTo(new Ran(0, "The whale\n", ""));
        assertThat(Ran.withInput("583 \n 2886\n".getBytes(StandardCharsets.UTF_8), "tokenize", "--decode"))
                .isEqualTo(new Ran(0, "The whale\n", ""));
    }

    @Test
    void readsStandardInputExactly() {
        byte[] input = "The whale".getBytes(StandardCharsets.UTF_8);

        assertThat(Ran.withInput(input, "tokenize").out()).isEqualTo("583,2886\n");
        assertThat(Ran.withInput(input, "tokenize", "-").out()).isEqualTo("583,2886\n");
        assertThat(Ran.withInput("The whale\n".getBytes(StandardCharsets.UTF_8), "tokenize").out())
                .isEqualTo("583,2886,198\n");
    }

    @Test
    void readsNoSpecialIdsFromText() {
        assertThat(Ran.of("tokenize", "<|endoftext|>").out()).doesNotContain("4095");
    }

    @Test
    void anEmptyTextHasNoIds() {
        assertThat(Ran.of("tokenize", "")).isEqualTo(new Ran(0, "\n", ""));
    }

    @Test
    void anIdOutOfRangeIsNamed() {
        Ran ran = Ran.of("tokenize", "--decode", "5,4096");

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("id 4096 at position 1: expected ids below 4096").hasLineCount(1);
    }

    @Test
    void inputThatIsNotUtf8IsAnError() {
        Ran ran = Ran.withInput(new byte[] {'a', 'b', (byte) 0xff}, "tokenize");

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("standard input: expected UTF-8, found an invalid byte at offset 2")
                .hasLineCount(1);
    }

    @Test
    void aFolderWithoutTokenizerSaysWhatIsMissing() {
        Ran ran = Ran.of("tokenize", "x", "--model", Ran.TESTDATA.resolve("golden/T6_odd").toString());

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("T6_odd", "tokenizer.json").hasLineCount(1);
    }
}
