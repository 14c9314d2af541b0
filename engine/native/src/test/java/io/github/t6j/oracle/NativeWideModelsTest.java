package io.github.t6j.oracle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.Session;
import io.github.t6j.WeightType;
import io.github.t6j.kernels.BlockFormat;
import io.github.t6j.kernels.KQuantFormat;
import io.github.t6j.nativekernels.EveryForm;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests that the wide models with quantised weights have the logits of Java, bit for bit, in every native form. */
@Tag("full")
class NativeWideModelsTest {
    private static final List<Arguments> TYPES = List.of(
            arguments(WeightType.Q8_0, BlockFormat.Q8_0), arguments(WeightType.Q4_0, BlockFormat.Q4_0),
            arguments(WeightType.Q6_K, KQuantFormat.Q6_K));

    private static final int SEED = 28;
    private static final int[] IDS = new Random(SEED).ints(160, 0, WideModel.VOCABULARY).toArray();

    @TempDir
    Path folder;

    /** Every model, with one of the types. */
    static List<Arguments> models() {
        List<Arguments> models = new ArrayList<>();
        for (WideModel model : WideModel.all()) {
            Object[] type = TYPES.get(models.size() % TYPES.size()).get();
            models.add(arguments(model, type[0], type[1]));
        }
        return models;
    }

    @ParameterizedTest
    @MethodSource("models")
    void logitsHaveTheBitsOfJava(WideModel wide, WeightType type, Enum<?> format) throws IOException {
        wide.write(wide.weights(SEED), folder);
        ModelOptions java = ModelOptions.defaults().withThreads(2).withVariant(wide.variant()).withWeightType(type);
        EveryForm products = EveryForm.assumed();
        assertThat(logits(java.withKernels(products))).as("seed " + SEED).isDeepEqualTo(logits(java));
        assertThat(products.used()).as("formats that native kernels multiplied").contains(format);
    }

    /** Returns the logits of a prompt of two passes, of ids one by one, and of chunks of two to six. */
    private float[][] logits(ModelOptions options) {
        List<float[]> all = new ArrayList<>();
        try (Model model = Model.load(folder, options); Session session = model.newSession()) {
            session.prefill(Arrays.copyOf(IDS, 137), (position, logits) -> all.add(logits.clone()));
            for (int at = 137; at < 140; at++) {
                session.step(IDS[at]);
                all.add(session.logits().clone());
            }
            for (int at = 140, size = 2; at < IDS.length; at += size++) {
                session.prefill(Arrays.copyOfRange(IDS, at, at + size));
                all.add(session.logits().clone());
            }
        }
        return all.toArray(float[][]::new);
    }
}
