package io.github.t6j.schedule;

import java.util.concurrent.CompletableFuture;

/**
 * Future of submitted work; cancelling it cancels the work. It is completed on a virtual thread, so that its dependent
 * actions never delay the scheduler.
 */
final class Result<T> extends CompletableFuture<T> {
    private final Interruption interruption;

    Result(Interruption interruption) {
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

    void end(T value) {
        Thread.startVirtualThread(() -> complete(value));
    }

    void fail(Throwable failure) {
        Thread.startVirtualThread(() -> completeExceptionally(failure));
    }
}
