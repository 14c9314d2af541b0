package io.github.t6j;

import io.github.t6j.decoding.Decoding;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.sampling.ConstraintMatcher;
import io.github.t6j.sampling.Sampler;
import io.github.t6j.session.Expiry;
import io.github.t6j.session.GeneratedTokens;
import io.github.t6j.session.SessionFeed;
import io.github.t6j.session.SessionState;
import io.github.t6j.session.SessionUse;
import io.github.t6j.session.StopStrings;
import io.github.t6j.tokenizer.TokenStream;
import io.github.t6j.tokenizer.Tokenizer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Generation that the caller advances step by step, so that many can run side by side: {@link #next} chooses an id from
 * the session's logits, and the caller feeds it, alone or together with the ids of other sessions.
 *
 * <pre>{@code
 * Generator generator = session.newGenerator(prompt, options);
 * session.prefill(generator.promptIds());
 * for (Token token = generator.next(); token != null; token = generator.next()) {
 *     session.step(token.id());
 * }
 * Generation generation = generator.result();
 * }</pre>
 *
 * <p>This loop gives the same result as {@link Session#generate(Prompt, GenerationOptions, TokenListener)}. For use by
 * one thread at a time.
 */
public final class Generator {
    static {
        Decoding.setHook(generator -> ((Generator) generator).decoding);
    }

    private final Session session;
    private final SessionState state; // of the session, or of a fork within a call of the session
    private final Set<Integer> endIds;
    private final Sampler sampler;
    private final GenerationOptions options;
    private final TokenStream decoder; // null without a tokenizer, so without text
    private final StopStrings stop;
    private final ConstraintMatcher matcher; // null without a grammar
    private final float[] masked; // [vocabulary], logits of the ids that the grammar allows; empty without one
    private final List<Token> tokens = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();
    private final int[] promptIds;
    private final Decoding decoding;
    private final Expiry expiry;
    private final BooleanSupplier ends = this::mustEnd;
    private final long start = System.nanoTime();
    private long first; // time of the first call of next, or 0
    private FinishReason reason; // null while the generation continues
    private boolean complete; // text contains the buffered tail

    /**
     * Creates a generation in {@code state}, which belongs to the session or to a fork. Without a tokenizer, any id may
     * be generated and tokens have no text.
     */
    Generator(Session session, SessionState state, int[] promptIds, GenerationOptions options) {
        this(session, state, promptIds, options, Expiry.of(options.call()));
    }

    private Generator(
            Session session, SessionState state, int[] promptIds, GenerationOptions options, Expiry expiry) {
        this.session = session;
        this.state = state;
        Tokenizer tokenizer = session.model().loaded().tokenizer();
        this.options = options;
        this.promptIds = promptIds;
        this.expiry = expiry;
        if (tokenizer == null && !options.stop().isEmpty()) {
            throw new IllegalArgumentException(
                    "stop: expected no stop strings, since the model has no tokenizer, found "
                            + options.stop().size());
        }
        sampler = new Sampler(options.sampling(), state.vocabulary(), session.model().sampleableIds());
        sampler.prompt(state.ids());
        sampler.prompt(promptIds);
        endIds = session.model().loaded().endIds();
        decoder = tokenizer == null ? null : tokenizer.newContinuation();
        stop = new StopStrings(options.stop());
        matcher = options.grammar() == null ? null : session.model().tokenGrammar(options.grammar()).newMatcher();
        masked = new float[matcher == null ? 0 : state.vocabulary()];
        Drafter drafter = options.speculation();
        decoding = new Decoding(
                state, session.core().use(), () -> options.maxTokens() - tokens.size(),
                drafter == null ? null : () -> drafter.begin(session.model(), state.ids(), matcher));
    }

    /** Returns the ids of the prompt, which the caller feeds before the first token. */
    public int[] promptIds() {
        return promptIds.clone();
    }

    /** Returns true once the generation must end because of its options, or because its call was cancelled. */
    boolean mustEnd() {
        return isCancelled() || expiry.isOver();
    }

    /** @throws java.util.concurrent.CancellationException if the options end the generation; the message says why */
    void checkExpiry(String call) {
        expiry.check(call);
    }

    /**
     * Chooses the next id. The caller feeds it to the session before the next call; if there is a
     * {@link #finishReason} then, this was the last token and feeding it is optional.
     *
     * @return the token, or null at the end, when {@link #finishReason} gives the reason
     * @throws IllegalStateException if the session has no logits, because the prompt was not fed
     */
    public Token next() {
        if (first == 0) {
            first = System.nanoTime();
        }
        if (reason == null) {
            reason = expiry.reason();
        }
        if (reason != null) {
            return null;
        }
        if (tokens.size() >= options.maxTokens()) {
            reason = FinishReason.MAX_TOKENS;
            return null;
        }
        try (SessionUse.Call _ = session.core().use().beginReading()) {
            return choose();
        }
    }

    private Token choose() {
        if (state.position() == state.contextLength()) {
            reason = FinishReason.CONTEXT_FULL;
            return null;
        }
        float[] logits = state.logits();
        if (matcher != null && matcher.isComplete()) {
            reason = FinishReason.END_OF_TEXT;
            return null;
        }
        // Most first choices are allowed, which saves the mask's time; a grammar that allows all changes nothing.
        // Without top-k, top-p and min-p, both ways have the same distribution. A caller's step is called once.
        boolean maskedFirst = matcher != null && options.sampling().step() != null;
        int id = sampler.sample(maskedFirst ? mask(logits) : logits);
        if (matcher != null && !maskedFirst && !matcher.allows(id)) {
            id = sampler.sample(mask(logits));
        }
        if ((matcher != null || !options.ignoreEndOfText()) && endIds.contains(id)) {
            reason = FinishReason.END_OF_TEXT;
            return null;
        }
        return accept(id, logits);
    }

    /** Returns a copy of {@code logits} in which the ids that the grammar forbids are negative infinity. */
    private float[] mask(float[] logits) {
        System.arraycopy(logits, 0, masked, 0, masked.length);
        matcher.mask(masked);
        return masked;
    }

    private Token accept(int id, float[] logits) {
        Kernels kernels = session.model().kernels();
        int top = Math.min(options.topLogprobs(), logits.length);
        sampler.accept(id);
        if (matcher != null) {
            matcher.accept(id);
        }
        Token token = new Token(
                id, stop.append(decoder == null ? "" : decoder.append(id)), kernels.logProbability(logits, id),
                top == 0 ? List.of() : Likelihood.best(logits, top, kernels));
        tokens.add(token);
        text.append(token.text());
        if (stop.stopped()) {
            reason = FinishReason.STOP_STRING;
        } else if (matcher != null && matcher.isComplete()) {
            reason = FinishReason.END_OF_TEXT;
        }
        return token;
    }

    /** Returns the reason why the generation ended, or none while it continues. */
    public Optional<FinishReason> finishReason() {
        return Optional.ofNullable(reason);
    }

    /** Choices of a generator that a listener receives as those of a sample. */
    private static final class Reported implements Decoding.Choices {
        private final Generator generator;
        private final int sample;
        private final SampleListener listener;
        private Token token; // last one, or the tail; null at the end

        Reported(Generator generator, int sample, SampleListener listener) {
            this.generator = generator;
            this.sample = sample;
            this.listener = listener;
        }

        @Override
        public int choose() {
            token = generator.next();
            if (token != null) {
                return token.id();
            }
            token = generator.takeTail();
            if (token != null) {
                listener.onToken(sample, token);
            }
            return -1;
        }

        @Override
        public boolean report() {
            if (!listener.onToken(sample, token)) {
                generator.end(generator.isCancelled() ? FinishReason.CANCELLED : FinishReason.STOPPED_BY_LISTENER);
            }
            return generator.reason == null;
        }
    }

    /**
     * Decodes until all {@code generators} of a session have ended, and feeds their ids together. It must run within a
     * call of the session.
     */
    static void run(List<Generator> generators, SampleListener listener) {
        List<Reported> all = IntStream.range(0, generators.size())
                .mapToObj(sample -> new Reported(generators.get(sample), sample, listener)).toList();
        generators.forEach(generator -> generator.decoding.share(generators.size()));
        boolean goesOn = true;
        try {
            while (goesOn) {
                goesOn = pass(all);
            }
        } finally {
            generators.forEach(generator -> generator.decoding.close());
        }
    }

    /** Makes a pass of the next ids. Returns false if all generations have ended; their tails are reported. */
    private static boolean pass(List<Reported> all) {
        Generator first = all.getFirst().generator;
        if (first.isCancelled()) {
            all.forEach(one -> one.generator.end(FinishReason.CANCELLED));
        }
        SessionFeed feed = first.state.sharedFeed();
        boolean goesOn = false;
        try {
            for (Reported one : all) {
                try {
                    goesOn |= one.generator.decoding.advance(one);
                } finally {
                    one.generator.feed(feed); // even if the listener throws: the session contains what it received
                }
            }
        } finally {
            long start = System.nanoTime();
            feed.run();
            if (all.size() == 1) {
                first.decoding.measure(start);
            }
        }
        return goesOn;
    }

    /** Makes a step of one generator. Returns its token, at the end the tail, then null. */
    Token step() {
        if (isCancelled()) {
            end(FinishReason.CANCELLED);
        }
        Reported reported = new Reported(this, 0, (sample, token) -> true);
        decoding.step(reported);
        SessionFeed feed = state.sharedFeed();
        feed(feed);
        long began = System.nanoTime();
        feed.run();
        decoding.measure(began);
        return reported.token;
    }

    /** Adds the ids to feed, or ends the generation if its call ends before the session has caught up. */
    private void feed(SessionFeed feed) {
        if (!decoding.addTo(feed, ends)) {
            interrupt();
            end(FinishReason.CANCELLED); // in case the caller's function has changed its mind
        }
    }

    private boolean isCancelled() {
        return session.core().use().isCancelled();
    }

    /** Ends the generation for the caller's reason, unless it has ended already. */
    private void end(FinishReason why) {
        reason = reason == null ? why : reason;
    }

    /** Ends the generation because its call was cancelled or its options end it. */
    void interrupt() {
        end(isCancelled() ? FinishReason.CANCELLED : expiry.reason());
    }

    /** Returns the generation of sample {@code index} of the same prompt in {@code fork}. */
    Generator continuation(SessionState fork, int index) {
        long seed = sampler.seed() + index;
        return new Generator(
                session, fork, promptIds, options.withSampling(options.sampling().withSeed(seed)), expiry);
    }

    /** Returns the steps of a stream, whose result {@code onFinish} receives. */
    GeneratedTokens.Steps<Token> steps(Consumer<Generation> onFinish) {
        return new GeneratedTokens.Steps<>() {
            @Override
            public boolean isExpired() {
                return expiry.isOver();
            }

            @Override
            public Token step() {
                return Generator.this.step();
            }

            @Override
            public void finish(FinishReason why) {
                if (why == FinishReason.CANCELLED) {
                    interrupt();
                }
                onFinish.accept(result(why));
            }
        };
    }

    /** Returns the buffered rest of the text of an ended generation once, or null if there is none. */
    private Token takeTail() {
        if (complete) {
            return null;
        }
        complete = true;
        String rest = decoder == null || stop.stopped() ? "" : stop.append(decoder.finish());
        rest += stop.finish();
        text.append(rest);
        return rest.isEmpty() ? null : Token.tail(rest);
    }

    /** Ends the generation as cancelled unless it has ended, and returns its result with all buffered text. */
    public Generation result() {
        return result(FinishReason.CANCELLED);
    }

    /** Ends the generation for {@code why}, unless it has ended, and returns its result. */
    Generation result(FinishReason why) {
        end(why);
        long now = System.nanoTime();
        long begun = first == 0 ? now : first;
        return result(begun - start, now - begun);
    }

    Generation result(long prefillNanos, long decodeNanos) {
        decoding.close();
        takeTail();
        return new Generation(
                text.toString(), List.copyOf(tokens), reason, promptIds.length, sampler.seed(),
                Duration.ofNanos(prefillNanos), Duration.ofNanos(decodeNanos),
                new Drafts(decoding.accepted(), decoding.proposed() - decoding.accepted()));
    }
}
