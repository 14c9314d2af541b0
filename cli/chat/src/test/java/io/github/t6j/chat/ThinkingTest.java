package io.github.t6j.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Thinking is separated from the answer, wherever the pieces of a text end. */
class ThinkingTest {
    /** Returns the text with thinking in brackets. */
    private static String marked(String... pieces) {
        StringBuilder said = new StringBuilder();
        boolean[] before = {false};
        Thinking thinking = new Thinking((text, thought) -> {
            assertThat(text).isNotEmpty();
            said.append(thought == before[0] ? "" : thought ? "[" : "]").append(text);
            before[0] = thought;
        });
        for (String piece : pieces) {
            thinking.append(piece);
        }
        thinking.finish();
        return said + (before[0] ? "]" : "");
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', textBlock = """
            `plain`,                              `plain`
            `<think>a</think>b`,                  `[<think>a</think>]b`
            `x<think>a</think>b<think>c`,         `x[<think>a</think>]b[<think>c]`
            `a < b <thin c <think`,               `a < b <thin c <think`
            `</think>a`,                          `</think>a`
            `<<think>a<</think>b`,                `<[<think>a<</think>]b`
            `<think><think></think>`,             `[<think><think></think>]`
            """)
    void inOnePieceAndLetterByLetter(String text, String expected) {
        assertThat(marked(text)).isEqualTo(expected);
        assertThat(marked(text.split(""))).isEqualTo(expected);
    }

    @RepeatedTest(200)
    void anyPiecesGiveTheSame(RepetitionInfo info) {
        Random random = new Random(info.getCurrentRepetition());
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 12; i++) {
            text.append(new String[] {"<think>", "</think>", "<", "th", "ink>", "/", "a b"}[random.nextInt(7)]);
        }
        String whole = text.toString();
        String[] pieces = whole.splitWithDelimiters("(?<=" + "thk> /".charAt(random.nextInt(6)) + ")", 0);
        assertThat(marked(pieces)).as("seed " + info.getCurrentRepetition() + ": " + whole).isEqualTo(marked(whole));
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', textBlock = """
            `assistant: `,                    ``
            `assistant: <think>\\n`,          `<think>\\n`
            `<think>\\n\\n</think>\\n`,       ``
            `say <think> to it`,              ``
            """)
    void aRenderedTextMayOpenIt(String rendered, String opened) {
        assertThat(Thinking.openedBy(rendered.translateEscapes())).isEqualTo(opened.translateEscapes());
    }
}
