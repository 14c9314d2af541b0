package io.github.t6j.mini.data;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Compares the training data with the tokenizer of the bundled model. */
class PiecesTest {
    private static final long SEED = 31;
    private static final int CONVERSATIONS = 8000;

    /** Without made-up words of pieces, one token of letters in seven stands nowhere. */
    @Test
    void conversationsHaveNearlyAllTokensOfLetters() {
        Tokenizer tokenizer = Tokenizer.load(Path.of(System.getProperty("t6j.testdata"), "models/t6-mini"));
        Conversations conversations = new Conversations(new Topics(), new Random(SEED));
        BitSet found = new BitSet();
        for (int i = 0; i < CONVERSATIONS; i++) {
            for (Turn turn : conversations.next()) {
                IntStream.of(tokenizer.encode(turn.content())).forEach(found::set);
            }
        }
        List<String> letters = IntStream.range(0, tokenizer.size()).mapToObj(id -> tokenizer.decode(new int[] {id}))
                .filter(text -> text.matches(" ?[A-Za-z]+")).toList();
        List<String> missing = IntStream.range(0, tokenizer.size()).filter(id -> !found.get(id))
                .mapToObj(id -> tokenizer.decode(new int[] {id})).filter(letters::contains).toList();
        assertThat(letters).hasSizeGreaterThan(3000);
        assertThat(missing).as("seed " + SEED).hasSizeLessThan(letters.size() / 20);
    }
}
