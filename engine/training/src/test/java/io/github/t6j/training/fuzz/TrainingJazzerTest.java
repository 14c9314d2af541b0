package io.github.t6j.training.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs the targets of training under Jazzer; without JAZZER_FUZZ=1, on their seeds only. */
@Timeout(10)
class TrainingJazzerTest {
    @MethodSource("io.github.t6j.training.fuzz.DataSeeds#shards")
    @FuzzTest(maxDuration = "10m")
    void shard(byte[] bytes) {
        TrainingTargets.shard(bytes);
    }

    @MethodSource("io.github.t6j.training.fuzz.DataSeeds#lines")
    @FuzzTest(maxDuration = "10m")
    void lines(byte[] bytes) {
        TrainingTargets.lines(bytes);
    }

    @MethodSource("io.github.t6j.training.fuzz.DataSeeds#tokens")
    @FuzzTest(maxDuration = "10m")
    void tokens(byte[] bytes) {
        TrainingTargets.tokens(bytes);
    }

    @MethodSource("io.github.t6j.training.fuzz.TrainingSeeds#json")
    @FuzzTest(maxDuration = "10m")
    void training(byte[] bytes) {
        TrainingTargets.training(bytes);
    }

    @MethodSource("io.github.t6j.training.fuzz.TrainingSeeds#moments")
    @FuzzTest(maxDuration = "10m")
    void moments(byte[] bytes) {
        TrainingTargets.moments(bytes);
    }
}
