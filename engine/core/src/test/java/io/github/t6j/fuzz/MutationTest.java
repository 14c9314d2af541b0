package io.github.t6j.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.fuzz.Mutations.Fuzz;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Runs the engine's targets on mutations of valid inputs. */
class MutationTest {
    private static final List<Fuzz> FUZZES = List.of(
            new Fuzz("json", Seeds.json(), FileMutator::json, Targets::json),
            new Fuzz("adapter", Seeds.adapters(), FileMutator::json, Targets::adapter),
            new Fuzz("safetensors", Seeds.safetensors(), FileMutator::safetensors, Targets::safetensors),
            new Fuzz("gguf", Seeds.gguf(), Bytes::mutate, Targets::gguf),
            new Fuzz("torch", Seeds.torch(), FileMutator::torch, Targets::torch),
            new Fuzz("tokenizer", Seeds.tokenizers(), FileMutator::tokenizer, Targets::tokenizer),
            new Fuzz("text", Seeds.texts(), Bytes::mutate, Targets::text),
            new Fuzz("session", SessionSeeds.files(), FileMutator::safetensors, Targets::session),
            new Fuzz("sampler", Seeds.samplers(), Bytes::mutateFloats, Targets::sampler));

    @Test
    void targetsThrowNoUndocumentedExceptions() {
        Mutations.run(FUZZES);
    }

    /**
     * Compares checksums with the saved files' own: with wrong checksums, the fuzzer would never reach the code behind
     * the check.
     */
    @Test
    void checksumsEqualThoseOfSavedSessions() {
        for (byte[] file : SessionSeeds.files()) {
            assertThat(SessionSeeds.withChecksum(file)).isEqualTo(file);
        }
    }
}
