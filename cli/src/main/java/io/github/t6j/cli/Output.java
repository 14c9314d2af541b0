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
    private Broken broken;

    Output(OutputStream stream) {
        this.stream = stream;
    }

    /** For a printer that swallows errors: {@link #broken} has the first. */
    OutputStream stream() {
        return new OutputStream() {
            @Override
            public void write(int b) {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int from, int count) {
                try {
                    stream.write(bytes, from, count);
                } catch (IOException e) {
                    broken = broken == null ? new Broken(e) : broken;
                }
            }
        };
    }

    /** What went wrong in {@link #stream}, or null. */
    Broken broken() {
        return broken;
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
