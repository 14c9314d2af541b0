package io.github.t6j.attention.tpa.forms;

import static io.github.t6j.TestNumbers.doubles;
import static io.github.t6j.model.VariantModels.difference;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.TestNumbers;
import io.github.t6j.attention.Rope;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.VariantModels;
import io.github.t6j.model.VariantModels.Run;
import io.github.t6j.weights.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares equivalent weights in two forms, which extends the golden checks to all forms and longer contexts. */
@Tag("width")
class TpaFormTest {
    private static final double TOLERANCE = 1e-5;
    private static final int TOKENS = 150; // more than two pages
    private static final int WIDTH = 20;
    private static final int HEADS = 5;
    private static final List<String> FACTORS = List.of("a_q", "b_q", "a_k", "b_k", "a_v", "b_v");

    /** Sizes of a form; query rank 0 means whole queries, third 0 second order. */
    private record Sizes(int featureDim, int third, int queryRank, int keyRank, int valueRank) {
        int headDim() {
            return featureDim * Math.max(1, third);
        }

        int rank(char of) {
            return of == 'q' ? queryRank : of == 'k' ? keyRank : valueRank;
        }
    }

    /** Returns weights of the form in which every factor is a projection. */
    private static Map<String, Tensor> weights(Sizes sizes, Random random) {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        if (sizes.queryRank() == 0) {
            put(weights, "c_qkv.c_q", HEADS * sizes.headDim(), random);
        }
        for (char of : new char[] {'q', 'k', 'v'}) {
            int rank = sizes.rank(of);
            if (rank > 0) {
                put(weights, "c_qkv.W_A_" + of, HEADS * rank, random);
                put(weights, "c_qkv.W_B_" + of, rank * sizes.featureDim(), random);
                if (sizes.third() > 0) {
                    put(weights, "c_qkv.W_C_" + of, rank * sizes.third(), random);
                }
            }
        }
        int outputs = HEADS * sizes.headDim();
        weights.put("c_proj", Tensor.of("c_proj", TestNumbers.normal(random, WIDTH * outputs, 0.1), WIDTH, outputs));
        return weights;
    }

    private static void put(Map<String, Tensor> weights, String name, int rows, Random random) {
        weights.put(name, Tensor.of(name, TestNumbers.normal(random, rows * WIDTH, 0.4), rows, WIDTH));
    }

    /** Returns inputs whose first element is 1, so that the first column of a matrix acts as a constant. */
    private static double[] inputs(Random random) {
        double[] x = doubles(TestNumbers.normal(random, TOKENS * WIDTH, 1));
        for (int token = 0; token < TOKENS; token++) {
            x[token * WIDTH] = 1;
        }
        return x;
    }

    private static Run run(
            Map<String, Tensor> attention, Map<String, Object> t6j, double[] x, boolean materialized, int chunk,
            int threads) {
        Map<String, Tensor> tensors = VariantModels.model(attention, WIDTH);
        ModelConfig config = VariantModels.describe(tensors, Map.of("n_head", (long) HEADS), t6j);
        return VariantModels.run(tensors, config, x, materialized, chunk, threads);
    }

    private static Run run(Map<String, Tensor> attention, Map<String, Object> t6j, double[] x) {
        return run(attention, t6j, x, false, 100, 2);
    }

    private static void assertSame(Run expected, Run found) {
        assertThat(difference(expected.q(), found.q())).as("q").isLessThan(TOLERANCE);
        assertThat(difference(expected.k(), found.k())).as("k").isLessThan(TOLERANCE);
        assertThat(difference(expected.v(), found.v())).as("v").isLessThan(TOLERANCE);
        assertThat(difference(doubles(expected.y()), doubles(found.y()))).as("y").isLessThan(TOLERANCE);
        assertThat(difference(doubles(expected.out()), doubles(found.out()))).as("out").isLessThan(TOLERANCE);
    }

    /** A form: every set of fixed factors occurs, with the other options alternating. */
    record Form(int fixed, boolean shared, boolean whole, int third, String activation) {
        boolean fixes(String factor) {
            return (fixed >> FACTORS.indexOf(factor) & 1) == 1;
        }
    }

    static List<Form> forms() {
        String[] activations = {"linear", "sigmoid", "softmax"};
        List<Form> forms = new ArrayList<>();
        for (int fixed = 0; fixed < 63; fixed++) {
            boolean whole = (fixed & 3) == 0 && fixed % 8 < 4;
            forms.add(new Form(fixed, false, whole, fixed % 3 == 1 ? 3 : 0, activations[fixed / 2 % 3]));
            if (fixed < 32) {
                forms.add(new Form(fixed, true, whole, fixed % 5 == 1 ? 2 : 0, activations[fixed / 3 % 3]));
            }
        }
        return forms;
    }

