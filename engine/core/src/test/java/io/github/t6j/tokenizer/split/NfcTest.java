package io.github.t6j.tokenizer.split;

import static org.assertj.core.api.Assertions.assertThat;

import java.text.Normalizer;
import java.text.Normalizer.Form;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class NfcTest {
    private static final int[] MARKS = IntStream.rangeClosed(0, Character.MAX_CODE_POINT)
            .filter(c -> CharacterClass.of(c) == CharacterClass.MARK)
            .toArray();

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    @Test
    void equalsTheJdk() {
        for (int i = 0; i < 1000; i++) {
            StringBuilder text = new StringBuilder();
            for (int run = 0; run < 3; run++) {
                text.append("aé 가ᄀ\u1161".charAt(random.nextInt(6)));
                int length = random.nextInt(3 * Nfc.LONG_RUN);
                boolean common = random.nextBoolean();
                for (int k = 0; k < length; k++) {
                    text.appendCodePoint(common ? 0x300 + random.nextInt(0x70) : MARKS[random.nextInt(MARKS.length)]);
                }
            }
            assertThat(Nfc.normalize(text.toString()))
                    .as("seed %d", seed)
                    .isEqualTo(Normalizer.normalize(text, Form.NFC));
        }
    }

    /** The JDK's implementation takes quadratic time: ten minutes. */
    @Test
    @Timeout(60)
    void normalisesAMillionUnorderedMarks() {
        String above = "\u0301".repeat(500_000);
        String below = "\u0323".repeat(500_000);
        StringBuilder mixed = new StringBuilder("a");
        for (int i = 0; i < 500_000; i++) {
            mixed.append("\u0301\u0323");
        }
        assertThat(Nfc.normalize(mixed.toString())).isEqualTo("\u1EA1" + below.substring(1) + above);
    }
}
