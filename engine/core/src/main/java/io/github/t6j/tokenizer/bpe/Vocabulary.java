package io.github.t6j.tokenizer.bpe;

import io.github.t6j.ModelFormatException;
import io.github.t6j.tokenizer.split.AddedToken;
import io.github.t6j.tokenizer.split.Utf8;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/** Texts of all ids, which may have gaps. */
public final class Vocabulary {
    private final byte[][] bytes;
    private final BitSet singleBytes = new BitSet();
    private final BitSet special = new BitSet();

    /**
     * @throws ModelFormatException if two tokens have the same id, a token has two ids or two texts, or an added token
     *     has a wrong id
     */
    public Vocabulary(TokenizerDefinition definition) {
        String[] tokens = new String[size(definition)];
        bytes = new byte[tokens.length][];
        definition.vocabulary().forEach((token, id) -> {
            claim(tokens, id, token, definition.vocabularySource());
            add(id, token, definition.decoding());
        });
        addAdded(tokens, definition);
    }

    private void add(int id, String token, Decoding decoding) {
        if (decoding.byteFallback() && token.length() == 6 && token.matches("<0x\\p{XDigit}{2}>")) {
            bytes[id] = new byte[] {(byte) Integer.parseInt(token, 3, 5, 16)};
            singleBytes.set(id);
        } else {
            bytes[id] = decoding.byteLevel() ? ByteAlphabet.bytes(token) : Utf8.encode(token);
        }
    }

    private void addAdded(String[] tokens, TokenizerDefinition definition) {
        String source = definition.vocabularySource();
        Map<String, Integer> ids = new HashMap<>(definition.vocabulary());
        int highest = -1; // id of an added token so far
        for (AddedToken token : definition.addedTokens()) {
            Integer known = ids.putIfAbsent(token.content(), token.id());
            if (known != null && known != token.id()) {
                throw new ModelFormatException(source + ": expected one id for \"" + token.content() + "\", found "
                        + known + ", and " + token.id() + " in added_tokens");
            }
            claim(tokens, token.id(), token.content(), source);
            // Hugging Face's library assigns this id and ignores the file's
            int next = Math.max(definition.vocabulary().size(), highest + 1);
            if (known == null && token.id() != next) {
                throw new ModelFormatException(source + ": expected " + next + ", the next id, for \""
                        + token.content() + "\" of added_tokens, found " + token.id());
            }
            highest = Math.max(highest, token.id());
            byte[] text = Utf8.encode(token.content());
            if (known != null && definition.decoding().byteLevel() && !Arrays.equals(bytes[known], text)) {
                throw new ModelFormatException(source + ": expected one text for \"" + token.content() + "\", found \""
                        + new String(bytes[known], StandardCharsets.UTF_8)
                        + "\", and itself in added_tokens; remove it there");
            }
            bytes[token.id()] = text;
            singleBytes.clear(token.id());
            special.set(token.id(), token.special());
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

    /** Returns the highest id plus 1. */
    public int size() {
        return bytes.length;
    }

    public boolean contains(int id) {
        return id >= 0 && id < bytes.length && bytes[id] != null;
    }

    /** Returns true if {@code id} is omitted where special tokens are. */
    public boolean isSpecial(int id) {
        return id >= 0 && special.get(id);
    }

    /** Returns true if {@code id} is a byte that may be part of a character, in a vocabulary of characters. */
    public boolean isByte(int id) {
        return singleBytes.get(id);
    }

    /** Returns the bytes of {@code id}, with ▁ unchanged; the caller must not modify them. */
    public byte[] bytes(int id) {
        if (!contains(id)) {
            throw new IllegalArgumentException("id " + id + " has no text: expected an id of the tokenizer, from 0 to "
                    + (bytes.length - 1) + gaps());
        }
        return bytes[id];
    }

    private String gaps() {
        long gaps = Arrays.stream(bytes).filter(token -> token == null).count();
        return gaps == 0 ? "" : " except " + gaps;
    }
}
