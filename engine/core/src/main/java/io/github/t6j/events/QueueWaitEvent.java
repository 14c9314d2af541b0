package io.github.t6j.events;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Time from the submission of work to a scheduler to its start. */
@Name("t6j.QueueWait")
@Label("Queue Wait")
@Category("t6j")
@Description("Time from the submission of work to a scheduler to its start")
@StackTrace(false)
public final class QueueWaitEvent extends Event {
    /** Event that is never committed; it shows whether recordings include this kind. */
    static final QueueWaitEvent KIND = new QueueWaitEvent();

    @Label("Prompt Ids")
    int promptIds;

    @Label("Generations")
    @Description("Samples of the prompt")
    int generations;

    QueueWaitEvent() {}

    /** Ends and records the event. */
    public void end(int newPromptIds, int newGenerations) {
        promptIds = newPromptIds;
        generations = newGenerations;
        commit();
    }
}
