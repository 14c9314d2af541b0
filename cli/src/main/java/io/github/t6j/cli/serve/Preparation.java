package io.github.t6j.cli.serve;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * Thread for work on requests that may take long before they can be submitted. It works on one request at a time, so
 * that the virtual threads of the others, which share few platform threads, go on.
 */
final class Preparation {
    private static final int MAX_WAITING = 64;
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(10);

    private final String name;
    private final ThreadPoolExecutor thread;

    /** @param name name of the work; the thread ends after a second without any */
    Preparation(String name) {
        this.name = name;
        thread = new ThreadPoolExecutor(1, 1, 1, TimeUnit.SECONDS, new LinkedBlockingQueue<>(MAX_WAITING),
                Thread.ofPlatform().name("t6j " + name).daemon().factory());
        thread.allowCoreThreadTimeOut(true);
    }

    /**
     * Returns the result of {@code work}, and throws its exceptions.
     *
     * @param longest time after which the work is interrupted
     * @throws TimeoutException if the work took longer
     * @throws ApiException if too much other work waits
     */
    <T> T run(Supplier<T> work, Duration longest) throws TimeoutException {
        CountDownLatch begun = new CountDownLatch(1);
        Future<T> future = submit(() -> {
            begun.countDown();
            return work.get();
        });
        try {
            if (!begun.await(LONGEST_WAIT.toMillis(), TimeUnit.MILLISECONDS)) {
                throw busy();
            }
            return future.get(longest.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case RuntimeException wrong -> throw wrong;
                case Error fault -> throw fault;
                default -> throw new IllegalStateException(e.getCause());
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException("expected no interrupt of a request", e);
        } finally {
            future.cancel(true);
        }
    }

    private <T> Future<T> submit(Supplier<T> work) {
        try {
            return thread.submit(work::get);
        } catch (RejectedExecutionException full) {
            throw busy();
        }
    }

    private ApiException busy() {
        return ApiException.busy("too many " + name + " at once: try again later");
    }
}
