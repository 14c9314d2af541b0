package io.github.t6j.cli.io;

/** Action to run when the process ends, until {@link #close}; nothing happens if the process is already ending. */
public final class ShutdownHook implements AutoCloseable {
    private final Thread thread;

    public ShutdownHook(Runnable action) {
        thread = new Thread(action);
        try {
            Runtime.getRuntime().addShutdownHook(thread);
        } catch (IllegalStateException e) {
            // the process is already ending
        }
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(thread);
        } catch (IllegalStateException e) {
            // the process is already ending
        }
    }
}
