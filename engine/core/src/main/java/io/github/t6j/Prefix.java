package io.github.t6j;

import io.github.t6j.session.LeakTracker;
import io.github.t6j.session.SessionState;
import io.github.t6j.session.SessionUse;
import java.lang.ref.Reference;

/**
 * Immutable ids and cache of a session, from which any number of threads open sessions at once: the common beginning of
 * many prompts, fed once. {@link Session#freeze} returns it.
 *
 * <p>The sessions share the memory of the prefix. {@link #close} frees it as soon as no session shares it; open
 * sessions are unaffected. Closing the model also closes the prefix.
 */
public final class Prefix implements AutoCloseable {
    private final Model model;
    private final SessionState state;
    private final SessionUse use;
    private final LeakTracker.Watch watch; // closes the prefix if it becomes unreachable

    Prefix(Model model, SessionState state) {
        this.model = model;
        this.state = state;
        use = new SessionUse(model.use(), state::free);
        watch = model.use().watch(this, use);
    }

    /**
     * Opens a session that begins with the ids of this prefix, and has the logits after them if the frozen session had
     * them. The caller closes it.
     *
     * @throws IllegalStateException if the prefix or the model is closed
     */
    public Session newSession() {
        try (SessionUse.Call _ = use.beginReading()) {
            return new Session(model, state.fork());
        }
    }

    /** Returns the ids. */
    public int[] ids() {
        use.checkOpen();
        return state.ids();
    }

    /** Returns the number of ids. */
    public int length() {
        use.checkOpen();
        return state.position();
    }

    /** Returns the bytes of the cache, which the sessions share. */
    public long cacheBytes() {
        use.checkOpen();
        return state.cacheBytes();
    }

    /** Frees the cache except pages shared with sessions. Closing twice has no effect. */
    @Override
    public void close() {
        use.close();
        watch.end();
        Reference.reachabilityFence(this);
    }
}
