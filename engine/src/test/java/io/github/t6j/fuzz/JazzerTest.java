package io.github.t6j.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The targets under Jazzer. Without JAZZER_FUZZ=1 each runs its seeds only, and what is in JazzerTestInputs: inputs that
 * once failed.
 */
@Timeout(10)
class JazzerTest {
    static List<byte[]> jsonSeeds() {
        return Seeds.json();
    }

    @MethodSource("jsonSeeds")
    @FuzzTest(maxDuration = "10m")
    void json(byte[] bytes) {
        Targets.json(bytes);
    }

    static List<byte[]> safetensorsSeeds() {
        return Seeds.safetensors();
    }

    @MethodSource("safetensorsSeeds")
    @FuzzTest(maxDuration = "10m")
    void safetensors(byte[] bytes) {
        Targets.safetensors(bytes);
    }

    static List<byte[]> torchSeeds() {
        return Seeds.torch();
    }

    @MethodSource("torchSeeds")
    @FuzzTest(maxDuration = "10m")
    void torch(byte[] bytes) {
        Targets.torch(bytes);
    }

    static List<byte[]> tokenizerSeeds() {
        return Seeds.tokenizers();
    }

    @MethodSource("tokenizerSeeds")
    @FuzzTest(maxDuration = "10m")
    void tokenizer(byte[] bytes) {
        Targets.tokenizer(bytes);
    }

    static List<byte[]> textSeeds() {
        return Seeds.texts();
    }

    @MethodSource("textSeeds")
    @FuzzTest(maxDuration = "10m")
    void text(byte[] bytes) {
        Targets.text(bytes);
    }

    static List<byte[]> sessionSeeds() {
        return SessionSeeds.files();
    }

    @MethodSource("sessionSeeds")
    @FuzzTest(maxDuration = "10m")
    void session(byte[] bytes) {
        Targets.session(bytes);
    }

    static List<byte[]> samplerSeeds() {
        return Seeds.samplers();
    }

    @MethodSource("samplerSeeds")
    @FuzzTest(maxDuration = "10m")
    void sampler(byte[] bytes) {
        Targets.sampler(bytes);
    }
}
