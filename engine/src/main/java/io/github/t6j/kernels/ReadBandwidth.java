package io.github.t6j.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** How fast all workers together read memory: what a model that decodes can be held against. */
public final class ReadBandwidth {
    /** More than caches hold. */
    private static final long BYTES = 128L << 20;

    /** Bytes of an item: few enough for an even share, many enough that handing them out does not show. */
    private static final long PIECE = 1L << 19;

    private static final int PASSES = 5;
    private static final long WARM_UP_NANOS = 300_000_000;

    private final Workers workers;
    private boolean warm;

    /** A test of these workers. */
    public ReadBandwidth(Workers workers) {
        this.workers = workers;
    }

    /** The fastest of some passes over {@value #BYTES} bytes: a limit, which neighbours on the machine only hide. */
    public double bytesPerSecond() {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment data = arena.allocate(BYTES, 64);
            int[] sums = new int[workers.threads()]; // so that reading is not idle
            Workers.Work read =
                    (item, worker) -> sums[worker] += KernelChoice.readAll(data, item * PIECE, PIECE / Integer.BYTES);
            Workers.Work warmUp = (item, worker) -> sums[worker] += KernelChoice.readAll(data, 0, Kernels.PANEL * 64L);
            long start = System.nanoTime();
            while (!warm && System.nanoTime() - start < WARM_UP_NANOS) {
                workers.run(workers.threads(), warmUp);
            }
            warm = true;
            double best = 0;
            for (int pass = 0; pass < PASSES; pass++) {
                long from = System.nanoTime();
                workers.run((int) (BYTES / PIECE), read);
                best = Math.max(best, BYTES * 1e9 / (System.nanoTime() - from));
            }
            return best;
        }
    }
}
