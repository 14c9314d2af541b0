package io.github.t6j.benchmark;

import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import io.github.t6j.kernels.choice.KernelChoice;
import io.github.t6j.weights.NativeMemory;
import java.lang.foreign.MemorySegment;

/** Measurement of the rate at which all workers together read memory, which limits decoding. */
public final class ReadBandwidth implements AutoCloseable {
    /** Number of bytes to read, more than the processor's caches hold. */
    private static final long BYTES = 128L << 20;

    /** Number of bytes in an item: few enough for even shares, enough that handing out items costs little. */
    private static final long PIECE = 1L << 19;

    private static final int PASSES = 5;
    private static final long WARM_UP_NANOS = 300_000_000;

    private final Workers workers;
    private boolean warm;

    /** Creates a measurement with {@code threads} workers. */
    public ReadBandwidth(int threads) {
        workers = new Workers(threads);
    }

    /** Returns the rate of the fastest pass over {@value #BYTES} bytes; other load on the machine can only lower it. */
    public double bytesPerSecond() {
        try (NativeMemory memory = NativeMemory.shared()) { // in huge pages, as weights are
            MemorySegment data = memory.allocate(BYTES, 64).fill((byte) 1); // pages never written are one page of zeros
            int[] sums = new int[workers.threads()]; // a result, so that no compiler drops the reads
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

    /** Ends the workers. */
    @Override
    public void close() {
        workers.close();
    }
}
