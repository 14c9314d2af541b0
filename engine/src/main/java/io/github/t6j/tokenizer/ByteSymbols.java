package io.github.t6j.tokenizer;

import io.github.t6j.ModelFormatException;

/** A symbol for each byte. Bytes that have no token are left out, as those that no UTF-8 has in some vocabularies. */
final class ByteSymbols implements Symbols {
    private static final int NONE = -1;

    private final int[] ids = new int[256];

    /** @throws ModelFormatException if bytes are not this vocabulary's symbols */
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
