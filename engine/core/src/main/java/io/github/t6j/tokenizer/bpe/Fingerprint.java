package io.github.t6j.tokenizer.bpe;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

/**
 * Hash of a tokenizer's results: its tokens, its merges, and the ids of a text that exercises all splitters and
 * normalizers.
 */
public final class Fingerprint {
    /** One or more characters of each kind that splitters and normalizers distinguish, and a lone combining mark. */
    private static final String PROBE = "aAsSvVeEtT\u00e9\u0301\u0323\u01c5\u02b0\u4e2d\u00df\u017f 1239\u00bd\u2167''"
            + "\u2019._/-!<>|\n\n\r\t  \u00a0\u3000\u2581\u200d\u0000\ufb01";
    private static final int PROBE_LENGTH = 8192;

    private final MessageDigest digest;

    public Fingerprint() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }

    /**
     * Returns a text with each kind of character, and with each of {@code tokens} in it; Random gives the same numbers
     * in every JDK.
     */
    public static String probe(List<String> tokens) {
        Random random = new Random(1);
        StringBuilder text = new StringBuilder();
        while (text.length() < PROBE_LENGTH) {
            text.append(PROBE.charAt(random.nextInt(PROBE.length())));
        }
        for (String token : tokens) {
            text.append(token).append("a").append(token).append(" ").append(token).append("  a ").append(token);
        }
        return text.toString();
    }

    public void add(Vocabulary vocabulary) {
        for (int id = 0; id < vocabulary.size(); id++) {
            byte[] bytes = vocabulary.contains(id) ? vocabulary.bytes(id) : new byte[0];
            add(bytes.length << 2 | (vocabulary.isSpecial(id) ? 2 : 0) | (vocabulary.contains(id) ? 1 : 0));
            digest.update(bytes);
        }
    }

    public void add(long number) {
        digest.update(ByteBuffer.allocate(Long.BYTES).putLong(number).flip());
    }

    public void add(int[] ids) {
        for (int id : ids) {
            add(id);
        }
    }

    @Override
    public String toString() {
        return HexFormat.of().formatHex(digest.digest());
    }
}
