package io.github.t6j.events;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Model or session that became unreachable without being closed; off by default, since it needs stack traces. */
@Name("t6j.Leak")
@Label("Leak")
@Category("t6j")
@Description("Model, session or prefix that became unreachable without being closed")
@StackTrace(false)
@Enabled(false)
public final class LeakEvent extends Event {
    /** Event that is never committed; it shows whether recordings include this kind. */
    static final LeakEvent KIND = new LeakEvent();

    @Label("Kind")
    String kind;

    @Label("Allocation Site")
    @Description("Stack of the call that opened it, a frame per line")
    String allocationSite;

    LeakEvent() {}
}
