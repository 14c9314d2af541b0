package io.github.t6j.tokenizer.bpe;

import io.github.t6j.ModelFormatException;

/**
 * Symbols of a byte-level vocabulary, one for each byte. Bytes without a token are dropped; some vocabularies omit
 * bytes that never occur in UTF-8.
 */
final class ByteSymbols implements Symbols {
    private static final int NONE = -1;

    private final int[] ids = new int[256];

    /** @throws ModelFormatException if the vocabulary lacks tokens for bytes */
    ByteSymbols(TokenizerDefinition definition) {
        for (int b = 0; b < ids.length; b++) {
            Integer id = definition.vocabulary().get(ByteAlphabet.text(b));
            if (id == null && (b == ' ' || definition.model().unknown() != null)) {
                throw new ModelFormatException(
                        "%s: expected a token for each of the 256 bytes, found none for 0x%02X (\"%s\"); use byte-level BPE"
                                .formatted(definition.vocabularySource(), b, ByteAlphabet.text(b)));
            }
            ids[b] = id == null ? NONE : id;
        }
    }

    @Override
    public int read(byte[] text, int from, int to, int[] out) {
        int size = 0;
        for (int i = from; i < to; i++) {
            int id = ids[text[i] & 0xFF];
            out[size] = id;
            size += id == NONE ? 0 : 1;
        }
        return size;
    }
}
