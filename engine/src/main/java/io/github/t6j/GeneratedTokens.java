package io.github.t6j;

import java.util.Spliterator;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * {@link Session#stream}: a token is computed when it is asked for, in a call of its own. It is fed before it is given, so
 * that the session holds what was given whenever the stream is left.
 */
final class GeneratedTokens implements Spliterator<Token> {
    private final Session session;
    private final Generator generator;
    private int[] promptIds; // null once they are fed
    private int position; // of the session, when the next token is asked for
    private boolean over;
    private boolean cancelled; // after the last token that was given
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
        over = true; // unless it goes well
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
            throw new IllegalStateException("the stream left its session at position " + position + ", and found it at "
                    + session.state().position() + ": do not feed, cut or restore it before the stream is done");
        }
    }

    /** @return false if something ended it */
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

    /** Nothing: a token needs the one before it. */
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
