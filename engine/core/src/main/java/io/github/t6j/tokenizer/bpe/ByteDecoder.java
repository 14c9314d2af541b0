package io.github.t6j.tokenizer.bpe;

/** Decodes ids of a byte-level vocabulary by concatenating their bytes. */
public final class ByteDecoder implements IdDecoder {
    private final Vocabulary vocabulary;
    private final Utf8Decoder utf8 = new Utf8Decoder();

    public ByteDecoder(Vocabulary vocabulary) {
        this.vocabulary = vocabulary;
    }

    @Override
    public void append(int id, StringBuilder out) {
        utf8.decode(vocabulary.bytes(id), out);
    }

    @Override
    public void finish(StringBuilder out) {
        utf8.finish(out);
    }
}
