package io.github.t6j.cli;

import java.time.Duration;

/** Says on the terminal that something goes on which cannot say how far it is: after a second, and every second. */
final class Waiting implements AutoCloseable {
    private static final Duration INTERVAL = Duration.ofSeconds(1);

    private final Progress progress;
    private final Thread clock;

    Waiting(Main main, String what) {
        progress = new Progress(main, what);
        clock = Thread.ofPlatform().daemon().name("t6j-waiting").unstarted(this::tick);
        if (main.terminal) {
            clock.start();
        }
    }

    private void tick() {
        try {
            for (int seconds = 1; !Thread.interrupted(); seconds++) {
                Thread.sleep(INTERVAL);
                progress.say(seconds + " s");
            }
        } catch (InterruptedException _) {
            // it is done
        }
    }

    @Override
    public void close() {
        clock.interrupt();
        try {
            clock.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        progress.close();
    }
}
