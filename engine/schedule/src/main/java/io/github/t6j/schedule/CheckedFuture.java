package io.github.t6j.schedule;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Future that refuses to be waited for by a listener of the scheduler that completes it: the wait would never end. */
class CheckedFuture<T> extends CompletableFuture<T> {
    private final Set<Thread> listening;

    /** @param listening threads that now call a listener of the scheduler */
    CheckedFuture(Set<Thread> listening) {
        this.listening = listening;
    }

    /** Returns a future of a dependent action, with the same check; cancelling it leaves this one as it is. */
    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
        return new CheckedFuture<>(listening);
    }

    @Override
    public T join() {
        checkWait();
        return super.join();
    }

    @Override
    public T get() throws InterruptedException, ExecutionException {
        checkWait();
        return super.get();
    }

    @Override
    public T get(long timeout, TimeUnit unit) throws InterruptedException, ExecutionException, TimeoutException {
        checkWait();
        return super.get(timeout, unit);
    }

    private void checkWait() {
        if (!isDone() && listening.contains(Thread.currentThread())) {
            throw new IllegalStateException(
                    "expected a listener that returns at once, found one that waits for a result"
                            + " of the same scheduler, which waits for the listener: use whenComplete, or another thread");
        }
    }
}
