package io.github.t6j.session;

import java.util.Spliterator;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Spliterator of a stream of generated tokens. Each token is computed on demand, in a call of its own, and fed before it
 * is returned. So the session always contains exactly the returned tokens, wherever the consumer stops.
 */
public final class GeneratedTokens<T> implements Spliterator<T> {
    private final SessionState state;
    private final SessionUse use;
    private final Supplier<T> step;
    private int[] promptIds; // null once fed
    private int position; // expected position of the session at the next call
    private boolean over;
    private boolean cancelled; // after the last returned token
    private volatile boolean closed;

    private GeneratedTokens(SessionCore session, int[] promptIds, Supplier<T> step) {
        state = session.state();
        use = session.use();
        this.step = step;
        this.promptIds = promptIds;
        position = state.position();
    }

    /**
     * Returns a stream that feeds {@code promptIds} and continues them.
     *
     * @param step chooses the next token, feeds and returns it; at the end it feeds nothing and returns the last
     *     element, or null
     */
    public static <T> Stream<T> stream(SessionCore session, int[] promptIds, Supplier<T> step) {
        GeneratedTokens<T> tokens = new GeneratedTokens<>(session, promptIds, step);
        return StreamSupport.stream(tokens, false).onClose(() -> tokens.closed = true);
    }

    @Override
    public boolean tryAdvance(Consumer<? super T> action) {
        T token = next();
        if (token == null) {
            return false;
        }
        action.accept(token);
        return true;
    }

    private T next() {
        if (over || closed) {
            return null;
        }
        over = true; // unless this call feeds a token
        try (SessionUse.Call _ = use.begin()) {
            checkUnchanged();
            if (cancelled || use.isCancelled() || !feedPrompt()) {
                return end();
            }
            T token = step.get();
            over = state.position() == position;
            position = state.position();
            cancelled = use.isCancelled();
            return token;
        }
    }

    private void checkUnchanged() {
        if (state.position() != position) {
            throw new IllegalStateException("stream: expected its session at position " + position + ", found it at "
                    + state.position() + ": do not feed, truncate or restore it while the stream is open");
        }
    }

    /** @return false if the call was cancelled or the stream closed */
    private boolean feedPrompt() {
        if (promptIds == null) {
            return true;
        }
        if (!state.feedPrompt(promptIds, () -> closed || use.isCancelled())) {
            return false;
        }
        promptIds = null;
        position = state.position();
        return true;
    }

    private T end() {
        if (closed) {
            return null;
        }
        throw new CancellationException("the stream was cancelled at position " + state.position());
    }

    /** Returns null: a token depends on the one before it. */
    @Override
    public Spliterator<T> trySplit() {
        return null;
    }

    @Override
    public long estimateSize() {
        return Long.MAX_VALUE;
    }

    @Override
    public int characteristics() {
        return ORDERED | NONNULL;
    }
}
