package io.github.t6j.schedule;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Future of submitted work; cancelling or completing it cancels the work. The scheduler completes it on a virtual
 * thread, so that its dependent actions never delay the scheduler.
 */
final class Result<T> extends CompletableFuture<T> {
    private final Interruption interruption;

    private final Set<Thread> listening;

    /** @param listening threads that now call a listener of the scheduler; a wait of one of these would never end */
    Result(Interruption interruption, Set<Thread> listening) {
        this.interruption = interruption;
        this.listening = listening;
    }

    /** Returns a future of a dependent action, with the same check of waits; cancelling it leaves the work. */
    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
        return new Dependent<>(listening);
    }

    /** Future of an action on a result. */
    private static final class Dependent<T> extends CompletableFuture<T> {
        private final Set<Thread> listening;

        Dependent(Set<Thread> listening) {
            this.listening = listening;
        }

        @Override
        public <U> CompletableFuture<U> newIncompleteFuture() {
            return new Dependent<>(listening);
        }

        @Override
        public T join() {
            checkWait(this, listening);
            return super.join();
        }

        @Override
        public T get() throws InterruptedException, ExecutionException {
            checkWait(this, listening);
            return super.get();
        }

        @Override
        public T get(long timeout, TimeUnit unit) throws InterruptedException, ExecutionException, TimeoutException {
            checkWait(this, listening);
            return super.get(timeout, unit);
        }
    }

    private static void checkWait(CompletableFuture<?> future, Set<Thread> listening) {
        if (!future.isDone() && listening.contains(Thread.currentThread())) {
            throw new IllegalStateException(
                    "expected a listener that returns at once, found one that waits for a result"
                            + " of the same scheduler, which waits for the listener: use whenComplete, or another thread");
        }
    }

    @Override
    public T join() {
        checkWait(this, listening);
        return super.join();
    }

    @Override
    public T get() throws InterruptedException, ExecutionException {
        checkWait(this, listening);
        return super.get();
    }

    @Override
    public T get(long timeout, TimeUnit unit) throws InterruptedException, ExecutionException, TimeoutException {
        checkWait(this, listening);
        return super.get(timeout, unit);
    }

    Interruption interruption() {
        return interruption;
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        interruption.cancel();
        return super.cancel(mayInterruptIfRunning);
    }

    /** Completes it for the caller, for example after the caller's timeout, so that the work is useless. */
    @Override
    public boolean complete(T value) {
        interruption.cancel();
        return super.complete(value);
    }

    @Override
    public boolean completeExceptionally(Throwable failure) {
        interruption.cancel();
        return super.completeExceptionally(failure);
    }

    void end(T value) {
        Thread.startVirtualThread(() -> super.complete(value));
    }

    void fail(Throwable failure) {
        Thread.startVirtualThread(() -> super.completeExceptionally(failure));
    }
}
