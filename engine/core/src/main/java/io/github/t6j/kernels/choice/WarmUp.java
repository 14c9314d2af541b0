package io.github.t6j.kernels.choice;

import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.simd.lanes.TileTable;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor.DiscardPolicy;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * When a kernel has been used enough to repay compiling it, a background thread runs it on dummy data until it beats
 * the scalar version. It then takes over, at once also for other models of this JVM. The scalar version is called the
 * twin; both give the same bits. The kernel for which the twin has computed most is warmed up, and a trial gives way
 * when another kernel has more.
 *
 * <p>The thread ends when nothing is left to warm up, at the latest after {@link #close()}.
 */
abstract sealed class WarmUp implements AutoCloseable permits WarmingKernels {
    /** Number of operations of the twin (milliseconds once it is compiled) after which its SIMD kernel is warmed up. */
    private static final long DUE = 20_000_000;

    /** Number of multiply-adds in one call, some milliseconds of the twin, for which a caller waits for the kernel. */
    private static final long HEAVY = 1_000_000;

    /** Longest wait for a kernel, from the moment when it was due; afterwards the twin computes. */
    private static final long PATIENCE_NANOS = 500_000_000;

    private static final long POLL_NANOS = 100_000;

    /** Number of consecutive calls that must each take less than twice the time of the twin's fastest. */
    private static final int FAST_CALLS_NEEDED = 3;

    /** Number of calls after which both have left the interpreter, in which the SIMD kernel may be the faster one. */
    private static final int MIN_CALLS = 300;

    /** Number of calls after which C2 has compiled all it can: the kernel then takes over whatever its time. */
    private static final int MAX_CALLS = 20_000;

    final TileTable tiles;
    final Kernels simd;
    final Kernels twin;
    private final Place[] places;
    private final int[] first = new int[KernelTrial.values().length]; // place of each operation
    private final Set<Integer> compiled; // numbers of places; one set for all models with these kernels
    private final AtomicInteger trials = new AtomicInteger(); // waiting or running
    private volatile boolean cold; // no trial has ended yet
    private volatile long due = DUE;
    private final ThreadPoolExecutor background = new ThreadPoolExecutor(
            0, 1, 100, TimeUnit.MILLISECONDS, new LinkedBlockingQueue<>(),
            body -> Thread.ofPlatform().daemon().name("t6j-warm-up").unstarted(body), new DiscardPolicy());

    /** Progress of one kernel. */
    private static final class Place {
        final Integer number; // among all places
        final KernelTrial operation;
        final int kernel;
        volatile Kernels serving;
        volatile boolean called;
        volatile boolean waiting; // for its trial
        long work; // of the twin; approximate: threads count without waiting for each other
        int trialCalls; // so far; only the background thread uses it
        long since; // System.nanoTime() when the kernel was due, 0 before

        Place(int number, KernelTrial operation, int kernel, Kernels first) {
            this.number = number;
            this.operation = operation;
            this.kernel = kernel;
            serving = first;
        }
    }

    WarmUp(Kernels simd, Kernels twin, TileTable tiles, Set<Integer> compiled) {
        this.tiles = tiles;
        this.simd = simd;
        this.twin = twin;
        this.compiled = compiled;
        cold = compiled.isEmpty();
        List<Place> all = new ArrayList<>();
        for (KernelTrial operation : KernelTrial.values()) {
            first[operation.ordinal()] = all.size();
            for (int kernel = 0; kernel < operation.kernels; kernel++) {
                all.add(new Place(all.size(), operation, kernel, twin));
            }
        }
        places = all.toArray(new Place[0]);
    }

    /** Ends the thread; kernels that are not warm yet stay with the twin. */
    @Override
    public void close() {
        background.shutdownNow();
    }

    /** From now on, also warms up kernels for which the twin has computed little. */
    public void warmAll() {
        due = 0;
        for (Place place : places) {
            if (place.called) {
                begin(place);
            }
        }
    }

    /** Returns true if the SIMD form of every kernel called so far has taken over. */
    public boolean isWarm() {
        for (Place place : places) {
            if (place.called && place.serving != simd) {
                return false;
            }
        }
        return true;
    }

    /**
     * Returns true if products of {@code rows} rows are compiled for the weights whose products of one row are;
     * otherwise begins to warm them up.
     */
    public boolean isReady(int rows) {
        boolean isReady = !isWarmingUp();
        for (Place place : places) {
            int kernel = place.called && place.serving == simd ? place.operation.ofRows(place.kernel, rows, tiles) : -1;
            if (kernel >= 0 && !isNative(place.operation, kernel, rows)) {
                Place needed = places[first[place.operation.ordinal()] + kernel];
                begin(needed);
                isReady &= needed.serving == simd;
            }
        }
        return isReady;
    }

    /** Returns true if native products, which need no warm-up, serve a kernel of {@code rows} rows. */
    abstract boolean isNative(KernelTrial operation, int kernel, int rows);

    /** Returns true if the JVM is busy compiling: a trial is running, or none has ended yet. */
    public boolean isWarmingUp() {
        return simd != twin && (cold || trials.get() > 0);
    }

    /**
     * Returns the kernels for {@code times} calls of {@code work} operations, computed by a kernel of an operation.
     * Calls without work announce later ones.
     */
    final Kernels of(KernelTrial operation, int kernel, int times, long work) {
        Place place = places[first[operation.ordinal()] + kernel];
        return place.serving == simd ? simd : choose(place, times, work);
    }

    private Kernels choose(Place place, int times, long work) {
        place.called = true;
        if (takesOver(place)) {
            return simd;
        }
        place.work += times * work;
        if (place.since == 0 && (place.work >= due || work == 0)) {
            begin(place);
        }
        boolean waits = place.since != 0 && work >= HEAVY; // it is due, and worth a wait
        while (waits && place.serving == twin && !background.isShutdown()
                && System.nanoTime() - place.since < PATIENCE_NANOS) {
            LockSupport.parkNanos(POLL_NANOS);
        }
        return place.serving;
    }

    /** Lets the SIMD kernel serve if it is compiled, whichever model's trial that took. */
    private boolean takesOver(Place place) {
        if (!compiled.contains(place.number)) {
            return false;
        }
        cold = false;
        place.serving = simd;
        return true;
    }

    private void begin(Place place) {
        synchronized (place) {
            if (place.since != 0 || takesOver(place)) {
                return;
            }
            place.since = System.nanoTime();
            place.waiting = true;
        }
        trials.incrementAndGet();
        try {
            background.execute(this::warmMostUsed);
        } catch (OutOfMemoryError noMoreThreads) {
            // The twin continues; the trial stays in the queue for the next thread that starts.
        }
    }

    private Place mostUsed() {
        Place mostUsed = null;
        for (Place place : places) {
            if (place.waiting && (mostUsed == null || place.work > mostUsed.work)) {
                mostUsed = place;
            }
        }
        return mostUsed;
    }

    private void warmMostUsed() {
        Place place = mostUsed();
        place.waiting = false;
        try {
            while (!warm(place)) {
                Place next = mostUsed();
                next.waiting = false;
                place.waiting = true;
                place = next;
            }
            compiled.add(place.number);
            takesOver(place);
        } catch (InterruptedException closed) {
            // the twin continues
        } catch (RuntimeException | Error broken) {
            System.getLogger("io.github.t6j").log(
                    Level.WARNING, "t6j computes " + place.operation + " without SIMD: its trial failed", broken);
        } finally {
            cold = false;
            trials.decrementAndGet();
        }
    }

    /**
     * Calls until the kernel takes less than twice the twin's time, with pauses that leave the core to C2.
     *
     * @return false if another kernel has more work by now, which must not wait: a prompt's tile can take a second
     */
    private boolean warm(Place place) throws InterruptedException {
        Consumer<Kernels> trial = place.operation.of(place.kernel, simd);
        long toBeat = Long.MAX_VALUE;
        int faster = 0;
        for (; faster < FAST_CALLS_NEEDED && place.trialCalls < MAX_CALLS; place.trialCalls++) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            Place other = mostUsed();
            if (other != null && other.work > place.work) {
                return false;
            }
            long start = System.nanoTime();
            trial.accept(simd);
            long middle = System.nanoTime();
            trial.accept(twin);
            toBeat = Math.min(toBeat, System.nanoTime() - middle);
            if (place.trialCalls >= MIN_CALLS) {
                faster = (middle - start) / 2 < toBeat ? faster + 1 : 0;
                if (faster == 0) {
                    LockSupport.parkNanos(middle - start);
                }
            }
        }
        return true;
    }
}
