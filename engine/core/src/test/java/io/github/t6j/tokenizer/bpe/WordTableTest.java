package io.github.t6j.tokenizer.bpe;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class WordTableTest {
    private static final int PAIRS = 17;

    /** Returns word {@code i}: 17 times Aa or BB, which have the same hash under a polynomial of 31. */
    private static byte[] word(int i) {
        StringBuilder word = new StringBuilder();
        for (int pair = 0; pair < PAIRS; pair++) {
            word.append((i >>> pair & 1) == 0 ? "Aa" : "BB");
        }
        return word.toString().getBytes(StandardCharsets.US_ASCII);
    }

    @Test
    @Timeout(10)
    void wordsBuiltToCollideTakeNoLonger() {
        int words = 1 << PAIRS;
        WordTable table = new WordTable(words);
        for (int i = 0; i < words; i++) {
            table.put(word(i), i);
        }
        for (int i = 0; i < words; i++) {
            byte[] word = word(i);
            assertThat(table.get(word, 0, word.length)).isEqualTo(i);
            assertThat(table.get(word, 0, word.length - 1)).isEqualTo(-1);
        }
    }
}
