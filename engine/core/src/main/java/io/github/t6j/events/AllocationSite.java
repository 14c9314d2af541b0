package io.github.t6j.events;

/** Stack trace of the call that opened a model or session. */
public final class AllocationSite extends Throwable {
    private static final long serialVersionUID = 1;

    AllocationSite(String what) {
        super("a " + what + " was opened here");
    }

    /** Returns the frames of the stack, a line each. */
    String frames() {
        StringBuilder lines = new StringBuilder();
        for (StackTraceElement frame : getStackTrace()) {
            lines.append(frame).append('\n');
        }
        return lines.toString();
    }
}
