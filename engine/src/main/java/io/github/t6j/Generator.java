package io.github.t6j;

import io.github.t6j.sampling.Sampler;
import io.github.t6j.sampling.StopStrings;
import io.github.t6j.tokenizer.TokenStream;
import io.github.t6j.tokenizer.Tokenizer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * One generation that its caller takes step by step, so that many can go side by side: {@link #next} chooses an id from
 * the session's logits, the caller feeds it, alone or with those of other sessions.
 *
 * <pre>{@code
 * Generator generator = session.newGenerator(promptIds, options);
 * session.prefill(promptIds);
 * for (Token token = generator.next(); token != null; token = generator.next()) {
 *     session.decode(token.id());
 * }
 * Generation generation = generator.result();
 * }</pre>
 *
 * <p>That gives what {@link Session#generate(int[], GenerationOptions, TokenListener)} does. For one thread at a time.
 */
public final class Generator {
    private final Session session;
    private final Set<Integer> endIds;
    private final Sampler sampler;
    private final GenerationOptions options;
    private final TokenStream decoder; // null: there is no tokenizer, and no text
    private final StopStrings stop;
    private final List<Token> tokens = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();
    private final int promptTokens;
    private final long start = System.nanoTime();
    private long first; // when the first id was asked for, or 0
    private FinishReason reason; // null while it goes on
    private boolean complete; // the text, with what was held back

    /** @param tokenizer null: any id may be generated, and none has a text */
    Generator(Session session, Tokenizer tokenizer, int[] promptIds, GenerationOptions options) {
        this.session = session;
        this.options = options;
        this.promptTokens = promptIds.length;
        if (tokenizer == null && !options.stop().isEmpty()) {
            throw new IllegalArgumentException(
                    "stop: expected none, since the model has no tokenizer to make a text with,"
                            + " found " + options.stop().size());
        }
        sampler = new Sampler(options.sampling(), session.vocabulary(), session.model().sampleableIds());
        sampler.prompt(session.state().ids());
        sampler.prompt(promptIds);
        endIds = session.model().textEnds();
        decoder = tokenizer == null ? null : tokenizer.newContinuation();
        stop = new StopStrings(options.stop());
    }

    Session session() {
        return session;
    }

    /**
     * The next id, which is then to be fed to the session: or need not, if {@link #finishReason} says that it was the last.
     *
     * @return null at the end; {@link #finishReason} says why
     * @throws IllegalStateException if the session has no logits: the prompt must be fed first
     */
    public Token next() {
        if (first == 0) {
            first = System.nanoTime();
        }
        if (reason != null) {
            return null;
        }
        if (tokens.size() >= options.maxTokens()) {
            reason = FinishReason.MAX_TOKENS;
            return null;
        }
        if (session.position() == session.contextLength()) {
            reason = FinishReason.CONTEXT_FULL;
            return null;
        }
        float[] logits = session.logits();
        int id = sampler.sample(logits);
        if (!options.ignoreEndOfText() && endIds.contains(id)) {
            reason = FinishReason.END_OF_TEXT;
            return null;
        }
        return accepted(id, session.model().logProbability(logits, id));
    }

    private Token accepted(int id, float logProbability) {
        sampler.accept(id);
        Token token = new Token(id, stop.append(decoder == null ? "" : decoder.append(id)), logProbability);
        tokens.add(token);
        text.append(token.text());
        if (stop.stopped()) {
            reason = FinishReason.STOP_STRING;
        }
        return token;
    }

    /** Why it ended, or null while it goes on. */
    public FinishReason finishReason() {
        return reason;
    }

    /** Ends it for a reason of the caller's, if it goes on. */
    void end(FinishReason why) {
        reason = reason == null ? why : reason;
    }

    long seed() {
        return sampler.seed();
    }

    /** What was held back, when it has ended: given once, and null if there is nothing. */
    Token tail() {
        if (complete) {
            return null;
        }
        complete = true;
        String rest = decoder == null || stop.stopped() ? "" : stop.append(decoder.finish());
        rest += stop.finish();
        text.append(rest);
        return rest.isEmpty() ? null : Token.tail(rest);
    }

    /** What it gave; cancelled, if it went on. Its text is that of the tokens, and what was held back. */
    public Generation result() {
        end(FinishReason.CANCELLED);
        long now = System.nanoTime();
        long begun = first == 0 ? now : first;
        return result(begun - start, now - begun);
    }

    Generation result(long prefillNanos, long decodeNanos) {
        tail();
        return new Generation(
                text.toString(), List.copyOf(tokens), reason, promptTokens, sampler.seed(),
                Duration.ofNanos(prefillNanos), Duration.ofNanos(decodeNanos));
    }
}
