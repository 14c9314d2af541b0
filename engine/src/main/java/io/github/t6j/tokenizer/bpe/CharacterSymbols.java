package io.github.t6j.tokenizer.bpe;

import io.github.t6j.ModelFormatException;
import io.github.t6j.tokenizer.json.TokenizerDefinition;
import io.github.t6j.tokenizer.split.Utf8;
import java.util.Map;

/**
 * Symbols of a vocabulary of characters. A character that is not a token becomes its bytes if the vocabulary has byte
 * tokens, otherwise the unknown token if there is one; otherwise it is dropped.
 */
final class CharacterSymbols implements Symbols {
    private static final int NONE = -1;

    private final WordTable characters;
    private final int[] byteIds; // null without byte tokens
    private final int unknown;
    private final boolean fuse;

    /** @throws ModelFormatException if the token of a byte, or the unknown token, is missing */
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
            String token = "<0x%02X>".formatted(b);
            Integer id = definition.vocabulary().get(token);
            if (id == null) {
                throw new ModelFormatException(definition.vocabularySource()
                        + ": expected a token for each of the 256 bytes, as byte_fallback is true, found none for "
                        + token);
            }
            ids[b] = id;
        }
        return ids;
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
        boolean afterUnknown = false;
        for (int at = from, end; at < to; at = end) {
            end = at + Utf8.width(text[at]);
            int id = characters.get(text, at, end);
            if (id == NONE && byteIds != null) {
                size = bytes(text, at, end, out, size);
                continue;
            }
            boolean isUnknown = id == NONE;
            if (!isUnknown || unknown != NONE && !(fuse && afterUnknown)) {
                out[size++] = isUnknown ? unknown : id;
            }
            afterUnknown = isUnknown;
        }
        return size;
    }

    private int bytes(byte[] text, int from, int to, int[] out, int size) {
        int end = size;
        for (int i = from; i < to; i++) {
            out[end++] = byteIds[text[i] & 0xFF];
        }
        return end;
    }
}
