package io.github.t6j.schedule;

import io.github.t6j.Model;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * Choice of the next ids of continuations. A choice under a constraint that takes long, as the mask of a large grammar
 * does, goes on beside the steps of the others, in threads of its own. For the thread of the batcher.
 */
final class Chooser implements AutoCloseable {
    /** Longest time for which a choice delays the others' next step. */
    static final Duration PATIENCE = Duration.ofMillis(20);

    private final Model model;
    private final Map<Continuation, CompletableFuture<Integer>> late = new HashMap<>();
    private final ExecutorService threads;

    Chooser(Model model) {
        this.model = model;
        int most = Runtime.getRuntime().availableProcessors();
        ThreadPoolExecutor pool = new ThreadPoolExecutor(most, most, 1, TimeUnit.SECONDS, new LinkedBlockingQueue<>(),
                Thread.ofPlatform().name("t6j choices ", 1).daemon().factory());
        pool.allowCoreThreadTimeOut(true);
        threads = pool;
    }

    /** Chooses ids on all threads: sampling from 50,000 tokens takes 0.3 ms. Returns the number of chosen ids. */
    long choose(List<Continuation> continuations) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        Map<Continuation, CompletableFuture<Integer>> constrained = new HashMap<>();
        List<Continuation> free = new ArrayList<>();
        for (Continuation continuation : continuations) {
            if (continuation.isConstrained()) {
                constrained.put(continuation, CompletableFuture.supplyAsync(continuation::advance, threads));
            } else {
                free.add(continuation);
            }
        }
        LongAdder chosen = new LongAdder();
        model.runParallel(free.size(), i -> chosen.add(free.get(i).advance()));
        await(constrained, end - System.nanoTime());
        late.putAll(constrained);
        return chosen.sum() + collect();
    }

    /** Waits for the choices, for {@code nanos} at most. */
    private static void await(Map<Continuation, CompletableFuture<Integer>> choices, long nanos) {
        if (!choices.isEmpty()) {
            CompletableFuture.allOf(choices.values().toArray(CompletableFuture[]::new))
                    .completeOnTimeout(null, Math.max(0, nanos), TimeUnit.NANOSECONDS).join();
        }
    }

    /** Returns true if the choice of {@code continuation} is not collected; the continuation is then its thread's. */
    boolean isLate(Continuation continuation) {
        return late.containsKey(continuation);
    }

    /** Returns true if a late choice is complete. */
    boolean hasCompleted() {
        return late.values().stream().anyMatch(CompletableFuture::isDone);
    }

    /** Returns the number of ids of the late choices that have completed, which are then no longer late. */
    long collect() {
        long chosen = late.values().stream().filter(CompletableFuture::isDone).mapToLong(CompletableFuture::join).sum();
        late.values().removeIf(CompletableFuture::isDone);
        return chosen;
    }

    /** Waits a moment for a late choice. */
    void awaitAny() {
        if (!late.isEmpty()) {
            CompletableFuture.anyOf(late.values().toArray(CompletableFuture[]::new))
                    .completeOnTimeout(null, PATIENCE.toNanos(), TimeUnit.NANOSECONDS).join();
        }
    }

    /** Waits for all choices. */
    @Override
    public void close() {
        late.values().forEach(CompletableFuture::join);
        late.clear();
        threads.close();
    }
}
