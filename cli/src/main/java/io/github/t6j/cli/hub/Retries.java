package io.github.t6j.cli.hub;

import java.io.IOException;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;

/** Retries after connection failures, with growing pauses, until too many attempts made no progress. */
final class Retries {
    private static final int MAX_RETRIES = 5;
    private static final Duration LONGEST = Duration.ofMinutes(10);
    private static final String CHECK =
            "check the network, HF_ENDPOINT and HTTPS_PROXY";

    /** An attempt, which may fail. */
    @FunctionalInterface
    interface Attempt<T> {
        T run() throws IOException, InterruptedException;
    }

    private final String what;
    private final Timeouts timeouts;
    private final Consumer<String> notes;
    private final BooleanSupplier answered;
    private int failures;

    /**
     * @param what name of the attempt, for messages
     * @param answered returns true if any server has answered; before, a failure to connect is not retried
     */
    Retries(String what, Timeouts timeouts, Consumer<String> notes, BooleanSupplier answered) {
        this.what = what;
        this.timeouts = timeouts;
        this.notes = notes;
        this.answered = answered;
    }

    /** Returns the result of {@code attempt}, after as many attempts as it takes. */
    <T> T run(Attempt<T> attempt) throws IOException, InterruptedException {
        while (true) {
            try {
                return attempt.run();
            } catch (IOException e) {
                failed(e);
            }
        }
    }

    /** Resets the count of failures, because some bytes arrived. */
    void progressed() {
        failures = 0;
    }

    /** Waits before the next attempt, or throws: {@code e} itself if a retry cannot help. */
    private void failed(IOException e) throws IOException, InterruptedException {
        if (e instanceof HubException) {
            throw e;
        }
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        String reason = e.getMessage() == null ? e.toString() : e.getMessage();
        if (e instanceof SSLException) {
            throw new HubException(what + ": no secure connection: " + reason, e);
        }
        if (!answered.getAsBoolean() && Unreachable.is(e)) {
            throw new HubException(reason + ": is this machine offline? " + CHECK
                    + "; t6j models lists the models on this machine", e);
        }
        if (failures++ == MAX_RETRIES) {
            throw new HubException(what + ": failed " + (MAX_RETRIES + 1) + " times, the last time with: " + reason
                    + ": " + CHECK + "; the next pull continues from here", e);
        }
        Duration pause = timeouts.pause().multipliedBy(1L << failures - 1);
        if (e instanceof RetryableException later && later.pause() != null) {
            pause = later.pause();
        }
        if (pause.compareTo(LONGEST) > 0) {
            throw new HubException(what + ": " + reason + ": the server asks to wait for " + pause.toSeconds()
                    + " s: pull again after that", e);
        }
        notes.accept(what + ": " + reason + ": trying again in " + seconds(pause));
        Thread.sleep(pause);
    }

    private static String seconds(Duration pause) {
        return pause.toMillis() % 1000 == 0 ? pause.toSeconds() + " s" : pause.toMillis() + " ms";
    }
}
