package io.github.t6j.speculation;

import io.github.t6j.DraftSource;
import io.github.t6j.Drafter;
import io.github.t6j.Model;
import io.github.t6j.sampling.ConstraintMatcher;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.WeakHashMap;
import java.util.function.Supplier;

/**
 * Speculation with drafts from the text itself or from a second model, and where a grammar allows only one text, from
 * the grammar. It measures the passes of each model, so use one object for many generations. Thread-safe.
 */
public final class Speculation implements Drafter {
    private static final int DEFAULT_DRAFTS = 7;

    private final Supplier<NextIds> source;
    private final Model target; // or null for any
    private final int maxDrafts;
    private final int[] prediction;
    private final boolean adaptive;
    private final Map<Model, PassTimes> times;

    private Speculation(
            Supplier<NextIds> source, Model target, int maxDrafts, int[] prediction, boolean adaptive,
            Map<Model, PassTimes> times) {
        this.source = source;
        this.target = target;
        this.maxDrafts = maxDrafts;
        this.prediction = prediction;
        this.adaptive = adaptive;
        this.times = times;
    }

    private static Speculation of(Supplier<NextIds> source, Model target, int maxDrafts) {
        if (maxDrafts < 1 || maxDrafts > DraftSource.MAX_DRAFTS) {
            throw new IllegalArgumentException(
                    "maxDrafts: expected 1 to " + DraftSource.MAX_DRAFTS + ", found " + maxDrafts);
        }
        return new Speculation(
                source, target, maxDrafts, new int[0], true, Collections.synchronizedMap(new WeakHashMap<>()));
    }

    /** Returns at most seven drafts from the prompt and the answer so far: what followed the last ids there before. */
    public static Speculation ngrams() {
        return ngrams(DEFAULT_DRAFTS);
    }

    /**
     * Returns at most {@code maxDrafts} drafts from the prompt and the answer so far.
     *
     * @throws IllegalArgumentException if {@code maxDrafts} is not in 1 … {@value DraftSource#MAX_DRAFTS}
     */
    public static Speculation ngrams(int maxDrafts) {
        return of(() -> new NgramDrafts(false), null, maxDrafts);
    }

    /** Returns at most seven drafts of a second model, see {@link #model(Model, Model, int)}. */
    public static Speculation model(Model target, Model second) {
        return model(target, second, DEFAULT_DRAFTS);
    }

    /**
     * Returns at most {@code maxDrafts} drafts that are the most likely ids of a second, faster model with the same
     * tokenizer. Its sessions follow the text. The caller closes it after the generations.
     *
     * @param target model of the generations
     * @throws IllegalArgumentException if the tokenizers differ, or {@code maxDrafts} is not in 1 … {@value
     *     DraftSource#MAX_DRAFTS}
     */
    public static Speculation model(Model target, Model second, int maxDrafts) {
        DraftModel drafts = new DraftModel(
                Objects.requireNonNull(target, "target"), Objects.requireNonNull(second, "second"));
        return of(() -> new ModelDrafts(drafts), target, maxDrafts);
    }

    /** Returns this speculation with a text that the answer probably repeats in part, such as a file to be changed. */
    public Speculation withPrediction(int... ids) {
        return new Speculation(
                source, target, maxDrafts, Objects.requireNonNull(ids, "ids").clone(), adaptive, times);
    }

    /**
     * Returns this speculation with as many drafts as pay, the default; or, if {@code adaptive} is false, with the
     * maximum number whenever there are any, for reproducible counts.
     */
    public Speculation withAdaptive(boolean adaptive) {
        return new Speculation(source, target, maxDrafts, prediction, adaptive, times);
    }

    /** @throws IllegalArgumentException if the drafts are for another model */
    @Override
    public DraftSource begin(Model model, int[] ids, ConstraintMatcher matcher) {
        Objects.requireNonNull(model, "model");
        Objects.requireNonNull(ids, "ids");
        if (target != null && model != target) {
            throw new IllegalArgumentException("speculation: expected drafts for the model of the generation");
        }
        NextIds next = source.get();
        if (prediction.length > 0 && !next.isFree()) {
            next = new PredictedIds(new NgramDrafts(true), next);
        }
        return new Drafting(
                next, new DraftedText(prediction, ids), maxDrafts, matcher,
                times.computeIfAbsent(model, measured -> new PassTimes()), adaptive ? model::isReady : null);
    }
}
