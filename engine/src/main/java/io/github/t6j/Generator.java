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
 * Generation that the caller advances step by step, so that many can run side by side: {@link #next} chooses an id from
 * the session's logits, and the caller feeds it, alone or together with those of other sessions.
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
 * <p>This loop gives the same result as {@link Session#generate(int[], GenerationOptions, TokenListener)}. For use by
 * one thread at a time.
 */
public final class Generator {
    private final Session session;
    private final Set<Integer> endIds;
    private final Sampler sampler;
    private final GenerationOptions options;
    private final TokenStream decoder; // null without a tokenizer, so without text
    private final StopStrings stop;
    private final List<Token> tokens = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();
    private final int promptTokens;
    private final long start = System.nanoTime();
    private long first; // time of the first call of next, or 0
    private FinishReason reason; // null while the generation continues
    private boolean complete; // text contains the buffered tail

    /**
     * @param tokenizer tokenizer of the model, or null; without one, any id may be generated and tokens have no text
     */
    Generator(Session session, Tokenizer tokenizer, int[] promptIds, GenerationOptions options) {
        this.session = session;
        this.options = options;
        this.promptTokens = promptIds.length;
        if (tokenizer == null && !options.stop().isEmpty()) {
            throw new IllegalArgumentException(
                    "stop: expected no stop strings, since the model has no tokenizer, found "
                            + options.stop().size());
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
     * Chooses the next id. The caller feeds it to the session before the next call; if {@link #finishReason} is then
     * not null, this was the last token and feeding it is optional.
     *
     * @return the token, or null at the end, when {@link #finishReason} gives the reason
     * @throws IllegalStateException if the session has no logits, because the prompt was not fed
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

    /** Returns the reason why the generation ended, or null while it continues. */
    public FinishReason finishReason() {
        return reason;
    }

    /** Ends the generation for the caller's reason, unless it has ended already. */
    void end(FinishReason why) {
        reason = reason == null ? why : reason;
    }

    long seed() {
        return sampler.seed();
    }

    /** Returns the buffered rest of the text of an ended generation once, or null if there is none. */
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

    /**
     * Ends the generation as cancelled unless it has ended, and returns its result, including the buffered rest of the
     * text.
     */
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
