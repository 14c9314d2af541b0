package io.github.t6j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.fail;

import io.github.t6j.TestData;
import io.github.t6j.tokenizer.bpe.Utf8Decoder;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokenStreamTest {
    private static final Tokenizer GPT2 = Tokenizer.load(HandMadeTokenizer.GPT2);

    private static final byte[][] TOKEN_BYTES = tokenBytes();

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    @Test
    void emitsACharacterOnceItIsComplete() {
        int[] bytes = byteIds("F09F9880");
        TokenStream stream = GPT2.newDecoder();
        assertThat(stream.append(bytes[0])).isEmpty();
        assertThat(stream.append(bytes[1])).isEmpty();
        assertThat(stream.append(bytes[2])).isEmpty();
        assertThat(stream.append(bytes[3])).isEqualTo("😀");
        assertThat(stream.append(64)).isEqualTo("a");
        assertThat(stream.finish()).isEmpty();
    }

    @Test
    void endsAnIncompleteCharacterWithAReplacementAndResets() {
        TokenStream stream = GPT2.newDecoder();
        assertThat(stream.append(byteIds("E2")[0])).isEmpty();
        assertThat(stream.append(byteIds("82")[0])).isEmpty();
        assertThat(stream.finish()).isEqualTo("\uFFFD");
        assertThat(stream.finish()).isEmpty();
        assertThat(stream.append(byteIds("82")[0])).isEqualTo("\uFFFD");
    }

    @Test
    void keepsItsStateIfAnIdHasNoText() {
        TokenStream stream = GPT2.newDecoder();
        stream.append(byteIds("C3")[0]);
        assertThatThrownBy(() -> stream.append(GPT2.size())).isInstanceOf(IllegalArgumentException.class);
        assertThat(stream.append(byteIds("A9")[0])).isEqualTo("é");
    }

    /** Cases of Unicode 16, tables 3-8 to 3-11, and the bounds of the second byte; R stands for U+FFFD. */
    @ParameterizedTest
    @CsvSource({
        "C0AFE080BFF0818241, RRRRRRRRA",
        "EDA080EDBFBFEDAF41, RRRRRRRRA",
        "F4919293FF4180BF42, RRRRRARRB",
        "E180E2F09192F1BF41, RRRRA",
        "61F18080E180C26280 63 80BF64, aRRRbRcRRd",
        "C1BF, RR",
        "C280, \u0080",
        "E09FBF, RRR",
        "E0A080, \u0800",
        "ED9FBF, \uD7FF",
        "EE8080, \uE000",
        "F08FBFBF, RRRR",
        "F4908080, RRRR",
        "F5808080, RRRR",
        "C3C3A9, Ré",
        "F09F98C3A9, Ré"
    })
    void replacesInvalidUtf8ByMaximalSubparts(String hex, String expected) {
        assertThat(GPT2.decode(byteIds(hex.replace(" ", "")))).isEqualTo(expected.replace('R', '\uFFFD'));
    }

    @Test
    void decodesAllTwoByteAndManyFourByteSequencesLikeJava() {
        for (int pair = 0; pair < 0x10000; pair++) {
            decodesAsJava(new byte[] {(byte) (pair >> 8), (byte) pair});
        }
        byte[] bytes = new byte[4];
        for (int i = 0; i < 200_000; i++) {
            random.nextBytes(bytes);
            for (int k = 0; k < 4; k++) {
                // mostly lead and continuation bytes
                bytes[k] |= random.nextInt(8) > 0 ? (byte) 0x80 : 0;
            }
            bytes[0] |= random.nextBoolean() ? (byte) 0xE0 : 0;
            decodesAsJava(bytes);
        }
    }

    private void decodesAsJava(byte[] bytes) {
        StringBuilder out = new StringBuilder();
        Utf8Decoder decoder = new Utf8Decoder();
        decoder.decode(bytes, out);
        decoder.finish(out);
        if (!out.toString().equals(new String(bytes, StandardCharsets.UTF_8)) && !hasEncodedSurrogate(bytes)) {
            fail("seed " + seed + ": " + HexFormat.of().formatHex(bytes) + " gave " + out);
        }
    }

    /**
     * Returns whether the bytes have an encoded surrogate, for which Java's decoder, the oracle, differs from the
     * WHATWG's.
     */
    private static boolean hasEncodedSurrogate(byte[] bytes) {
        return IntStream.range(1, bytes.length)
                .anyMatch(i -> bytes[i - 1] == (byte) 0xED && (bytes[i] & 0xE0) == 0xA0);
    }

    @Test
    void joinedOutputsAreTheDecodedIds() {
        for (int i = 0; i < 3000; i++) {
            int[] ids = randomIds();
            TokenStream stream = GPT2.newDecoder();
            StringBuilder joined = new StringBuilder();
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            for (int id : ids) {
                String text = stream.append(id);
                assertThat(text.isEmpty() || !Character.isHighSurrogate(text.charAt(text.length() - 1))).isTrue();
                joined.append(text);
                bytes.writeBytes(TOKEN_BYTES[id]);
            }
            joined.append(stream.finish());
            String decoded = GPT2.decode(ids);
            assertThat(joined.toString()).as("seed %d, round %d", seed, i).isEqualTo(decoded);
            if (!hasEncodedSurrogate(bytes.toByteArray())) {
                assertThat(decoded).as("seed %d, round %d", seed, i).isEqualTo(bytes.toString(StandardCharsets.UTF_8));
            }
        }
    }

    /** Returns random ids, half of them of the 256 bytes, so that characters break in all ways. */
    private int[] randomIds() {
        return random.ints(random.nextInt(40), 0, GPT2.size())
                .map(id -> random.nextBoolean() ? id : id % 256)
                .toArray();
    }

    private static int[] byteIds(String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        int[] ids = new int[bytes.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = idOfByte(bytes[i]);
        }
        return ids;
    }

    private static int idOfByte(byte b) {
        return IntStream.range(0, 256).filter(id -> TOKEN_BYTES[id][0] == b).findFirst().orElseThrow();
    }

    /** Returns the bytes of the tokens in encoder.json, by ReferenceBpe's alphabet. */
    private static byte[][] tokenBytes() {
        Map<String, Integer> bytes = new HashMap<>();
        IntStream.range(0, 256).forEach(b -> bytes.put(ReferenceBpe.character(b), b));
        byte[][] tokens = new byte[GPT2.size()][];
        TestData.json(HandMadeTokenizer.GPT2.resolve("encoder.json")).forEach((token, id) -> {
            byte[] joined = new byte[token.length()];
            for (int i = 0; i < joined.length; i++) {
                joined[i] = (byte) (int) bytes.get(token.substring(i, i + 1));
            }
            tokens[Math.toIntExact((Long) id)] = joined;
        });
        return tokens;
    }
}
