package io.github.t6j.schedule;

import io.github.t6j.Drafts;
import io.github.t6j.FinishReason;
import io.github.t6j.Generation;
import io.github.t6j.Token;
import io.github.t6j.TokenListener;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.function.BooleanSupplier;

/** Submitted generation: its result, its tokens as they are generated, and its cancellation. Thread-safe. */
public final class GenerationHandle {
    private final int[] prompt;
    private final long seed;
    private final TokenListener listener;
    private final Set<Thread> listening; // threads that now call a listener of the scheduler
    private final Result<Generation> result;
    private final TokenPublisher tokens = new TokenPublisher();
    private int reported; // characters of the texts of tokens so far
    private volatile int cachedTokens;

    GenerationHandle(
            int[] prompt, long seed, TokenListener listener, Interruption interruption, Set<Thread> listening) {
        this.prompt = prompt;
        this.seed = seed;
        this.listener = listener;
        this.listening = listening;
        result = new Result<>(interruption, listening);
    }

    /**
     * Returns the future result, the same in each call. A generation that is cancelled or exceeds its deadline also has
     * a result, whose {@link Generation#finishReason} says so, even if it never began. The future fails with
     * the exception of a generation that fails. Cancelling the future cancels the generation.
     */
    public CompletableFuture<Generation> result() {
        return result;
    }

    /**
     * Returns a publisher of the tokens, and at the end the tail of the text if there is one ({@link Token#isTail}).
     * Each subscriber receives all tokens from the first, on virtual threads, as fast as it requests them; a slow
     * one delays nothing. Cancelling a subscription does not cancel the generation.
     */
    public Flow.Publisher<Token> tokens() {
        return tokens;
    }

    /** Returns the number of ids of the prompt. */
    public int promptTokens() {
        return prompt.length;
    }

    /**
     * Returns the number of ids of the prompt that were in a kept cache, and so were not fed: 0 until the generation
     * begins. Of several samples of one prompt, the first has this number and the others 0.
     */
    public int cachedTokens() {
        return cachedTokens;
    }

    /** Ends the generation before the next pass. If it has ended, this has no effect. */
    public void cancel() {
        result.interruption().cancel();
    }

    /** Returns the reason to end early, or null. */
    FinishReason interruption() {
        return result.interruption().reason();
    }

    void setCachedTokens(int count) {
        cachedTokens = count;
    }

    /** Reports a token; returns false if the listener ends the generation. */
    boolean add(Token token) {
        reported += token.text().length();
        tokens.add(token);
        return call(() -> listener.onToken(token));
    }

    /** Calls the listener; the thread must not wait for the scheduler meanwhile. */
    private boolean call(BooleanSupplier call) {
        listening.add(Thread.currentThread());
        try {
            return call.getAsBoolean();
        } finally {
            listening.remove(Thread.currentThread());
        }
    }

    /** Reports the end of a generation that did not begin, because of its {@link #interruption}. */
    void end(FinishReason reason) {
        end(new Generation("", List.of(), reason, prompt.length, seed, Duration.ZERO, Duration.ZERO,
                Drafts.NONE));
    }

    /** Reports the end. */
    void end(Generation generation) {
        if (result.interruption().failure() != null) {
            fail(result.interruption().failure());
            return;
        }
        try {
            String text = generation.text();
            if (reported < text.length()) {
                Token tail = new Token(-1, text.substring(reported), Float.NaN, List.of());
                tokens.add(tail);
                call(() -> listener.onToken(tail));
            }
            call(() -> {
                listener.onFinish(generation);
                return true;
            });
        } catch (RuntimeException | Error wrong) { // of the listener
            fail(wrong);
            return;
        }
        tokens.end(null);
        result.end(generation);
    }

    void fail(Throwable failure) {
        tokens.end(failure);
        result.fail(failure);
    }
}
