package io.github.t6j.cli.hub;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/** Bytes of an answer, with a timeout for a silent server, which the JDK has no option for. */
final class Body implements AutoCloseable {
    private final InputStream in;
    private final Duration silence;
    private final Thread watch;
    private volatile long lastRead = System.nanoTime();
    private volatile boolean silent;

    Body(InputStream in, Duration silence) {
        this.in = in;
        this.silence = silence;
        watch = Thread.ofVirtual().start(this::watch);
    }

    private void watch() {
        try {
            while (System.nanoTime() - lastRead < silence.toNanos()) {
                Thread.sleep(silence.dividedBy(4));
            }
            silent = true;
            in.close(); // ends a waiting read
        } catch (InterruptedException | IOException e) {
            // it is already closed
        }
    }

    /** @return number of bytes, or −1 at the end */
    int read(byte[] into) throws IOException, InterruptedException {
        int n = -1;
        try {
            lastRead = System.nanoTime(); // the time between reads does not count
            n = in.read(into);
        } catch (IOException e) {
            if (Thread.interrupted() || e.getCause() instanceof InterruptedException) {
                throw new InterruptedException();
            }
            if (!silent) {
                throw e;
            }
        }
        if (silent) {
            throw new IOException("expected more bytes, found none within " + silence.toSeconds() + " s");
        }
        return n;
    }

    @Override
    public void close() throws IOException {
        watch.interrupt();
        in.close();
    }
}
