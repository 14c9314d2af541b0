package io.github.t6j.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.Model;
import io.github.t6j.ModelFormatException;
import io.github.t6j.ModelOptions;
import io.github.t6j.Session;
import io.github.t6j.TestData;
import io.github.t6j.WeightType;
import io.github.t6j.fuzz.Mutations.Fuzz;
import io.github.t6j.nativekernels.EveryForm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Runs mutated model files with native kernels: they are refused, or have the logits of Java, bit for bit. */
class NativeMutationTest {
    private static final List<Optional<WeightType>> TYPES = List.of(Optional.empty(), Optional.of(WeightType.Q8_0),
            Optional.of(WeightType.Q4_0), Optional.of(WeightType.Q4_K), Optional.of(WeightType.Q5_K),
            Optional.of(WeightType.Q6_K));

    private final ModelOptions nativeOptions = EveryForm.options();

    @Test
    void mutatedModelsAreRefusedOrHaveTheLogitsOfJava() {
        List<byte[]> models = List.of(bytes("golden_llama/gguf-llama3/model-q8_0.gguf"),
                bytes("golden_llama/gguf-llama3/model-f32.gguf"));
        Mutations.run(List.of(new Fuzz("model", models, Bytes::mutate, this::target)));
    }

    private void target(byte[] bytes) {
        Path file = Targets.write("model.gguf", bytes);
        Optional<WeightType> type = TYPES.get(Math.floorMod(bytes[bytes.length / 2], TYPES.size()));
        float[][] found;
        try {
            found = logits(file, nativeOptions, type);
        } catch (ModelFormatException refused) {
            assertThat(refused.path()).contains(file);
            return;
        }
        float[][] expected = logits(file, ModelOptions.defaults(), type);
        assertThat(Arrays.deepEquals(found, expected)).as("weights of " + type).isTrue();
    }

    /** Returns the logits after a prompt of 21 ids and of one more. */
    private static float[][] logits(Path file, ModelOptions options, Optional<WeightType> type) {
        ModelOptions all = type.map(options::withWeightType).orElse(options);
        try (Model model = Model.load(file, all); Session session = model.newSession()) {
            int[] ids = new int[21];
            for (int i = 0; i < ids.length; i++) {
                ids[i] = i * 7 % model.info().sizes().vocabulary();
            }
            session.prefill(ids);
            float[] prompt = session.logits().clone();
            session.step(ids[3]);
            return new float[][] {prompt, session.logits().clone()};
        }
    }

    private static byte[] bytes(String name) {
        try {
            return Files.readAllBytes(TestData.path(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
