package io.github.t6j;

import io.github.t6j.sampling.Sampler;
import io.github.t6j.sampling.StopStrings;
import io.github.t6j.tokenizer.TokenStream;
import io.github.t6j.tokenizer.Tokenizer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** One generation: logits → id → text, until there is a reason to end. */
final class TextGenerator {
    private final Session session;
    private final Set<Integer> endIds;
    private final Sampler sampler;
    private final GenerationOptions options;
    private final TokenListener listener;
    private final TokenStream decoder; // null: there is no tokenizer, and no text
    private final StopStrings stop;
    private final List<Token> tokens = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();
    private final int promptTokens;
    private boolean goOn = true;
    private FinishReason reason; // null while it goes on

    /** @param tokenizer null: any id may be generated, and none has a text */
    TextGenerator(
            Session session, Tokenizer tokenizer, int[] promptIds, GenerationOptions options, TokenListener listener) {
        this.session = session;
        this.options = options;
        this.listener = listener;
        this.promptTokens = promptIds.length;
        if (tokenizer == null && !options.stop().isEmpty()) {
            throw new IllegalArgumentException(
                    "stop: expected none, since the model has no tokenizer to make a text with,"
                            + " found " + options.stop().size());
        }
        sampler = new Sampler(
                options.sampling(), session.vocabulary(),
                tokenizer == null ? session.vocabulary() : Math.min(tokenizer.size(), session.vocabulary()));
        sampler.prompt(session.state().ids()); // a conversation goes on as if it were fed anew
        sampler.prompt(promptIds);
        endIds = session.model().textEnds();
        decoder = tokenizer == null ? null : tokenizer.newContinuation();
        stop = new StopStrings(options.stop());
    }

    Session session() {
        return session;
    }

    /** Generates from the session's logits. */
    FinishReason run() {
        while (choose()) {
            session.feedGenerated(lastId());
            if (hasEnded()) {
                break;
            }
        }
        return reason;
    }

    /** Chooses the next id, {@link #lastId()}, which is then to be fed; false if there is none, and a reason for it. */
    boolean choose() {
        reason = null;
        if (tokens.size() >= options.maxTokens()) {
            reason = FinishReason.MAX_TOKENS;
        } else if (session.position() == session.contextLength()) {
            reason = FinishReason.CONTEXT_FULL;
        } else {
            float[] logits = session.logits();
            int id = sampler.sample(logits);
            if (!options.ignoreEndOfText() && endIds.contains(id)) {
                reason = FinishReason.END_OF_TEXT;
            } else {
                accept(id, session.model().logProbability(logits, id));
            }
        }
        return reason == null;
    }

    private void accept(int id, float logProbability) {
        sampler.accept(id);
        Token token = new Token(id, stop.append(decoder == null ? "" : decoder.append(id)), logProbability);
        tokens.add(token);
        text.append(token.text());
        try {
            goOn = listener.onToken(token);
        } catch (RuntimeException | Error thrown) {
            session.feedGenerated(id); // so that the session holds what the listener was told
            throw thrown;
        }
    }

    int lastId() {
        return tokens.getLast().id();
    }

    /** Whether the id that was fed last is the last, and a reason for it. */
    boolean hasEnded() {
        if (session.isCancelled()) {
            reason = FinishReason.CANCELLED;
        } else if (stop.stopped()) {
            reason = FinishReason.STOP_STRING;
        } else if (!goOn) {
            reason = FinishReason.STOPPED_BY_LISTENER;
        }
        return reason != null;
    }

    FinishReason reason() {
        return reason;
    }

    long seed() {
        return sampler.seed();
    }

    Generation result(FinishReason finishReason, long prefillNanos, long decodeNanos) {
        if (decoder != null && !stop.stopped()) {
            text.append(stop.append(decoder.finish()));
        }
        if (!stop.stopped()) {
            text.append(stop.finish());
        }
        return new Generation(
                text.toString(), List.copyOf(tokens), finishReason, promptTokens, sampler.seed(),
                Duration.ofNanos(prefillNanos), Duration.ofNanos(decodeNanos));
    }
}
