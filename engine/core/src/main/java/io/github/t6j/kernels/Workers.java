package io.github.t6j.kernels;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * Threads that compute: the caller and {@code threads − 1} others, which spin for a bounded time after their last work
 * and then sleep. A token has about a hundred parallel regions of about ten microseconds each; sleeping between them
 * would cost far more than spinning.
 *
 * <p>Any free thread takes the next item. An item must write only its own data, so that results never depend on the
 * thread.
 */
public final class Workers implements AutoCloseable {
    /**
     * Number of spins in about a third of a millisecond, longer than the serial code between two regions of a token.
     */
    private static final int SPINS = 20_000;

    /**
     * Number of spins, about four microseconds, after which a thread yields if there are more threads than processors.
     */
    private static final int FEW_SPINS = 256;

    private static final boolean TWO_PROCESSORS = Runtime.getRuntime().availableProcessors() <= 2;

    private static final int CLOSED = Integer.MAX_VALUE;

    /** Body of a parallel region. */
    @FunctionalInterface
    public interface Work {
        /**
         * Computes one item.
         *
         * @param item index of the item, from 0
         * @param worker index of the thread, from 0 (the caller), for buffers that no two threads share
         */
        void run(int item, int worker);
    }

    private final Thread[] threads;
    private final ReentrantLock region = new ReentrantLock();

    // The upper half is the number of the region, the lower half its next item. A thread takes an item by a
    // compare-and-set of both. While a region is set up the lower half is CLOSED, so a late thread cannot take an item
    // of the next region with the body of the last one.
    private final AtomicLong ticket = new AtomicLong(CLOSED);
    private final AtomicInteger done = new AtomicInteger();
    private Work work;
    private int items;
    private volatile Throwable failure;
    private volatile boolean closed;
    private volatile BooleanSupplier compiling = () -> false;

    private final int spinsToYield; // with too many threads, a spinning thread would block those that have work
    private final AtomicInteger sleepers = new AtomicInteger();

    /**
     * Starts {@code count} − 1 threads.
     *
     * @throws IllegalArgumentException if {@code count} is not positive
     */
    public Workers(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("threads: expected 1 or more, found " + count);
        }
        spinsToYield = count > Runtime.getRuntime().availableProcessors() ? FEW_SPINS : SPINS;
        threads = new Thread[count - 1];
        for (int i = 0; i < threads.length; i++) {
            int worker = i + 1;
            threads[i] = Thread.ofPlatform().daemon().name("t6j-worker-" + worker).unstarted(() -> loop(worker));
        }
        try {
            for (Thread thread : threads) {
                thread.start();
            }
        } catch (OutOfMemoryError noMoreThreads) {
            close();
            throw noMoreThreads;
        }
    }

    /** Returns the number of threads that compute, the caller included; worker indices are below it. */
    public int threads() {
        return threads.length + 1;
    }

    /**
     * From now on leaves the second of two processors to the JVM's compilers while {@code compiling} is true: a caller
     * then computes alone, which is faster than three or four threads on two processors.
     */
    public void leaveProcessorWhile(BooleanSupplier newCompiling) {
        compiling = newCompiling;
    }

    /**
     * Runs {@code body} for the items 0 … count − 1 and returns when all are done. While another thread runs a region,
     * or inside a region, the caller runs all items itself.
     */
    public void run(int count, Work body) {
        if (count <= 1 || threads.length == 0 || TWO_PROCESSORS && compiling.getAsBoolean()
                || region.isHeldByCurrentThread() || !region.tryLock()) {
            for (int item = 0; item < count; item++) {
                body.run(item, 0);
            }
            return;
        }
        try {
            open(count, body);
            takeItems(0);
            for (int spins = 1; done.get() < count; spins++) {
                pause(spins);
            }
            work = null;
            rethrow();
        } finally {
            region.unlock();
        }
    }

    private void open(int count, Work body) {
        long next = (ticket.get() >>> 32) + 1 << 32;
        ticket.set(next | CLOSED);
        work = body;
        items = count;
        done.set(0);
        ticket.set(next);
        if (sleepers.get() > 0) {
            for (Thread thread : threads) {
                LockSupport.unpark(thread);
            }
        }
    }

    private void takeItems(int worker) {
        while (true) {
            long now = ticket.get();
            int item = (int) now;
            if (item == CLOSED) {
                return;
            }
            Work body = work;
            if (item >= items) {
                return;
            }
            if (ticket.compareAndSet(now, now + 1)) {
                try {
                    body.run(item, worker);
                } catch (Throwable thrown) {
                    failure = thrown;
                } finally {
                    done.incrementAndGet();
                }
            }
        }
    }

    private void rethrow() {
        Throwable thrown = failure;
        if (thrown != null) {
            failure = null;
            switch (thrown) {
                case RuntimeException exception -> throw exception;
                case Error error -> throw error;
                default -> throw new IllegalStateException(thrown);
            }
        }
    }

    private void loop(int worker) {
        long seen = 0;
        while (!closed) {
            seen = await(seen);
            takeItems(worker);
        }
    }

    /** Waits until a region other than {@code seen} opens. */
    private long await(long seen) {
        int spins = 0;
        while (true) {
            long now = ticket.get();
            if (closed || (now >>> 32 != seen && (int) now != CLOSED)) {
                return now >>> 32;
            }
            if (++spins < SPINS) {
                pause(spins);
            } else {
                sleep(now);
            }
        }
    }

    /** Spins once or yields: the thread that this one waits for may not be running. */
    private void pause(int spins) {
        if (spins % spinsToYield == 0) {
            Thread.yield();
        } else {
            Thread.onSpinWait();
        }
    }

    private void sleep(long seen) {
        sleepers.incrementAndGet();
        // A region that opened before the line above saw no sleeper, so check once more.
        if (ticket.get() == seen && !closed) {
            LockSupport.park(this);
        }
        sleepers.decrementAndGet();
    }

    /** Ends the threads; the callers of later regions run them alone. */
    @Override
    public void close() {
        closed = true;
        for (Thread thread : threads) {
            LockSupport.unpark(thread);
        }
    }
}
