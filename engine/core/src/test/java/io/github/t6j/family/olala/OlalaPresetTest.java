package io.github.t6j.family.olala;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.attention.LayerWeights;
import io.github.t6j.attention.TensorRole;
import io.github.t6j.attention.layers.LayerKinds;
import io.github.t6j.family.ConfigJson;
import io.github.t6j.family.registry.LoadedModel;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.PackedMatrix;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.TensorSpec;
import io.github.t6j.tokenizer.GgufKeys;
import io.github.t6j.tokenizer.GoldTokenizer;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.weights.DType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checks the memory of sessions of Olala 7A1B by its published sizes, without weights. */
class OlalaPresetTest {
    private static final int TOKENS = 32_768;

    /** Weights of a layer whose cache is asked only for its size. */
    private record NoWeights(int layer) implements LayerWeights {
        @Override
        public PackedMatrix packed(TensorRole role) {
            return null;
        }

        @Override
        public float[] floats(TensorRole role) {
            return new float[48 * 4 * 128]; // as long as the longest
        }

        @Override
        public Arena arena() {
            return null;
        }
    }

    private static ModelConfig config() {
        OlalaPreset preset = OlalaPreset.of7A1B();
        return new OlalaReader(new ConfigJson(preset.config(), "config.json"), preset.variant()).read();
    }

    private static LayerKinds layers() {
        OlalaLayers mixers = (OlalaLayers) config().attention();
        LayerKinds layers = new LayerKinds();
        for (int layer = 0; layer < mixers.letters().length(); layer++) {
            layers.add(mixers.attention(new NoWeights(layer), null));
        }
        return layers;
    }

    /** The published recipes fit a machine of 24 GB; in f32 the same weights would not. */
    @ParameterizedTest
    @CsvSource({"F32, 27.09", "Q4_K, 5.25", "Q5_K, 5.75", "Q6_K, 6.29"})
    void weightsHaveTheSizeOfTheirRecipe(DType type, double gigabytes) {
        OlalaPreset preset = OlalaPreset.of7A1B();
        long bytes = 0;
        for (TensorSpec spec : preset.tensors()) {
            DType stored = spec.shape().size() < 2 ? DType.F32 : preset.storedType(spec, type);
            bytes += stored.bytes(spec.shape());
        }
        assertThat(bytes * 1e-9).isCloseTo(gigabytes, within(0.005));
    }

    /** A token has 1120 rounded elements and 36 exact ones in 7 layers; dense keys and values would be 3072. */
    @Test
    void pagesHoldTheFactors() {
        long perToken = 7 * (1120 * 2 + 36 * 4);
        assertThat(layers().tokenBytes(Format.BF16, false, TOKENS)).isEqualTo(TOKENS * perToken)
                .isBetween(530_000_000L, 560_000_000L);
        assertThat(layers().tokenBytes(Format.F32, false, TOKENS)).isEqualTo(TOKENS * 7L * 1156 * 4);
    }

    /** S, phases, x and rotated keys have 422,400 floats a layer; the last but one token's x and keys come on top. */
    @Test
    void statesHaveTheSameSizeForAnyLength() {
        long state = layers().layers().stream().mapToLong(layer -> 4L * layer.stateElements()).sum();
        assertThat(state).isBetween(29 * 422_400 * 4L, 29 * (422_400 + 48 * (64 + 512 + 3)) * 4L);
        long few = layers().fullBytes(Format.BF16, false, 64);
        assertThat(few - layers().tokenBytes(Format.BF16, false, 64)).isBetween(2 * state,
                2 * state + 7 * 128 * 4 * 1156);
    }

    /** Old exports name 1 and 2, the ids of letters. 151643 ends a text, 151645 a message. */
    @Test
    void textsEndAtBothTokens(@TempDir Path folder) throws IOException {
        Tokenizer tokenizer = Tokenizer.load(GoldTokenizer.unpack("qwen3", folder));
        assertThat(LoadedModel.endIds(config(), Set.of(1, 2), tokenizer)).containsExactlyInAnyOrder(151_643, 151_645);

        // the tokenizer of a GGUF file names a letter, too
        Map<String, Object> keys = GgufKeys.byteLevel(GoldTokenizer.unpack("qwen3", folder), "qwen2");
        keys.put("tokenizer.ggml.eos_token_id", 2L);
        Tokenizer leftOver = Tokenizer.ofGguf(keys, "file").orElseThrow();
        assertThat(leftOver.endOfText()).isEqualTo(2);
        assertThat(LoadedModel.endIds(config(), Set.of(2), leftOver)).contains(151_645).doesNotContain(1, 2);
    }
}
