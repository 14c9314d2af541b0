package io.github.t6j.events;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Time from the start of submitted work to its end. */
@Name("t6j.Run")
@Label("Run")
@Category("t6j")
@Description("Time from the start of submitted work to its end")
@StackTrace(false)
public final class RunEvent extends Event {
    /** Event that is never committed; it shows whether recordings include this kind. */
    static final RunEvent KIND = new RunEvent();

    @Label("Prompt Ids")
    int promptIds;

    @Label("Cached Ids")
    @Description("Ids of the prompt that were in a kept cache")
    int cachedIds;

    @Label("Generated Ids")
    @Description("Ids that all samples generated")
    int generatedIds;

    RunEvent() {}

    /** Adds the ids that a sample generated. */
    public void addGenerated(int ids) {
        generatedIds += ids;
    }

    /** Ends and records the event. */
    public void end(int newPromptIds, int newCachedIds) {
        promptIds = newPromptIds;
        cachedIds = newCachedIds;
        commit();
    }
}