    @Tag("full")
    @ParameterizedTest
    @MethodSource("forms")
    void fixedAndSharedFactorsMatchEquivalentProjections(Form form) {
        long seed = 2L * form.fixed() + (form.shared() ? 1 : 0);
        Random random = new Random(seed);
        Sizes sizes = new Sizes(6, form.third(), form.whole() ? 0 : 3, 2, form.shared() ? 2 : 3);
        Map<String, Tensor> plain = weights(sizes, random);
        if (form.shared()) {
            plain.put("c_qkv.W_B_v", plain.get("c_qkv.W_B_k"));
        }
        Map<String, Tensor> other = new LinkedHashMap<>(plain);
        for (String factor : FACTORS) {
            if (form.fixes(factor)) {
                fix(factor, plain, other, factor.startsWith("a") ? HEADS : sizes.rank(factor.charAt(2)));
            }
        }
        if (form.shared()) {
            other.remove("c_qkv.W_B_v");
            plain.put("c_qkv.W_B_v", plain.get("c_qkv.W_B_k"));
        }
        Map<String, Object> plainJson = Map.of("head_factors", form.activation());
        Map<String, Object> t6j = Map.of(
                "head_factors", form.activation(), "shared_b", form.shared(), "order", form.third() > 0 ? 3L : 2L,
                "fixed", FACTORS.stream().filter(form::fixes).map(Object.class::cast).toList());
        double[] x = inputs(random);

        Run expected = run(plain, plainJson, x, true, 100, 2);
        Run factored = run(other, t6j, x, false, 100, 2);

        assertSame(expected, run(plain, plainJson, x));
        assertSame(expected, factored);
        assertSame(expected, run(other, t6j, x, true, 100, 1));
        assertThat(run(other, t6j, x, false, 75, 1).out()).as("seed " + seed).isEqualTo(factored.out());
        Run steps = run(other, t6j, x, false, 1, 3); // another form, ADR 31
        assertSame(expected, steps);
        assertThat(run(other, t6j, x, false, 30, 1).out()).as("seed " + seed).isEqualTo(steps.out());

        Run linear = run(plain, linear(plainJson), x, true, 100, 2);
        assertSame(linear, run(other, linear(t6j), x, true, 100, 2));
        assertSame(linear, run(other, linear(t6j), x, false, 37, 2));
    }

    private static Map<String, Object> linear(Map<String, Object> t6j) {
        Map<String, Object> linear = new LinkedHashMap<>(t6j);
        linear.put("variant", "linearattn");
        return linear;
    }

    /** Makes a projection constant for all inputs, and adds that constant as the parameter of a fixed factor. */
    private static void fix(String factor, Map<String, Tensor> plain, Map<String, Tensor> other, int rows) {
        String name = "c_qkv.W_" + Character.toUpperCase(factor.charAt(0)) + factor.substring(1);
        float[] matrix = plain.get(name).toFloats();
        int outputs = matrix.length / WIDTH;
        float[] constant = new float[outputs];
        for (int i = 0; i < matrix.length; i++) {
            if (i % WIDTH == 0) {
                constant[i / WIDTH] = matrix[i];
            } else {
                matrix[i] = 0;
            }
        }
        plain.put(name, Tensor.of(name, matrix, outputs, WIDTH));
        other.remove(name);
        other.put("c_qkv." + factor, Tensor.of(factor, constant, rows, outputs / rows));
    }

    /** Theorems 3.1 and C.1: rotating the features B rotates the whole head. */
    @ParameterizedTest
    @CsvSource({"0, half, clockwise", "0, adjacent, counterclockwise", "3, half, counterclockwise",
        "3, adjacent, clockwise"})
    void rotatingFeaturesRotatesHeads(int third, String pairing, String sense) {
        Random random = new Random(third);
        Sizes sizes = new Sizes(6, third, 3, 2, 2);
        Map<String, Tensor> weights = weights(sizes, random);
        double[] x = inputs(random);
        Map<String, Tensor> tensors = VariantModels.model(weights, WIDTH);
        Map<String, Object> t6j = Map.of("rope_pairing", pairing, "rope_sense", sense);
        Run rotated = run(weights, t6j, x);
        ModelConfig unrotated = VariantModels.describe(
                tensors, Map.of("n_head", (long) HEADS, "rope_partial_factor", 0L), Map.of());
        Run plain = VariantModels.run(tensors, unrotated, x, false, 100, 1);

        assertThat(difference(rotated(plain.q(), sizes, pairing, sense), rotated.q())).isLessThan(TOLERANCE);
        assertThat(difference(rotated(plain.k(), sizes, pairing, sense), rotated.k())).isLessThan(TOLERANCE);
        assertThat(difference(plain.k(), rotated.k())).isGreaterThan(0.1);
        assertThat(rotated.v()).isEqualTo(plain.v());
    }

