package io.github.t6j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.MemoryLimitException;
import io.github.t6j.ModelFormatException;
import io.github.t6j.TestData;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Checkpoints are untrusted input: errors name the file that is missing, cut short or from another model. */
class TrainingCheckpointTest {
    private static final TrainingOptions OPTIONS = TrainingOptions.defaults(5)
            .withBatches(TrainingOptions.Batches.defaults().withSequences(2).withContext(8));

    @TempDir
    private Path folder;
    private Path saved;

    @BeforeEach
    void save() {
        saved = folder.resolve("saved");
        save("T6_rank1", saved);
    }

    private static void save(String golden, Path into) {
        try (Trainer trainer = Trainer.from(Trainer.Base.of(TestData.path("golden/" + golden)), OPTIONS, 1)) {
            trainer.save(into);
        }
    }

    private void assertRefused(String... parts) {
        assertThatThrownBy(() -> Trainer.restore(saved, 1).close()).isInstanceOf(ModelFormatException.class)
                .satisfies(refused -> assertThat(refused.getMessage()).contains(parts).hasLineCount(1));
    }

    @Test
    void aCheckpointHasTheFilesOfAModelAndTwoMore() throws IOException {
        try (Stream<Path> files = Files.list(saved)) {
            assertThat(files.map(file -> file.getFileName().toString())).containsExactlyInAnyOrder(
                    "config.json", "model.safetensors", "optimizer.safetensors", "training.json");
        }
        Trainer.restore(saved, 1).close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"training.json", "config.json"})
    void aMissingFileIsReported(String name) throws IOException {
        Files.delete(saved.resolve(name));
        assertThatThrownBy(() -> Trainer.restore(saved, 1).close())
                .hasMessageContaining(saved.resolve(name).toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"training.json", "optimizer.safetensors", "model.safetensors"})
    void aTruncatedFileIsReported(String name) throws IOException {
        byte[] bytes = Files.readAllBytes(saved.resolve(name));
        for (int length : new int[] {0, 1, 9, bytes.length / 2, bytes.length - 1}) {
            Files.write(saved.resolve(name), Arrays.copyOf(bytes, length));
            if (name.equals("training.json") && length == bytes.length - 1) {
                continue; // only the final newline is missing
            }
            assertRefused(name);
        }
    }

    @Test
    void momentsOfAnotherModelAreRejected() throws IOException {
        Path other = folder.resolve("other");
        save("llama-mqa", other);
        Files.copy(other.resolve("optimizer.safetensors"), saved.resolve("optimizer.safetensors"),
                StandardCopyOption.REPLACE_EXISTING);
        assertRefused("optimizer.safetensors: transformer.h.0.", "expected F32 of shape",
                "it belongs to another model");
    }

    @Test
    void aRunThatExceedsMemoryIsRejectedBeforeItAllocates() throws IOException {
        Path file = saved.resolve("training.json");
        String json = Files.readString(file).replace("\"context\": 8", "\"context\": 1048576")
                .replace("\"sequences\": 2", "\"sequences\": 1");
        Files.writeString(file, json);
        long max = Runtime.getRuntime().maxMemory();
        try (Trainer trainer = Trainer.restore(saved, 1)) {
            assertThat(trainer.memory()).isLessThanOrEqualTo(max);
        } catch (MemoryLimitException refused) {
            assertThat(refused.needed()).isGreaterThan(max);
            assertThat(refused.getMessage()).startsWith("training: expected at most").contains("--batch");
        }
    }

    @Test
    void overlongFilesAreRejected() throws IOException {
        Files.write(saved.resolve("training.json"), new byte[5 << 20]);
        assertRefused("training.json: expected at most 4194304 bytes, found 5242880");
    }

    @Test
    void anExistingCheckpointIsReplacedAsAWhole() throws IOException {
        Files.write(saved.resolve("model.safetensors"), "damaged".getBytes(StandardCharsets.UTF_8));
        Path partial = Files.createDirectories(folder.resolve(".saved.partial"));
        Files.writeString(partial.resolve("left"), "by a process that was killed");
        save("T6_rank1", saved);
        Trainer.restore(saved, 1).close();
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.toList()).containsExactly(saved);
        }
    }

    /** A process killed while it replaces a checkpoint may leave the old one under its temporary name. */
    @Test
    void aCheckpointUnderItsTemporaryNameIsRecovered() throws IOException {
        Files.move(saved, folder.resolve(".saved.old"));
        Trainer.restore(saved, 1).close();
        assertThat(saved.resolve("training.json")).exists();
        assertThat(folder.resolve(".saved.old")).doesNotExist();
    }

    /** If a new checkpoint cannot be written completely, for example on a full disk, the old one is unchanged. */
    @Test
    void aFailedSaveKeepsTheOldCheckpoint() throws IOException {
        byte[] before = Files.readAllBytes(saved.resolve("optimizer.safetensors"));
        Path inTheWay = Files.createDirectories(folder.resolve(".saved.partial/sub"));
        Files.createFile(inTheWay.resolve("file"));
        assertThatThrownBy(() -> save("T6_rank1", saved)).isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining(saved + ": cannot be written");
        assertThat(Files.readAllBytes(saved.resolve("optimizer.safetensors"))).isEqualTo(before);
        Trainer.restore(saved, 1).close();
    }
}
