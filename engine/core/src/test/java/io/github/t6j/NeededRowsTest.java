package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The last layer computes only the rows whose logits are needed, which have the bits of a pass that computes all. */
class NeededRowsTest {
    private static final long SEED = 3;

    private static Stream<Arguments> models() {
        List<Arguments> models = new ArrayList<>();
        TestData.goldenModels().forEach(golden -> models.add(Arguments.of(golden.name(), golden.weights(),
                ModelOptions.defaults().withVariant(golden.variant()))));
        for (String folder : List.of("models/t6-tiny", "golden_mlra/gta", "golden_mlra/mlra_4", "golden_mlra/tpa_odd",
                "golden_llama/mistral-window", "golden_more/gemma2-window", "golden_more/qwen3moe-norm",
                "golden_more/gguf-qwen3moe-q8_0/model-q8_0.gguf", "golden_more/mixtral-window",
                "golden_more/phi3-longrope")) {
            models.add(Arguments.of(folder, TestData.path(folder), ModelOptions.defaults()));
        }
        return models.stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("models")
    void logitsAfterAPromptDoNotDependOnWhoAsks(String name, Path folder, ModelOptions options) {
        try (Model model = Model.load(folder, options.withThreads(2))) {
            int length = Math.min(299, model.info().sizes().contextLength() - 5);
            int[] ids = new Random(SEED).ints(length, 0, model.sampleableIds()).toArray();
            SessionOptions context = SessionOptions.defaults().withContextLength(length + 5);
            try (Session all = model.newSession(context);
                    Session last = model.newSession(context);
                    Session shared = model.newSession(context);
                    Session single = model.newSession(context)) {
                float[][] heard = new float[1][];
                all.prefill(ids, (position, logits) -> heard[0] = logits.clone());
                last.prefill(ids);
                single.prefill(new int[] {1});
                model.feed(List.of(shared, single), new int[][] {ids, {2}}, new LogitsListener[2]);

                assertThat(last.logits()).as("seed " + SEED).isEqualTo(heard[0]).isEqualTo(all.logits());
                assertThat(shared.logits()).isEqualTo(heard[0]);
                for (int id = 3; id < 6; id++) { // the caches are equal, too
                    for (Session session : List.of(all, last, shared)) {
                        session.step(id);
                    }
                    assertThat(last.logits()).isEqualTo(all.logits());
                    assertThat(shared.logits()).isEqualTo(all.logits());
                }
            }
        }
    }
}
