package io.github.t6j.attention.tpa.forms;

import static io.github.t6j.TestNumbers.doubles;
import static io.github.t6j.model.VariantModels.golden;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.TestData;
import io.github.t6j.json.Json;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.VariantModels;
import io.github.t6j.model.VariantModels.Run;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests the paper's variants without official files, loaded as models, against float64. */
@Tag("width")
class PaperFormsTest {
    private static final double TOLERANCE = 1e-5;

    /**
     * A variant with golden results.
     *
     * @param file path of the file in testdata/golden
     * @param results prefix of the names of its results
     * @param config keys of config.json
     * @param t6j keys of t6j.json
     * @param elementsPerToken elements per token in the paper's table
     */
    record Case(String file, String results, Map<String, Object> config, Map<String, Object> t6j,
            long elementsPerToken) {
        @Override
        public String toString() {
            return file + " " + results;
        }

        double[] expected(String name) {
            return golden(file, results + name);
        }
    }

    private static List<Map<String, Object>> variants(String folder) {
        List<Map<String, Object>> variants = new ArrayList<>();
        for (Object variant : Json.array(TestData.json("golden/" + folder + "/case.json").get("variants"), "")) {
            variants.add(Json.object(variant, folder));
        }
        return variants;
    }

    private static long size(Map<String, Object> variant, String key) {
        return (Long) variant.get(key);
    }

    static List<Case> nonContextual() {
        List<Case> cases = new ArrayList<>();
        for (Map<String, Object> v : variants("nonctx")) {
            String file = "nonctx/" + v.get("file");
            if (v.containsKey("groups")) {
                long groups = size(v, "groups");
                cases.add(new Case(
                        file, "", Map.of(), Map.of("fixed", List.of("a_q", "a_k", "a_v")),
                        2 * groups * size(v, "D")));
                continue;
            }
            List<Object> fixed = new ArrayList<>();
            Json.array(v.get("nonctx_a"), "").forEach(of -> fixed.add("a_" + of));
            boolean shared = v.get("share_b").equals(true);
            Json.array(v.get("nonctx_b"), "").forEach(of -> {
                if (!shared || !of.equals("v")) {
                    fixed.add("b_" + of);
                }
            });
            Map<String, Object> t6j = new HashMap<>(Map.of("fixed", fixed, "shared_b", shared));
            Object activation = v.get("activation_on_A");
            t6j.put("head_factors", activation == null ? "linear" : activation.toString().replace("_rank", ""));
            Map<String, Object> config = Map.of(
                    "n_head", v.get("H"), "head_dim", v.get("D"), "q_rank", v.get("RQ"), "k_rank", v.get("RK"),
                    "v_rank", v.get("RV"));
            long elements = (fixed.contains("a_k") ? 0 : size(v, "H") * size(v, "RK"))
                    + (fixed.contains("a_v") ? 0 : size(v, "H") * size(v, "RV"))
                    + (fixed.contains("b_k") ? 0 : size(v, "D") * size(v, "RK"))
                    + (fixed.contains("b_v") || shared ? 0 : size(v, "D") * size(v, "RV"));
            cases.add(new Case(file, "bf16/", config, t6j, elements));
            Map<String, Object> exact = new HashMap<>(t6j);
            exact.put("rope_tables", "f32");
            cases.add(new Case(file, "exact/", config, exact, elements));
        }
        return cases;
    }

