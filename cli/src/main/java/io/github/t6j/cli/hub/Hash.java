package io.github.t6j.cli.hub;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The hash that names a blob: SHA-256 of its bytes, git's SHA-1, or an unknown one. */
final class Hash {
    private static final int SHA256_DIGITS = 64;
    private static final int SHA1_DIGITS = 40;

    private final RemoteFile file;
    private MessageDigest digest;

    Hash(RemoteFile file) {
        this.file = file;
        restart();
    }

    void restart() {
        boolean isHex = file.id().matches("[0-9a-f]+");
        if (isHex && file.id().length() == SHA256_DIGITS) {
            digest = digest("SHA-256");
        } else if (isHex && file.id().length() == SHA1_DIGITS && file.size() >= 0) {
            digest = digest("SHA-1");
            digest.update(("blob " + file.size() + "\0").getBytes(StandardCharsets.US_ASCII));
        } else {
            digest = null;
        }
    }

    private static MessageDigest digest(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JDK has both algorithms
        }
    }

    void update(byte[] bytes, int count) {
        if (digest != null) {
            digest.update(bytes, 0, count);
        }
    }

    /** Returns the hash of all bytes, or the file's id if its hash is unknown; then starts again. */
    String end() {
        return digest == null ? file.id() : HexFormat.of().formatHex(digest.digest());
    }

    /** Returns true if the file's id is a hash of its bytes. */
    boolean isKnown() {
        return digest != null;
    }

    String name() {
        return file.id().length() == SHA256_DIGITS ? "the SHA-256" : "git's SHA-1";
    }
}
