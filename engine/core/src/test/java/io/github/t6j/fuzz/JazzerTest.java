package io.github.t6j.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs the targets under Jazzer. Without JAZZER_FUZZ=1 each target runs only its seeds and the files in
 * JazzerTestInputs: inputs that failed in the past, and some that reached new code.
 */
@Timeout(10)
class JazzerTest {
    @MethodSource("io.github.t6j.fuzz.Seeds#json")
    @FuzzTest(maxDuration = "10m")
    void json(byte[] bytes) {
        Targets.json(bytes);
    }

    @MethodSource("io.github.t6j.fuzz.Seeds#adapters")
    @FuzzTest(maxDuration = "10m")
    void adapter(byte[] bytes) {
        Targets.adapter(bytes);
    }

    @MethodSource("io.github.t6j.fuzz.Seeds#safetensors")
    @FuzzTest(maxDuration = "10m")
    void safetensors(byte[] bytes) {
        Targets.safetensors(bytes);
    }

    @MethodSource("io.github.t6j.fuzz.Seeds#gguf")
    @FuzzTest(maxDuration = "10m")
    void gguf(byte[] bytes) {
        Targets.gguf(bytes);
    }

    @MethodSource("io.github.t6j.fuzz.Seeds#torch")
    @FuzzTest(maxDuration = "10m")
    void torch(byte[] bytes) {
        Targets.torch(bytes);
    }

    @MethodSource("io.github.t6j.fuzz.Seeds#tokenizers")
    @FuzzTest(maxDuration = "10m")
    void tokenizer(byte[] bytes) {
        Targets.tokenizer(bytes);
    }

    @MethodSource("io.github.t6j.fuzz.Seeds#texts")
    @FuzzTest(maxDuration = "10m")
    void text(byte[] bytes) {
        Targets.text(bytes);
    }

    @MethodSource("io.github.t6j.fuzz.SessionSeeds#files")
    @FuzzTest(maxDuration = "10m")
    void session(byte[] bytes) {
        Targets.session(bytes);
    }

    @MethodSource("io.github.t6j.fuzz.Seeds#samplers")
    @FuzzTest(maxDuration = "10m")
    void sampler(byte[] bytes) {
        Targets.sampler(bytes);
    }
}
