package io.github.t6j.cli.io;

import io.github.t6j.cli.Main;
import java.time.Duration;
import java.util.function.IntFunction;

/** Shows on the terminal that work without a known progress continues: after a second, and every second. */
public final class Spinner implements AutoCloseable {
    private static final Duration INTERVAL = Duration.ofSeconds(1);

    private final Progress progress;
    private final IntFunction<String> state;
    private final Thread clock;

    /** Shows {@code what} and the seconds. */
    public Spinner(Main main, String what) {
        this(main, seconds -> what + " " + seconds + " s");
    }

    /** @param state returns the text to show after a number of seconds, on another thread */
    public Spinner(Main main, IntFunction<String> state) {
        this.state = state;
        progress = new Progress(main, "");
        clock = Thread.ofPlatform().daemon().name("t6j-waiting").unstarted(this::tick);
        if (main.watched) {
            clock.start();
        }
    }

    private void tick() {
        try {
            for (int seconds = 1; !Thread.interrupted(); seconds++) {
                Thread.sleep(INTERVAL);
                progress.print(state.apply(seconds));
            }
        } catch (InterruptedException _) {
            // the work is done
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
