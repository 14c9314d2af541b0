package io.github.t6j.training.fuzz;

import io.github.t6j.TestData;
import io.github.t6j.training.TokenData;
import io.github.t6j.training.Trainer;
import io.github.t6j.training.TrainingOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A training checkpoint of a small model, and the two files in it that do not belong to a model. */
final class TrainingSeeds {
    static final TokenData DATA = TokenData.of(IntStream.range(0, 200).map(i -> i % 50).toArray());
    private static final String JSON = "training.json";
    private static final String MOMENTS = "optimizer.safetensors";
    private static final Path FOLDER = save();

    private TrainingSeeds() {}

    private static Path save() {
        TrainingOptions options = TrainingOptions.defaults(5)
                .withBatches(TrainingOptions.Batches.defaults().withSequences(2).withContext(8));
        try (Trainer trainer = Trainer.from(Trainer.Base.of(TestData.path("golden/T6_rank1")), options, 1)) {
            Path folder = Files.createTempDirectory("fuzz-training");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
            trainer.step(DATA);
            trainer.save(folder);
            Files.copy(folder.resolve(JSON), folder.resolve("first-" + JSON));
            Files.copy(folder.resolve(MOMENTS), folder.resolve("first-" + MOMENTS));
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
            Files.delete(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<byte[]> json() {
        return List.of(read(JSON));
    }

    static List<byte[]> moments() {
        return List.of(read(MOMENTS));
    }

    private static byte[] read(String name) {
        try {
            return Files.readAllBytes(FOLDER.resolve("first-" + name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the checkpoint with another training.json, or with other moments. */
    static Path with(byte[] json, byte[] moments) {
        try {
            Files.write(FOLDER.resolve(JSON), json == null ? read(JSON) : json);
            Files.write(FOLDER.resolve(MOMENTS), moments == null ? read(MOMENTS) : moments);
            return FOLDER;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
