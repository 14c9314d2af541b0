package io.github.t6j.events;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Pass of the next ids of sessions through the model. */
@Name("t6j.DecodeStep")
@Label("Decode Step")
@Category("t6j")
@Description("Pass of the next ids of sessions through the model")
@StackTrace(false)
public final class DecodeStepEvent extends Event {
    /** Event that is never committed; it shows whether recordings include this kind. */
    static final DecodeStepEvent KIND = new DecodeStepEvent();

    @Label("Sessions")
    @Description("Sessions that the pass continues by one id")
    int sessions;

    @Label("Prompt Ids")
    @Description("Ids of prompts in the same pass")
    int promptIds;

    @Label("Drafts")
    @Description("Ids that speculation proposed in the same pass")
    int drafts;

    DecodeStepEvent() {}

    /** Ends and records the event. */
    public void end(int newSessions, int newPromptIds, int newDrafts) {
        sessions = newSessions;
        drafts = newDrafts;
        promptIds = newPromptIds;
        commit();
    }
}
