package io.github.t6j;

import io.github.t6j.session.SessionUse;
import java.util.Spliterator;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Spliterator of {@link Session#stream}. Each token is computed on demand, in a call of its own, and fed before it is
 * returned. So the session always contains exactly the returned tokens, wherever the consumer stops.
 */
final class GeneratedTokens implements Spliterator<Token> {
    private final Session session;
    private final Generator generator;
    private int[] promptIds; // null once fed
    private int position; // expected position of the session at the next call
    private boolean over;
    private boolean cancelled; // after the last returned token
    private volatile boolean closed;

    private GeneratedTokens(Session session, Generator generator, int[] promptIds) {
        this.session = session;
        this.generator = generator;
        this.promptIds = promptIds;
        position = session.state().position();
    }

    static Stream<Token> stream(Session session, Generator generator, int[] promptIds) {
        GeneratedTokens tokens = new GeneratedTokens(session, generator, promptIds);
        return StreamSupport.stream(tokens, false).onClose(() -> tokens.closed = true);
    }

    @Override
    public boolean tryAdvance(Consumer<? super Token> action) {
        Token token = next();
        if (token == null) {
            return false;
        }
        action.accept(token);
        return true;
    }

    private Token next() {
        if (over || closed) {
            return null;
        }
        over = true; // unless this call succeeds
        try (SessionUse.Call _ = session.use().begin()) {
            checkUnchanged();
            if (cancelled || session.isCancelled() || !feedPrompt()) {
                return end();
            }
            Token token = generator.next();
            if (token == null) {
                return generator.tail();
            }
            session.state().feed(token.id(), () -> false);
            position++;
            over = false;
            cancelled = session.isCancelled();
            return token;
        }
    }

    private void checkUnchanged() {
        if (session.state().position() != position) {
            throw new IllegalStateException("stream: expected its session at position " + position + ", found it at "
                    + session.state().position() + ": do not feed, truncate or restore it while the stream is open");
        }
    }

    /** @return false if the call was cancelled or the stream closed */
    private boolean feedPrompt() {
        if (promptIds == null) {
            return true;
        }
        if (!session.state().feedPrompt(promptIds, () -> closed || session.isCancelled())) {
            return false;
        }
        promptIds = null;
        position = session.state().position();
        return true;
    }

    private Token end() {
        if (closed) {
            return null;
        }
        throw new CancellationException("the stream was cancelled at position " + session.state().position());
    }

    /** Returns null: a token depends on the one before it. */
    @Override
    public Spliterator<Token> trySplit() {
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
