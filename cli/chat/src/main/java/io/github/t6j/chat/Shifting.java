package io.github.t6j.chat;

import io.github.t6j.CallOptions;
import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Generator;
import io.github.t6j.Model;
import io.github.t6j.Prompt;
import io.github.t6j.Session;
import io.github.t6j.Token;
import io.github.t6j.TokenListener;
import io.github.t6j.decoding.Decoding;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * A generation that continues when the context is full: it removes the older half of the ids, except the first ones.
 */
final class Shifting {
    private final Session session;
    private final int fixed; // ids at the beginning that stay
    private int shifted;

    private BooleanSupplier cancellation;
    private Instant deadline; // or null

    Shifting(Session session, int fixed) {
        this.session = session;
        this.fixed = fixed;
    }

    /** Returns how many ids were removed. */
    int shifted() {
        return shifted;
    }

    /**
     * Generates as {@link Session#generate(Prompt, GenerationOptions, TokenListener)} does.
     *
     * @param listener receives each piece of the text; false ends the generation
     */
    Generation generate(int[] prompt, GenerationOptions options, Predicate<String> listener) {
        begin(options.call());
        Generator generator = session.newGenerator(Prompt.of(prompt), options);
        Pieces pieces = new Pieces(generator, listener);
        Decoding decoding = Decoding.of(generator);
        try {
            feed(prompt);
            boolean more = !isOver();
            while (more && decoding.advance(pieces)) {
                decoding.feed();
            }
        } catch (CancellationException cancelled) {
            // result() says so.
        }
        Generation generation = generator.result();
        String tail = generation.text().substring(pieces.received);
        if (!tail.isEmpty()) {
            listener.test(tail);
        }
        return generation;
    }

    /** Choices whose texts a listener receives. */
    private final class Pieces implements Decoding.Choices {
        private final Generator generator;
        private final Predicate<String> listener;
        private Token token;
        private boolean stopped;
        private int received; // characters

        Pieces(Generator generator, Predicate<String> listener) {
            this.generator = generator;
            this.listener = listener;
        }

        @Override
        public int choose() {
            token = stopped ? null : next(generator);
            return token == null ? -1 : token.id();
        }

        @Override
        public boolean report() {
            received += token.text().length();
            stopped = !listener.test(token.text());
            return !stopped && generator.finishReason().isEmpty();
        }
    }

    private void begin(CallOptions options) {
        cancellation = options.cancellation() == null ? () -> false : options.cancellation();
        Instant now = Instant.now();
        deadline = options.timeout() == null || options.timeout().compareTo(Duration.ofDays(36500)) > 0
                ? options.deadline()
                : now.plus(options.timeout());
        if (options.deadline() != null && options.deadline().isBefore(deadline)) {
            deadline = options.deadline();
        }
    }

    private boolean isOver() {
        return cancellation.getAsBoolean() || deadline != null && Instant.now().isAfter(deadline);
    }

    /** Feeds ids pass by pass, until the options end the generation. */
    private void feed(int[] ids) {
        int max = Model.maxPassRows();
        for (int at = 0; at < ids.length && !isOver(); at += max) {
            session.prefill(Arrays.copyOfRange(ids, at, Math.min(ids.length, at + max)));
        }
    }

    private Token next(Generator generator) {
        if (generator.finishReason().isEmpty() && session.position() == session.contextLength() && shift()) {
            Decoding.of(generator).restart();
        }
        return generator.next();
    }

    /** Removes ids. Returns false if there are none to remove: the generation ends, because the context is full. */
    private boolean shift() {
        int[] ids = session.ids();
        int removed = (ids.length - fixed) / 2;
        if (removed == 0) {
            return false;
        }
        int kept = ContextWindow.cut(session, fixed);
        int[] again = IntStream.concat(
                Arrays.stream(ids, kept, fixed), Arrays.stream(ids, fixed + removed, ids.length)).toArray();
        feed(again);
        shifted += removed;
        return true;
    }
}
