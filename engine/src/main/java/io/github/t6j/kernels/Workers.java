package io.github.t6j.kernels;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The threads that compute: the caller and {@code threads − 1} others, which spin for a bounded time after their last
 * work and then sleep. A token has about a hundred parallel regions of some ten microseconds each; anything that goes
 * to sleep between them costs 40 µs a region, spinning costs 0.1.
 *
 * <p>Items go to whichever thread is free. So that results never depend on it, an item must write only what is its
 * own.
 */
public final class Workers implements AutoCloseable {
    /** About a third of a millisecond: longer than the serial stretches between two regions of a token. */
    private static final int SPINS = 20_000;

    /** Some four microseconds, after which one of more threads than there are processors lets others run. */
    private static final int FEW_SPINS = 256;

    private static final int CLOSED = Integer.MAX_VALUE;

    /** A parallel region's body. */
    @FunctionalInterface
    public interface Work {
        /**
         * @param item which part, from 0
         * @param worker which thread, from 0 (the caller): an index into buffers that no two threads share
         */
        void run(int item, int worker);
    }

    private final Thread[] threads;
    private final ReentrantLock region = new ReentrantLock();

    // The upper half numbers the region, the lower half is its next item. A thread takes an item by a compare-and-set
    // of both; while a region is made the lower half is CLOSED, so a late thread cannot take an item of the next region
    // with what it read of the last one.
    private final AtomicLong ticket = new AtomicLong(CLOSED);
    private final AtomicInteger done = new AtomicInteger();
    private Work work;
    private int items;
    private volatile Throwable failure;
    private volatile boolean closed;

    private final int spinsToYield; // one that waits where others could run would hold up all of them
    private final AtomicInteger sleepers = new AtomicInteger();

    /** @throws IllegalArgumentException if {@code count} is not positive */
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
        for (Thread thread : threads) {
            thread.start();
        }
    }

    /** Threads that compute, the caller included: {@link Work} sees workers below it. */
    public int threads() {
        return threads.length + 1;
    }

    /**
     * Runs {@code body} for the items 0 … count − 1 and returns when all are done. While another thread has a region
     * under way, or inside a region, the caller does all of its items itself.
     */
    public void run(int count, Work body) {
        if (count <= 1 || threads.length == 0 || region.isHeldByCurrentThread() || !region.tryLock()) {
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

    /** Waits for a region other than {@code seen} to open. */
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

    /** The thread that this one waits for may not be running: more threads than free cores. */
    private void pause(int spins) {
        if (spins % spinsToYield == 0) {
            Thread.yield();
        } else {
            Thread.onSpinWait();
        }
    }

    private void sleep(long seen) {
        sleepers.incrementAndGet();
        // A region that opened before the line above did not see a sleeper, so look once more.
        if (ticket.get() == seen && !closed) {
            LockSupport.park(this);
        }
        sleepers.decrementAndGet();
    }

    /** Ends the threads; regions opened later are done by their callers alone. */
    @Override
    public void close() {
        closed = true;
        for (Thread thread : threads) {
            LockSupport.unpark(thread);
        }
    }
}
