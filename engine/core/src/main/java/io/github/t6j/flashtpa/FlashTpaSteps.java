package io.github.t6j.flashtpa;

import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.LayerOptions.Scores;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.paged.PageAttention;
import io.github.t6j.attention.tpa.FactorRow;
import io.github.t6j.attention.tpa.TpaConfig;
import io.github.t6j.attention.tpa.steps.SteppedConfig;
import io.github.t6j.attention.tpa.steps.SteppedRow;
import io.github.t6j.attention.tpa.steps.Steps;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * Steps that models in production add to FlashTPA, for {@link FlashTpa.Options#withSteps}. Keys and values then have
 * the same rank and number of elements.
 *
 * <p>Keys are mixed with their predecessor and then normed, which the cache stores as numbers per token and head: keys
 * and values stay factored. Factored queries are normed, too; give whole queries (query rank 0) if they need a gain, to
 * which you apply the norm, the product of the gains of queries and keys, and the rotation.
 *
 * @param keyHeads number of heads of keys and values, K, a divisor of H; H/K consecutive query heads share each
 * @param shift true if a token's keys and values mix with its predecessor's, by {@link Shifts}
 * @param normEpsilon ε of the norms x / √(mean(x²) + ε) of keys and of factored queries, to which their scales do not
 *     apply; 0 for none
 */
public record FlashTpaSteps(int keyHeads, boolean shift, float normEpsilon) {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final Rope UNROTATED = new Rope(0, 0f);

    /**
     * Gates α of 0 to 1 by which x[t] becomes (1 − α) x[t] + α x[t−1], with the unshifted x[t−1]; that of a sequence's
     * first token is ignored. Segments as in {@link FlashTpa.Factors}.
     *
     * @param keys [batch][tokens][K]
     * @param values [batch][tokens][K]
     */
    public record Shifts(MemorySegment keys, MemorySegment values) {
        /**
         * Creates gates.
         *
         * @throws IllegalArgumentException if a segment wraps an array of another type
         */
        public Shifts {
            FlashTpaArguments.checkElements("keys", keys);
            FlashTpaArguments.checkElements("values", values);
        }

        /** Creates gates from arrays. */
        public static Shifts of(float[] keys, float[] values) {
            Objects.requireNonNull(keys, "keys");
            Objects.requireNonNull(values, "values");
            return new Shifts(MemorySegment.ofArray(keys), MemorySegment.ofArray(values));
        }
    }

    /** @throws IllegalArgumentException if {@code keyHeads} is below 1, or the epsilon negative, NaN or infinite */
    public FlashTpaSteps {
        FlashTpa.atLeast(1, keyHeads, "keyHeads");
        if (!(normEpsilon >= 0 && normEpsilon < Float.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("normEpsilon: expected 0 or a positive number, found " + normEpsilon);
        }
    }

    /** Returns the attention of a shape with {@code steps}, or the official one for null; fails if they do not fit. */
    static PageAttention attention(FlashTpaSteps steps, FlashTpa.Shape shape) {
        if (steps == null) {
            return official(shape).newAttention();
        }
        if (shape.heads() % steps.keyHeads != 0 || shape.keyRank() != shape.valueRank()
                || shape.headDim() != shape.valueDim()) {
            throw new IllegalArgumentException("steps: expected heads to be a multiple of " + steps.keyHeads
                    + " key heads, and keys and values of the same rank and size, found " + shape);
        }
        return steps.config(shape).newAttention();
    }

    private static TpaConfig official(FlashTpa.Shape shape) {
        return new TpaConfig(
                shape.heads(), shape.headDim(), shape.valueDim(), shape.queryRank(), shape.keyRank(),
                shape.valueRank());
    }

    private SteppedConfig config(FlashTpa.Shape shape) {
        return new SteppedConfig(
                shape.heads(), shape.headDim(), keyHeads, shape.queryRank(), shape.keyRank(),
                new Steps(shift, normEpsilon, null, Scores.PLAIN, 0, false, null, null));
    }

    private SteppedRow row(FlashTpa.Shape shape) {
        return SteppedRow.of(config(shape));
    }

    /** Returns the offsets of the factors in a row of {@link #attention}. */
    static FactorRow offsets(FlashTpaSteps steps, FlashTpa.Shape shape) {
        if (steps == null) {
            return FactorRow.of(official(shape));
        }
        SteppedRow row = steps.row(shape);
        return new FactorRow(0, row.bK(), row.aK(), row.aV(), row.bV(), row.aQ(), row.end());
    }

    /** Checks the gates of an append with {@code steps}, which may be null. */
    static void check(FlashTpaSteps steps, Shifts shifts, int batch, int tokens) {
        boolean shift = steps != null && steps.shift;
        if (shift != (shifts != null)) {
            throw new IllegalArgumentException("shifts: expected " + (shift
                    ? "gates, since the options have a token shift, found none"
                    : "none, since the options have no token shift, found gates"));
        }
        if (shift) {
            FlashTpaArguments.checkSize("shifts.keys", shifts.keys(), batch, tokens, 1, steps.keyHeads);
            FlashTpaArguments.checkSize("shifts.values", shifts.values(), batch, tokens, 1, steps.keyHeads);
        }
    }

    /** Returns the words in a file's shape. */
    static String words(FlashTpaSteps steps) {
        return steps == null ? "" : ", " + steps;
    }

    /** Returns the number of heads of keys and values. */
    static int keyHeads(FlashTpa.Options options, FlashTpa.Shape shape) {
        return options.steps() == null ? shape.heads() : options.steps().keyHeads;
    }

    /** Returns the factor of the factors of queries, or of whole queries, relative to the attention's scales. */
    static double queryFactor(FlashTpa.Options options, FlashTpa.Shape shape) {
        FlashTpa.Options usual = FlashTpa.Options.defaults(shape);
        double factor = options.scale() / usual.scale();
        if (options.steps() == null || options.steps().normEpsilon == 0) {
            return factor * (options.queryScale() / usual.queryScale()) * (options.keyScale() / usual.keyScale());
        }
        return shape.queryRank() == 0 ? factor : 1; // norms undo factors
    }

    /** Copies the gates of the token at {@code index}, if any, to a row; 0 for the first token of a sequence. */
    static void read(
            FlashTpa.Options options, Shifts shifts, long index, int token, FlashTpa.Shape shape, float[] row) {
        if (shifts == null) {
            return;
        }
        int heads = options.steps().keyHeads;
        SteppedRow at = options.steps().row(shape);
        for (int head = 0; head < heads; head++) {
            long from = (index * heads + head) * Float.BYTES;
            row[at.shiftK() + head] = token == 0 ? 0f : shifts.keys().get(FLOAT, from);
            row[at.shiftV() + head] = token == 0 ? 0f : shifts.values().get(FLOAT, from);
        }
    }

    /** Rebuilds the query of a row from its factors, and norms and scales it; does nothing without steps. */
    static void prepare(FlashTpa.Options options, FlashTpa.Shape shape, AttentionPass pass, int row) {
        FlashTpaSteps steps = options.steps();
        if (steps == null || shape.queryRank() == 0) {
            return;
        }
        pass.attention.rotateAndActivate(UNROTATED, pass, row);
        double factor = options.scale() / FlashTpa.Options.defaults(shape).scale();
        int from = pass.at(row) + steps.row(shape).query();
        int end = steps.normEpsilon > 0 ? from + shape.heads() * shape.headDim() : from;
        for (int i = from; i < end; i++) {
            pass.projections[i] = (float) (pass.projections[i] * factor);
        }
    }
}
