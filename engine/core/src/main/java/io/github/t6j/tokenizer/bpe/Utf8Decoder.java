package io.github.t6j.tokenizer.bpe;

/**
 * UTF-8 decoder of the WHATWG Encoding Standard (§8.1.1) that accepts bytes in any portions. Bytes that are not UTF-8
 * become U+FFFD, one for each maximal subpart (Unicode §3.9), as in Rust and Python. Java's own decoder writes one
 * U+FFFD for an encoded surrogate (ED A0 80) instead of three.
 */
public final class Utf8Decoder {
    private static final char REPLACEMENT = '\uFFFD';

    private int codePoint;
    private int missing;
    // bounds of the next byte of the sequence
    private int lower;
    private int upper;

    /** Appends the characters that {@code bytes} complete to {@code out}. */
    public void decode(byte[] bytes, StringBuilder out) {
        for (byte signed : bytes) {
            int b = signed & 0xFF;
            if (missing > 0 && (b < lower || b > upper)) {
                finish(out);
            }
            if (missing == 0) {
                start(b, out);
            } else {
                codePoint = codePoint << 6 | b & 0x3F;
                expect(missing - 1, 0x80, 0xBF);
                if (missing == 0) {
                    out.appendCodePoint(codePoint);
                }
            }
        }
    }

    /** Appends U+FFFD for an incomplete sequence and resets the decoder. */
    public void finish(StringBuilder out) {
        if (missing > 0) {
            out.append(REPLACEMENT);
            missing = 0;
        }
    }

    private void start(int b, StringBuilder out) {
        if (b < 0x80) {
            out.append((char) b);
        } else if (b >= 0xC2 && b <= 0xDF) {
            codePoint = b & 0x1F;
            expect(1, 0x80, 0xBF);
        } else if (b >= 0xE0 && b <= 0xEF) {
            codePoint = b & 0x0F;
            expect(2, b == 0xE0 ? 0xA0 : 0x80, b == 0xED ? 0x9F : 0xBF);
        } else if (b >= 0xF0 && b <= 0xF4) {
            codePoint = b & 0x07;
            expect(3, b == 0xF0 ? 0x90 : 0x80, b == 0xF4 ? 0x8F : 0xBF);
        } else {
            out.append(REPLACEMENT);
        }
    }

    private void expect(int bytes, int from, int to) {
        missing = bytes;
        lower = from;
        upper = to;
    }
}