    static List<Case> higherOrder() {
        List<Case> cases = new ArrayList<>();
        for (Map<String, Object> v : variants("higher_order")) {
            String file = "higher_order/third_order_" + v.get("name") + ".safetensors";
            Map<String, Object> config = Map.of(
                    "n_head", v.get("H"), "head_dim", v.get("dh"), "q_rank", v.get("RQ"), "k_rank", v.get("RK"),
                    "v_rank", v.get("RV"), "c_dim", v.get("dc"));
            long elements = (size(v, "RK") + size(v, "RV")) * (size(v, "H") + size(v, "db") + size(v, "dc"));
            cases.add(new Case(
                    file, "paper/", config,
                    Map.of("order", 3L, "rope_pairing", "adjacent", "rope_sense", "counterclockwise", "rope_tables",
                            "f32"),
                    elements));
            cases.add(new Case(file, "official/", config, Map.of("order", 3L, "rope_tables", "f32"), elements));
            cases.add(new Case(file, "official_bf16/", config, Map.of("order", 3L), elements));
        }
        return cases;
    }

    /**
     * Returns the file's weights under the names of checkpoints; whole projections that replace B get the names of B.
     */
    private static Map<String, Tensor> attention(String file) {
        Map<String, String> names = Map.of(
                "W_O", "c_proj", "c_q", "c_qkv.W_B_q", "c_k", "c_qkv.W_B_k", "c_v", "c_qkv.W_B_v");
        Map<String, Tensor> attention = new LinkedHashMap<>();
        try (Checkpoint checkpoint = Checkpoint.open(TestData.path("golden/" + file), false)) {
            checkpoint.tensors().forEach((name, tensor) -> {
                String known = names.getOrDefault(name, name.matches("W_._.|[ab]_.") ? "c_qkv." + name : null);
                if (known != null) {
                    long[] shape = tensor.shape().stream().mapToLong(Long::longValue).toArray();
                    attention.put(known, Tensor.of(name, tensor.toFloats(), shape));
                }
            });
        }
        return attention;
    }

    @ParameterizedTest
    @MethodSource({"nonContextual", "higherOrder"})
    void bothPathsMatchTheGoldenResultsInAnyChunks(Case golden) {
        Map<String, Tensor> attention = attention(golden.file());
        double[] x = golden(golden.file(), "x");
        boolean hasOutput = attention.containsKey("c_proj");
        double[] y = golden.expected("y");
        int width = Math.toIntExact(attention.values().stream()
                .filter(tensor -> tensor.name().startsWith("W_B") || tensor.name().startsWith("c_k")
                        || tensor.name().startsWith("W_A"))
                .findFirst().orElseThrow().shape().get(1));
        if (!hasOutput) {
            int outputs = y.length / (x.length / width);
            attention.put("c_proj", Tensor.of("c_proj", new float[width * outputs], width, outputs));
        }
        Map<String, Tensor> tensors = VariantModels.model(attention, width);
        ModelConfig config = VariantModels.describe(tensors, golden.config(), golden.t6j());
        for (boolean materialized : new boolean[] {false, true}) {
            Run whole = VariantModels.run(tensors, config, x, materialized, x.length / width, 2);
            assertThat(whole.elementsPerToken()).isEqualTo(golden.elementsPerToken());
            assertClose(golden, "q", whole.q());
            assertClose(golden, "k", whole.k());
            assertClose(golden, "v", whole.v());
            assertClose(golden, "y", doubles(whole.y()));
            if (hasOutput) {
                assertClose(golden, "out", doubles(whole.out()));
            }
            Run steps = VariantModels.run(tensors, config, x, materialized, 1, 2); // another form, ADR 31
            assertClose(golden, "y", doubles(steps.y()));
            if (hasOutput) {
                assertClose(golden, "out", doubles(steps.out()));
            }
            if (materialized) {
                assertThat(steps.out()).as("steps").isEqualTo(whole.out());
            }
            Run chunks = VariantModels.run(tensors, config, x, materialized, 7, 2);
            assertThat(chunks.y()).as("chunks of 7").isEqualTo(steps.y());
            assertThat(chunks.out()).as("chunks of 7").isEqualTo(steps.out());
        }
    }

    private static void assertClose(Case golden, String name, double[] found) {
        assertThat(VariantModels.difference(golden.expected(name), found)).as(name).isLessThan(TOLERANCE);
    }
}
