package io.github.t6j;

import io.github.t6j.sampling.Sampler;
import io.github.t6j.sampling.StopStrings;
import io.github.t6j.tokenizer.TokenStream;
import io.github.t6j.tokenizer.Tokenizer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** One generation: logits → id → text, until there is a reason to end. */
final class TextGenerator {
    private final Session session;
    private final int endOfText;
    private final Sampler sampler;
    private final GenerationOptions options;
    private final TokenListener listener;
    private final TokenStream decoder;
    private final StopStrings stop;
    private final List<Token> tokens = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();

    TextGenerator(
            Session session, Tokenizer tokenizer, Sampler sampler, GenerationOptions options, TokenListener listener) {
        this.session = session;
        this.sampler = sampler;
        this.options = options;
        this.listener = listener;
        endOfText = tokenizer.endOfText();
        decoder = tokenizer.newDecoder();
        stop = new StopStrings(options.stop());
    }

    /** Generates from the session's logits. */
    FinishReason run() {
        while (tokens.size() < options.maxTokens()) {
            if (session.position() == session.contextLength()) {
                return FinishReason.CONTEXT_FULL;
            }
            float[] logits = session.logits();
            int id = sampler.sample(logits);
            if (id == endOfText && !options.ignoreEndOfText()) {
                return FinishReason.END_OF_TEXT;
            }
            float logProbability = Sampler.logProbability(logits, id);
            sampler.accept(id);
            Token token = new Token(id, stop.append(decoder.append(id)), logProbability);
            tokens.add(token);
            text.append(token.text());
            boolean goOn = listener.onToken(token);
            session.feedGenerated(id);
            if (session.isCancelled()) {
                return FinishReason.CANCELLED;
            }
            if (stop.stopped()) {
                return FinishReason.STOP_STRING;
            }
            if (!goOn) {
                return FinishReason.STOPPED_BY_LISTENER;
            }
        }
        return FinishReason.MAX_TOKENS;
    }

    Generation result(FinishReason reason, int promptTokens, long prefillNanos, long decodeNanos) {
        if (!stop.stopped()) {
            text.append(stop.append(decoder.finish()));
        }
        if (!stop.stopped()) {
            text.append(stop.finish());
        }
        return new Generation(
                text.toString(), List.copyOf(tokens), reason, promptTokens, sampler.seed(),
                Duration.ofNanos(prefillNanos), Duration.ofNanos(decodeNanos));
    }
}
