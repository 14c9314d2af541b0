package io.github.t6j.cli.models;

import io.github.t6j.cli.Main;
import io.github.t6j.cli.hub.ModelName;
import io.github.t6j.cli.hub.Pull;
import io.github.t6j.cli.hub.Sizes;
import io.github.t6j.cli.io.Progress;
import io.github.t6j.cli.io.Text;
import java.util.Locale;

/** Reports a pull; on a terminal also its progress over all files, speed, and remaining time. */
final class PullProgress implements Pull.Watcher, AutoCloseable {
    private static final long INTERVAL = 200_000_000L;
    /** Characters of the bar, so that the line fits 80 columns. */
    private static final int WIDTH = 20;

    private final Main main;
    private final ModelName name;
    private final Progress progress;
    private final Runnable begin;
    private long all;
    private long done;
    private long next;
    private TransferSpeed speed;

    /** @param begin called when the size of the download is known and printed */
    PullProgress(Main main, ModelName name, Runnable begin) {
        this.main = main;
        this.name = name;
        this.begin = begin;
        this.progress = new Progress(main, "pulling");
    }

    @Override
    public synchronized void begins(int files, long bytes, long present) {
        all = bytes;
        done = present;
        note(name + ": " + files + (files == 1 ? " file, " : " files, ") + Sizes.of(bytes)
                + (present == bytes
                        ? ", all present"
                        : present == 0 ? "" : ", of which present: " + Sizes.of(present)));
        begin.run();
        speed = new TransferSpeed(System.nanoTime());
        next = System.nanoTime() + INTERVAL; // before that, the speed would come from a few bytes
    }

    @Override
    public synchronized void moved(long bytes) {
        done += bytes;
        long now = System.nanoTime();
        speed.add(Math.max(0, bytes), now);
        if (main.watched && now - next >= 0) {
            progress.print(line(all, done, speed.bytesPerSecond()));
            next = now + INTERVAL;
        }
    }

    /** Prints a separate line. */
    synchronized void note(String text) {
        progress.interrupt(() -> main.note(Text.printable(text, Integer.MAX_VALUE)));
    }

    /** @param speed bytes per second */
    static String line(long all, long done, double speed) {
        double share = all == 0 ? 1 : Math.clamp((double) done / all, 0, 1);
        int full = (int) (share * WIDTH);
        String line = String.format(Locale.ROOT, "[%s%s] %.1f %% of %s, %s/s", "#".repeat(full),
                " ".repeat(WIDTH - full), 100 * share, Sizes.of(all), Sizes.of(Math.round(Math.max(0, speed))));
        return speed < 1 ? line : line + ", " + Progress.time(Math.round((all - done) / speed)) + " left";
    }

    @Override
    public void close() {
        progress.close();
    }
}
