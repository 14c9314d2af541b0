package io.github.t6j.tokenizer.split;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class AddedTokensTest {
    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    /** Compares with the definition: from left to right, the longest token that starts at each position. */
    @Test
    void findsTheLeftmostAndAmongThoseTheLongest() {
        for (int round = 0; round < 3000; round++) {
            List<AddedToken> tokens = new ArrayList<>();
            for (int id = random.nextInt(12); id > 0; id--) {
                tokens.add(new AddedToken(letters(1 + random.nextInt(5)), id, true));
            }
            String text = letters(random.nextInt(30));
            List<Integer> expected = new ArrayList<>();
            StringBuilder rest = new StringBuilder();
            for (int at = 0; at < text.length();) {
                AddedToken longest = null;
                for (AddedToken token : tokens) {
                    if (text.startsWith(token.content(), at)
                            && (longest == null || token.content().length() > longest.content().length())) {
                        longest = token;
                    }
                }
                if (longest != null) {
                    expected.add(longest.id());
                } else {
                    rest.append(text.charAt(at));
                }
                at += longest == null ? 1 : longest.content().length();
            }
            IntList ids = new IntList();
            StringBuilder pieces = new StringBuilder();
            new AddedTokens(tokens, content -> content).cut(text, ids, (piece, at) -> {
                assertThat(text.startsWith(piece, at)).as("seed %d", seed).isTrue();
                pieces.append(piece);
            });
            assertThat(Arrays.stream(ids.toArray()).boxed())
                    .as("seed %d: \"%s\" %s", seed, text, tokens)
                    .isEqualTo(expected);
            assertThat(pieces.toString()).as("seed %d", seed).isEqualTo(rest.toString());
        }
    }

    private String letters(int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append("ab<".charAt(random.nextInt(3)));
        }
        return text.toString();
    }

    /** Comparing each token with the text at each position would take 10¹¹ comparisons. */
    @Test
    @Timeout(60)
    void aHundredThousandTokensWithEqualPrefixesTakeNoLonger() {
        List<AddedToken> tokens =
                IntStream.range(0, 100_000).mapToObj(id -> new AddedToken("<|" + id + "|>", id, true)).toList();
        IntList ids = new IntList();
        new AddedTokens(tokens, content -> content).cut("<|".repeat(500_000) + "<|12345|>", ids, (piece, at) -> {});
        assertThat(ids.toArray()).containsExactly(12345);
    }
}
