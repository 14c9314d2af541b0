package io.github.t6j.mini;

import io.github.t6j.Model;
import io.github.t6j.ModelOptions;

/** Model of this jar, t6-mini: it answers easy questions in simple English, and tells short stories. */
public final class MiniModel {
    private MiniModel() {}

    /** Loads the model with {@link ModelOptions#defaults()}, as {@link #load(ModelOptions)} does. */
    public static Model load() {
        return load(ModelOptions.defaults());
    }

    /**
     * Loads the model from this jar; {@link Model#loadResource} says how.
     *
     * @throws io.github.t6j.MemoryLimitException if the machine has too little memory for the weights
     * @throws java.util.concurrent.CancellationException if the thread is interrupted; its interrupt status stays set
     */
    public static Model load(ModelOptions options) {
        return Model.loadResource(MiniModel.class, "t6-mini", options);
    }
}
