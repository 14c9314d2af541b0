package io.github.t6j.weights.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.ModelFormatException;
import io.github.t6j.weights.GgufFile;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** GGUF models in several files, as llama-gguf-split writes them. */
@Isolated
class GgufPartsTest {
    @TempDir
    private Path folder;

    private static GgufFile part(int number, int count) {
        return new GgufFile().key("split.no", number).key("split.count", count).key("split.tensors.count", 3);
    }

    private Path write(int number, GgufFile file) throws IOException {
        return Files.write(folder.resolve("m-Q8_0-0000" + number + "-of-00003.gguf"), file.make());
    }

    private Path first() throws IOException {
        write(2, part(1, 3).floats("b", new float[] {2, 3}, 2));
        write(3, part(2, 3).floats("c", new float[] {4, 5, 6, 7}, 2, 2));
        return write(1, part(0, 3).key("general.name", "whole").floats("a", new float[] {1}, 1));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theFirstPartOpensAll(boolean mapped) throws IOException {
        for (Path opened : new Path[] {first(), folder}) {
            try (Checkpoint checkpoint = Checkpoint.open(opened, mapped)) {
                assertThat(checkpoint.tensors().keySet()).containsExactly("a", "b", "c");
                assertThat(checkpoint.tensors().get("c").toFloats()).containsExactly(4, 5, 6, 7);
                assertThat(checkpoint.gguf()).containsEntry("general.name", "whole").containsEntry("split.no", 0L);
                assertThat(checkpoint.files()).hasSize(3);
                assertThat(checkpoint.description()).startsWith("m-Q8_0-00001-of-00003.gguf (gguf, 3 shards, ");
            }
        }
    }

    /** The names of files have the digits 0 to 9 in every language. */
    @Test
    void aLanguageWithOtherDigitsOpensThem() throws IOException {
        Path first = first();
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
        try (Checkpoint checkpoint = Checkpoint.open(first, true)) {
            assertThat(checkpoint.tensors().keySet()).containsExactly("a", "b", "c");
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void aPartOfAnotherModelIsRejectedBesideAFileThatIsNone() {
        assertThatThrownBy(
                () -> GgufParts.check(Path.of("b.gguf"), Map.of(), Map.of("split.no", 1L, "split.count", 2L), 1))
                .isInstanceOf(ModelFormatException.class).hasMessageContaining("found part 2 of 2");
    }

    private void assertRejected(Path file, String message) {
        assertThatThrownBy(() -> Checkpoint.open(file, true).close()).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining(message);
    }

    @Test
    void otherPartsAndNamesAreNamed() throws IOException {
        Path first = first();
        assertRejected(folder.resolve("m-Q8_0-00002-of-00003.gguf"), "expected the first of 3 parts,"
                + " NAME-00001-of-00003.gguf, found part 2 of that name: give the path of the first part");
        Path renamed = Files.copy(first, folder.resolve("renamed.gguf"));
        assertRejected(renamed, "renamed.gguf: expected the first of 3 parts, NAME-00001-of-00003.gguf");
        Files.delete(renamed);
        write(2, part(0, 3).floats("b", new float[] {2, 3}, 2));
        assertRejected(first,
                "m-Q8_0-00002-of-00003.gguf: expected part 2 of 3, found part 1 of 3: the files belong to");
        write(2, new GgufFile().floats("b", new float[] {2, 3}, 2));
        assertRejected(first, "expected part 2 of 3, found part 1 of 1");
        write(2, part(1, 3).floats("a", new float[] {2, 3}, 2));
        assertRejected(first, "tensor a: duplicate tensor a");
        write(2, part(1, 3));
        assertRejected(first, "expected 3 tensors in all parts, found 2");
        Files.write(folder.resolve("m-Q8_0-00002-of-00003.gguf"), new byte[100]);
        assertRejected(first, "m-Q8_0-00002-of-00003.gguf: expected GGUF as the first bytes");
    }

    @Test
    void aMissingPartIsNamed() throws IOException {
        Path first = first();
        Files.delete(folder.resolve("m-Q8_0-00003-of-00003.gguf"));
        assertThatThrownBy(() -> Checkpoint.open(first, true).close()).isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("m-Q8_0-00003-of-00003.gguf");
    }
}
