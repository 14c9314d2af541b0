package io.github.t6j.grammar;

import java.nio.charset.StandardCharsets;

/** Splits a range of code points into sequences of byte ranges, whose products are exactly its UTF-8 encodings. */
final class Utf8Ranges {
    private static final int[] LAST_OF_LENGTH = {0x7F, 0x7FF, 0xFFFF, Character.MAX_CODE_POINT};

    /** Receives sequences. */
    interface Receiver {
        /**
         * Receives a sequence; byte i is any from {@code first[i]} to {@code last[i]}.
         *
         * @param first unsigned bytes of the smallest code point
         * @param last unsigned bytes of the largest
         */
        void onSequence(int[] first, int[] last);
    }

    private Utf8Ranges() {}

    /** Reports the sequences of the code points {@code first} to {@code last}, without surrogates between them. */
    static void split(int first, int last, Receiver receiver) {
        for (int bound : LAST_OF_LENGTH) {
            if (first <= bound && bound < last) {
                split(first, bound, receiver);
                split(bound + 1, last, receiver);
                return;
            }
        }
        if (last > 0x7F) {
            for (int bytes = 1; bytes < 4; bytes++) {
                int tail = (1 << 6 * bytes) - 1; // the code point's bits in the last bytes
                if ((first & ~tail) != (last & ~tail)) {
                    if ((first & tail) != 0) {
                        split(first, first | tail, receiver);
                        split((first | tail) + 1, last, receiver);
                        return;
                    }
                    if ((last & tail) != tail) {
                        split(first, (last & ~tail) - 1, receiver);
                        split(last & ~tail, last, receiver);
                        return;
                    }
                }
            }
        }
        receiver.onSequence(bytes(first), bytes(last));
    }

    private static int[] bytes(int codePoint) {
        byte[] utf8 = Character.toString(codePoint).getBytes(StandardCharsets.UTF_8);
        int[] unsigned = new int[utf8.length];
        for (int i = 0; i < utf8.length; i++) {
            unsigned[i] = utf8[i] & 0xFF;
        }
        return unsigned;
    }
}
