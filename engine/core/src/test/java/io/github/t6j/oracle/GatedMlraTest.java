package io.github.t6j.oracle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.TestData;
import io.github.t6j.TestNumbers;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The ablation of the MLRA checkpoints with gates, of which there is no golden model: golden models with random gates
 * against the reference, which {@code ReferenceTest} compares with the golden logits.
 */
class GatedMlraTest {
    private static final int PROMPT = 66;

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"gqa", "mha", "mqa", "mla", "gla_2", "gla_4", "gta", "mfa", "mlra_2", "mlra_4", "tpa_odd"})
    void gatesMultiplyTheOutputOfAttention(String name) throws IOException {
        Path golden = TestData.path("golden_mlra/" + name);
        Map<String, Object> config = TestData.json("golden_mlra/" + name + "/config.json");
        Weights weights = Weights.read(golden);
        String gate = name.equals("gqa") ? "c_gated" : "gated_proj";
        Random random = new Random(3);
        for (int layer = 0; weights.has("transformer.h." + layer + ".attn.c_proj.weight"); layer++) {
            String attn = "transformer.h." + layer + ".attn.";
            int values = weights.size(attn + "c_proj.weight", 1);
            int width = weights.size(attn + "c_proj.weight", 0);
            weights.put(attn + gate + ".weight", TestNumbers.uniform(random, values * width, 0.5f),
                    List.of((long) values, (long) width));
        }
        write(weights, golden);
        int[] ids = random.ints(PROMPT + 4, 0, weights.size("lm_head.weight", 0)).toArray();
        double[][] expected = new MlraReference(weights, config).logits(ids);
        try (Model model = Model.load(folder, ModelOptions.defaults().withThreads(2));
                Session session = model.newSession(SessionOptions.defaults().withContextLength(80))) {
            assertThat(model.info().attention().name()).endsWith(", gated");
            session.prefill(Arrays.copyOf(ids, PROMPT), (at, logits) -> check(at, logits, expected));
            for (int at = PROMPT; at < ids.length; at++) {
                session.step(ids[at]);
                check(at, session.logits(), expected);
            }
        }
    }

    private static void check(int position, float[] logits, double[][] expected) {
        for (int i = 0; i < logits.length; i++) {
            assertThat((double) logits[i]).as("logit %d of position %d", i, position)
                    .isCloseTo(expected[position][i], within(2e-4));
        }
    }

    private void write(Weights weights, Path golden) throws IOException {
        List<Tensor> tensors = weights.names().stream().map(name -> Tensor.of(name, weights.floats(name),
                weights.shape(name).stream().mapToLong(Long::longValue).toArray())).toList();
        Safetensors.write(folder.resolve("model.safetensors"), Map.of(), tensors);
        Files.copy(golden.resolve("config.json"), folder.resolve("config.json"));
    }
}
