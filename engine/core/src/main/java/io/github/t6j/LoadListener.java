package io.github.t6j;

/** Listener to the progress of loading a model. */
@FunctionalInterface
public interface LoadListener {
    /**
     * Called often, on the loading thread, and at the end with {@code done} = {@code total}.
     *
     * @param done bytes of the weights, as the files store them, that are loaded
     * @param total bytes of all weights
     */
    void onProgress(long done, long total);
}
