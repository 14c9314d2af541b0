package io.github.t6j.training.fuzz;

import io.github.t6j.fuzz.Bytes;
import io.github.t6j.fuzz.FileMutator;
import io.github.t6j.fuzz.Mutations;
import io.github.t6j.fuzz.Mutations.Fuzz;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Runs the targets of training on mutations of valid inputs. */
class TrainingMutationTest {
    private static final List<Fuzz> FUZZES = List.of(
            new Fuzz("shard", DataSeeds.shards(), Bytes::mutateStart, TrainingTargets::shard),
            new Fuzz("lines", DataSeeds.lines(), FileMutator::lines, TrainingTargets::lines),
            new Fuzz("tokens", DataSeeds.tokens(), Bytes::mutateStart, TrainingTargets::tokens),
            new Fuzz("training", TrainingSeeds.json(), FileMutator::json, TrainingTargets::training),
            new Fuzz("moments", TrainingSeeds.moments(), FileMutator::safetensors, TrainingTargets::moments));

    @Test
    void targetsThrowNoUndocumentedExceptions() {
        Mutations.run(FUZZES);
    }
}
