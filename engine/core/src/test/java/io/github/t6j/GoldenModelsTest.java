package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestData.GoldenModel;
import io.github.t6j.attention.AttentionPath;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests float64 logits and greedy tokens of the official models on both paths, in one prefill and step by step. */
@Tag("width")
class GoldenModelsTest {
    /** Tolerance of logits; the official float32 code itself differs by up to 5.1e-5. */
    private static final double TOLERANCE = 2e-4;

    /** Tolerance between the two forms of MLA, and of TPA. */
    private static final Offset<Float> FORMS = within(1e-4f);

    static List<GoldenModel> models() {
        return TestData.goldenModels();
    }

    @Test
    void allGoldenModelsExist() {
        assertThat(models()).hasSize(32);
    }

    @ParameterizedTest
    @MethodSource("models")
    void prefillMatchesTheOracle(GoldenModel golden) {
        try (Model model = golden.load(ModelOptions.defaults())) {
            double[] expected = golden.logits();
            for (AttentionPath path : AttentionPath.values()) {
                try (Session session = model.newSession(path.of(SessionOptions.defaults()))) {
                    session.prefill(golden.ids(), (position, logits) -> check(expected, position, logits, path));
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void stepsMatchTheOracleAndPrefill(GoldenModel golden) {
        try (Model model = golden.load(ModelOptions.defaults())) {
            double[] expected = golden.logits();
            for (AttentionPath path : AttentionPath.values()) {
                SessionOptions options = path.of(SessionOptions.defaults());
                try (Session steps = model.newSession(options); Session whole = model.newSession(options)) {
                    whole.prefill(golden.ids(), (position, logits) -> {
                        steps.step(golden.ids()[position]);
                        check(expected, position, steps.logits(), path);
                        if (hasTwoForms(golden.name()) && path == AttentionPath.FACTORED) {
                            // prefill may use one form and steps the other (ADR 9, 31)
                            assertThat(steps.logits()).as("position " + position).containsExactly(logits, FORMS);
                        } else {
                            assertThat(steps.logits()).as(path + " position " + position).isEqualTo(logits);
                        }
                    });
                }
            }
        }
    }

    private static boolean hasTwoForms(String name) {
        return name.contains("mla") || name.startsWith("T6") && !name.contains("linearattn");
    }

    private static void check(double[] expected, int position, float[] logits, AttentionPath path) {
        for (int i = 0; i < logits.length; i++) {
            assertThat((double) logits[i])
                    .as(path + " position " + position + " id " + i)
                    .isCloseTo(expected[position * logits.length + i], within(TOLERANCE));
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void greedyTokensAreEqual(GoldenModel golden) {
        try (Model model = golden.load(ModelOptions.defaults())) {
            for (AttentionPath path : AttentionPath.values()) {
                SessionOptions options = path.of(SessionOptions.defaults())
                        .withContextLength(golden.ids().length + golden.greedy().length);
                try (Session session = model.newSession(options)) {
                    session.prefill(golden.ids());
                    int[] tokens = new int[golden.greedy().length];
                    for (int i = 0; i < tokens.length; i++) {
                        tokens[i] = TestData.best(session.logits());
                        session.step(tokens[i]);
                    }
                    assertThat(tokens).as(path.toString()).isEqualTo(golden.greedy());
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(ModelOptions.Load.class)
    void bothFileFormatsGiveTheSameBits(ModelOptions.Load load) {
        for (String name : List.of("T6_groupnorm", "llama-mqa", "T6_bf16weights")) {
            float[][] logits = new float[2][];
            for (String file : List.of("model.safetensors", "pytorch_model.bin")) {
                var path = TestData.path("golden/" + name + "/" + file);
                try (Model model = Model.load(path, ModelOptions.defaults().withLoad(load));
                        Session session = model.newSession()) {
                    session.prefill(1, 2, 3, 4, 5);
                    logits[file.endsWith("bin") ? 1 : 0] = Arrays.copyOf(session.logits(), session.logits().length);
                }
            }
            assertThat(logits[1]).as(name).isEqualTo(logits[0]);
        }
    }
}
