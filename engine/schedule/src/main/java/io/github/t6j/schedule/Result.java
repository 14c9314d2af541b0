package io.github.t6j.schedule;

import java.util.Set;

/**
 * Future of submitted work; cancelling or completing it cancels the work. The scheduler completes it on a virtual
 * thread, so that its dependent actions never delay the scheduler.
 */
final class Result<T> extends CheckedFuture<T> {
    private final Interruption interruption;

    /** @param listening threads that now call a listener of the scheduler; a wait of one of these would never end */
    Result(Interruption interruption, Set<Thread> listening) {
        super(listening);
        this.interruption = interruption;
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
