package io.github.t6j.jmh;

/** A combination of parameters that this machine cannot measure: it is passed over and said, and is no failure. */
public final class Skipped extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Because of {@code why}. */
    public Skipped(String why) {
        super(why);
    }
}
