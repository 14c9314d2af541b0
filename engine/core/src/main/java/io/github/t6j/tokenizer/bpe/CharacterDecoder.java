package io.github.t6j.tokenizer.bpe;

import io.github.t6j.tokenizer.split.Metaspace;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Decodes ids of a vocabulary of characters, in which ▁ represents a space and some tokens are single bytes. A run of
 * byte tokens becomes text if all of it is UTF-8, otherwise one U+FFFD for each byte, as in Hugging Face's ByteFallback
 * decoder.
 */
public final class CharacterDecoder implements IdDecoder {
    private static final String MARK = String.valueOf(Metaspace.MARK);

    private final Vocabulary vocabulary;
    private final Decoding decoding;
    private final boolean continues;
    private byte[] run = new byte[16];
    private int runLength;
    private boolean atFirstToken;
    private boolean atStart; // true until text is written

    /** @param continues true if text precedes the ids, so that no leading space is removed */
    public CharacterDecoder(Vocabulary vocabulary, Decoding decoding, boolean continues) {
        this.vocabulary = vocabulary;
        this.decoding = decoding;
        this.continues = continues;
        restart();
    }

    private void restart() {
        atFirstToken = !continues;
        atStart = !continues;
    }

    @Override
    public void append(int id, StringBuilder out) {
        byte[] bytes = vocabulary.bytes(id);
        if (vocabulary.isByte(id)) {
            run = runLength == run.length ? Arrays.copyOf(run, 2 * runLength) : run;
            run[runLength++] = bytes[0];
        } else {
            endRun(out);
            write(text(new String(bytes, StandardCharsets.UTF_8)), out);
        }
        atFirstToken = false;
    }

    private String text(String token) {
        if (!decoding.spaces()) {
            return token;
        }
        boolean dropsMarks = atFirstToken && decoding.start() == Decoding.Start.WITHOUT_MARKS;
        return token.replace(MARK, dropsMarks ? "" : " ");
    }

    private void endRun(StringBuilder out) {
        if (runLength > 0) {
            write(textOfRun(), out);
            runLength = 0;
        }
    }

    private String textOfRun() {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(run, 0, runLength)).toString();
        } catch (CharacterCodingException notUtf8) {
            return "\uFFFD".repeat(runLength);
        }
    }

    private void write(String text, StringBuilder out) {
        boolean strips = atStart && decoding.start() == Decoding.Start.STRIPPED && text.startsWith(" ");
        out.append(text, strips ? 1 : 0, text.length());
        atStart &= text.isEmpty();
    }

    @Override
    public void finish(StringBuilder out) {
        endRun(out);
        restart();
    }
}
