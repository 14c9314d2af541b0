package io.github.t6j.cli;

/** Something to do when the process ends, until {@link #close}; nothing if it is ending already. */
final class ShutdownHook implements AutoCloseable {
    private final Thread thread;

    ShutdownHook(Runnable action) {
        thread = new Thread(action);
        try {
            Runtime.getRuntime().addShutdownHook(thread);
        } catch (IllegalStateException e) {
            // the process is ending already
        }
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(thread);
        } catch (IllegalStateException e) {
            // the process is ending already
        }
    }
}
