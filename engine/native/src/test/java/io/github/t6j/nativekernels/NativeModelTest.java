package io.github.t6j.nativekernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.Session;
import io.github.t6j.TestData;
import io.github.t6j.WeightType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests that models of quantised weights have the same logits, bit for bit, with native kernels and without. */
@Tag("width")
class NativeModelTest {
    private static final List<String> MODELS = List.of(
            "golden/llama-gqa", "golden_llama/qwen3-norm", "golden_more/qwen3moe-norm", "golden_mlra/mlra_2");

    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q6_K", "Q5_K", "Q4_K", "Q4_0"})
    void logitsHaveTheBitsOfJava(WeightType type) {
        ModelOptions java = ModelOptions.defaults().withThreads(2).withWeightType(type);
        ModelOptions nativeOnes = java.withKernels(EveryForm.assumed());
        for (String name : MODELS) {
            assertThat(logits(name, nativeOnes)).as(name + ", seed 9").isDeepEqualTo(logits(name, java));
        }
    }

    /** Returns the logits of a prompt, of ids one by one, and of a chunk of two. */
    private static float[][] logits(String name, ModelOptions options) {
        int[] ids = new Random(9).ints(60, 0, 64).toArray();
        List<float[]> all = new ArrayList<>();
        try (Model model = Model.load(TestData.path(name), options); Session session = model.newSession()) {
            session.prefill(Arrays.copyOf(ids, 53), (position, logits) -> all.add(logits.clone()));
            for (int i = 53; i < 58; i++) {
                session.step(ids[i]);
                all.add(session.logits().clone());
            }
            session.prefill(ids[58], ids[59]);
            all.add(session.logits().clone());
        }
        return all.toArray(float[][]::new);
    }
}
