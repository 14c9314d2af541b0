package io.github.t6j.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** GPT-2's BPE in its simplest form, slow and made of strings; Tokenizer must agree with it. */
public final class ReferenceBpe {
    /** Regular expression that splits a text into pieces. */
    public static final Pattern PIECES = Pattern.compile(
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
            Pattern.UNICODE_CHARACTER_CLASS);

    private final Map<String, Object> vocabulary;
    private final Map<List<String>, Integer> ranks = new HashMap<>();

    /**
     * @param vocabulary token → Long
     * @param merges merges as "a b", by rank
     */
    ReferenceBpe(Map<String, Object> vocabulary, List<String> merges) {
        this.vocabulary = vocabulary;
        for (String merge : merges) {
            ranks.put(List.of(merge.split(" ")), ranks.size());
        }
    }

    /** Returns the character that represents a byte. */
    public static String character(int b) {
        boolean printable = b >= 0x21 && b <= 0x7E || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
        int codePoint = printable ? b : b <= 0x20 ? 0x100 + b : b <= 0xA0 ? 0x121 + b - 0x7F : 0x143;
        return Character.toString(codePoint);
    }

    int[] encode(String text) {
        List<Integer> ids = new ArrayList<>();
        Matcher matcher = PIECES.matcher(text);
        while (matcher.find()) {
            List<String> tokens = new ArrayList<>();
            for (byte b : matcher.group().getBytes(StandardCharsets.UTF_8)) {
                tokens.add(character(b & 0xFF));
            }
            merge(tokens);
            tokens.forEach(token -> ids.add(Math.toIntExact((Long) vocabulary.get(token))));
        }
        return ids.stream().mapToInt(id -> id).toArray();
    }

    private void merge(List<String> tokens) {
        while (true) {
            int best = -1;
            int lowest = Integer.MAX_VALUE;
            for (int i = 0; i + 1 < tokens.size(); i++) {
                int rank = ranks.getOrDefault(tokens.subList(i, i + 2), Integer.MAX_VALUE);
                if (rank < lowest) {
                    lowest = rank;
                    best = i;
                }
            }
            if (best < 0) {
                return;
            }
            tokens.set(best, tokens.get(best) + tokens.remove(best + 1));
        }
    }
}
