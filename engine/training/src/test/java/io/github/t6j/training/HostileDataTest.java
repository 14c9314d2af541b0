package io.github.t6j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.ModelFormatException;
import io.github.t6j.TestData;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.training.data.DocumentFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Rejected files of training data: each error is one line with the file, what was expected, and what was found. */
@Timeout(20)
class HostileDataTest {
    private static final Tokenizer TOKENIZER = Tokenizer.load(TestData.path("tokenizers/bpe4096"));

    @TempDir
    private Path folder;

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] shard(int magic, int version, int count, int ids) {
        return TokenDataTest.shard(magic, version, count, 2, new int[ids]);
    }

    static Stream<Arguments> files() {
        byte[] cutInACharacter = Arrays.copyOf(utf8("The whale \u00e9"), 11);
        byte[] wrong = utf8("One<|endoftext|>two ??");
        wrong[wrong.length - 1] = (byte) 0xC0;
        String good = "{\"text\": \"a\"}\n";
        return Stream.of(
                Arguments.of("a.txt", new byte[0], ": expected training data, found an empty file"),
                Arguments.of("a.bin", new byte[0], ": expected training data, found an empty file"),
                Arguments.of("a.jsonl", new byte[0], ": expected training data, found an empty file"),
                Arguments.of("a.txt", utf8(" \n\t<|endoftext|>\n"), ": expected at least one document, found none"),
                Arguments.of("a.jsonl", utf8("\n \n{\"text\": \" \"}\n"),
                        ": expected at least one document, found none"),
                Arguments.of("a.txt", cutInACharacter, ": expected UTF-8, found an invalid byte at offset 10: convert"),
                Arguments.of("a.txt", wrong, ": expected UTF-8, found an invalid byte at offset 21: convert"),
                Arguments.of("a.jsonl", new byte[] {'{', '}', '\n', (byte) 0xFE},
                        ", line 1: text: expected a string, found no such key"),
                Arguments.of("a.jsonl", new byte[] {'\n', '\n', (byte) 0xFE},
                        ": expected UTF-8, found an invalid byte at offset 2: convert"),
                Arguments.of("a.jsonl", utf8(good + "\n" + "{\"text\": 3}"),
                        ", line 3: text: expected a string, found 3"),
                Arguments.of("a.jsonl", utf8(good + "{\"txt\": \"a\"}"),
                        ", line 2: text: expected a string, found no such key"),
                Arguments.of("a.jsonl", utf8(good + "{\"text\": \"a\""), ", line 2: not valid JSON at character 12"),
                Arguments.of("a.jsonl", utf8(good + "[1]"), ", line 2: expected a JSON object, found an array"),
                Arguments.of("a.jsonl", utf8(good + "{\"text\":\n\"a\"}"), ", line 2: not valid JSON"),
                Arguments.of("a.jsonl", utf8("The whale"), ", line 1: not valid JSON"),
                Arguments.of("a.jsonl", utf8("[".repeat(100_000)), ", line 1: not valid JSON"),
                Arguments.of("a.bin", new byte[] {1, 0, 2},
                        ": expected ids of 2 bytes each (uint16), found 3 bytes: the file is cut short"),
                Arguments.of("a", Arrays.copyOf(shard(20240520, 1, 5, 5), 1023),
                        ": header: expected 1024 bytes, found a file of 1023: the file is cut short"),
                Arguments.of("a", Arrays.copyOf(shard(20240520, 1, 5, 5), 4), ": header: expected 1024 bytes"),
                Arguments.of("a", shard(20240520, 2, 5, 5), ": version: expected 1, found 2"),
                Arguments.of("a", shard(20240801, 1, 5, 5), ": version: expected 7, found 1"),
                Arguments.of("a", shard(20240520, 1, 6, 5),
                        ": expected 6 ids of 2 bytes after the header, as the header states, found 10 bytes"),
                Arguments.of("a", shard(20240520, 1, 4, 5), ": expected 4 ids of 2 bytes after the header"),
                Arguments.of("a", shard(20240520, 1, -1, 5), ": expected -1 ids of 2 bytes after the header"),
                Arguments.of("a", shard(20240520, 1, Integer.MAX_VALUE, 5), ": expected 2147483647 ids of 2 bytes"),
                Arguments.of("a", shard(20240520, 1, 0, 0), ": expected at least one id, found none"),
                Arguments.of("a.bin", utf8("version https://git-lfs.github.com/spec/v1\noid sha256:12\n1"),
                        ": a Git LFS pointer, not the file"));
    }

    @ParameterizedTest
    @MethodSource("files")
    void theErrorNamesTheFile(String name, byte[] bytes, String message) throws IOException {
        Path file = Files.write(folder.resolve(name), bytes);
        assertThatThrownBy(() -> TokenData.open(List.of(file), TOKENIZER, 4096, share -> {}, folder).close())
                .isInstanceOf(ModelFormatException.class).hasMessageStartingWith(file + message);
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).as("remaining files").containsExactly(file);
        }
    }

    private void refused(Path file, Class<? extends Exception> type, String message) {
        assertThatThrownBy(() -> TokenData.open(List.of(file), TOKENIZER, 4096, share -> {}, folder).close())
                .isInstanceOf(type).hasMessageStartingWith(file + message);
        assertThatThrownBy(() -> Documents.read(List.of(file), document -> {}, share -> {}))
                .isInstanceOf(type).hasMessageStartingWith(file + message);
    }

    @Test
    void aFolderOrLinkToNothingIsRejected() throws IOException {
        refused(folder, ModelFormatException.class,
                ": expected a file of training data, found a folder: give the files in it");
        refused(folder.resolve("none"), UncheckedIOException.class, ": cannot be read: no such file");
        Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("none"));
        refused(link, ModelFormatException.class, ": a symbolic link to a missing file");
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aDeviceIsRejected() {
        refused(Path.of("/dev/zero"), ModelFormatException.class,
                ": expected a file of training data, found something");
    }

    @Test
    void aTokenizerCannotBeTrainedOnIds() throws IOException {
        Path file = Files.write(folder.resolve("a"), shard(20240520, 1, 5, 5));
        assertThatThrownBy(() -> Documents.read(List.of(file), document -> {}, share -> {}))
                .hasMessage(file + ": expected text, found token ids: give the original text");
    }

    /** A line of more than 16 MiB is rejected before it is read completely. */
    @Test
    void anEndlessLineIsRejected() throws IOException {
        byte[] line = new byte[(16 << 20) + 1];
        Arrays.fill(line, (byte) ' ');
        Path file = Files.write(folder.resolve("a.jsonl"), line);
        refused(file, ModelFormatException.class, ", line 1: expected at most 16777216 bytes, found more");
    }

    /** Empty lines take memory, too, so they are split into batches. */
    @Test
    void emptyLinesAreReadInBatches() throws IOException {
        byte[] empty = new byte[1 << 20];
        Arrays.fill(empty, (byte) '\n');
        try (DocumentFile file = DocumentFile.open(Files.write(folder.resolve("a.jsonl"), empty))) {
            long lines = 0;
            for (int size = file.next(1 << 20).size(); size > 0; size = file.next(1 << 20).size()) {
                assertThat(size).isLessThan(20_000);
                lines += size;
            }
            assertThat(lines).isEqualTo(1 << 20);
        }
    }

    /** A document of more than 4 MiB is read in pieces; cuts at line ends do not change its ids. */
    @Test
    void aLongDocumentIsReadInPieces() throws IOException {
        String line = "The whale went.\n";
        String text = line.repeat((9 << 20) / line.length());
        Path file = Files.writeString(folder.resolve("a.txt"), text);
        try (TokenData data = TokenData.open(List.of(file), TOKENIZER, 4096, share -> {}, folder)) {
            assertThat(TokenDataTest.all(data, 0)).isEqualTo(TOKENIZER.encodeWithSpecialTokens(text + "<|endoftext|>"));
        }
    }
}
