package io.github.t6j.training;

import io.github.t6j.attention.TensorRole;
import io.github.t6j.attention.tpa.TpaConfig;
import io.github.t6j.attention.tpa.forms.Factor;
import io.github.t6j.attention.tpa.forms.TpaForm;
import io.github.t6j.attention.tpa.steps.SteppedConfig;
import io.github.t6j.family.t6.T6Family;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.TensorSpec;
import io.github.t6j.random.SplitMix64;
import java.util.Arrays;
import java.util.List;

/**
 * Initialisation of a new model's weights. As in the official classes, matrices that write to the residual stream
 * begin with 0, gains are 1, and the rest is uniform within ±b, where C is the width:
 *
 * <pre>
 *   W_A of h heads and rank R         b = √(6 / ((C + h) R))    Xavier, by the sizes that torch takes of [C, h, R]
 *   W_B of rank R and d elements      b = √(6 / ((C + R) d))    the same
 *   whole queries of T6 KV-only       b = √(6 / (C + h d))
 *   every other matrix                b = 1 / √columns
 * </pre>
 */
public enum Initialization {
    /**
     * Like {@link #OFFICIAL}, but the embedding is normal with standard deviation 0.02. The official bound of the
     * embedding, 1/√C, grows as the model shrinks; with tied output it makes every token predict itself.
     */
    SMALL,
    /** Initialisation of the official classes; the embedding is uniform, ±1/√C. */
    OFFICIAL;

    private static final double DEVIATION = 0.02;

    /** Draws the values of all parameters. Each tensor's values depend only on the seed, its name and its shape. */
    void draw(ModelConfig config, List<Parameter> parameters, long seed) {
        for (Parameter parameter : parameters) {
            TensorSpec spec = parameter.spec();
            SplitMix64 random = new SplitMix64(SplitMix64.seed(seed, spec.name()));
            if (spec.isGain() || spec.role() == TensorRole.SOFTMAX_SCALE) {
                Arrays.fill(parameter.value(), 1f);
            } else if (spec.role() == TensorRole.EMBEDDING && this == SMALL) {
                normal(random, parameter.value());
            } else {
                uniform(random, bound(config, spec), parameter.value());
            }
        }
    }

    /** Draws A of all adapters as PEFT does; B, whose name ends with lora_B.weight, stays 0. */
    static void drawAdapters(List<Parameter> parameters, long seed) {
        for (Parameter parameter : parameters) {
            if (!parameter.name().endsWith("lora_B.weight")) {
                uniform(new SplitMix64(SplitMix64.seed(seed, parameter.name())), ofColumns(parameter.spec()),
                        parameter.value());
            }
        }
    }

    private static void uniform(SplitMix64 random, double bound, float[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (bound * (2 * random.nextDouble() - 1));
        }
    }

    /** Draws normal numbers in pairs (Box and Muller 1958), with StrictMath: the same on every machine and JDK. */
    private static void normal(SplitMix64 random, float[] values) {
        for (int i = 0; i < values.length; i += 2) {
            double radius = DEVIATION * Math.sqrt(-2 * StrictMath.log(1 - random.nextDouble()));
            double angle = 2 * Math.PI * random.nextDouble();
            values[i] = (float) (radius * StrictMath.cos(angle));
            if (i + 1 < values.length) {
                values[i + 1] = (float) (radius * StrictMath.sin(angle));
            }
        }
    }

    /** Returns the bound b of a tensor that is not a gain. */
    static double bound(ModelConfig config, TensorSpec spec) {
        int width = config.sizes().width();
        return switch (spec.role()) {
            case ATTENTION_OUTPUT, DOWN, PROJECTION_BIAS, ATTENTION_OUTPUT_BIAS, GATE_UP_BIAS, DOWN_BIAS -> 0;
            case PROJECTION -> switch (config.attention()) {
                case TpaConfig sizes -> ofFactor(TpaForm.official(sizes), T6Family.factor(spec), width, spec);
                case TpaForm form -> ofFactor(form, T6Family.factor(spec), width, spec);
                case SteppedConfig sizes -> ofFactor(sizes, T6Family.factor(spec), width, spec);
                default -> ofColumns(spec);
            };
            default -> ofColumns(spec);
        };
    }

    private static double ofFactor(TpaForm form, Factor factor, int width, TensorSpec spec) {
        return factor == null
                ? Math.sqrt(6.0 / (width + spec.shape().getFirst())) // whole queries
                : Math.sqrt(6.0 / ((double) (width + form.rows(factor)) * form.columns(factor)));
    }

    private static double ofFactor(SteppedConfig sizes, Factor factor, int width, TensorSpec spec) {
        if (factor == null) {
            return spec.name().endsWith("c_q.weight")
                    ? Math.sqrt(6.0 / (width + spec.shape().getFirst()))
                    : ofColumns(spec);
        }
        int rank = factor == Factor.A_Q || factor == Factor.B_Q ? sizes.queryRank() : sizes.rank();
        double other = (double) spec.shape().getFirst() / rank; // heads, or elements of a feature
        return factor.isHeads() ? Math.sqrt(6 / ((width + other) * rank)) : Math.sqrt(6 / ((width + rank) * other));
    }

    private static double ofColumns(TensorSpec spec) {
        return 1 / Math.sqrt(spec.shape().getLast());
    }
}
