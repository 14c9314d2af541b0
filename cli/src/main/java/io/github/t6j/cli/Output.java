package io.github.t6j.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Standard output: UTF-8 in every locale, each piece written at once, and an error that is not swallowed. */
final class Output {

    /** Standard output cannot be written. */
    static final class Broken extends RuntimeException {
        private static final long serialVersionUID = 1;

        Broken(IOException cause) {
            super("standard output: " + cause.getMessage(), cause);
        }

        /** Whether the reader went away, as {@code | head} does: nothing that anybody needs to hear of. */
        boolean isClosedPipe() {
            String message = getCause().getMessage();
            return message != null && message.toLowerCase(Locale.ROOT).contains("pipe");
        }
    }

    private final OutputStream stream;

    Output(OutputStream stream) {
        this.stream = stream;
    }

    OutputStream stream() {
        return stream;
    }

    void print(String text) {
        try {
            stream.write(text.getBytes(StandardCharsets.UTF_8));
            stream.flush();
        } catch (IOException e) {
            throw new Broken(e);
        }
    }

    void println(String text) {
        print(text + "\n");
    }
}
