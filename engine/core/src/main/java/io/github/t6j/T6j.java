package io.github.t6j;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** Facts about this library. */
public final class T6j {
    private T6j() {}

    /**
     * Returns the version of the engine, such as 0.1.0 or 0.2.0-SNAPSHOT: on the class path, the module path and in
     * images of jlink.
     */
    public static String version() {
        try (InputStream in = T6j.class.getResourceAsStream("version.txt")) {
            if (in == null) {
                throw new IllegalStateException(
                        "io/github/t6j/version.txt: expected next to the engine's classes, found none: keep the"
                                + " resources of its jar");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
