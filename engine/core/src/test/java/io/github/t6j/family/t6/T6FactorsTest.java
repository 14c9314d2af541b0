package io.github.t6j.family.t6;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.ModelFormatException;
import io.github.t6j.attention.tpa.forms.TpaForm;
import io.github.t6j.json.Json;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.VariantModels;
import io.github.t6j.weights.Tensor;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checks that contradictions between t6j.json and the weights, or within either, are refused with the reason. */
class T6FactorsTest {
    private static final int WIDTH = 10;
    private static final int HEADS = 3;
    private static final int HEAD_DIM = 8;
    private static final int RANK = 2;

    private static Map<String, Object> json(String text) {
        return Json.parseObject(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8), "t6j.json");
    }

    private static Tensor matrix(int rows, int columns) {
        return Tensor.of("w", new float[rows * columns], rows, columns);
    }

    /** Returns T6 weights of order 2 or 3 for tests that add and remove tensors. */
    private static Map<String, Tensor> weights(boolean thirdOrder) {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        for (String of : new String[] {"q", "k", "v"}) {
            weights.put("c_qkv.W_A_" + of, matrix(HEADS * RANK, WIDTH));
            weights.put("c_qkv.W_B_" + of, matrix(RANK * HEAD_DIM / (thirdOrder ? 4 : 1), WIDTH));
            if (thirdOrder) {
                weights.put("c_qkv.W_C_" + of, matrix(RANK * 4, WIDTH));
            }
        }
        weights.put("c_proj", matrix(WIDTH, HEADS * HEAD_DIM));
        return weights;
    }

    private static ModelConfig describe(Map<String, Tensor> weights, Map<String, Object> config, String t6j) {
        return VariantModels.describe(VariantModels.model(weights, WIDTH), config, json(t6j));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{'order': 3}              | it has order = 3, expected 2 from the presence or absence of c_qkv.W_C_k",
        "{'fixed': ['a_k', 'b_v']} | it has fixed = [a_k, b_v], expected [] from the names of c_qkv's parameters",
        "{'shared_b': true}        | it has shared_b = true, expected false from the presence or absence of c_qkv.W_B_v or b_v"
    })
    void aContradictionNamesBoth(String t6j, String message) {
        assertThatThrownBy(() -> describe(weights(false), Map.of(), t6j))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("t6j.json contradicts the weights")
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{'window': 'limits'} | window: expected no such key, since only Olala",
        "{'heads': 'factors'} | heads: expected no such key, since only the Llama family",
        "{'no_scale': true}   | no_scale: expected no such key, since only the MLA"
    })
    void keysOfOtherFamiliesAreRefused(String t6j, String message) {
        assertThatThrownBy(() -> describe(weights(false), Map.of(), t6j))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("t6j.json: " + message).hasMessageEndingWith(": remove it");
    }

    @Test
    void wholeHeadsHaveNoFactors() {
        Map<String, Tensor> whole = Map.of(
                "c_q", matrix(HEADS * HEAD_DIM, WIDTH), "c_k", matrix(HEADS * HEAD_DIM, WIDTH),
                "c_v", matrix(HEADS * HEAD_DIM, WIDTH), "c_proj", matrix(WIDTH, HEADS * HEAD_DIM));
        Map<String, Object> config = Map.of("n_head", (long) HEADS);
        assertThatThrownBy(() -> describe(whole, config, "{'head_factors': 'sigmoid'}"))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("head_factors")
                .hasMessageContaining("to tensor product attention");
        ModelConfig turned = describe(whole, config, "{'rope_sense': 'counterclockwise'}");
        assertThat(turned.name()).isEqualTo("MHA, RoPE half-split counterclockwise bf16");
    }

    @Test
    void aFactorIsEitherFixedOrProjected() {
        Map<String, Tensor> both = weights(false);
        both.put("c_qkv.a_k", matrix(HEADS, RANK));
        assertThatThrownBy(() -> describe(both, Map.of(), "{}"))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("expected one of transformer.h.0.attn.c_qkv.a_k and")
                .hasMessageContaining("found both");
        Map<String, Tensor> whole = weights(false);
        whole.remove("c_qkv.W_A_q");
        whole.remove("c_qkv.W_B_q");
        whole.put("c_qkv.c_q", matrix(HEADS * HEAD_DIM, WIDTH));
        whole.put("c_qkv.b_q", matrix(RANK, HEAD_DIM));
        assertThatThrownBy(() -> describe(whole, Map.of(), "{}"))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("c_qkv.c_q")
                .hasMessageContaining("found both");
    }

    @Test
    void oneFactorMustDependOnTheToken() {
        Map<String, Tensor> none = weights(false);
        none.keySet().removeIf(name -> name.contains("W_"));
        for (String of : new String[] {"q", "k", "v"}) {
            none.put("c_qkv.a_" + of, matrix(HEADS, RANK));
            none.put("c_qkv.b_" + of, matrix(RANK, HEAD_DIM));
        }
        assertThatThrownBy(() -> describe(none, Map.of(), "{}"))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("all six fixed");
    }

    @Test
    void sharedFeaturesNeedEqualRanks() {
        Map<String, Tensor> shared = weights(false);
        shared.remove("c_qkv.W_B_v");
        shared.put("c_qkv.W_A_v", matrix(HEADS * 3, WIDTH));
        assertThatThrownBy(() -> describe(shared, Map.of(), "{}"))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("found 2 and 3");
    }

    @Test
    void aThirdOrderNeedsItsHeadsAndConsistentShapes() {
        assertThatThrownBy(() -> describe(weights(true), Map.of(), "{}"))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("n_head");
        Map<String, Object> config = Map.of("n_head", (long) HEADS, "c_dim", 4L);
        ModelConfig thirdOrder = describe(weights(true), config, "{'order': 3}");
        assertThat(((TpaForm) thirdOrder.attention()).thirdDim()).isEqualTo(4);
        assertThat(thirdOrder.rope().rotaryDim()).isEqualTo(2);
        for (String of : new String[] {"q", "k", "v"}) {
            Map<String, Tensor> wrong = weights(true);
            wrong.put("c_qkv.W_C_" + of, matrix(RANK * 3, WIDTH));
            assertThatThrownBy(() -> describe(wrong, Map.of("n_head", (long) HEADS), "{}"))
                    .as(of)
                    .isInstanceOf(ModelFormatException.class);
        }
        assertThatThrownBy(() -> describe(weights(true), Map.of("n_head", (long) HEADS, "c_dim", 2L), "{}"))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("c_dim = 2");
    }

    @ParameterizedTest
    @CsvSource({"a_q, 3, 2", "b_q, 2, 8", "a_k, 3, 2", "b_k, 2, 8", "a_v, 3, 2", "b_v, 2, 8"})
    void parametersMustHaveTheRightShape(String factor, int rows, int columns) {
        Map<String, Tensor> fixed = weights(false);
        fixed.remove("c_qkv.W_" + Character.toUpperCase(factor.charAt(0)) + factor.substring(1));
        fixed.put("c_qkv." + factor, matrix(rows, columns));
        describe(fixed, Map.of("rank", 2L, "q_rank", 2L, "n_head", 3L, "head_dim", 8L),
                "{'fixed': ['" + factor + "']}");
        run(fixed);
        for (int[] wrong : new int[][] {{rows + 1, columns}, {rows, columns + 1}}) {
            fixed.put("c_qkv." + factor, matrix(wrong[0], wrong[1]));
            assertThatThrownBy(() -> run(fixed)).isInstanceOf(ModelFormatException.class);
        }
    }

    private static void run(Map<String, Tensor> weights) {
        Map<String, Tensor> model = VariantModels.model(weights, WIDTH);
        VariantModels.run(model, describe(weights, Map.of(), "{}"), new double[WIDTH], false, 1, 1);
    }
}
