package io.github.t6j.cli.io;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Standard output: UTF-8 in every locale, each piece written at once, and errors reported. */
public final class Output {

    /** An error of writing to standard output. */
    public static final class Broken extends RuntimeException {
        private static final long serialVersionUID = 1;

        Broken(IOException cause) {
            super("standard output: " + cause.getMessage(), cause);
        }

        /** Returns true if the reader closed the pipe, as {@code | head} does; that is not reported. */
        boolean isClosedPipe() {
            String message = getCause().getMessage();
            return message != null && message.toLowerCase(Locale.ROOT).contains("pipe");
        }
    }

    private final OutputStream stream;
    private Broken broken;

    public Output(OutputStream stream) {
        this.stream = stream;
    }

    /** Returns a stream for printers that swallow errors: {@link #broken} returns the first. */
    public OutputStream stream() {
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

    /** Returns the first error of {@link #stream}, or null. */
    Broken broken() {
        return broken;
    }

    public void print(String text) {
        try {
            stream.write(text.getBytes(StandardCharsets.UTF_8));
            stream.flush();
        } catch (IOException e) {
            throw new Broken(e);
        }
    }

    public void println(String text) {
        print(text + "\n");
    }
}
