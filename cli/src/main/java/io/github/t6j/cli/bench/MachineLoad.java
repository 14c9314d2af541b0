package io.github.t6j.cli.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;

/** Processors that other processes use while something is measured; only Linux reports it. */
final class MachineLoad {
    private static final Path STATISTICS = Path.of("/proc/stat");

    /** Columns of the first line that are time without work: idle, and waiting for disks. */
    private static final int IDLE = 4;
    private static final int WAITING = 5;

    /** Units of the line per second, the same on all systems. */
    private static final double UNITS = 100;

    private final long start = System.nanoTime();
    private final double busy = busySeconds();
    private final double own = ownSeconds();

    /** Returns the mean number of processors that other processes have used since the start, or 0 if unknown. */
    double others() {
        double seconds = (System.nanoTime() - start) / 1e9;
        return Double.isNaN(busy) ? 0 : Math.max(0, busySeconds() - busy - (ownSeconds() - own)) / seconds;
    }

    /** Returns the processor time that this process has used since the start, in seconds. */
    double ownTime() {
        return ownSeconds() - own;
    }

    private static double ownSeconds() {
        return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO).toNanos() / 1e9;
    }

    private static double busySeconds() {
        try {
            String[] fields = Files.readAllLines(STATISTICS).getFirst().split(" +");
            double[] units = Arrays.stream(fields).skip(1).limit(8).mapToDouble(Double::parseDouble).toArray();
            return (Arrays.stream(units).sum() - units[IDLE - 1] - units[WAITING - 1]) / UNITS;
        } catch (IOException | RuntimeException e) {
            return Double.NaN;
        }
    }
}
