package io.github.t6j.tokenizer;

import io.github.t6j.ModelFormatException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** The bytes of each id. Ids may have gaps. */
final class Vocabulary {
    private final byte[][] bytes;

    /** @throws ModelFormatException if two tokens have one id, or a token two ids or texts */
    Vocabulary(TokenizerDefinition definition) {
        Map<String, Integer> vocabulary = definition.vocabulary();
        String[] tokens = new String[size(definition)];
        bytes = new byte[tokens.length][];
        vocabulary.forEach((token, id) -> {
            claim(tokens, id, token, definition.vocabularySource());
            bytes[id] = ByteAlphabet.bytes(token);
        });
        Map<String, Integer> ids = new HashMap<>(vocabulary);
        for (AddedToken token : definition.addedTokens()) {
            Integer known = ids.put(token.content(), token.id());
            if (known != null && known != token.id()) {
                throw new ModelFormatException(definition.vocabularySource() + ": expected one id for \""
                        + token.content() + "\", found " + known + ", and " + token.id() + " in added_tokens");
            }
            claim(tokens, token.id(), token.content(), definition.vocabularySource());
            byte[] text = Utf8.encode(token.content());
            if (known != null && !Arrays.equals(bytes[known], text)) {
                throw new ModelFormatException(definition.vocabularySource() + ": expected one text for \""
                        + token.content() + "\", found \"" + new String(bytes[known], StandardCharsets.UTF_8)
                        + "\", and itself in added_tokens; remove it there");
            }
            bytes[token.id()] = text;
        }
    }

    private static int size(TokenizerDefinition definition) {
        int vocabulary = definition.vocabulary().values().stream().mapToInt(id -> id + 1).max().orElse(0);
        return definition.addedTokens().stream().mapToInt(token -> token.id() + 1).reduce(vocabulary, Math::max);
    }

    private static void claim(String[] tokens, int id, String token, String where) {
        if (tokens[id] != null && !tokens[id].equals(token)) {
            throw new ModelFormatException(where + ": expected one token for each id, found \"" + tokens[id]
                    + "\" and \"" + token + "\" with id " + id);
        }
        tokens[id] = token;
    }

    /** The highest id + 1. */
    int size() {
        return bytes.length;
    }

    boolean contains(int id) {
        return id >= 0 && id < bytes.length && bytes[id] != null;
    }

    /** The bytes that {@code id} stands for; not to be written to. */
    byte[] bytes(int id) {
        if (!contains(id)) {
            throw new IllegalArgumentException("id " + id + " has no text: expected an id of the tokenizer, which has "
                    + "those from 0 to " + (bytes.length - 1) + gaps());
        }
        return bytes[id];
    }

    private String gaps() {
        long gaps = Arrays.stream(bytes).filter(token -> token == null).count();
        return gaps == 0 ? "" : " but for " + gaps;
    }
}
