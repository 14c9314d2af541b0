package io.github.t6j.tokenizer.bpe;

import io.github.t6j.ModelFormatException;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition.ScoredTokens;
import io.github.t6j.tokenizer.split.Utf8;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Symbols of a vocabulary of characters. A character that is not a token becomes its bytes if the vocabulary has a
 * token of each, otherwise the unknown token if there is one; otherwise it is dropped.
 */
final class CharacterSymbols implements Symbols {
    private static final int NONE = -1;

    private final WordTable characters;
    private final int[] byteIds; // null without byte tokens; NONE for a missing one
    private final int unknown;
    private final boolean fuse;

    /** @throws ModelFormatException if the token of a byte in a SentencePiece model, or the unknown one, is missing */
    CharacterSymbols(TokenizerDefinition definition) {
        Map<String, Integer> vocabulary = definition.vocabulary();
        characters = new WordTable(vocabulary.size());
        vocabulary.forEach((token, id) -> {
            if (!token.isEmpty() && token.codePointCount(0, token.length()) == 1) {
                characters.put(Utf8.encode(token), id);
            }
        });
        byteIds = definition.model().byteFallback() ? byteIds(definition) : null;
        unknown = unknown(definition);
        fuse = definition.model().fuseUnknown();
    }

    private static int[] byteIds(TokenizerDefinition definition) {
        int[] ids = new int[256];
        for (int b = 0; b < ids.length; b++) {
            ids[b] = definition.vocabulary().getOrDefault(byteToken(b), NONE);
            if (ids[b] == NONE && definition.model().merges() instanceof ScoredTokens) {
                throw new ModelFormatException(definition.vocabularySource()
                        + ": expected a token for each of the 256 bytes, as byte_fallback is true, found none for "
                        + byteToken(b));
            }
        }
        return ids;
    }

    private static String byteToken(int b) {
        return "<0x%02X>".formatted(b);
    }

    /**
     * Returns true if every character of a vocabulary with byte tokens has symbols. The tokenizer.json of Gemma 2 has
     * the token "\t" instead of a token for its byte.
     */
    static boolean areComplete(Map<String, Integer> vocabulary) {
        return IntStream.range(0, 256).allMatch(b -> vocabulary.containsKey(byteToken(b))
                || b < 128 && vocabulary.containsKey(String.valueOf((char) b)));
    }

    private static int unknown(TokenizerDefinition definition) {
        String token = definition.model().unknown();
        if (token != null && !definition.vocabulary().containsKey(token)) {
            throw new ModelFormatException(
                    definition.vocabularySource() + ": expected unk_token, \"" + token + "\", found no such token");
        }
        return token == null ? NONE : definition.vocabulary().get(token);
    }

    @Override
    public int read(byte[] text, int from, int to, int[] out) {
        int size = 0;
        boolean pending = false; // an unknown token, which Hugging Face's library writes after bytes that follow it
        for (int at = from, end; at < to; at = end) {
            end = at + Utf8.width(text[at]);
            int id = characters.get(text, at, end);
            if (id == NONE && haveTokens(text, at, end)) {
                size = bytes(text, at, end, out, size);
                continue;
            }
            if (pending && (id != NONE || !fuse)) {
                out[size++] = unknown;
            }
            pending = id == NONE && unknown != NONE;
            if (id != NONE) {
                out[size++] = id;
            }
        }
        if (pending) {
            out[size++] = unknown;
        }
        return size;
    }

    /** Returns true if each byte of a character has a token. */
    private boolean haveTokens(byte[] text, int from, int to) {
        boolean all = byteIds != null;
        for (int i = from; all && i < to; i++) {
            all = byteIds[text[i] & 0xFF] != NONE;
        }
        return all;
    }

    private int bytes(byte[] text, int from, int to, int[] out, int size) {
        int end = size;
        for (int i = from; i < to; i++) {
            out[end++] = byteIds[text[i] & 0xFF];
        }
        return end;
    }
}
