package io.github.t6j.session;

import io.github.t6j.FinishReason;
import java.util.Spliterator;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Spliterator of a stream of generated tokens. Each token is computed on demand, in a separate call, and fed before it
 * is returned. So the session always contains exactly the returned tokens, wherever the consumer stops.
 */
public final class GeneratedTokens<T> implements Spliterator<T> {
    /** Generation that a stream advances. */
    public interface Steps<T> {
        /** Returns true once the generation must end because of its options. */
        boolean isExpired();

        /** Chooses, feeds and returns the next token; at the end returns the last element, or null. */
        T step();

        /** Ends the generation for {@code reason}, unless it has ended or expired already, and reports its result. */
        void finish(FinishReason reason);
    }

    private final SessionState state;
    private final SessionUse use;
    private final Steps<T> steps;
    private final ReentrantLock lock = new ReentrantLock(); // held while the generation is advanced or finished
    private int[] promptIds; // null once fed
    private int position; // expected position of the session at the next call
    private boolean over;
    private boolean cancelled; // after the last returned token
    private boolean finished;
    private volatile boolean closed;

    private GeneratedTokens(SessionCore session, int[] promptIds, Steps<T> steps) {
        state = session.state();
        use = session.use();
        this.steps = steps;
        this.promptIds = promptIds;
        position = state.position();
    }

    /** Returns a stream that feeds {@code promptIds} and continues them. */
    public static <T> Stream<T> stream(SessionCore session, int[] promptIds, Steps<T> steps) {
        GeneratedTokens<T> tokens = new GeneratedTokens<>(session, promptIds, steps);
        return StreamSupport.stream(tokens, false).onClose(tokens::close);
    }

    @Override
    public boolean tryAdvance(Consumer<? super T> action) {
        T token;
        lock.lock();
        try {
            token = next();
        } finally {
            lock.unlock();
            finishIfClosed();
        }
        if (token == null) {
            return false;
        }
        action.accept(token);
        return true;
    }

    private T next() {
        if (over || closed) {
            finish(FinishReason.STOPPED_BY_LISTENER);
            return null;
        }
        over = true; // unless this call feeds a token
        try (SessionUse.Call _ = use.beginComputing()) {
            checkUnchanged();
            if (cancelled || use.isCancelled() || !feedPrompt()) {
                return end();
            }
            T token = steps.step();
            over = state.position() == position;
            position = state.position();
            cancelled = use.isCancelled();
            if (token == null) {
                finish(FinishReason.CANCELLED);
            }
            return token;
        } catch (CancellationException early) {
            throw early;
        } catch (RuntimeException | Error failure) {
            finished = true; // closing the stream afterwards must not report a result
            throw failure;
        }
    }

    private void checkUnchanged() {
        if (state.position() != position) {
            throw new IllegalStateException("stream: expected its session at position " + position + ", found it at "
                    + state.position() + ": do not feed, truncate or restore it while the stream is open");
        }
    }

    /** @return false if the call was cancelled, has expired, or the stream was closed */
    private boolean feedPrompt() {
        if (promptIds == null) {
            return true;
        }
        if (!state.feedPrompt(promptIds, () -> closed || use.isCancelled() || steps.isExpired())) {
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
        boolean isExpired = !cancelled && !use.isCancelled();
        finish(FinishReason.CANCELLED);
        if (isExpired) {
            return null;
        }
        throw new CancellationException("the stream was cancelled at position " + state.position());
    }

    /** Closes the stream; a call in progress on another thread ends soon and finishes the generation. */
    private void close() {
        closed = true;
        finishIfClosed();
    }

    private void finishIfClosed() {
        if (closed && lock.tryLock()) {
            try {
                finish(FinishReason.STOPPED_BY_LISTENER);
            } finally {
                lock.unlock();
            }
        }
    }

    private void finish(FinishReason reason) {
        if (!finished) {
            finished = true;
            steps.finish(reason);
        }
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
