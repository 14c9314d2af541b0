package io.github.t6j.events;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Pass of prompts through the model. */
@Name("t6j.Prefill")
@Label("Prefill")
@Category("t6j")
@Description("Pass of prompts through the model")
@StackTrace(false)
public final class PrefillEvent extends Event {
    /** Event that is never committed; it shows whether recordings include this kind. */
    static final PrefillEvent KIND = new PrefillEvent();

    @Label("Sessions")
    int sessions;

    @Label("Ids")
    @Description("Ids of the prompts in this pass")
    int ids;

    PrefillEvent() {}

    /** Ends and records the event. */
    public void end(int newSessions, int newIds) {
        sessions = newSessions;
        ids = newIds;
        commit();
    }
}
