package io.github.t6j.cli.hub;

import java.io.IOException;
import java.time.Duration;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;

/** Tries again after failures of a connection, after growing pauses, until there were too many without any progress. */
final class Retries {
    private static final int MOST = 5;
    private static final Duration LONGEST = Duration.ofMinutes(10);

    /** What may fail. */
    @FunctionalInterface
    interface Attempt<T> {
        T run() throws IOException, InterruptedException;
    }

    private final String what;
    private final Patience patience;
    private final Consumer<String> notes;
    private int failures;

    /** @param what is being tried, for messages */
    Retries(String what, Patience patience, Consumer<String> notes) {
        this.what = what;
        this.patience = patience;
        this.notes = notes;
    }

    /** The result of {@code attempt}, as often as it takes. */
    <T> T run(Attempt<T> attempt) throws IOException, InterruptedException {
        while (true) {
            try {
                return attempt.run();
            } catch (IOException e) {
                failed(e);
            }
        }
    }

    /** Some bytes came: what failed before does not count. */
    void progressed() {
        failures = 0;
    }

    /** Waits, or throws: {@code e} itself if it is the hub's last word. */
    private void failed(IOException e) throws IOException, InterruptedException {
        if (e instanceof HubException) {
            throw e;
        }
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        String reason = e.getMessage() == null ? e.toString() : e.getMessage();
        if (e instanceof SSLException) {
            throw new HubException(what + ": no safe connection: " + reason, e);
        }
        if (failures++ == MOST) {
            throw new HubException(what + ": failed " + (MOST + 1) + " times, last with: " + reason
                    + ": check the network, HF_ENDPOINT and Java's proxy (T6J_JAVA_OPTS=-Dhttps.proxyHost=HOST); the next"
                    + " pull goes on from here", e);
        }
        Duration pause = patience.pause().multipliedBy(1L << failures - 1);
        if (e instanceof TryLater later && later.pause() != null) {
            pause = later.pause();
        }
        if (pause.compareTo(LONGEST) > 0) {
            throw new HubException(what + ": " + reason + ": the server asks to come back in " + pause.toSeconds()
                    + " s: pull again then", e);
        }
        notes.accept(what + ": " + reason + ": trying again in " + seconds(pause));
        Thread.sleep(pause);
    }

    private static String seconds(Duration pause) {
        return pause.toMillis() % 1000 == 0 ? pause.toSeconds() + " s" : pause.toMillis() + " ms";
    }
}
