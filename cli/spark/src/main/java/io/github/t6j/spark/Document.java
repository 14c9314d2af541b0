package io.github.t6j.spark;

import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * A row of the input.
 *
 * @param seed its seed, or null
 * @param unreadable the line if it is malformed, else null
 */
record Document(String id, String text, Long seed, String unreadable) {
    private static final int QUOTED = 60; // characters of a line in a message

    /** @throws JobFailure if the document is malformed or has no text in {@code column} */
    void check(String column) {
        if (unreadable != null) {
            throw new JobFailure("line: expected a JSON object with id, " + column + " and optionally seed, a whole "
                    + "number, found " + unreadable.substring(0, Math.min(QUOTED, unreadable.length())));
        }
        if (id == null) {
            throw new JobFailure("id: expected a text or a number, found none");
        }
        if (text == null) {
            throw new JobFailure(column + ": expected a text, found none");
        }
    }

    /** Returns its seed, or else one from its id alone: 48 bits of a hash, which any JSON reader keeps. */
    long seed(long base) {
        return seed != null
                ? seed
                : base + (UUID.nameUUIDFromBytes(id.getBytes(StandardCharsets.UTF_8)).getMostSignificantBits() >>> 16);
    }
}