    private static double[] rotated(double[] heads, Sizes sizes, String pairing, String sense) {
        int pairs = sizes.featureDim() / 2;
        float[] cos = new float[pairs];
        float[] sin = new float[pairs];
        Rope tables = new Rope(sizes.featureDim(), 0f);
        double[] rotated = new double[heads.length];
        for (int at = 0; at < heads.length; at += sizes.featureDim()) {
            tables.table(at / (HEADS * sizes.headDim()), cos, sin, 0);
            for (int i = 0; i < pairs; i++) {
                int first = at + (pairing.equals("half") ? i : 2 * i);
                int second = pairing.equals("half") ? first + pairs : first + 1;
                double s = sense.equals("clockwise") ? -sin[i] : sin[i];
                rotated[first] = heads[first] * cos[i] - heads[second] * s;
                rotated[second] = heads[first] * s + heads[second] * cos[i];
            }
        }
        return rotated;
    }

    @Test
    void resultsDoNotDependOnTheOrderOfRanksOrAScaleBetweenFactors() {
        Random random = new Random(7);
        Sizes sizes = new Sizes(8, 0, 3, 2, 2);
        Map<String, Tensor> weights = weights(sizes, random);
        double[] x = inputs(random);
        Run expected = run(weights, Map.of(), x);
        Map<String, Tensor> other = new LinkedHashMap<>(weights);
        for (char of : new char[] {'q', 'k', 'v'}) {
            int rank = sizes.rank(of);
            reorder(other, "c_qkv.W_A_" + of, row -> row / rank * rank + (row % rank + 1) % rank, 4f);
            reorder(other, "c_qkv.W_B_" + of, row -> (row / 8 + 1) % rank * 8 + row % 8, 0.25f);
        }
        assertSame(expected, run(other, Map.of(), x));
    }

    /** Replaces a matrix: row r becomes row {@code from(r)} of the old one, scaled. */
    private static void reorder(
            Map<String, Tensor> weights, String name, java.util.function.IntUnaryOperator from, float scale) {
        float[] old = weights.get(name).toFloats();
        float[] made = new float[old.length];
        for (int i = 0; i < old.length; i++) {
            made[i] = old[from.applyAsInt(i / WIDTH) * WIDTH + i % WIDTH] * scale;
        }
        weights.put(name, Tensor.of(name, made, old.length / WIDTH, WIDTH));
    }

    /** A third factor of one element that is always 1 has no effect. */
    @ParameterizedTest
    @CsvSource({"3", "0"})
    void aThirdFactorOfSizeOneEqualsSecondOrder(int queryRank) {
        Random random = new Random(queryRank);
        Sizes second = new Sizes(6, 0, queryRank, 2, 3);
        Map<String, Tensor> weights = weights(second, random);
        double[] x = inputs(random);
        Map<String, Tensor> third = new LinkedHashMap<>(weights);
        for (char of : new char[] {'q', 'k', 'v'}) {
            if (second.rank(of) > 0) {
                float[] ones = new float[second.rank(of) * WIDTH];
                for (int i = 0; i < ones.length; i += WIDTH) {
                    ones[i] = 1;
                }
                third.put("c_qkv.W_C_" + of, Tensor.of("C", ones, second.rank(of), WIDTH));
            }
        }
        assertSame(run(weights, Map.of(), x), run(third, Map.of("order", 3L), x));
    }

    /** Paper, section 4: grouped queries are TPA with whole heads as B and fixed A. */
    @ParameterizedTest
    @CsvSource({"6, 6", "6, 2", "6, 1"})
    void groupedQueriesEqualFixedHeadFactors(int heads, int groups) {
        Random random = new Random(groups);
        int headDim = 8;
        Map<String, Tensor> grouped = new LinkedHashMap<>();
        put(grouped, "c_q", heads * headDim, random);
        put(grouped, "c_k", groups * headDim, random);
        put(grouped, "c_v", groups * headDim, random);
        grouped.put("c_proj",
                Tensor.of("c_proj", TestNumbers.normal(random, WIDTH * heads * headDim, 0.1), WIDTH, heads * headDim));
        float[] mask = new float[heads * groups];
        for (int head = 0; head < heads; head++) {
            mask[head * groups + head / (heads / groups)] = groups;
        }
        Map<String, Tensor> factored = new LinkedHashMap<>(Map.of(
                "c_qkv.c_q", grouped.get("c_q"), "c_qkv.W_B_k", grouped.get("c_k"), "c_qkv.W_B_v", grouped.get("c_v"),
                "c_qkv.a_k", Tensor.of("a_k", mask, heads, groups), "c_qkv.a_v", Tensor.of("a_v", mask, heads, groups),
                "c_proj", grouped.get("c_proj")));
        double[] x = inputs(random);
        Map<String, Tensor> model = VariantModels.model(grouped, WIDTH);
        ModelConfig config = VariantModels.describe(model, Map.of("n_head", (long) heads), Map.of());
        Run expected = VariantModels.run(model, config, x, false, 100, 1);

        Map<String, Tensor> tensors = VariantModels.model(factored, WIDTH);
        ModelConfig tpa = VariantModels.describe(tensors, Map.of(), Map.of());
        assertSame(expected, VariantModels.run(tensors, tpa, x, false, 100, 1));
    }
}
