package io.github.t6j.events;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Loading of a model. */
@Name("t6j.ModelLoad")
@Label("Model Load")
@Category("t6j")
@Description("Loading of a model")
@StackTrace(false)
public final class ModelLoadEvent extends Event {
    /** Event that is never committed; it shows whether recordings include this kind. */
    static final ModelLoadEvent KIND = new ModelLoadEvent();

    @Label("Path")
    String path;

    @Label("Weights")
    @Description("Bytes of the packed weights")
    @DataAmount
    long weightBytes;

    @Label("Threads")
    @Description("Threads that compute, including the calling one")
    int threads;

    ModelLoadEvent() {}

    /** Ends and records the event. */
    public void end(String newPath, long newWeightBytes, int newThreads) {
        path = newPath;
        weightBytes = newWeightBytes;
        threads = newThreads;
        commit();
    }
}
